package flow

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// one is a pipeline of one region with a dead-letter sink.
type one struct {
	source  Source
	sink    Sink
	letters *memorySink
	p       *Program
}

type oneOptions struct {
	nodes  func([]Node)
	source SourceOptions
	sink   SinkOptions
	region RegionOptions
	loop   func(*lineLoop)
}

func newOne(source Source, sink Sink, o oneOptions) *one {
	k := &one{source: source, sink: sink, letters: &memorySink{}}
	k.p = New(testInfo(o.nodes))
	o.source.Lines = true
	in := k.p.Source(nodeIn, source, o.source)
	out := k.p.Sink(nodeOut, sink, o.sink)
	k.p.Sink(nodeDead, k.letters, SinkOptions{DeadLetter: true})
	o.region.From, o.region.To = []*Input{in}, []*Target{out}
	o.region.Nodes = []int{nodeIn, nodeWork}
	k.p.Region("r", o.region, plain(func(l *lineLoop) {
		l.ends = o.sink.Ends
		if o.loop != nil {
			o.loop(l)
		}
	}))
	return k
}

func then(node int, t Then) func([]Node) {
	return func(nodes []Node) {
		nodes[node].Policy.Then = t
		nodes[node].Policy.Dead = nodeDead
	}
}

func TestDrop(t *testing.T) {
	noLeaks(t)
	sink := &memorySink{}
	k := newOne(newLines(2, "1", "bad", "3", "drop me", "5"), sink, oneOptions{nodes: then(nodeWork, Drop)})
	r, err := run(t, k.p, RunOptions{})
	if err != nil {
		t.Fatal(err)
	}
	equalLines(t, sink.lines(), []string{"1", "3", "5"})
	if got, want := r.Nodes["work"], (Count{In: 5, Out: 3, Filtered: 1, Dropped: 1, Emitted: 3}); got != want {
		t.Errorf("work is %+v, want %+v", got, want)
	}
	e := r.Examples["work"]
	if e == nil || e.Place() != "a.txt:2" || string(e.Record) != "bad" || e.Then != Drop || e.Line != "p.yaml:5" {
		t.Errorf("the example is %+v", e)
	}
}

func parseLetters(t *testing.T, s *memorySink) []map[string]any {
	t.Helper()
	var letters []map[string]any
	for _, line := range s.lines() {
		var m map[string]any
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatalf("%v in %q", err, line)
		}
		letters = append(letters, m)
	}
	return letters
}

func TestDeadLetters(t *testing.T) {
	noLeaks(t)
	var lines, want []string
	var at []int
	for i := range 2000 {
		switch {
		case i%97 == 5:
			lines = append(lines, fmt.Sprintf(`{"bad":%d}`, i))
			at = append(at, i)
		case i%31 == 3:
			lines = append(lines, "")
		default:
			lines = append(lines, fmt.Sprintf(`{"n":%d}`, i))
			want = append(want, lines[i])
		}
	}
	for _, lanes := range []int{1, 4} {
		sink := &memorySink{}
		k := newOne(newLines(11, lines...), sink, oneOptions{nodes: then(nodeWork, Dead), region: RegionOptions{Lanes: lanes}})
		r, err := run(t, k.p, RunOptions{})
		if err != nil {
			t.Fatal(err)
		}
		equalLines(t, sink.lines(), want)
		letters := parseLetters(t, k.letters)
		if len(letters) != len(at) {
			t.Fatalf("%d letters, want %d", len(letters), len(at))
		}
		offset := func(line int) float64 { return float64(len(strings.Join(lines[:line], "\n")) + 1) }
		for i, m := range letters {
			record, _ := json.Marshal(m["record"])
			position, _ := m["position"].(map[string]any)
			if m["pipeline"] != "test" || m["node"] != "work" || m["line"] != "p.yaml:5" || m["code"] != "error" || m["error"] != "bad line" ||
				m["attempts"] != 1.0 || m["source"] != "in" || string(record) != lines[at[i]] ||
				position["split"] != "a.txt" || position["line"] != float64(at[i]+1) || position["offset"] != offset(at[i]) {
				t.Fatalf("letter %d is %v, for line %d", i, m, at[i]+1)
			}
			if _, err := time.Parse(time.RFC3339Nano, m["time"].(string)); err != nil {
				t.Error(err)
			}
		}
		if c := r.Nodes["work"]; c.Dead != int64(len(at)) || c.Out != int64(len(want)) {
			t.Errorf("work is %+v", c)
		}
		if c := r.Nodes["dead"]; c.In != int64(len(at)) || c.Out != c.In {
			t.Errorf("dead is %+v", c)
		}
	}
}

