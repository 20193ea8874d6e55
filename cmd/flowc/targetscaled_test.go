package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/backends"
	"github.com/flowc-dev/flowc/backends/manifest"
	"github.com/flowc-dev/flowc/compiler/driver"
)

// cutFiles is a pipeline of three processes that ends; cutDoor one that does not, and whose
// first may have several copies.
const (
	cutFiles = `
types: {Order: {id: int64, amount: decimal}}
edges: {nats: {url: "${env:NATS_URL}"}}
sources:
  in: {use: generate, config: {count: 100}, out: Order}
processors:
  some: {from: in, key: in.ID, scale: {replicas: 2}, filter: in.Amount > 1}
sinks:
  out: {from: some, use: file, config: {path: out.ndjson}}
`
	cutDoor = `
types: {Order: {id: int64, amount: decimal}}
edges: {nats: {url: "${env:NATS_URL}", user: me, replicas: 3}}
sources:
  in: {use: http, config: {listen: ":8080"}, out: Order}
processors:
  some: {from: in, key: in.ID, scale: {replicas: 2}, filter: in.Amount > 1, on_error: {then: stop}}
sinks:
  out: {from: some, use: file, config: {path: out.ndjson}, on_error: {then: stop}}
`
)

// checkedFor compiles a pipeline for a target and returns what the target says of it.
func checkedFor(t *testing.T, text, at, options string) (*driver.Result, []string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "cut.yaml")
	if err := os.WriteFile(file, []byte("pipeline: cut\ntargets: {"+at+": "+options+"}"+text), 0o644); err != nil {
		t.Fatal(err)
	}
	r, err := driver.Compile(t.Context(), driver.Options{File: file, Targets: targetSchemas(), CacheDir: compilerCache})
	if err != nil || r.Diagnostics.HasErrors() {
		t.Fatal(err, r.Diagnostics)
	}
	b, err := target(at)
	if err != nil {
		t.Fatal(err)
	}
	var said []string
	for _, d := range b.Check(r.Program, r.Program.Targets[at]) {
		if d.Span.IsZero() {
			t.Errorf("%s has no place", d.Message)
		}
		said = append(said, d.Message)
	}
	return r, said
}

