package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/backends/oci/dockertest"
)

// An applied pipeline is one that flowc applies to an engine of the test's own.
type applied struct {
	t      *testing.T
	engine *dockertest.Engine
	dir    string
	env    []string
}

// newApplied starts an engine, with the Compose of `make e2e-compose` on the path.
func newApplied(t *testing.T) *applied {
	t.Helper()
	binary := os.Getenv("FLOWC_COMPOSE")
	if binary == "" {
		t.Skip("needs Docker Compose: make e2e-compose")
	}
	bin := t.TempDir()
	if err := os.Symlink(binary, filepath.Join(bin, "docker-compose")); err != nil {
		t.Fatal(err)
	}
	return &applied{t: t, engine: dockertest.New(t), dir: t.TempDir(), env: []string{"PATH=" + bin + ":" + os.Getenv("PATH"), "DOCKER_CONFIG=" + t.TempDir()}}
}

// flowc runs a command, and fails the test where its exit code is another.
func (p *applied) flowc(code int, args ...string) (stdout, stderr string) {
	p.t.Helper()
	stdout, stderr, got := commanded(p.t, p.dir, append([]string{"DOCKER_HOST=" + p.engine.Host}, p.env...), args...)
	if got != code {
		p.t.Fatalf("flowc %s: exit code %d, not %d\n%s", strings.Join(args, " "), got, code, p.engine.Docker("ps", "-a"))
	}
	return stdout, stderr
}

// commanded runs flowc in a folder with more of an environment, and logs what it says.
func commanded(t *testing.T, dir string, env []string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	cmd := command(dir, compilerCache, "flowc", args...)
	cmd.Env = append(cmd.Env, env...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	var ended *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &ended) {
		t.Fatal(err)
	}
	t.Logf("$ flowc %s\n%s%s", strings.Join(args, " "), &out, &errs)
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// says fails the test where a text lacks a part.
func (p *applied) says(text string, parts ...string) {
	p.t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			p.t.Errorf("nothing says %q:\n%s", part, text)
		}
	}
}

// container is the one that there is.
func (p *applied) container() string {
	p.t.Helper()
	ids := strings.Fields(p.engine.Docker("ps", "-q", "--no-trunc", "--filter", "label=dev.flowc.pipeline"))
	if len(ids) != 1 {
		p.t.Fatalf("%d containers run:\n%s", len(ids), p.engine.Docker("ps", "-a"))
	}
	return ids[0]
}

// write is the pipeline with options of the target.
func (p *applied) write(options string) {
	p.t.Helper()
	writeFile(p.t, filepath.Join(p.dir, "pipeline.yaml"), `pipeline: grist
types: {Line: {n: int}}
sources: {lines: {use: file, config: {path: "in/*.ndjson", follow: true}, out: Line}}
processors: {odd: {from: lines, filter: in.N % 2 == 1}}
sinks: {out: {from: odd, use: file, config: {path: out/odd.ndjson}}}
targets: {compose: {files: {"in/*.ndjson": {bind: ./in/}}`+options+"}}\n")
}