// The order of the fields is part of the format.
func TestDeadLetterForm(t *testing.T) {
	p := New(testInfo(nil))
	target := p.Sink(nodeDead, &memorySink{}, SinkOptions{DeadLetter: true, Ends: true})
	o := target.depot.get()
	e := &RecordError{
		Node: "work", Line: "p.yaml:5", Code: "error", Attempts: 2, Source: "in", Split: "a.txt",
		Number: -1, TextLine: 7, Offset: 12, Record: []byte(`{"a" : "<b>"}`), Input: []byte(`{"x":1}`), Err: errBad,
	}
	e.Position = e.place()
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.FixedZone("x", 3600))
	p.appendLetter(target, o, e, at)
	want := `{"pipeline":"test","node":"work","line":"p.yaml:5","code":"error","error":"bad line","attempts":2,"time":"2026-03-01T11:00:00Z","source":"in","position":{"split":"a.txt","line":7,"offset":12},"record":{"a":"<b>"},"input":{"x":1}}` + "\n"
	if string(o.Data) != want {
		t.Errorf("got  %s\nwant %s", o.Data, want)
	}
	for _, broken := range []string{"no json", `{"a":1,"a":2}`, `"\ud800"`, "\"\xff\"", `{"a":1} {`, ""} {
		target.depot.empty(o)
		e.Record, e.Input = []byte(broken), nil
		p.appendLetter(target, o, e, at)
		var m struct {
			Record json.RawMessage
			Data   *string
		}
		if err := json.Unmarshal(o.Data, &m); err != nil {
			t.Fatal(err)
		}
		if broken == "" {
			if m.Record != nil || m.Data != nil {
				t.Errorf("an original that is not there: %s", o.Data)
			}
			continue
		}
		if m.Record != nil || m.Data == nil || *m.Data != base64.StdEncoding.EncodeToString([]byte(broken)) {
			t.Errorf("%q gives %s", broken, o.Data)
		}
	}
	// What the node got is left out where it is the same.
	target.depot.empty(o)
	e.Record, e.Input = []byte(`{"a": 1}`), []byte(`{"a":1}`)
	p.appendLetter(target, o, e, at)
	if bytes.Contains(o.Data, []byte(`"input"`)) || len(o.Ends) != 1 || int(o.Ends[0]) != len(o.Data) || o.Count != 1 {
		t.Errorf("%s %v", o.Data, o.Ends)
	}
}

func TestStrictJSON(t *testing.T) {
	for text, want := range map[string]bool{
		`{}`: true, `[]`: true, `1`: true, ` "a" `: true, `{"a":{"b":[1,{"c":null},"x"]},"b":{"a":1}}`: true,
		`{"a":1,"b":{"a":1}}`: true, `"\ud83d\ude00"`: true, `"\u0041\\ud800"`: true, `[[],{},[{}]]`: true, `-1.5e3`: true,
		`{"a":1,"a":2}`: false, `{"a":1,"\u0061":2}`: false, `[{"x":{"k":1,"j":2,"k":3}}]`: false,
		`"\ud83d"`: false, `"\ude00"`: false, `"\ud83dx"`: false, `"\ud83d\ud83d"`: false, "\"\xc3\"": false,
		``: false, `{`: false, `1 2`: false, `{"a":1,}`: false,
	} {
		if got, _ := strictJSON([]byte(text)); got != want {
			t.Errorf("%s: %v, want %v", text, got, want)
		}
	}
}

// A wide object is looked at for keys that are there twice as well, and the objects
// in it do not count with it.
func TestStrictJSONOfManyKeys(t *testing.T) {
	for n := 1; n < 3*fewKeys; n++ {
		var keys []string
		for i := range n {
			keys = append(keys, fmt.Sprintf(`"k%d":{"k0":1,"k1":2}`, i))
		}
		once := "{" + strings.Join(keys, ",") + "}"
		if ok, dense := strictJSON([]byte(once)); !ok || !dense {
			t.Errorf("%d keys: %v, dense %v", n, ok, dense)
		}
		for _, i := range []int{0, n / 2, n - 1} {
			twice := "{" + strings.Join(keys, ",") + fmt.Sprintf(`,"k%d":0}`, i)
			if ok, _ := strictJSON([]byte(twice)); ok {
				t.Errorf("%d keys, the one at %d twice: not seen", n, i)
			}
		}
	}
}

