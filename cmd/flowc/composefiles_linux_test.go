package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// pause lets a feed go slow enough for a program to be changed while it lasts.
func pause() { time.Sleep(2 * time.Millisecond) }

// mill is a pipeline from files to files that never ends.
const mill = `pipeline: mill
types: {Line: {n: int, text: string}}
sources: {lines: {use: file, config: {path: "in/*.ndjson", follow: true}, out: Line, on_error: {then: dead}}}
processors:
  odd: {from: lines, filter: in.N % 2 == 1}
sinks:
  out: {from: odd, use: file, config: {path: out/odd.ndjson}}
  dead: {use: file, config: {path: out/dead.ndjson}}
`

// Files to files, with dead letters, through all that a deployment goes through. What
// is written is what the program alone writes.
func TestComposeFiles(t *testing.T) {
	options := `files: {"in/*.ndjson": {bind: ./in}}`
	c := newComposed(t, mill, options)
	in := filepath.Join(c.dir, "in")
	if err := os.Mkdir(in, 0o755); err != nil {
		t.Fatal(err)
	}
	c.image()
	c.emit()
	c.up()
	first := c.container()
	c.hardened(first)
	out := filepath.Join(c.volume("data"), "out/odd.ndjson")
	// grows waits until the program has written more.
	grows := func() {
		t.Helper()
		before := len(linesOf(t, out))
		eventually(t, "the program writes\n"+c.logs(), func() bool { return len(linesOf(t, out)) > before+100 })
	}
	lines := newFeed(t, filepath.Join(in, "lines.ndjson"))
	grows()

	t.Log("up again")
	c.unchanged()
	grows()

	t.Log("a tunable changes")
	c.options(options + `, env: {FLOWC_SET: lines.config.max_record=1MiB}`)
	c.emit()
	c.up()
	second := c.container()
	if second == first {
		t.Error("another setting does not make another container")
	}
	grows()

	t.Log("the process is killed")
	c.kill(second)
	grows()

	t.Log("the shape changes")
	marked := strings.Replace(mill, "sinks:", "  marked: {from: odd, set: {seen: '\"yes\"'}}\nsinks:", 1)
	c.write(strings.Replace(marked, "out: {from: odd", "out: {from: marked", 1), options)
	c.image()
	c.emit()
	c.up()
	third := c.container()
	if third == second {
		t.Error("another program does not make another container")
	}
	grows()

	t.Log("an image that is not there")
	c.emit("--image", "mill:none")
	if said, err := c.try("up", "-d", "--wait", "--wait-timeout", "60"); err == nil || !strings.Contains(said, "mill:none") {
		t.Errorf("an image that is not there gives %v\n%s", err, said)
	}
	if c.container() != third || c.inspect(third, ".State.Running") != "true" {
		t.Error("the old container does not run any more")
	}
	grows()

	t.Log("a program that does not start, and the one before it again")
	c.options(options + `, env: {FLOWC_SET: lines.config.nothing=1}`)
	c.emit()
	if said, err := c.try("up", "-d", "--wait", "--wait-timeout", "60"); err == nil {
		t.Errorf("a program that does not start is up\n%s", said)
	}
	if said := c.logs(); !strings.Contains(said, "lines.config.nothing") {
		t.Errorf("the log does not say why it does not start:\n%s", said)
	}
	c.options(options)
	c.emit()
	c.up()
	grows()

	n := lines.end()
	t.Logf("%d lines were written", n)
	want, dead := 0, 0
	for i := range n {
		switch {
		case i%500 == 499:
			dead++
		case i%2 == 1:
			want++
		}
	}
	eventually(t, "all is written", func() bool { return len(linesOf(t, out)) >= want })
	letters := filepath.Join(c.volume("data"), "out/dead.ndjson")
	eventually(t, "all dead letters are written", func() bool { return len(linesOf(t, letters)) >= dead })
	c.do("stop")
	if code := c.inspect(c.container(), ".State.ExitCode"); code != "0" {
		t.Errorf("after a stop the exit code is %s\n%s", code, c.logs())
	}
	got := numbers(t, out)
	alone := t.TempDir()
	if err := os.Symlink(in, filepath.Join(alone, "in")); err != nil {
		t.Fatal(err)
	}
	p := start(t, buildProgram(t, filepath.Join(c.dir, "pipeline.yaml")), alone)
	eventually(t, "the program alone writes all", func() bool {
		p.alive()
		return len(linesOf(t, filepath.Join(alone, "out/odd.ndjson"))) >= want && len(linesOf(t, filepath.Join(alone, "out/dead.ndjson"))) >= dead
	})
	p.end()
	if expect := numbers(t, filepath.Join(alone, "out/odd.ndjson")); !slices.Equal(got, expect) || len(got) != want {
		t.Errorf("%d records of %d, not those of the program alone (%d)", len(got), want, len(expect))
	}
	if a, b := len(linesOf(t, letters)), len(linesOf(t, filepath.Join(alone, "out/dead.ndjson"))); a != b || a != dead {
		t.Errorf("%d dead letters of %d, the program alone has %d", a, dead, b)
	}

	t.Log("down, which keeps the state")
	c.do("down")
	if _, err := os.Stat(out); err != nil {
		t.Errorf("down takes the state away: %v", err)
	}
	c.gone()
}

