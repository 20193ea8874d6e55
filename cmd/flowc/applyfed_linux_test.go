package main

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// A pipeline that is fed all the time goes through all that `apply` does to it: nothing
// is lost and nothing is doubled, and what is written is what the program alone writes.
func TestComposeApplyFed(t *testing.T) {
	p := newApplied(t)
	write := func(pipeline, options string) {
		t.Helper()
		writeFile(t, filepath.Join(p.dir, "pipeline.yaml"), pipeline+`targets: {compose: {files: {"in/*.ndjson": {bind: ./in/}}`+options+"}}\n")
	}
	write(mill, "")
	in := filepath.Join(p.dir, "in")
	if err := os.Mkdir(in, 0o755); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(p.engine.Volume("mill_mill-data"), "out/odd.ndjson")
	grows := func() {
		t.Helper()
		before := len(linesOf(t, out))
		eventually(t, "the program writes", func() bool { return len(linesOf(t, out)) > before+100 })
	}
	p.flowc(exitOK, "apply", "--yes")
	lines := newFeed(t, filepath.Join(in, "lines.ndjson"))
	grows()

	t.Log("a tunable changes")
	write(mill, ", env: {FLOWC_SET: lines.config.max_record=1MiB}")
	p.flowc(exitOK, "apply", "--yes")
	grows()

	t.Log("the process is killed")
	pid, err := strconv.Atoi(p.engine.Docker("inspect", "-f", "{{.State.Pid}}", p.container()))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	grows()
	said, _ := p.flowc(exitOK, "status")
	p.says(said, "started again once")
	said, _ = p.flowc(exitOK, "apply", "--yes")
	p.says(said, "mill: unchanged")

	t.Log("the shape changes")
	marked := strings.Replace(mill, "sinks:", "  marked: {from: odd, set: {seen: '\"yes\"'}}\nsinks:", 1)
	marked = strings.Replace(marked, "out: {from: odd", "out: {from: marked", 1)
	write(marked, "")
	p.flowc(exitOK, "apply", "--yes")
	grows()

	t.Log("a version that dies is taken back")
	write(mill, ", overlay: {tmpfs: [\"/data/out\"], user: \"65531:65531\"}")
	_, errs := p.flowc(exitDied, "apply", "--yes")
	p.says(errs, "runs again")
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
	letters := filepath.Join(p.engine.Volume("mill_mill-data"), "out/dead.ndjson")
	eventually(t, "all is written", func() bool { return len(linesOf(t, out)) >= len(want) && len(linesOf(t, letters)) >= dead })
	p.flowc(exitOK, "delete", "--yes")
	if got := numbers(t, out); !slices.Equal(got, want) {
		t.Errorf("%d records, not %d", len(got), len(want))
	}
	if got := len(linesOf(t, letters)); got != dead {
		t.Errorf("%d dead letters, not %d", got, dead)
	}
}

// A job is started by apply, and once; copies are counted, and reached at their ports.
func TestComposeApplyKinds(t *testing.T) {
	p := newApplied(t)
	writeFile(t, filepath.Join(p.dir, "job.flow.yaml"), `pipeline: tally
types: {E: {n: int}}
sources: {in: {use: generate, config: {count: 5}, out: E}}
sinks: {out: {from: in, use: stdout}}
targets: {compose: {as: job}}
`)
	said, _ := p.flowc(exitOK, "apply", "job.flow.yaml", "--yes")
	p.says(said, "tally: applied, ended")
	id := p.engine.Docker("ps", "-aq", "--no-trunc")
	started := p.engine.Docker("inspect", "-f", "{{.State.StartedAt}}", id)
	said, _ = p.flowc(exitOK, "apply", "job.flow.yaml", "--yes")
	p.says(said, "tally: unchanged, ended")
	if again := p.engine.Docker("inspect", "-f", "{{.State.StartedAt}}", id); again != started {
		t.Errorf("a job that has ended is started again, at %s", again)
	}

	writeFile(t, filepath.Join(p.dir, "pipeline.yaml"), `pipeline: desk
types: {E: {n: int}}
sources: {in: {use: http, config: {listen: ":8080", path: /e}, out: E}}
sinks: {out: {from: in, use: log}}
targets: {compose: {replicas: 2, publish: {in: 18480-18481}}}
`)
	said, _ = p.flowc(exitOK, "apply", "--yes")
	p.says(said, "desk: applied, ready")
	said, _ = p.flowc(exitOK, "status")
	p.says(said, "desk-desk-1", "desk-desk-2", "127.0.0.1:18480", "127.0.0.1:18481")
	p.engine.Docker("rm", "-f", "desk-desk-2")
	said, _ = p.flowc(exitDrift, "apply", "--diff")
	p.says(said, "1 of 2 containers are there")
	p.flowc(exitOK, "apply", "--yes")
	if ids := strings.Fields(p.engine.Docker("ps", "-q", "--filter", "label=dev.flowc.pipeline=desk")); len(ids) != 2 {
		t.Errorf("%d copies run", len(ids))
	}
}

// What Compose has started from the files of the target is taken over, with its state.
func TestComposeApplyAdopts(t *testing.T) {
	p := newApplied(t)
	p.write("")
	in := filepath.Join(p.dir, "in")
	if err := os.Mkdir(in, 0o755); err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(in, "lines.ndjson"), "{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n")
	out := filepath.Join(p.engine.Volume("grist_grist-data"), "out/odd.ndjson")
	p.flowc(exitOK, "image", "--load")
	p.flowc(exitOK, "emit", "--target", "compose", "-o", "gen")
	files, err := filepath.Glob(filepath.Join(p.dir, "gen", "*.yaml"))
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	up := command(p.dir, compilerCache, os.Getenv("FLOWC_COMPOSE"), "-f", files[0], "--project-directory", p.dir, "up", "-d", "--wait")
	up.Env = append(up.Env, "DOCKER_HOST="+p.engine.Host)
	if text, err := up.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	eventually(t, "records flow", func() bool { return len(linesOf(t, out)) == 2 })
	by := p.container()

	said, _ := p.flowc(exitOK, "apply", "--yes")
	p.says(said, "= keep   volume grist_grist-data", "~ change service grist", "flowc did not apply what runs, and could not bring it back", "grist: applied, ready")
	if p.container() == by {
		t.Error("it was not replaced")
	}
	said, _ = p.flowc(exitOK, "apply", "--yes")
	p.says(said, "grist: unchanged, ready")
	if n := len(linesOf(t, out)); n != 2 {
		t.Errorf("%d lines are written, not those two", n)
	}
}