func TestOriginalHasNoSpaces(t *testing.T) {
	for text, want := range map[string]string{
		`{"a":"b c","d":[1,2]}`: `{"a":"b c","d":[1,2]}`, ` {"a":1}`: `{"a":1}`, "{\"a\":1}\r": `{"a":1}`, "[1,\t2 ]": `[1,2]`, `{"a" :1}`: `{"a":1}`, "\"\u2028<\"": "\"\u2028<\"",
	} {
		if got := original([]byte(text)); string(got) != want {
			t.Errorf("%q gives %q, want %q", text, got, want)
		}
	}
}

// A source that can't be read again: what came before the record goes on.
func TestStopKeepsWhatCameBefore(t *testing.T) {
	noLeaks(t)
	for _, lanes := range []int{1, 4} {
		lines := numbers(0, 1000)
		lines[700] = "bad"
		sink := &memorySink{}
		k := newOne(newLines(7, lines...), sink, oneOptions{region: RegionOptions{Lanes: lanes}})
		r, err := run(t, k.p, RunOptions{})
		var e *RecordError
		if !errors.As(err, &e) || e.Node != "work" || e.Place() != "a.txt:701" || !errors.Is(err, errBad) || e.Then != Stop {
			t.Fatalf("the error is %v", err)
		}
		if want := "p.yaml:5: `work` failed on a.txt:701: bad line"; err.Error() != want {
			t.Errorf("it says %q, want %q", err, want)
		}
		equalLines(t, sink.lines(), lines[:700])
		if sink.done || r.Ending != Broken || r.OK {
			t.Error("the run failed")
		}
		if c := r.Nodes["work"]; c.Failed != 1 || c.Out != 700 {
			t.Errorf("work is %+v", c)
		}
		if c := r.Nodes["in"]; c.Out != 701 || c.In != 701+c.Pending {
			t.Errorf("in is %+v", c)
		}
	}
}

// A source that can: the batch is left to the next run, which gives every
// record once.
func TestStopResumes(t *testing.T) {
	noLeaks(t)
	for _, lanes := range []int{1, 4} {
		lines := numbers(0, 1000)
		dir := t.TempDir()
		sink := &statefulSink{}
		good := lines[703]
		lines[703] = "bad"
		k := newOne(&seekLines{linesSource: newLines(7, lines...)}, sink, oneOptions{region: RegionOptions{Lanes: lanes}})
		r, err := run(t, k.p, RunOptions{StateDir: dir})
		var e *RecordError
		if !errors.As(err, &e) || e.Place() != "a.txt:704" {
			t.Fatalf("the error is %v", err)
		}
		equalLines(t, sink.lines(), lines[:700])
		if c := r.Nodes["in"]; c.In < 704 || c.Out != 701 || c.Pending != c.In-701 {
			t.Errorf("in is %+v", c)
		}
		lines[703] = good
		source := &seekLines{linesSource: newLines(7, lines...)}
		k = newOne(source, sink, oneOptions{region: RegionOptions{Lanes: lanes}})
		if _, err = run(t, k.p, RunOptions{StateDir: dir}); err != nil {
			t.Fatal(err)
		}
		equalLines(t, sink.lines(), lines)
		if len(source.seeked) != 1 || !sink.done {
			t.Errorf("seeked %v, done %v", source.seeked, sink.done)
		}
	}
}

func TestLineNumbersAfterResume(t *testing.T) {
	dir := t.TempDir()
	lines := numbers(0, 100)
	lines[10], lines[11] = "", ""
	lines[50] = "bad"
	sink := &statefulSink{}
	for range 2 {
		k := newOne(&seekLines{linesSource: newLines(7, lines...)}, sink, oneOptions{})
		_, err := run(t, k.p, RunOptions{StateDir: dir})
		var e *RecordError
		if !errors.As(err, &e) || e.TextLine != 51 {
			t.Fatal(err)
		}
	}
}