// A pipeline is applied, applied again, changed, given versions that can't start and
// that die, and deleted.
func TestComposeApply(t *testing.T) {
	p := newApplied(t)
	p.env = append(p.env, "KEY=one-secret-value")
	p.write("")
	if err := os.Mkdir(filepath.Join(p.dir, "in"), 0o755); err != nil {
		t.Fatal(err)
	}
	in, err := os.OpenFile(filepath.Join(p.dir, "in/lines.ndjson"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	lines := 0
	out := filepath.Join(p.engine.Volume("grist_grist-data"), "out/odd.ndjson")
	flows := func() {
		t.Helper()
		for range 10 {
			if _, err := fmt.Fprintf(in, `{"n":%d}`+"\n", lines); err != nil {
				t.Fatal(err)
			}
			lines++
		}
		eventually(t, "records flow", func() bool { return len(linesOf(t, out)) == lines/2 })
	}

	_, errs := p.flowc(exitUsage, "apply")
	p.says(errs, "--yes")
	said, _ := p.flowc(exitOK, "apply", "--dry-run")
	p.says(said, "+ create service grist", "+ create volume grist_grist-data", "+ create network grist_grist")
	p.flowc(exitDrift, "apply", "--diff")
	for _, what := range [][]string{{"ps", "-aq"}, {"images", "-q"}, {"volume", "ls", "-q"}} {
		if left := p.engine.Docker(what...); left != "" {
			t.Errorf("a plan makes %v: %s", what, left)
		}
	}
	_, errs = p.flowc(exitEnv, "status", "grist", "--target", "compose")
	p.says(errs, "grist was not applied at Docker at unix://")

	said, _ = p.flowc(exitOK, "apply", "--yes")
	p.says(said, "grist: applied, ready")
	first := p.container()
	flows()
	said, _ = p.flowc(exitOK, "status", "--format", "json")
	var status struct{ Result statusResult }
	if err := json.Unmarshal([]byte(said), &status); err != nil || len(status.Result.Runs) != 1 || status.Result.Runs[0].State != "ready" {
		t.Errorf("%v: %s", err, said)
	}

	said, _ = p.flowc(exitOK, "apply", "--yes")
	p.says(said, "grist: unchanged")
	p.flowc(exitOK, "apply", "--diff")
	if p.container() != first {
		t.Error("what is unchanged has another container")
	}

	p.write(`, secrets: {KEY: {}}, env: {FLOWC_SET: lines.config.max_record=1MiB}`)
	p.env = append(p.env, "KEY=")
	_, errs = p.flowc(exitEnv, "apply", "--yes")
	p.says(errs, "KEY is missing a value: a secret of the pipeline grist")
	p.env = append(p.env, "KEY=one-secret-value")
	said, _ = p.flowc(exitOK, "apply", "--yes")
	p.says(said, "~ change service grist  (its container is replaced", "+ environment.FLOWC_SET  lines.config.max_record=1MiB", "+ environment.KEY")
	second := p.container()
	if second == first {
		t.Error("a tunable makes no other container")
	}
	flows()

	t.Log("another value of a secret")
	p.env = append(p.env, "KEY=two-secret-values")
	said, _ = p.flowc(exitDrift, "apply", "--diff")
	p.says(said, "environment.KEY", "whose value is another")
	if strings.Contains(said, "secret-value") {
		t.Errorf("a plan has a secret: %s", said)
	}
	p.env = append(p.env, "KEY=one-secret-value")

	t.Log("versions that can't start")
	p.write(`, secrets: {KEY: {}}, env: {FLOWC_SET: lines.config.nothing=1}`)
	_, errs = p.flowc(exitEnv, "apply", "--yes")
	p.says(errs, "can't start, and what runs was not touched", "lines.config.nothing")
	_, errs = p.flowc(exitEnv, "apply", "--yes", "--image", "grist@sha256:"+strings.Repeat("0", 64))
	p.says(errs, "can't start, and what runs was not touched")
	if p.container() != second {
		t.Error("what can't start disturbs what runs")
	}

	t.Log("one that dies, with another value of the secret")
	p.env = append(p.env, "KEY=two-secret-values")
	p.write(`, secrets: {KEY: {}}, overlay: {volumes: [{type: bind, source: ./in, target: /input/lines, read_only: true}]}`)
	_, errs = p.flowc(exitDied, "apply", "--yes")
	p.says(errs, "rolled back: ", "runs again")
	third := p.container()
	if env := p.engine.Docker("inspect", "-f", "{{.Config.Env}}", third); !strings.Contains(env, "KEY=one-secret-value") || !strings.Contains(env, "max_record") {
		t.Errorf("what runs again has %s", env)
	}
	flows()

	t.Log("stopped by somebody")
	p.engine.Docker("stop", third)
	said, _ = p.flowc(exitOK, "logs", "grist", "--target", "compose")
	p.says(said, "grist-grist-1 | ")
	p.env = append(p.env, "KEY=one-secret-value")
	p.write(`, secrets: {KEY: {}}, env: {FLOWC_SET: lines.config.max_record=1MiB}`)
	said, _ = p.flowc(exitDrift, "apply", "--diff")
	p.says(said, "~ start  service grist", "is exited")
	p.flowc(exitOK, "apply", "--yes")
	flows()

	t.Log("stopped and started again")
	fourth := p.container()
	said, _ = p.flowc(exitOK, "stop", "grist", "--target", "compose")
	p.says(said, "grist: stopped")
	said, _ = p.flowc(exitOK, "status")
	p.says(said, "grist-grist-1  stopped")
	said, _ = p.flowc(exitDrift, "apply", "--diff")
	p.says(said, "~ start  service grist", "is exited")
	said, _ = p.flowc(exitOK, "restart", "grist", "--target", "compose")
	p.says(said, "grist: ready")
	p.flowc(exitOK, "apply", "--diff")
	flows()
	p.flowc(exitOK, "restart")
	flows()
	if p.container() != fourth {
		t.Error("a restart makes another container")
	}
	_, errs = p.flowc(exitUsage, "stop", "--timeout", "1s")
	p.says(errs, "--timeout is for what `flowc run` has started")

	t.Log("deleted, with its state after it")
	said, _ = p.flowc(exitOK, "delete", "grist", "--target", "compose", "--yes")
	p.says(said, "volume grist_grist-data  (it holds data, and --state deletes it)", "grist: deleted")
	if _, err := os.Stat(out); err != nil {
		t.Errorf("deleting takes the data away: %v", err)
	}
	p.flowc(exitOK, "delete", "--state", "--yes")
	for _, what := range [][]string{{"ps", "-aq"}, {"images", "-q"}, {"volume", "ls", "-q"}, {"network", "ls", "-q", "--filter", "type=custom"}} {
		if left := p.engine.Docker(what...); left != "" {
			t.Errorf("%v is left: %s", what, left)
		}
	}
}

// A folder of pipelines: one that ends, as JSON, and two that don't, in one project;
// then one of them is gone from the folder. A log is followed through a kill.
func TestComposeApplyFolder(t *testing.T) {
	p := newApplied(t)
	endless := func(name string) string {
		return `pipeline: ` + name + `
types: {E: {n: int}}
sources: {in: {use: generate, config: {rate: 20}, out: E}}
sinks: {out: {from: in, use: log}}
targets: {compose: {project: shop, restart: always}}
`
	}
	writeFile(t, filepath.Join(p.dir, "left.flow.yaml"), endless("left"))
	writeFile(t, filepath.Join(p.dir, "right.flow.yaml"), endless("right"))
	writeFile(t, filepath.Join(p.dir, "once.flow.json"), `{"pipeline": "once", "types": {"E": {"n": "int"}}, "sources": {"in": {"use": "generate", "config": {"count": 5}, "out": "E"}},
		"sinks": {"out": {"from": "in", "use": "stdout"}}, "targets": {"compose": {}}}`)
	said, _ := p.flowc(exitOK, "apply", "-f", ".", "--yes")
	p.says(said, "shop/left: applied, ready", "shop/right: applied, ready", "once: applied, ended")
	said, _ = p.flowc(exitOK, "apply", "-f", ".", "--yes")
	p.says(said, "shop/left: unchanged, ready", "shop/right: unchanged, ready", "once: unchanged, ended")
	said, _ = p.flowc(exitOK, "logs", "once", "-t", "docker-compose", "--tail", "100")
	p.says(said, `once-once-1 | {"n":`, "once-once-1 | once: 5 in · 5 out")

	t.Log("a log that is followed through a kill")
	following := command(p.dir, compilerCache, "flowc", "logs", "right", "-t", "compose", "-f", "--tail", "1")
	following.Env = append(append(following.Env, "DOCKER_HOST="+p.engine.Host), p.env...)
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	following.Stdout = log
	if err := following.Start(); err != nil {
		t.Fatal(err)
	}
	grows := func() {
		t.Helper()
		n := len(linesOf(t, log.Name()))
		eventually(t, "the log goes on", func() bool { return len(linesOf(t, log.Name())) > n+10 })
	}
	grows()
	p.engine.Docker("kill", "shop-right-1")
	p.engine.Docker("start", "shop-right-1")
	grows()
	if err := following.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := following.Wait(); following.ProcessState.ExitCode() != 130 {
		t.Errorf("who stops following gets %v", err)
	}

	t.Log("one is gone from the folder")
	if err := os.Remove(filepath.Join(p.dir, "right.flow.yaml")); err != nil {
		t.Fatal(err)
	}
	p.flowc(exitOK, "apply", ".", "--diff")
	said, _ = p.flowc(exitOK, "apply", ".", "--prune", "--yes")
	p.says(said, "- delete service right", "shop/right: deleted", "shop/left: unchanged, ready")
	if names := p.engine.Docker("ps", "-a", "--format", "{{.Names}}"); names != "once-once-1\nshop-left-1" && names != "shop-left-1\nonce-once-1" {
		t.Errorf("there are %s", names)
	}
	said, _ = p.flowc(exitOK, "status", "-A", "-t", "compose")
	p.says(said, "shop/left", "ready", "once", "ended")

	t.Log("changed by hand since")
	p.engine.Docker("rm", "-f", "shop-left-1")
	said, _ = p.flowc(exitDrift, "apply", ".", "--diff")
	p.says(said, "+ create service left")
	p.flowc(exitOK, "apply", ".", "--yes")
	for _, name := range []string{"shop/left", "shop/right", "once"} {
		p.flowc(exitOK, "delete", name, "-t", "compose", "--state", "--yes")
	}
	for _, what := range [][]string{{"ps", "-aq"}, {"images", "-q"}, {"volume", "ls", "-q"}, {"network", "ls", "-q", "--filter", "type=custom"}} {
		if left := p.engine.Docker(what...); left != "" {
			t.Errorf("%v is left: %s", what, left)
		}
	}
}