// What a target can't do of a pipeline that is cut, or of a broker, is refused, once.
func TestScaledRefused(t *testing.T) {
	hosts := strings.Replace(cutDoor, "replicas: 2}, f", "min: 2, max: 4}, f", 1)
	whole := strings.NewReplacer("scale: {replicas: 2}, ", "").Replace(cutFiles)
	for _, c := range []struct{ text, at, options, want string }{
		{cutFiles, "compose", "{replicas: 2}", "no process of `cut` may have 2 copies that nobody tells apart"},
		{cutFiles, "k8s", "{replicas: 2}", "no process of `cut` may have copies that nobody tells apart"},
		{cutFiles, "k8s", "{scale: {max: 3}}", "no process of `cut` may have copies that nobody tells apart"},
		{cutFiles, "nomad", "{replicas: 2, storage: {volume: v}}", "no process of `cut` may have copies that nobody tells apart"},
		{cutFiles, "k8s", "{as: job}", "`as` is for a pipeline in one process, and `cut` runs in several"},
		{cutFiles, "k8s", `{schedule: "0 3 * * *"}`, "`schedule` is for a pipeline in one process, and `cut` runs in several"},
		{cutFiles, "nomad", `{schedule: "0 3 * * *", storage: {volume: v}}`, "`schedule` is for a pipeline in one process, and `cut` runs in several"},
		{cutFiles, "k8s", "{service: {type: NodePort}}", "`cut` listens for no records, so that there is no Service for them"},
		{cutFiles, "compose", "{publish: {metrics: 9100}}", "the ports `metrics` and `metrics` are both published at 9100"},
		{cutFiles, "compose", "{publish: {hook: 9100}}", "the program has no port `hook`"},
		{cutFiles, "compose", "{files: {other.ndjson: {bind: x}}}", "the pipeline reads no file `other.ndjson`"},
		{cutFiles, "k8s", "{files: {other.ndjson: {claim: x}}}", "the pipeline reads no file `other.ndjson`"},
		{cutFiles, "compose", "{storage: {/lake: {bind: x}}}", "the program keeps nothing in the folder `/lake`"},
		{cutFiles, "compose", "{overlay: {container_name: x}}", "the containers of `cut` and `some` (0) can't both be called `x`"},
		{cutFiles, "compose", "{overlay: {depends_on: [a]}}", "an overlay holds for all services, and none of them can have `depends_on` with itself"},
		{cutFiles, "nomad", "{}", "the checkpoint of `in` is a file, and the target nomad must be told where its folder lies"},
		{cutFiles, "nomad", "{storage: {volume: v, type: csi}}", "2 copies of `some` can't all attach the volume `v`"},
		{cutFiles, "nomad", "{storage: {volume: v}, broker: {storage: {volume: s}}}", "`cut` ends by itself, and a job with a broker in it would not"},
		{cutFiles, "compose", "{processes: {sum: {pids: 20}}}", "the pipeline has no process `sum`"},
		{cutFiles, "k8s", "{processes: {sum: {cpu: 1}}}", "the pipeline has no process `sum`"},
		{cutFiles, "nomad", "{storage: {volume: v}, processes: {sum: {cpu: 100}}}", "the pipeline has no process `sum`"},
		{hosts, "k8s", "{}", "KEDA, which is in another namespace, can't ask the hosts of `some` what waits without knowing theirs"},
		{cutFiles, "k8s", "{processes: {some: {scale: {target: 5}}}}", "the number of copies of `some` does not change, so that nothing can be said of how"},
		{cutFiles, "nomad", "{storage: {volume: v}, processes: {some: {scale: {cpu: 5}}}}", "the number of copies of `some` does not change, so that nothing can be said of how"},
		{strings.Replace(cutFiles, "replicas: 2}, f", "max: 2}, f", 1), "k8s", "{scale: {max: 3}}", "no process of `cut` may have copies that nobody tells apart"},
		{whole, "compose", "{processes: {some: {pids: 20}}}", "`cut` runs in one process"},
		{whole, "compose", "{broker: {}}", "`cut` runs in one process, and needs nothing that carries records between several"},
		{whole, "k8s", "{broker: {}}", "`cut` runs in one process, and needs nothing that carries records between several"},
		{cutFiles, "k8s", "{broker: {storage: 1Gi}}", "the streams of the edges may hold 2048 MiB, for which a server needs a disk of 2731 MiB, and it has 1024 MiB"},
		{cutFiles, "k8s", "{broker: {}, secrets: {NATS_URL: {name: x}}}", "`NATS_URL` is in `secrets`, and `broker` gives it a value"},
		{cutFiles, "compose", "{broker: {}, env: {NATS_URL: \"nats://x\"}}", "`NATS_URL` has a value in `env`, and `broker` gives it another"},
		{strings.Replace(cutFiles, "${env:NATS_URL}", "nats://nats:4222", 1), "compose", "{broker: {}}", "the address of the broker that the target brings has no place in the pipeline: `url` of `edges` is no variable"},
		{cutDoor, "k8s", "{broker: {}}", "the broker that the target brings asks for no login and has no certificate, and `edges` says `user`"},
		{cutDoor, "k8s", "{broker: {}}", "the broker that the target brings is one server, and `edges` asks for 3 that keep a stream"},
		{cutDoor, "nomad", "{driver: exec, binary: {path: /bin/cut}, storage: {volume: v}, broker: {storage: {volume: s}}}", "a broker is brought as an image, and the driver is exec"},
	} {
		_, said := checkedFor(t, c.text, c.at, c.options)
		n := 0
		for _, message := range said {
			if strings.Contains(message, c.want) {
				n++
			}
		}
		if n == 0 || n > 1 && !strings.Contains(c.want, "published") {
			t.Errorf("%s with %s is refused %d times with %q: %q", c.at, c.options, n, c.want, said)
		}
	}
}