// numbers are the values of n in a file's records.
func numbers(t *testing.T, path string) (all []int) {
	t.Helper()
	for _, line := range linesOf(t, path) {
		var r struct{ N int }
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		all = append(all, r.N)
	}
	return all
}

// The example of the README: it ends by itself, its dead letters and files are those
// of the program alone, and so are those of a second start.
func TestComposePayments(t *testing.T) {
	const example = "../../examples/payments"
	pipeline, err := os.ReadFile(example + "/pipeline.yaml")
	if err != nil {
		t.Fatal(err)
	}
	at := strings.Index(string(pipeline), "pipeline: payments")
	options := `files: {transactions.ndjson: {bind: ./transactions.ndjson}}, storage: {/data: {bind: ./kept}}`
	c := newComposed(t, string(pipeline[at:]), options)
	data, err := os.ReadFile(example + "/transactions.ndjson")
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(c.dir, "transactions.ndjson"), string(data))
	kept := filepath.Join(c.dir, "kept")
	if err := os.Mkdir(kept, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(kept, 65532, 65532); err != nil {
		t.Fatal(err)
	}
	c.image()
	c.emit()
	c.do("up", "-d")
	id := c.container()
	c.hardened(id)
	if code := c.engine.Docker("wait", id); code != "0" {
		t.Fatalf("exit code %s\n%s", code, c.logs())
	}
	alone := t.TempDir()
	writeFile(t, filepath.Join(alone, "transactions.ndjson"), string(data))
	binary := buildProgram(t, filepath.Join(c.dir, "pipeline.yaml"))
	same := func() { // after both have run once more
		t.Helper()
		p := start(t, binary, alone)
		<-p.done
		for _, name := range []string{"trades.ndjson", "accounts.csv", "dead.ndjson"} {
			want, err := os.ReadFile(filepath.Join(alone, "out", name))
			if err != nil {
				t.Fatalf("%v\n%s", err, p.said())
			}
			got, err := os.ReadFile(filepath.Join(kept, "out", name))
			if err != nil {
				t.Fatalf("%v\n%s", err, c.logs())
			}
			if name == "dead.ndjson" { // where it was read is another path, and when another time
				got, want = []byte(strings.ReplaceAll(string(timeless(got)), "/input/ledger/", "")), timeless(want)
			}
			if string(got) != string(want) {
				t.Errorf("%s is another: %s", name, cmp.Diff(string(want), string(got)))
			}
		}
	}
	same()
	c.do("up", "-d")
	if code := c.engine.Docker("wait", c.container()); code != "0" {
		t.Fatalf("the second time: exit code %s\n%s", code, c.logs())
	}
	same()
	c.do("down")

	t.Log("a job, which runs when it is asked for")
	c.options(options + ", as: job")
	c.emit()
	if said, _ := c.try("up", "-d"); len(c.containers()) > 0 {
		t.Errorf("up starts a job:\n%s", said)
	}
	if said := c.do("run", "--rm", "payments"); !strings.Contains(said, "320 in") {
		t.Errorf("the job says\n%s", said)
	}
	same()
	t.Setenv("COMPOSE_PROFILES", "jobs") // else the service, and so its network, is none of the project's
	c.gone()
}