func TestRetry(t *testing.T) {
	noLeaks(t)
	quick := func(then Then, written bool) func([]Node) {
		return func(nodes []Node) {
			nodes[nodeWork].Policy = Policy{Written: written, Retry: 3, Backoff: 1, MaxBackoff: 1, Then: then, Dead: nodeDead}
		}
	}
	fails := func(times int64, err error) func(*lineLoop) {
		var left atomic.Int64
		left.Store(times)
		return func(l *lineLoop) {
			l.per = func(line []byte) error {
				if bytes.Contains(line, []byte(`5`)) && left.Add(-1) >= 0 {
					return err
				}
				return nil
			}
		}
	}
	tests := []struct {
		name     string
		written  bool
		times    int64
		err      error
		out      int
		retried  int64
		attempts float64
	}{
		{"transient, gone after two", false, 2, testError{temporary: true}, 10, 2, 0},
		{"transient, for ever", false, 99, testError{temporary: true}, 9, 3, 4},
		{"unclassed, no retry written", false, 2, errBad, 9, 0, 1},
		{"unclassed, retry written", true, 2, errBad, 10, 2, 0},
		{"permanent, retry written", true, 2, testError{permanent: true}, 9, 0, 1},
		{"unavailable uses up none", false, 9, testError{unavailable: true}, 10, 9, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			sink := &memorySink{}
			k := newOne(newLines(4, numbers(0, 10)...), sink, oneOptions{nodes: quick(Dead, test.written), loop: fails(test.times, test.err), region: RegionOptions{Lanes: 1}})
			r, err := run(t, k.p, RunOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if got := len(sink.lines()); got != test.out {
				t.Errorf("%d records, want %d", got, test.out)
			}
			if c := r.Nodes["work"]; c.Retried != test.retried {
				t.Errorf("%d retried, want %d", c.Retried, test.retried)
			}
			if test.attempts > 0 {
				if m := parseLetters(t, k.letters); m[0]["attempts"] != test.attempts {
					t.Errorf("%v attempts, want %v", m[0]["attempts"], test.attempts)
				}
			}
		})
	}
}

type testError struct{ temporary, timeout, permanent, fatal, unavailable bool }

func (e testError) Error() string     { return "test error" }
func (e testError) Temporary() bool   { return e.temporary || !e.permanent && !e.fatal && e.timeout }
func (e testError) Permanent() bool   { return e.permanent }
func (e testError) Fatal() bool       { return e.fatal }
func (e testError) Unavailable() bool { return e.unavailable }

func TestFatalStopsWhateverThePolicy(t *testing.T) {
	k := newOne(newLines(4, numbers(0, 10)...), &memorySink{}, oneOptions{nodes: then(nodeWork, Drop), loop: func(l *lineLoop) {
		l.per = func(line []byte) error {
			if bytes.Contains(line, []byte("5")) {
				return testError{fatal: true}
			}
			return nil
		}
	}})
	r, err := run(t, k.p, RunOptions{})
	var e *RecordError
	if !errors.As(err, &e) || e.Class != Fatal || r.Nodes["work"].Failed != 1 {
		t.Fatal(err, r)
	}
}

func TestMaxDead(t *testing.T) {
	noLeaks(t)
	limit := func(nodes []Node) {
		then(nodeWork, Dead)(nodes)
		nodes[nodeWork].Policy.MaxDead = 0.01
	}
	lines := func(n int, bad func(i int) bool) []string {
		var lines []string
		for i := range n {
			if bad(i) {
				lines = append(lines, "bad")
			} else {
				lines = append(lines, "good")
			}
		}
		return lines
	}
	tests := []struct {
		name  string
		lines []string
		stops bool
		early bool
	}{
		{"one in 200", lines(5000, func(i int) bool { return i%200 == 7 }), false, false},
		{"one in 50", lines(5000, func(i int) bool { return i%50 == 7 }), true, true},
		{"a burst in the middle", lines(20000, func(i int) bool { return i >= 9000 && i < 9012 }), true, true},
		{"few records, judged at the end", lines(100, func(i int) bool { return i < 2 }), true, false},
		{"few records, within", lines(100, func(i int) bool { return i < 1 }), false, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var e *TooManyError
			// How large batches are makes no difference, but what was read by then.
			k := newOne(newLines(len(test.lines), test.lines...), &memorySink{}, oneOptions{nodes: limit})
			if _, err := run(t, k.p, RunOptions{}); errors.As(err, &e) != test.stops {
				t.Fatalf("as one batch, stopped: %v (%v)", !test.stops, err)
			}
			k = newOne(newLines(10, test.lines...), &memorySink{}, oneOptions{nodes: limit})
			r, err := run(t, k.p, RunOptions{})
			if got := errors.As(err, &e); got != test.stops {
				t.Fatalf("stopped: %v (%v)", got, err)
			}
			if early := r.Nodes["in"].In < int64(len(test.lines)); early != test.early {
				t.Errorf("read %d of %d", r.Nodes["in"].In, len(test.lines))
			}
		})
	}
}
