package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/backends/deploy"
	"github.com/flowc-dev/flowc/backends/nomad/live"
	oci "github.com/flowc-dev/flowc/backends/oci/live"
)

// A nomadApplied is a pipeline that flowc applies to a cluster of the test's own.
type nomadApplied struct {
	*nomadCluster
	dir, name string
	env       []string
}

// applied is a pipeline of a name in a folder of its own.
func (c *nomadCluster) applied(name string) *nomadApplied {
	c.t.Helper()
	a := &nomadApplied{nomadCluster: c, dir: c.t.TempDir(), name: name, env: []string{"NOMAD_ADDR=" + c.address, "DOCKER_CONFIG=" + c.t.TempDir()}}
	if c.engine != nil {
		a.env = append(a.env, "DOCKER_HOST="+c.engine.Host)
	}
	return a
}

// write writes the pipeline, with options of the target.
func (a *nomadApplied) write(pipeline, options string) {
	a.t.Helper()
	write(a.t, a.dir, "pipeline.yaml", pipeline+"targets: {nomad: {"+options+"}}\n")
}

// flowc runs a command, and fails the test where its exit code is another.
func (a *nomadApplied) flowc(code int, args ...string) (stdout, stderr string) {
	a.t.Helper()
	stdout, stderr, got := commanded(a.t, a.dir, a.env, args...)
	if got != code {
		a.t.Fatalf("flowc %s: exit code %d, not %d\n%s\n%s", strings.Join(args, " "), got, code, a.try("job", "status", "-evals", a.name), a.lastWords())
	}
	return stdout, stderr
}

// says fails the test where a text lacks one of others.
func (a *nomadApplied) says(text string, want ...string) {
	a.t.Helper()
	for _, w := range want {
		if !strings.Contains(text, w) {
			a.t.Errorf("it does not say %q:\n%s", w, text)
		}
	}
}

// copies are the IDs of the copies that run.
func (a *nomadApplied) copies() (ids []string) {
	j := &nomadJob{nomadCluster: a.nomadCluster, name: a.name}
	for _, one := range j.allocations(false) {
		ids = append(ids, one.ID)
	}
	slices.Sort(ids)
	return ids
}

// left fails the test where something of the pipeline is still there.
func (a *nomadApplied) left() {
	a.t.Helper()
	var jobs []struct{ ID, Status string }
	if err := json.Unmarshal([]byte(a.must("operator", "api", "/v1/jobs?namespace=*")), &jobs); err != nil || len(jobs) > 0 {
		a.t.Errorf("jobs are left: %v %v", jobs, err)
	}
	if a.engine == nil {
		return
	}
	for _, what := range [][]string{{"ps", "-aq"}, {"images", "-q"}} {
		if left := a.engine.Docker(what...); left != "" {
			a.t.Errorf("%v is left: %s\n%s", what, left, a.engine.Docker("ps", "-a"))
		}
	}
}

