package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/registry"

	"github.com/flowc-dev/flowc/backends/oci/dockertest"
)

// flowcFor is flowc with an engine; it returns what it prints.
func flowcFor(t *testing.T, e *dockertest.Engine, dir string, args ...string) string {
	t.Helper()
	cmd := command(dir, compilerCache, "flowc", args...)
	cmd.Env = append(cmd.Env, "DOCKER_HOST="+e.Host)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("flowc %s: %v\n%s", strings.Join(args, " "), err, &errs)
	}
	return string(out)
}

// hardened is how a container is run that may do as little as possible.
var hardened = []string{"--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges", "-m", "128m"}

// An image in a real engine: loaded, run with nothing but a volume to write to,
// ready, fed over HTTP, stopped and drained.
func TestDocker(t *testing.T) {
	e := dockertest.New(t)
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "pipeline.yaml"), `pipeline: kept
telemetry: {http: ":9090"}
types: {E: {id: string, n: int}}
sources: {in: {use: http, config: {listen: ":8080", path: /e}, out: E}}
sinks: {out: {from: in, use: file, config: {path: out.ndjson}}}
`)
	var res struct{ Result imageResult }
	if err := json.Unmarshal([]byte(flowcFor(t, e, dir, "image", "--load", "--format", "json")), &res); err != nil {
		t.Fatal(err)
	}
	r := res.Result
	if id := e.Docker("image", "inspect", "-f", "{{.Id}}", r.Reference); id != r.Platforms[0].ID {
		t.Errorf("the engine has %s, not %s", id, r.Platforms[0].ID)
	}
	if hash := e.Docker("image", "inspect", "-f", `{{index .Config.Labels "dev.flowc.hash"}}`, r.Reference); hash != r.Hash {
		t.Errorf("the label says %s, not %s", hash, r.Hash)
	}
	run := append([]string{"run", "-d", "-v", "kept:/data", "-p", "127.0.0.1::8080", "-p", "127.0.0.1::9090"}, hardened...)
	id := e.Docker(append(run, r.Reference)...)
	ready := "http://" + e.Port(id, 9090) + "/readyz"
	eventually(t, "it is ready", func() bool {
		resp, err := http.Get(ready)
		if err != nil {
			return false
		}
		defer resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	})
	if out := e.Docker("exec", id, "/app", "health"); !strings.Contains(out, "ready") {
		t.Errorf("health says %q", out)
	}
	var want strings.Builder
	for n := range 100 {
		line := fmt.Sprintf(`{"id":"r%d","n":%d}`+"\n", n, n)
		resp, err := http.Post("http://"+e.Port(id, 8080)+"/e", "application/json", strings.NewReader(line))
		if err != nil {
			t.Fatalf("%v\n%s", err, e.Logs(id))
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			t.Fatalf("%s\n%s", resp.Status, e.Logs(id))
		}
		want.WriteString(line)
	}
	e.Docker("stop", "-t", "60", id)
	if code := e.Docker("inspect", "-f", "{{.State.ExitCode}}", id); code != "0" {
		t.Errorf("it ended with exit code %s:\n%s", code, e.Logs(id))
	}
	out, err := os.ReadFile(filepath.Join(e.Volume("kept"), "out.ndjson"))
	if err != nil || string(out) != want.String() {
		t.Errorf("the file has %d bytes, not %d: %v\n%s", len(out), want.Len(), err, e.Logs(id))
	}
}

// The user's own Go is in the image, with the time zones that it asks for, the
// certificates and a user: pulled from a registry, on nothing, and on a base.
func TestDockerOwnGo(t *testing.T) {
	e := dockertest.New(t)
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod": "module example.com/zones\n\ngo 1.26\n",
		"zones/zones.go": `package zones

import (
	"crypto/x509"
	"fmt"
	"os/user"
	"time"
)

// At tells what an hour is elsewhere, and whom this machine trusts.
func At(s string) (string, error) {
	zone, err := time.LoadLocation(s)
	if err != nil {
		return "", err
	}
	trusted, err := x509.SystemCertPool()
	if err != nil {
		return "", err
	}
	me, err := user.Current()
	if err != nil {
		return "", err
	}
	return fmt.Sprint(time.Unix(0, 0).In(zone).Format("15:04"), " trusts:", !trusted.Equal(x509.NewCertPool()), " ", me.Uid), nil
}
`,
		"pipeline.yaml": `pipeline: zones
sources: {in: {use: stdin, out: text}}
processors: {at: {from: in, use: ./zones.At}}
sinks: {out: {from: at, use: stdout, config: {format: text}}}
`,
	} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		writeFile(t, filepath.Join(dir, name), text)
	}
	// From a registry, by the digest that was pinned.
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	defer server.Close()
	host := strings.TrimPrefix(server.URL, "http://")
	flowcFor(t, e, dir, "image", "--push", "-t", host+"/zones", "--pin", "image.txt")
	text, err := os.ReadFile(filepath.Join(dir, "image.txt"))
	if err != nil {
		t.Fatal(err)
	}
	pinned := strings.TrimSpace(string(text))
	flowcFor(t, e, dir, "image", "--load", "-t", "zones:1")
	flowcFor(t, e, dir, "image", "--load", "-t", "zones:2", "--base", pinned)
	for _, image := range []string{pinned, "zones:1", "zones:2"} {
		cmd := command(dir, compilerCache, "docker", append(append([]string{"run", "-i", "--rm", "--tmpfs", "/data:uid=65532"}, hardened...), image)...)
		cmd.Env = append(cmd.Env, "DOCKER_HOST="+e.Host)
		cmd.Stdin = strings.NewReader("Asia/Tokyo\n")
		var errs bytes.Buffer
		cmd.Stderr = &errs
		out, err := cmd.Output()
		if err != nil || string(out) != "09:00 trusts:true 65532\n" {
			t.Errorf("%s: %q: %v\n%s", image, out, err, &errs)
		}
	}
}
