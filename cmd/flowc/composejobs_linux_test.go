package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// jobsPipeline has a line of two jobs before the records, one of them with a command in place
// of the entrypoint, and one behind them; said is the folder that they share.
func jobsPipeline(said string) string {
	job := func(args, more string) string {
		return fmt.Sprintf(`{image: "job:1", args: [%s], volumes: [{host: %s, container: /said}]%s}`, args, said, more)
	}
	return `pipeline: nightly
types: {N: {n: int64}}
jobs:
  migrate: ` + job("migrate", `, config: {kind: "$1"}`) + `
  seed: ` + job("seed", `, command: [/standin], depends_on: migrate`) + `
  report: ` + job("report", `, depends_on: [out]`) + `
sources:
  numbers: {use: generate, config: {count: 3, fields: {n: i}}, out: N, depends_on: [seed]}
sinks:
  out: {from: numbers, use: file, config: {path: out/n.ndjson}}
`
}

// Jobs with images are services: those before the program have completed before it starts, the
// one behind it starts when it has ended, and where one fails nothing that waits for it is
// started.
func TestComposeJobs(t *testing.T) {
	said := t.TempDir()
	if err := os.Chmod(said, 0o777); err != nil { //nolint:gosec // the jobs are another user
		t.Fatal(err)
	}
	c := newComposed(t, jobsPipeline(said), "")
	standinImage(t, c.engine, jobBinary(t, c.dir), "job:1")
	c.image()
	c.emit()
	jobs := filepath.Join(said, "jobs")

	t.Log("the second of them fails")
	if err := os.WriteFile(filepath.Join(said, "fails"), []byte("seed"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := c.try("up", "-d"); err == nil || !strings.Contains(out, "nightly-seed") {
		t.Errorf("up: %v\n%s", err, out)
	}
	if got := linesOf(t, jobs); !slices.Equal(got, []string{"migrate $1", "seed "}) {
		t.Errorf("the jobs did %q", got)
	}
	if ids := c.engine.Docker("ps", "-aq", "--filter", "label=com.docker.compose.service=nightly", "--filter", "status=exited"); ids != "" {
		t.Error("the program was started")
	}
	c.gone()

	t.Log("none of them fails")
	for _, name := range []string{"fails", "jobs"} {
		if err := os.Remove(filepath.Join(said, name)); err != nil {
			t.Fatal(err)
		}
	}
	c.do("up", "-d")
	if got := linesOf(t, jobs); !slices.Equal(got, []string{"migrate $1", "seed ", "report "}) {
		t.Errorf("the jobs did %q\n%s", got, c.logs())
	}
	if got := linesOf(t, filepath.Join(c.volume("data"), "out/n.ndjson")); len(got) != 3 {
		t.Errorf("the program wrote %q", got)
	}
	c.gone()
}

// flowc apply starts them too, and waits for the end of what ends.
func TestComposeJobsApply(t *testing.T) {
	p := newApplied(t)
	said := t.TempDir()
	if err := os.Chmod(said, 0o777); err != nil { //nolint:gosec // the jobs are another user
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(p.dir, "pipeline.yaml"), jobsPipeline(said))
	standinImage(t, p.engine, jobBinary(t, p.dir), "job:1")
	out, _ := p.flowc(exitOK, "apply", "--target", "compose", "--yes")
	p.says(out, "nightly-migrate", "nightly-report")
	eventually(t, "the last job has run", func() bool { return len(linesOf(t, filepath.Join(said, "jobs"))) == 3 })
	out, _ = p.flowc(exitOK, "apply", "--target", "compose", "--yes")
	p.says(out, "unchanged")
	p.flowc(exitOK, "status", "nightly", "--target", "compose")
	p.flowc(exitOK, "delete", "nightly", "--target", "compose", "--yes")
	if ids := p.engine.Docker("ps", "-aq"); ids != "" {
		t.Errorf("containers are left: %s", p.engine.Docker("ps", "-a"))
	}
}
