package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/runtime/connect/postgres/pgtest"
)

// Records that failed wait in a table of PostgreSQL, a topic of Kafka or a stream of
// NATS, with the line of the pipeline that they failed at and their bytes as they
// came. When the pipeline is mended they are replayed from there, once.
func TestDeadLettersOfServers(t *testing.T) {
	if testing.Short() {
		t.Skip("builds programs")
	}
	t.Run("postgres", func(t *testing.T) {
		if !pgtest.Here() {
			t.Skip("there is no PostgreSQL on this machine")
		}
		server := pgtest.New(t)
		replayFrom(t, "{use: postgres, config: {dsn: \"${env:DEAD_DSN}\", table: dead_letters}}", "DEAD_DSN="+server.DSN())
		// What a person finds there without flowc.
		got := server.Exec("SELECT node, line, code, attempts, record FROM dead_letters WHERE position::json->>'line' = '1'")
		if want := `tenth|pipeline.yaml:7|panic|1|` + poison; len(got) != 1 || got[0] != want {
			t.Errorf("the table has %q, not %q", got, want)
		}
	})
	t.Run("kafka", func(t *testing.T) {
		c := newKafkaCluster(t, "dead") // of three partitions
		replayFrom(t, "{use: kafka, config: {brokers: [\"${env:BROKER}\"], topic: dead}, batch: {count: 1}}", "BROKER="+c.address())
	})
	t.Run("nats", func(t *testing.T) {
		s := newNATSServer(t)
		s.make("LETTERS", "letters.>")
		replayFrom(t, "{use: nats, config: {url: \"${env:NATS_URL}\", subject: letters.tenths}}", "NATS_URL="+s.url())
	})
}

// poison is a record that the pipeline of replayFrom fails at, with what JSON may be
// and other programs make something else of.
const poison = `{"n":0,"id":"<&  ä \u0000","big":1e400,"price":1.50,"n2":12345678901234567890}`

// replayFrom runs a pipeline whose dead letters go to a sink, mends it, and replays.
func replayFrom(t *testing.T, dead string, env ...string) {
	t.Helper()
	const records = 60
	dir := t.TempDir()
	file := filepath.Join(dir, "pipeline.yaml")
	pipeline := func(expression string) {
		write(t, dir, "pipeline.yaml", `pipeline: tenths
types: {E: {id: string, n: int}}
sources:
  events: {use: file, config: {path: in.ndjson}, out: E, on_error: {then: dead}}
processors:
  tenth:
    filter: `+expression+`
    from: events
    on_error: {then: dead}
sinks:
  out: {from: tenth, use: file, config: {path: out.ndjson}}
  dead: `+dead+"\n")
	}
	var in bytes.Buffer
	for i := range records {
		switch {
		case i == 30:
			in.WriteString("{\"n\":\n")
		case i%10 == 0:
			fmt.Fprintf(&in, "%s\n", strings.Replace(poison, "<&", fmt.Sprintf("<&%d", i), 1))
		default:
			fmt.Fprintf(&in, "{\"id\":\"%d\",\"n\":%d}\n", i, i)
		}
	}
	write(t, dir, "in.ndjson", strings.Replace(in.String(), "<&0", "<&", 1))
	do := func(binary string, args ...string) (out string, code int) {
		t.Helper()
		c := exec.Command(binary, args...)
		c.Dir, c.Env = dir, append(os.Environ(), env...)
		said, _ := c.CombinedOutput()
		return string(said), c.ProcessState.ExitCode()
	}

	pipeline("100 / in.N > 0")
	binary := buildProgram(t, file)
	if out, code := do(binary, "dlq", "list"); code != 0 || !strings.Contains(out, "no dead letters") {
		t.Fatalf("before the first run: exit code %d: %s", code, out)
	}
	said, code := do(binary)
	named := regexp.MustCompile("pipeline.yaml:7: error: `tenth` failed on 5 of 59 records \\(kept in `dead`, id ([0-9a-f]{8})\\)").FindStringSubmatch(said)
	if code != 0 || named == nil || !strings.Contains(said, "= try: flowc dlq show "+named[1]+"; when it is mended: flowc dlq replay "+named[1]+" (--node tenth for all 5)") {
		t.Fatalf("exit code %d: %s", code, said)
	}

	list, code := do(binary, "dlq", "list", "--format", "json")
	if code != 0 {
		t.Fatalf("exit code %d: %s", code, list)
	}
	var lines []int
	for _, text := range strings.Split(strings.TrimSpace(list), "\n") {
		var l struct {
			ID, Node, Code, Line string
			Position             struct{ Line int }
			Record               json.RawMessage
			Data                 []byte
		}
		if err := json.Unmarshal([]byte(text), &l); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		lines = append(lines, l.Position.Line)
		switch {
		case l.Position.Line == 31:
			if l.Node != "events" || l.Code != "syntax" || string(l.Data) != `{"n":` {
				t.Errorf("the letter of what is no JSON: %s", text)
			}
		case l.Node != "tenth" || l.Code != "panic" || l.Line != "pipeline.yaml:7":
			t.Errorf("a letter of a poison record: %s", text)
		case l.Position.Line == 1 && (string(l.Record) != poison || !strings.HasPrefix(l.ID, named[1])):
			t.Errorf("the first letter has the ID %s and the record %s, not %s… and %s", l.ID, l.Record, named[1], poison)
		}
	}
	if slices.Sort(lines); !slices.Equal(lines, []int{1, 11, 21, 31, 41, 51}) {
		t.Fatalf("letters of lines %v:\n%s", lines, list)
	}
	if out, code := do(binary, "dlq", "show", named[1]); code != 0 || !strings.Contains(out, "tenth (pipeline.yaml:7)") || !strings.Contains(out, poison) {
		t.Errorf("exit code %d: %s", code, out)
	}

	// Mended: one of them by its ID, then the others.
	pipeline("in.N == 0 || 100 / in.N > 0")
	binary = buildProgram(t, file)
	if out, code := do(binary, "dlq", "replay", named[1]); code != 0 || !strings.Contains(out, "replayed 1 letter\n") {
		t.Fatalf("exit code %d: %s", code, out)
	}
	after := linesOf(t, filepath.Join(dir, "out.ndjson"))
	if last := after[len(after)-1]; last != poison {
		t.Errorf("the replayed record is %s, not %s", last, poison)
	}
	if out, code := do(binary, "dlq", "replay", "--all"); code != 0 || !strings.Contains(out, "replayed 5 letters; what failed again became 1 new letter") {
		t.Errorf("exit code %d: %s", code, out)
	}
	if out, code := do(binary, "dlq", "replay", "--node", "tenth"); code != 0 || !strings.Contains(out, "replayed 0 letters") {
		t.Errorf("a second time: exit code %d: %s", code, out)
	}
	if out, code := do(binary, "dlq", "list"); code != 0 || strings.Count(out, "\n") != 1 || !strings.Contains(out, "  events  syntax  2 attempts  ") {
		t.Errorf("exit code %d: %s", code, out)
	}
	if n := len(linesOf(t, filepath.Join(dir, "out.ndjson"))); n != records-1 {
		t.Errorf("%d records came out of %d that can", n, records-1)
	}
}
