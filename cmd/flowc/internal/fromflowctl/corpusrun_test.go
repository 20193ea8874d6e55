package fromflowctl

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/google/go-containerregistry/pkg/registry"
)

// runs runs the file of a corpus.
func (w *world) runs(file string, more ...string) ended {
	w.t.Helper()
	return w.ok(slices.Concat([]string{"run", file}, w.args, more)...)
}

// has holds a file against lines, in any order.
func (w *world) has(name string, want ...string) {
	w.t.Helper()
	slices.Sort(want)
	if got := w.lines(name); !slices.Equal(got, want) {
		w.t.Errorf("%s has\n%s\nand not\n%s", name, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func runScripts(w *world, file string) {
	w.wants(w.runs(file).stderr, "scripts: 5 in · 5 out · 0 failed")
	var want []string
	for i := range 5 {
		want = append(want, fmt.Sprintf(`[KEPT] {"asset": "XLM", "price": %d, "venue": "a"}`, i+1))
	}
	w.has("kept.txt", want...)
}

func runExtractors(w *world, file string) {
	w.wants(w.runs(file).stderr, "extractors: 4 in · 12 out · 0 failed")
	var want []string
	for i := range 4 {
		for _, kind := range []string{"payment", "account", "path"} {
			want = append(want, fmt.Sprintf(`{"aggregated": true, "data": {"ledger": %d, "kind": "%s"}}`, i+1, kind))
		}
	}
	w.has("analytics.txt", want...)
}

func runFanout(w *world, file string) {
	for _, name := range []string{"raw-ledger-source", "ledger-processor", "postgres-sink", "lake-sink"} {
		w.link("bin/" + name)
	}
	w.wants(w.runs(file).stderr, "fanout: 6 in · 12 out · 0 failed")
	w.got("postgres-sink.got", events(297, 303, "ledger-processor"))
	w.got("lake-sink.got", events(297, 303, "ledger-processor"))
}

// runContainers has processes where the containers would be: the program is told where they
// are, as one that is deployed is.
func runContainers(w *world, file string) {
	args := []string{}
	for _, c := range []struct{ node, name, gives string }{
		{"live-source", "live-source", "stellar.ledger.v1"}, {"contract-events", "contract-events", "stellar.contract.events.v1"}, {"postgres", "postgres-consumer", ""},
	} {
		args = append(args, "--set", c.node+".config.endpoint="+w.serve(c.name, c.node, "STANDIN_GIVES="+c.gives))
	}
	w.write("secrets/db-password", "s3cret")
	w.wants(w.runs(file, args...).stderr, "contract-events: 3 in · 3 out · 0 failed")
	want := events(0, 3, "contract-events")
	for i := range want {
		want[i] = strings.Replace(want[i], "test.done.v1", "stellar.contract.events.v1", 1)
	}
	w.got("postgres.got", want)
}

// serve starts a stand-in that nobody looks after, and returns its address.
func (w *world) serve(name, id string, env ...string) string {
	w.t.Helper()
	w.link(name)
	address := w.free()
	cmd := exec.Command(filepath.Join(w.dir, name))
	cmd.Dir = w.dir
	cmd.Env = slices.Concat(os.Environ(), []string{"PORT=" + address, "FLOWCTL_COMPONENT_ID=" + id, "END_LEDGER=1"}, env)
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it was killed
	})
	return address
}

// runReferences runs a file with references from a registry, whose source gives two ledgers
// from the fifth on.
func runReferences(w *world, file string) {
	server := published(w)
	defer server.Close()
	w.wants(w.runs(file).stderr, "stellar-pipeline: 6 in · 6 out · 0 failed")
	w.got("postgres-sink.got", events(12, 18, "contract-events"))
	w.wants(w.read("flowc.lock"), "stellar-live-source@v1.0.0", "sha256:")
	server.Close() // what was pulled is pinned, and runs from its pin
	if e := w.ok("check", file); strings.Contains(e.stderr, "flowc.lock") {
		w.t.Errorf("it is pinned: %s", e)
	}
	w.runs(file, "--frozen")
	w.got("postgres-sink.got", events(12, 18, "contract-events"), events(12, 18, "contract-events"))
}

// published is a registry of the test's own, with stand-ins under the names of public
// components.
func published(w *world) *httptest.Server {
	w.t.Helper()
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	w.env = append(w.env, "FLOWC_REGISTRY="+strings.TrimPrefix(server.URL, "http://"))
	program, err := os.ReadFile(filepath.Join(toolsDir, "standin"))
	if err != nil {
		w.t.Fatal(err)
	}
	w.write("program", string(program))
	for name, descriptor := range map[string]string{
		"stellar-live-source": `"type": "source", "produces": ["test.number.v1"], "env_mapping": {"network_passphrase": "NETWORK_PASSPHRASE", "backend_type": "BACKEND_TYPE",
			"rpc_endpoint": "RPC_ENDPOINT", "start_ledger": "START_LEDGER", "end_ledger": "END_LEDGER"}`,
		"contract-events-processor": `"type": "processor", "consumes": ["test.number.v1"], "produces": ["test.done.v1"], "env_mapping": {"network_passphrase": "NETWORK_PASSPHRASE"}`,
		"postgres-consumer": `"type": "sink", "input_types": ["test.done.v1"], "output_types": [], "env_mapping": {"postgres_host": "POSTGRES_HOST", "postgres_port": "POSTGRES_PORT",
			"postgres_db": "POSTGRES_DB", "postgres_user": "POSTGRES_USER", "postgres_password": "POSTGRES_PASSWORD"}`,
		"duckdb-consumer": `"type": "sink", "input_types": ["test.done.v1"], "output_types": [], "env_mapping": {"database_path": "DUCKDB_PATH"}`,
	} {
		w.write("metadata.json", fmt.Sprintf(`{"name": %q, "version": "v1.0.0", %s}`, name, descriptor))
		w.ok("components", "publish", name+"@v1.0.0", "--binary", "program", "--metadata", "metadata.json")
	}
	return server
}

func runCommands(w *world, file string) {
	w.write("words.txt", "two words\nthree more words\n")
	w.wants(w.runs(file).stderr, "commands: 3 in · 3 out · 0 failed")
	w.has("kept.txt", "ONE WORD", "TWO WORDS", "THREE MORE WORDS")
}

func runLegacy(w *world, file string) {
	for _, name := range []string{"ledger-source", "transfers", "demo-consumer"} {
		w.link("bin/" + name)
	}
	w.runs(file)
	w.got("demo-consumer.got", events(6, 12, "transfers"))
}

func runCDP(w *world, file string) {
	for _, name := range []string{"ledger-source", "filter", "excel-sink", "zeromq-sink"} {
		w.link("bin/" + name)
	}
	w.runs(file)
	w.got("SaveToExcel.got", events(6, 12, "FilterPayments"))
	w.got("SaveToZeroMQ.got", events(6, 12, "FilterPayments"))
}

// engine stands in for an engine of containers: it notes how it is called, and runs the
// entrypoint that is named with what stands behind the image, on this machine.
const engine = `#!/bin/sh
echo "$@" >> calls
[ "$1" = run ] || exit 0
while [ "$1" != --network ]; do shift; done
shift 2
while :; do
	case $1 in
	--entrypoint) entrypoint=$2; shift 2 ;;
	--*) shift 2 ;;
	*) break ;;
	esac
done
shift
exec "$entrypoint" "$@"
`

// contain has a folder of programs with the engine, and w use it.
func (w *world) contain() {
	w.t.Helper()
	w.write("engines/docker", engine)
	if err := os.Chmod(filepath.Join(w.dir, "engines/docker"), 0o755); err != nil {
		w.t.Fatal(err)
	}
	w.env = append(w.env, "PATH="+filepath.Join(w.dir, "engines")+":"+os.Getenv("PATH"))
}

// runBoxes runs scripts in containers by an engine, and then as a deployment does: with an
// attendant, which is the program itself, in the place of each container.
func runBoxes(w *world, file string) {
	w.contain()
	var want []string
	for i := range 5 {
		want = append(want, fmt.Sprintf(`[SINK] {"event_id": "evt_%d", "amount": %d, "validated": true, "processor": "enricher-v1"}`, i+1, i+1))
	}
	shown := func(e ended) {
		got := strings.Split(strings.TrimSpace(e.stdout), "\n")
		slices.Sort(got)
		if !slices.Equal(got, want) {
			w.t.Errorf("it shows\n%s", e)
		}
	}
	shown(w.runs(file))
	w.wants(w.read("calls"), "--entrypoint sh", "--env RATE_LIMIT", "--memory 64m")

	w.ok("build", file, "-o", "built")
	program := filepath.Join(w.dir, "built", "boxes")
	w.ok("emit", file, "--target", "compose", "-o", "services")
	if out, err := exec.Command(program, "attend", "--install", filepath.Join(w.dir, "attendant")).CombinedOutput(); err != nil {
		w.t.Fatalf("%v: %s", err, out)
	}
	run := exec.Command(program)
	for node, script := range boxScripts(w) {
		address := w.free()
		attendant := exec.Command(filepath.Join(w.dir, "attendant"), "attend", address, "sh", "-c", script)
		attendant.Env = append(os.Environ(), "PROCESSOR=enricher-v1")
		if err := attendant.Start(); err != nil {
			w.t.Fatal(err)
		}
		w.t.Cleanup(func() {
			_ = attendant.Process.Signal(os.Interrupt)
			if err := attendant.Wait(); err != nil {
				w.t.Errorf("the attendant of %s: %v", node, err)
			}
		})
		run.Args = append(run.Args, "--set", node+".config.endpoint="+address)
	}
	out, err := run.Output()
	if err != nil {
		w.t.Fatal(err)
	}
	shown(ended{stdout: string(out)})
}

// boxScripts are the scripts that the attendants of the services start, by the node.
func boxScripts(w *world) map[string]string {
	w.t.Helper()
	var doc struct {
		Services map[string]struct {
			Entrypoint, Command []string
			Labels              map[string]string
		}
	}
	if err := yaml.Unmarshal([]byte(w.read("services/compose.yaml")), &doc); err != nil {
		w.t.Fatal(err)
	}
	all := map[string]string{}
	for _, s := range doc.Services {
		if node := s.Labels["dev.flowc.component"]; len(s.Entrypoint) == 1 && s.Entrypoint[0] == "/flowc/attendant" {
			all[node] = strings.ReplaceAll(s.Command[len(s.Command)-1], "$$", "$")
		}
	}
	if len(all) != 4 {
		w.t.Fatalf("there are attendants of %d nodes", len(all))
	}
	return all
}

// free is an address where nobody listens.
func (w *world) free() string {
	w.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