// Where nothing is kept in files, the copies of a process that ends are the pods of one Job.
func TestIndexedJob(t *testing.T) {
	text := strings.Replace(strings.Replace(cutFiles, "use: file, config: {path: out.ndjson}", "use: drop", 1),
		"sources:", "delivery: {checkpoint: {store: postgres, dsn: \"${env:DATABASE_URL}\"}}\nsources:", 1)
	r, said := checkedFor(t, text, "k8s", "{}")
	if len(said) > 0 {
		t.Fatal(said)
	}
	b, err := target("k8s")
	if err != nil {
		t.Fatal(err)
	}
	files, err := b.Emit(r.Program, r.Program.Targets["k8s"], backends.Layout{})
	if err != nil {
		t.Fatal(err)
	}
	emitted := string(files[0].Data)
	for _, want := range []string{"completionMode: Indexed", "completions: 2", "parallelism: 2", "fieldPath: \"metadata.annotations['batch.kubernetes.io/job-completion-index']\""} {
		if strings.Count(emitted, want) != 1 {
			t.Errorf("there is no %s in\n%s", want, emitted)
		}
	}
	if strings.Contains(emitted, "PersistentVolumeClaim") {
		t.Error("it has a claim")
	}
}

// Hosts of a process that ends are pods of one Job without numbers, whose number may be
// changed while it runs; on the other targets as many as there are at the least.
func TestElasticEmitted(t *testing.T) {
	text := strings.Replace(cutFiles, "scale: {replicas: 2}", "scale: {min: 3, max: 8}", 1)
	for _, c := range []struct {
		at, options string
		want, not   []string
	}{
		{"k8s", "{}", []string{"parallelism: 3", "value: some", "backoffLimit: 18"}, []string{"Indexed", "FLOWC_REPLICA", "ScaledObject", "Autoscaler", "cut-some-hosts"}},
		{"nomad", "{storage: {volume: v}}", []string{`"Count": 3`}, []string{"FLOWC_REPLICA", `"Scaling"`}},
		{"compose", "{}", []string{"replicas: 3", "FLOWC_PROCESS: some"}, []string{"FLOWC_REPLICA", "some-0"}},
		{"local", "{}", []string{"cut-some@2.service", "--process some"}, []string{"--replica"}},
	} {
		t.Run(c.at, func(t *testing.T) {
			r, said := checkedFor(t, text, c.at, c.options)
			if len(said) > 0 && c.at != "nomad" {
				t.Fatal(said)
			}
			b, err := target(c.at)
			if err != nil {
				t.Fatal(err)
			}
			files, err := b.Emit(r.Program, r.Program.Targets[c.at], backends.Layout{})
			if err != nil {
				t.Fatal(err)
			}
			emitted := ""
			for _, f := range files {
				emitted += f.Path + "\n" + string(f.Data)
			}
			for _, want := range c.want {
				if !strings.Contains(emitted, want) {
					t.Errorf("there is no %s in\n%s", want, emitted)
				}
			}
			for _, not := range c.not {
				if strings.Contains(emitted, not) {
					t.Errorf("there is %s in\n%s", not, emitted)
				}
			}
		})
	}
}

// The broker that targets bring is the version that the edges are tested with.
func TestBrokerImage(t *testing.T) {
	text, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	_, version, _ := strings.Cut(manifest.BrokerImage, ":")
	if !slices.Contains(strings.Fields(string(text)), "v"+version) || !strings.Contains(string(text), "nats-server/v2 v"+version+"\n") {
		t.Errorf("go.mod has another version of nats-server than %s", manifest.BrokerImage)
	}
}