// A pipeline that is fed all the time goes through all that `apply` does to it: nothing
// is lost and nothing is doubled, and what is written is what the program alone writes.
func TestNomadApply(t *testing.T) {
	a := newNomad(t, true, "feed", "mill").applied("mill")
	const places = `files: {"in/*.ndjson": {volume: feed}}, storage: {volume: mill}`
	a.write(mill, places)
	out := filepath.Join(a.volume("mill"), "out/odd.ndjson")
	grows := func() {
		t.Helper()
		before := len(linesOf(t, out))
		a.until("the program writes", func() bool { return len(linesOf(t, out)) > before+100 })
	}

	_, errs := a.flowc(exitUsage, "apply")
	a.says(errs, "--yes")
	said, _ := a.flowc(exitOK, "apply", "--dry-run")
	a.says(said, "mill at Nomad at http://127.0.0.1:", ": new, ", "+ create job mill", "1 to create")
	a.flowc(exitDrift, "apply", "--diff")
	a.left()
	_, errs = a.flowc(exitEnv, "status")
	a.says(errs, "mill was not applied at Nomad at http://127.0.0.1:")

	a.flowc(exitOK, "apply", "--yes")
	lines := newFeed(t, filepath.Join(a.volume("feed"), "lines.ndjson"))
	grows()
	first := a.copies()
	said, _ = a.flowc(exitOK, "status", "--format", "json")
	var status struct{ Result statusResult }
	if err := json.Unmarshal([]byte(said), &status); err != nil || len(status.Result.Runs) != 1 || status.Result.Runs[0].State != "ready" || len(status.Result.Runs[0].Ports["metrics"]) != 1 {
		t.Errorf("%v: %s", err, said)
	}

	t.Log("the same again")
	said, _ = a.flowc(exitOK, "apply", "--yes")
	a.says(said, "mill: unchanged, ready")
	a.flowc(exitOK, "apply", "--diff")
	if again := a.copies(); !slices.Equal(again, first) {
		t.Errorf("what is unchanged has other copies: %v, not %v", again, first)
	}

	t.Log("somebody changes it by hand")
	plan := a.planned()
	a.byHand(`"MemoryMB": `, `"MemoryMB": 1`)
	if _, err := deploy.Apply(t.Context(), plan.engine, plan.Plan, deploy.Options{}); !errors.Is(err, deploy.ErrChanged) {
		t.Errorf("a plan that somebody was faster than gives %v", err)
	}
	said, _ = a.flowc(exitDrift, "apply", "--diff")
	a.says(said, "~ change job mill  (its copy is replaced, after a stop that may take 35s)", "TaskGroups[mill].Tasks[mill].Resources.MemoryMB  1")
	a.flowc(exitOK, "apply", "--yes")
	a.flowc(exitOK, "apply", "--diff")
	grows()

	t.Log("a tunable changes")
	const tuned = places + ", env: {FLOWC_SET: lines.config.max_record=1MiB}"
	a.write(mill, tuned)
	said, _ = a.flowc(exitOK, "apply", "--yes")
	a.says(said, "+ TaskGroups[mill].Tasks[mill].Env.FLOWC_SET  lines.config.max_record=1MiB", "mill: applied, ready")
	grows()

	t.Log("the process is killed")
	following := command(a.dir, compilerCache, "flowc", "logs", "mill", "-t", "nomad", "-f", "--tail", "1")
	following.Env = append(following.Env, a.env...)
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	following.Stdout = log
	if err := following.Start(); err != nil {
		t.Fatal(err)
	}
	a.until("the last line of the log", func() bool { return len(linesOf(t, log.Name())) == 1 })
	a.engine.Docker("kill", "-s", "KILL", a.containerOf("mill"))
	grows()
	said, _ = a.flowc(exitOK, "status")
	a.says(said, "started again once")
	a.until("the log goes on", func() bool { return len(linesOf(t, log.Name())) > 1 })
	said, _ = a.flowc(exitOK, "apply", "--yes")
	a.says(said, "mill: unchanged")
	second := a.copies()

	t.Log("versions that can't start")
	a.write(mill, places+`, env: {FLOWC_SET: lines.config.nothing=1}`)
	_, errs = a.flowc(exitEnv, "apply", "--yes")
	a.says(errs, "can't start, and what runs was not touched", "lines.config.nothing")
	a.write(mill, tuned)
	_, errs = a.flowc(exitEnv, "apply", "--yes", "--image", "127.0.0.1:1/mill@sha256:"+strings.Repeat("0", 64))
	a.says(errs, "can't start, and what runs was not touched", "127.0.0.1:1")
	a.write(mill, strings.Replace(tuned, "volume: feed", "volume: food", 1))
	_, errs = a.flowc(exitEnv, "apply", "--yes")
	a.says(errs, "can't start, and what runs was not touched", "no client can take mill: 1 of 1 clients lack what it needs (missing compatible host volumes)")
	a.write(mill, tuned+", secrets: {EXTRA: {}}")
	_, errs = a.flowc(exitEnv, "apply", "--yes")
	a.says(errs, "can't start, and what runs was not touched", "nomad var put nomad/jobs/mill EXTRA=…")
	if again := a.copies(); !slices.Equal(again, second) {
		t.Errorf("what can't start disturbs what runs: %v, not %v", again, second)
	}

	t.Log("one that dies at work")
	a.write(mill, tuned+`, overlay: {TaskGroups: [{Name: mill, Tasks: [{Name: mill, User: "65531:65531"}]}]}`)
	_, errs = a.flowc(exitDied, "apply", "--yes")
	a.says(errs, "ended 3 times, last with exit code 6", "permission denied", "rolled back: ", "runs again")
	grows()
	a.write(mill, tuned)
	a.flowc(exitOK, "apply", "--diff")

	t.Log("stopped by somebody")
	a.must("job", "stop", "mill")
	said, _ = a.flowc(exitOK, "status")
	a.says(said, "stopped")
	said, _ = a.flowc(exitDrift, "apply", "--diff")
	a.says(said, "~ start  job mill  (it is stopped)")
	a.flowc(exitOK, "apply", "--yes")
	grows()

	t.Log("stopped and started again")
	said, _ = a.flowc(exitOK, "stop", "mill", "--target", "nomad")
	a.says(said, "mill: stopped")
	if running := a.engine.Docker("ps", "-q"); running != "" {
		t.Errorf("what is stopped runs in %s", running)
	}
	said, _ = a.flowc(exitDrift, "apply", "--diff")
	a.says(said, "~ start  job mill  (it is stopped)")
	said, _ = a.flowc(exitOK, "restart", "mill", "--target", "nomad")
	a.says(said, "mill: ready")
	a.flowc(exitOK, "apply", "--diff")
	grows()
	third := a.copies()
	a.flowc(exitOK, "restart")
	if again := a.copies(); !slices.Equal(again, third) {
		t.Errorf("a restart makes other copies: %v, not %v", again, third)
	}
	grows()

	before, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	before = before[:bytes.LastIndexByte(before, '\n')+1]

	t.Log("the shape changes")
	marked := strings.Replace(mill, "sinks:", "  marked: {from: odd, set: {seen: '\"yes\"'}}\nsinks:", 1)
	marked = strings.Replace(marked, "out: {from: odd", "out: {from: marked", 1)
	a.write(marked, tuned)
	said, _ = a.flowc(exitOK, "apply", "--yes")
	a.says(said, "~ TaskGroups[mill].Tasks[mill].Config.image", "mill: applied, ready")
	grows()

	n := lines.end()
	var want []int
	dead := 0
	for i := range n {
		switch {
		case i%500 == 499:
			dead++
		case i%2 == 1:
			want = append(want, i)
		}
	}
	letters := filepath.Join(a.volume("mill"), "out/dead.ndjson")
	a.until("all is written", func() bool { return len(linesOf(t, out)) >= len(want) && len(linesOf(t, letters)) >= dead })
	if err := following.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := following.Wait(); following.ProcessState.ExitCode() != 130 {
		t.Errorf("who stops following gets %v", err)
	}
	said, _ = a.flowc(exitOK, "delete", "--yes")
	a.says(said, "- delete job mill", "mill: deleted")
	a.left()
	if got := numbers(t, out); !slices.Equal(got, want) {
		t.Errorf("%d records, not %d", len(got), len(want))
	}
	if got := len(linesOf(t, letters)); got != dead {
		t.Errorf("%d dead letters, not %d", got, dead)
	}
	alone := standalone(t, strings.Replace(mill, "follow: true", "follow: false", 1), filepath.Join(a.volume("feed"), "lines.ndjson"))
	if !bytes.HasPrefix(alone, before) {
		t.Errorf("the first %d bytes are not what the program writes by itself", len(before))
	}
	t.Logf("%d lines in, %d out, %d dead letters, as the program has it by itself", n, len(want), dead)
}

