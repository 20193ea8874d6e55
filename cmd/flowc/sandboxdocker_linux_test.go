package main

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/flowc-dev/flowc/backends/oci/dockertest"
	"github.com/flowc-dev/flowc/runtime/connect/postgres/pgtest"
	"github.com/flowc-dev/flowc/runtime/sandbox"
)

// TestSandboxContainers runs services that flowc has no server for in a real engine: they are
// reached on this machine, see each other by name, keep their volumes, and nothing of them
// stays behind a kill -9 of what looks after them.
func TestSandboxContainers(t *testing.T) {
	e := dockertest.New(t)
	t.Setenv("DOCKER_HOST", e.Host)
	image := loadedImage(t, e, `pipeline: kept
telemetry: {http: ":9090"}
types: {E: {id: string}}
sources: {in: {use: http, config: {listen: ":8080", path: /e}, out: E}}
sinks: {out: {from: in, use: file, config: {path: out.ndjson, mode: append}}}
`)
	w := newSandboxWorld(t, map[string]string{"services.yaml": `services:
  first: {image: "` + image + `", ports: ["8080"], volumes: ["kept:/data"], healthcheck: {test: [CMD, /app, health]}}
  second: {image: "` + image + `", ports: ["9090"], depends_on: [first]}
  cache: {image: redis}
`})
	post := func(s *sandbox.State, id string) {
		t.Helper()
		at := ""
		for _, one := range s.Services {
			if one.Name == "first" {
				at = one.Address
			}
		}
		if !strings.HasPrefix(at, "127.0.0.1:") {
			t.Fatalf("it is reached at %q", at)
		}
		answer, err := http.Post("http://"+at+"/e", "application/json", strings.NewReader(`{"id":"`+id+`"}`))
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode/100 != 2 {
			t.Fatalf("it answers %s", answer.Status)
		}
	}
	running := func() []string { return strings.Fields(e.Docker("ps", "--quiet", "--all")) }
	state, _ := w.start("services.yaml")
	post(state, "a")
	if got := len(running()); got != 2 {
		t.Fatalf("%d containers run, want 2", got)
	}
	if out, _ := w.run(0, "exec", "first", "--", "/app", "health"); !strings.Contains(out, "ready") {
		t.Errorf("in the container it says %q", out)
	}
	if err := syscall.Kill(state.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	eventually(t, "nothing is left behind a kill", func() bool { return len(running()) == 0 })

	state, _ = w.start()
	post(state, "b")
	kept := e.Docker("exec", sandboxContainer(t, w, "first"), "/app", "--version")
	if kept == "" {
		t.Error("it is another one")
	}
	w.run(0, "stop")
	if got := running(); len(got) != 0 {
		t.Errorf("behind the stop there are %v", got)
	}
	if got := e.Docker("network", "ls", "--quiet", "--filter", "label=dev.flowc.sandbox"); got != "" {
		t.Errorf("behind the stop there are networks: %s", got)
	}
	volumes := strings.Fields(e.Docker("volume", "ls", "--quiet"))
	if len(volumes) != 1 {
		t.Fatalf("behind the stop there are the volumes %v", volumes)
	}
	if got, want := string(readFile(t, filepath.Join(e.Data, "volumes", volumes[0], "_data", "out.ndjson"))), "{\"id\":\"a\"}\n{\"id\":\"b\"}\n"; got != want {
		t.Errorf("the volume has %q, want %q", got, want)
	}
	w.run(0, "stop", "--fresh")
	if got := e.Docker("volume", "ls", "--quiet"); got != "" {
		t.Errorf("behind --fresh there are the volumes %s", got)
	}
	writeFile(t, filepath.Join(w.dir, "services.yaml"), "services:\n  none: {image: \"localhost:1/none\"}\n")
	if _, errs := w.run(exitEnv, "start", "services.yaml"); !strings.Contains(errs, "none: ") || !strings.Contains(errs, "localhost:1/none") {
		t.Errorf("of an image that is nowhere it says %s", errs)
	}
}

// TestSandboxFromContainers has a container use the servers in the sandbox's process: by the
// variables that it is given, and by the names and ports that a file of Compose would have.
func TestSandboxFromContainers(t *testing.T) {
	if !pgtest.Here() {
		t.Skip(pgtest.NotHere)
	}
	e := dockertest.New(t)
	t.Setenv("DOCKER_HOST", e.Host)
	image := loadedImage(t, e, `pipeline: writer
types: {Order: {id: string, n: int64}}
sources: {made: {use: generate, config: {rate: 20, fields: {n: i}}, out: Order}}
sinks:
  topic: {from: made, use: kafka, config: {brokers: ["${env:KAFKA_BROKERS}"], topic: orders}}
  stream: {from: made, use: nats, config: {url: "${env:EVENTS}", subject: bills}}
  rows: {from: made, use: postgres, config: {dsn: "${env:DATABASE_URL}", table: o}}
`)
	w := newSandboxWorld(t, map[string]string{
		"services.yaml": `services:
  events: {image: nats}
  writer: {image: "${WRITER:?}", environment: {EVENTS: "nats://${EVENTS_HOST:-events}:4222"}, depends_on: [events]}
`,
		"pipeline.yaml": `pipeline: reader
types: {Order: {id: string, n: int64}}
sources:
  orders: {use: kafka, config: {brokers: ["${env:KAFKA_BROKERS}"], topics: [orders]}, out: Order}
  bills: {use: nats, config: {url: "${env:NATS_URL}", stream: BILLS, subject: bills}, out: Order}
sinks:
  topic: {from: orders, use: file, config: {path: topic.ndjson, mode: append}}
  stream: {from: bills, use: file, config: {path: stream.ndjson, mode: append}}
`,
	})
	t.Setenv("WRITER", image)
	args := []string{"pipeline.yaml", "services.yaml", "--with", "postgres"}
	w.start(args...)
	for _, file := range []string{"topic.ndjson", "stream.ndjson"} {
		w.until("what the container wrote to "+file, func() bool {
			text, _ := os.ReadFile(filepath.Join(w.dir, file))
			return strings.Count(string(text), "\n") > 5
		})
	}
	w.until("rows of the container", func() bool {
		cmd := command(w.dir, w.cache, "flowc", "sandbox", "exec", "--", "psql", "-Atc", "SELECT count(*) > 5 FROM o")
		out, _ := cmd.Output()
		return strings.TrimSpace(string(out)) == "t"
	})
	// Nothing has changed, so nothing is started anew.
	if _, errs := w.run(0, append([]string{"start"}, args...)...); !strings.Contains(errs, "it runs already") {
		t.Errorf("a second start says %s", errs)
	}
}

// TestSandboxLate has a container that never becomes ready: it is waited for as long as was
// said, and told by what it said last.
func TestSandboxLate(t *testing.T) {
	e := dockertest.New(t)
	t.Setenv("DOCKER_HOST", e.Host)
	image := loadedImage(t, e, `pipeline: idle
types: {E: {id: string}}
sources: {in: {use: http, config: {listen: ":8080", path: /e}, out: E}}
sinks: {out: {from: in, use: drop}}
`)
	w := newSandboxWorld(t, map[string]string{"services.yaml": `services:
  deaf: {image: "` + image + `", ports: ["7"]}
  sick: {image: "` + image + `", healthcheck: {test: [CMD, /app, nonsense]}}
`})
	for service, want := range map[string]string{"deaf": "nobody listens in it behind 127.0.0.1:", "sick": "its healthcheck `/app nonsense` fails"} {
		other := "sick"
		if service == other {
			other = "deaf"
		}
		out, errs := w.run(exitEnv, "start", "services.yaml", "--without", other, "--timeout", "8s")
		for _, want := range []string{service + ": it is not ready within 8s: ", want, "it said last:\n", "msg=listening"} {
			if !strings.Contains(errs, want) {
				t.Errorf("it says %q, not %q", out+errs, want)
			}
		}
		if left := e.Docker("ps", "--quiet", "--all"); left != "" {
			t.Errorf("it has left %s", left)
		}
	}
}

// loadedImage is the image of a pipeline, in an engine.
func loadedImage(t *testing.T, e *dockertest.Engine, pipeline string) string {
	t.Helper()
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "pipeline.yaml"), pipeline)
	var res struct{ Result imageResult }
	if err := json.Unmarshal([]byte(flowcFor(t, e, dir, "image", "--load", "--format", "json")), &res); err != nil {
		t.Fatal(err)
	}
	return res.Result.Reference
}

// sandboxContainer is the name of a service's container.
func sandboxContainer(t *testing.T, w *sandboxWorld, service string) string {
	t.Helper()
	f, err := sandboxIn(w.dir)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := f.Plan()
	if err != nil {
		t.Fatal(err)
	}
	return sandbox.ContainerName(plan.ID, service)
}
