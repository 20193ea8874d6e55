package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/backends/oci/dockertest"
)

// jobProgram writes down that it ran, in a file of the folder /said, and fails where the file
// /said/fails names it.
const jobProgram = `package main

import (
	"fmt"
	"os"
	"strings"
)

func main() {
	name := os.Args[1]
	f, err := os.OpenFile("/said/jobs", os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666)
	if err != nil {
		panic(err)
	}
	fmt.Fprintln(f, name, os.Getenv("KIND"))
	if bad, _ := os.ReadFile("/said/fails"); strings.TrimSpace(string(bad)) == name {
		fmt.Fprintln(os.Stderr, "not yet")
		os.Exit(3)
	}
}
`

// jobImage makes an image that has nothing but a program for jobs, at /standin.
func jobImage(t *testing.T, e *dockertest.Engine, dir, name string) {
	t.Helper()
	source, binary := filepath.Join(t.TempDir(), "job.go"), filepath.Join(dir, "job")
	if err := os.WriteFile(source, []byte(jobProgram), 0o600); err != nil {
		t.Fatal(err)
	}
	build := exec.Command("go", "build", "-trimpath", "-o", binary, source)
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	standinImage(t, e, binary, name)
}

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
	jobImage(t, c.engine, c.dir, "job:1")
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
	jobImage(t, p.engine, p.dir, "job:1")
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
