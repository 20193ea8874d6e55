package main

import (
	"encoding/json"
	"net/http"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/flowc-dev/flowc/backends/oci/dockertest"
	"github.com/flowc-dev/flowc/runtime/sandbox"
)

// TestSandboxContainers runs services that flowc has no server for in a real engine: they are
// reached on this machine, see each other by name, keep their volumes, and nothing of them
// stays behind a kill -9 of what looks after them.
func TestSandboxContainers(t *testing.T) {
	e := dockertest.New(t)
	t.Setenv("DOCKER_HOST", e.Host)
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "pipeline.yaml"), `pipeline: kept
telemetry: {http: ":9090"}
types: {E: {id: string}}
sources: {in: {use: http, config: {listen: ":8080", path: /e}, out: E}}
sinks: {out: {from: in, use: file, config: {path: out.ndjson, mode: append}}}
`)
	var res struct{ Result imageResult }
	if err := json.Unmarshal([]byte(flowcFor(t, e, dir, "image", "--load", "--format", "json")), &res); err != nil {
		t.Fatal(err)
	}
	image := res.Result.Reference
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
