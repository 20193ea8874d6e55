package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// Components are tasks of the group, of an image and of a command. A pipeline that ends is
// a batch job, and ends with them; one that does not goes on where one of them dies.
func TestNomadBeside(t *testing.T) {
	c := newNomadAt(t, "docker0", true, "feed", "mixed", "batch")
	pipeline := func(name, follow string) string {
		return fmt.Sprintf(`pipeline: %s
types: {N: {n: int, s: string}}
sources: {ns: {use: file, config: {path: in.ndjson%s}, out: N}}
processors:
  one: {from: ns, image: "standin:1", args: [processor, --in-turn], out: N}
  odd: {from: one, filter: in.N %% 2 == 1}
  two: {from: odd, command: [./standin, processor], settle: 1s, out: N}
sinks: {out: {from: two, use: file, config: {path: out.ndjson}}}
`, name, follow)
	}
	feed := &feeder{t: t, path: filepath.Join(c.volume("feed"), "in.ndjson")}
	complete := func(volume, when string) {
		t.Helper()
		var want []byte
		for n := 1; n < feed.next; n += 2 {
			want = fmt.Appendf(want, "{\"n\":%d,\"s\":\"record %d\"}\n", n, n)
		}
		c.until("all records "+when, func() bool {
			got, _ := os.ReadFile(filepath.Join(c.volume(volume), "out.ndjson"))
			return bytes.Equal(got, want)
		})
		t.Logf("%s: %d records of %d", when, bytes.Count(want, []byte("\n")), feed.next)
	}
	feed.more(500)
	batch := c.job(pipeline("batch", ""), "files: {in.ndjson: {volume: feed}}, storage: {volume: batch}")
	standinImage(t, c.engine, standinBinary(t, batch.dir), "standin:1")
	batch.flowc("image", "--load")
	batch.run(batch.emit())
	complete("batch", "by a job that ends")
	c.until("no task is left", func() bool { return c.engine.Docker("ps", "-q") == "" })
	batch.must("job", "stop", "-purge", "batch")

	a := c.applied("mixed")
	a.write(pipeline("mixed", ", follow: true"), "files: {in.ndjson: {volume: feed}}, storage: {volume: mixed}")
	standinBinary(t, a.dir)
	said, _ := a.flowc(exitOK, "apply", "--yes")
	a.says(said, "mixed: applied, ready")
	complete("mixed", "by a job that goes on")
	feed.more(500)
	complete("mixed", "by more of it")
	said, _ = a.flowc(exitOK, "apply", "--yes")
	a.says(said, "mixed: unchanged, ready")
	j := &nomadJob{nomadCluster: c, name: "mixed"}
	c.engine.Docker("kill", "-s", "KILL", c.containerOf("two"))
	c.until("a new start", func() bool {
		return slices.ContainsFunc(j.allocations(false), func(a allocation) bool { return a.TaskStates["two"].Restarts > 0 })
	})
	feed.more(500)
	complete("mixed", "with a component killed")
	a.flowc(exitOK, "delete", "--yes")
	c.until("nothing is left", func() bool { return c.engine.Docker("ps", "-q") == "" })
}
