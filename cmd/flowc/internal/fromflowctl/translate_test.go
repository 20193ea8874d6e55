package fromflowctl

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// carried has a value in each key that flowctl's translation drops.
const carried = `apiVersion: flowctl/v1
kind: Pipeline
metadata:
  name: token-transfers
  namespace: stellar
  labels: {team: data}
spec:
  driver: docker
  sources:
    - id: ledger.source
      type: source
      image: registry.example.org/stellar/ledger-source:1.4
      args: ["--network", "test net"]
      config: {network_passphrase: "Test SDF Network ; September 2015", start_ledger: 409907}
      health_check: /health
      health_port: 8088
      output_event_types: [stellar.ledger.v1]
      resources: {requests: {cpu: 250m, memory: 128Mi}, limits: {cpu: "1", memory: 512Mi}}
      volumes: [{name: cache, mountPath: /var/cache/ledgers}]
  processors:
    - id: token-transfer
      type: processor
      image: registry.example.org/stellar/token-transfer:2
      inputs: [ledger.source]
      input_event_types: [stellar.ledger.v1]
      output_event_types: [stellar.token.transfer.v1]
  sinks:
    - id: store
      type: sink
      image: registry.example.org/stellar/postgres-sink:3
      inputs: [token-transfer]
      input_event_types: [stellar.token.transfer.v1]
      env: {POSTGRES_HOST: db.example.org}
      secrets: [{name: db-password, host_path: ./secrets/db, container_path: /run/secrets/db, env: POSTGRES_PASSWORD_FILE, required: true}]
`

// composed is what translate makes of a pipeline for Docker Compose.
func composed(t *testing.T, pipeline string) map[string]any {
	t.Helper()
	w := newWorld(t)
	w.write("pipeline.yaml", pipeline)
	var doc map[string]any
	if err := yaml.Unmarshal([]byte(w.ok("translate", "-f", "pipeline.yaml", "-o", "docker-compose").stdout), &doc); err != nil {
		t.Fatal(err)
	}
	return doc
}

// at is a value of a document, by its keys.
func at(doc any, keys ...string) any {
	for _, key := range keys {
		m, ok := doc.(map[string]any)
		if !ok {
			return nil
		}
		doc = m[key]
	}
	return doc
}

// same holds a value against its text.
func same(t *testing.T, got any, want string) {
	t.Helper()
	if text := fmt.Sprint(got); text != want {
		t.Errorf("there is %s, and not %s", text, want)
	}
}

func argsAreKept(t *testing.T) {
	same(t, at(composed(t, carried), "services", "token-transfers-ledger-source", "command"), "[--network test net]")
}

func configIsEnvironment(t *testing.T) {
	env := at(composed(t, carried), "services", "token-transfers-ledger-source", "environment")
	same(t, at(env, "NETWORK_PASSPHRASE"), "Test SDF Network ; September 2015")
	same(t, at(env, "START_LEDGER"), "409907")
}

func resourcesAreKept(t *testing.T) {
	same(t, at(composed(t, carried), "services", "token-transfers-ledger-source", "deploy", "resources", "limits"), "map[cpus:1 memory:512M pids:256]")
}

// A secret is mounted where the component looks for it, and its variable says where.
func secretsAreKept(t *testing.T) {
	store := at(composed(t, carried), "services", "token-transfers-store")
	same(t, at(store, "environment", "POSTGRES_PASSWORD_FILE"), "/run/secrets/db")
	mounts, _ := at(store, "volumes").([]any)
	if len(mounts) != 1 {
		t.Fatalf("there are %v", mounts)
	}
	same(t, at(mounts[0], "source"), "./secrets/db")
	same(t, at(mounts[0], "target"), "/run/secrets/db")
	same(t, at(mounts[0], "read_only"), "true")
}

// What asks for health asks something that can be asked: the program's own check runs in
// it, and the probes of Kubernetes name a path and a port of the component.
func healthHasAHost(t *testing.T) {
	doc := composed(t, carried)
	same(t, at(doc, "services", "token-transfers", "healthcheck", "test"), "[CMD /app health]")
	for name, service := range at(doc, "services").(map[string]any) {
		if text := fmt.Sprint(at(service, "healthcheck")); strings.Contains(text, "http://:") || strings.Contains(text, "http:///") {
			t.Errorf("%s asks for %s", name, text)
		}
	}
	w := newWorld(t)
	w.write("pipeline.yaml", carried)
	w.wants(w.ok("translate", "-f", "pipeline.yaml", "-o", "kubernetes").stdout, "              path: /health\n              port: 8088\n")
}

func volumesAreDeclared(t *testing.T) {
	doc := composed(t, carried)
	declared, used := at(doc, "volumes"), 0
	for name, service := range at(doc, "services").(map[string]any) {
		mounts, _ := at(service, "volumes").([]any)
		for _, m := range mounts {
			if at(m, "type") != "volume" {
				continue
			}
			used++
			if source := fmt.Sprint(at(m, "source")); at(declared, source) == nil {
				t.Errorf("%s mounts %s, and %v are declared", name, source, declared)
			}
		}
	}
	if used == 0 {
		t.Error("no service mounts a volume")
	}
}