// A nomadPlan is one to be carried out later.
type nomadPlan struct {
	*deploy.Plan
	engine deploy.Engine
}

// planned plans to bring what is there to another label.
func (a *nomadApplied) planned() nomadPlan {
	a.t.Helper()
	a.t.Setenv("NOMAD_ADDR", a.address)
	e, err := live.Open(func() (*oci.Engine, error) { return oci.Open(oci.Address{Host: a.engine.Host}) })
	if err != nil {
		a.t.Fatal(err)
	}
	all, err := e.Releases(a.t.Context())
	if err != nil || len(all) != 1 {
		a.t.Fatal(all, err)
	}
	want := *all[0]
	want.Manifest = bytes.Replace(want.Manifest, []byte(`"Meta":{`), []byte(`"Meta":{"team":"shop",`), 1)
	p, err := deploy.NewPlan(a.t.Context(), e, &want, false)
	if err != nil || p.Empty() {
		a.t.Fatalf("%+v %v", p, err)
	}
	return nomadPlan{p, e}
}

// byHand registers the job of a pipeline with a part of it replaced, as somebody would
// with Nomad's command.
func (a *nomadApplied) byHand(part, by string) {
	a.t.Helper()
	text := a.must("job", "inspect", a.name)
	if !strings.Contains(text, part) {
		a.t.Fatalf("there is no %q in\n%s", part, text)
	}
	file := filepath.Join(a.t.TempDir(), "job.json")
	if err := os.WriteFile(file, []byte(strings.Replace(text, part, by, 1)), 0o600); err != nil {
		a.t.Fatal(err)
	}
	a.must("job", "run", "-json", file)
}

// standalone is what a program of mill's kind writes by itself of what was fed.
func standalone(t *testing.T, pipeline, fed string) []byte {
	t.Helper()
	dir := t.TempDir()
	write(t, dir, "pipeline.yaml", pipeline)
	text, err := os.ReadFile(fed)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "in"), 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "in"), "lines.ndjson", string(text))
	cmd := exec.Command(buildProgram(t, filepath.Join(dir, "pipeline.yaml")))
	cmd.Dir = dir
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	out, err := os.ReadFile(filepath.Join(dir, "out/odd.ndjson"))
	if err != nil {
		t.Fatal(err)
	}
	return out
}
