package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// A job with an image is a task before the program, which starts when that has completed, and
// starts the ones with a command itself. Where it fails the program is not started.
func TestNomadJobs(t *testing.T) {
	c := newNomadAt(t, "docker0", true, "nightly", "said")
	j := c.job(`pipeline: nightly
types: {N: {n: int64}}
jobs:
  migrate: {image: "job:1", args: [migrate], volumes: [{name: said, container: /said}]}
  report: {command: [./job, report], env: {SAID: /data}, depends_on: [out]}
sources:
  numbers: {use: generate, config: {count: 3, fields: {n: i}}, out: N, depends_on: [migrate]}
sinks: {out: {from: numbers, use: file, config: {path: n.ndjson}}}
`, "storage: {volume: nightly}")
	standinImage(t, c.engine, jobBinary(t, j.dir), "job:1")
	j.flowc("image", "--load")
	said, data := c.volume("said"), c.volume("nightly")
	if err := os.Chmod(said, 0o777); err != nil { //nolint:gosec // the jobs are another user
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(said, "fails"), "migrate")
	j.try("job", "run", "-json", "-detach", j.emit())
	c.until("the job has failed", func() bool {
		return slices.ContainsFunc(j.allocations(true), func(a allocation) bool { return a.ClientStatus == "failed" })
	})
	if _, err := os.Stat(filepath.Join(data, "n.ndjson")); !os.IsNotExist(err) {
		t.Errorf("the program ran: %v", err)
	}
	j.must("job", "stop", "-purge", "nightly")
	for _, name := range []string{"fails", "jobs"} {
		if err := os.Remove(filepath.Join(said, name)); err != nil {
			t.Fatal(err)
		}
	}
	j.run(j.emit())
	c.until("the job behind the program has run", func() bool { return len(linesOf(t, filepath.Join(data, "jobs"))) == 1 })
	if got := linesOf(t, filepath.Join(said, "jobs")); !slices.Equal(got, []string{"migrate "}) {
		t.Errorf("the job before it did %q", got)
	}
	if got := linesOf(t, filepath.Join(data, "n.ndjson")); len(got) != 3 {
		t.Errorf("the program wrote %q", got)
	}
	j.must("job", "stop", "-purge", "nightly")
}