// Two ids that become one name are an error at the second, whatever the target; one alone
// is renamed.
func idsStayApart(t *testing.T) {
	w := newWorld(t)
	w.write("pipeline.yaml", strings.ReplaceAll(strings.Replace(carried, "id: token-transfer\n", "id: ledger-source\n", 1), "inputs: [token-transfer]", "inputs: [ledger-source]"))
	for _, target := range []string{"docker-compose", "kubernetes", "nomad", "local"} {
		e := w.flowc("translate", "-f", "pipeline.yaml", "-o", target)
		if e.code != 3 || e.stdout != "" {
			t.Errorf("%s: %s", target, e)
		}
		w.wants(e.stderr, "pipeline.yaml:21:11: error: `ledger-source` and `ledger.source` would both be called `ledger-source`")
	}
}

// The stack has the program that moves the data, and it knows where each component serves.
func stackMovesData(t *testing.T) {
	doc := composed(t, carried)
	program := at(doc, "services", "token-transfers")
	settings := fmt.Sprint(at(program, "environment", "FLOWC_SET"))
	for node, service := range map[string]string{"ledger-source": "token-transfers-ledger-source", "token-transfer": "token-transfers-token-transfer", "store": "token-transfers-store"} {
		port := fmt.Sprint(at(doc, "services", service, "environment", "GRPC_PORT"))
		if want := node + ".config.endpoint=" + service + ":" + port; !strings.Contains(settings, want) {
			t.Errorf("the program is not told %s: %s", want, settings)
		}
		if at(program, "depends_on", service) == nil {
			t.Errorf("the program does not wait for %s", service)
		}
		same(t, at(doc, "services", service, "environment", "FLOWCTL_ENDPOINT"), "token-transfers:9091")
	}
}

// Processes, as units have them.
const units = `apiVersion: flowctl/v1
kind: Pipeline
metadata: {name: units}
spec:
  driver: process
  sources:
    - {id: lines, type: source, command: [/bin/cat, /etc/hostname]}
  processors:
    - {id: upper, type: processor, command: [/usr/bin/tr, a-z, A-Z], protocol: lines, inputs: [lines]}
  sinks:
    - {id: store, type: sink, command: ["/bin/sh", "-c", "cat >> /var/lib/units/out"], inputs: [upper]}
`

// Units are what systemd reads, where there is a systemd to ask.
func unitsAreValid(t *testing.T) {
	w := newWorld(t)
	w.write("pipeline.yaml", units)
	verify(t, []byte(w.ok("translate", "-f", "pipeline.yaml", "-o", "local").stdout))
}

// kinds are the kinds of the objects of a manifest.
func kinds(t *testing.T, manifest string) (all []string) {
	t.Helper()
	for _, part := range strings.Split(manifest, "\n---\n") {
		var object struct {
			APIVersion string `yaml:"apiVersion"`
			Kind       string
			Metadata   struct{ Name, Namespace string }
		}
		if err := yaml.Unmarshal([]byte(part), &object); err != nil || object.APIVersion == "" || object.Metadata.Name == "" || object.Metadata.Namespace != "stellar" {
			t.Errorf("%v: %+v", err, object)
		}
		all = append(all, object.Kind)
	}
	return all
}

func kubernetesIsThere(t *testing.T) {
	w := newWorld(t)
	w.write("pipeline.yaml", carried)
	if got := kinds(t, w.ok("translate", "-f", "pipeline.yaml", "-o", "kubernetes").stdout); !slices.Contains(got, "Deployment") || !slices.Contains(got, "NetworkPolicy") {
		t.Errorf("there are %v", got)
	}
}

func nomadIsThere(t *testing.T) {
	w := newWorld(t)
	w.write("pipeline.yaml", carried)
	var job map[string]any
	if err := json.Unmarshal([]byte(w.ok("translate", "-f", "pipeline.yaml", "-o", "nomad").stdout), &job); err != nil {
		t.Fatal(err)
	}
	same(t, at(job, "Job", "ID"), "token-transfers")
	same(t, at(job, "Job", "Namespace"), "stellar")
	groups, _ := at(job, "Job", "TaskGroups").([]any)
	if len(groups) != 1 {
		t.Fatalf("there are %d groups", len(groups))
	}
	if tasks, _ := at(groups[0], "Tasks").([]any); len(tasks) != 4 {
		t.Errorf("there are %d tasks", len(tasks))
	}
}

// What init writes goes to every target as it is.
func initTranslates(t *testing.T) {
	w := newWorld(t)
	for _, preset := range []string{"testnet-duckdb", "testnet-postgres", "mainnet-duckdb", "mainnet-postgres"} {
		file := preset + ".yaml"
		w.ok("init", "--preset", preset, "-o", file)
		w.ok("check", file)
		for _, target := range []string{"docker-compose", "kubernetes", "nomad", "local"} {
			if e := w.ok("translate", "-f", file, "-o", target); !strings.Contains(e.stdout, "stellar-pipeline") {
				t.Errorf("%s for %s: %s", preset, target, e)
			}
		}
	}
}
