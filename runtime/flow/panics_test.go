package flow

import (
	"errors"
	"strings"
	"testing"
)

func TestPanicIsTheRecordsError(t *testing.T) {
	noLeaks(t)
	for _, lanes := range []int{1, 3} {
		sink := &memorySink{}
		k := newOne(newLines(4, "1", "panic now", "3", "late panic", "5", "panic", "panic", "8"), sink,
			oneOptions{nodes: then(nodeWork, Dead), region: RegionOptions{Lanes: lanes}, loop: func(l *lineLoop) {
				l.mark = true
				l.times = 3
				l.before = func(*Batch) { l.Node = nodeWork }
			}})
		r, err := run(t, k.p, RunOptions{})
		if err != nil {
			t.Fatal(err)
		}
		// What the late panic had left in the packet is cut off again.
		equalLines(t, sink.lines(), []string{"1", "1", "1", "3", "3", "3", "5", "5", "5", "8", "8", "8"})
		letters := parseLetters(t, k.letters)
		if len(letters) != 4 || letters[0]["code"] != "panic" || letters[0]["error"] != "panic: panic now" || letters[1]["error"] != "panic: late" {
			t.Errorf("letters %v", letters)
		}
		if got, want := r.Nodes["work"], (Count{In: 8, Out: 4, Dead: 4, Emitted: 4}); got != want {
			t.Errorf("work is %+v, want %+v", got, want)
		}
	}
}

func TestPanicStops(t *testing.T) {
	noLeaks(t)
	k := newOne(newLines(4, "1", "2", "panic"), &memorySink{}, oneOptions{loop: func(l *lineLoop) {
		l.before = func(*Batch) { l.Node = nodeWork }
	}})
	_, err := run(t, k.p, RunOptions{})
	var e *RecordError
	var p *PanicError
	if !errors.As(err, &e) || !errors.As(err, &p) || e.Class != Poison || e.Place() != "a.txt:3" {
		t.Fatal(err)
	}
	if !strings.Contains(string(p.Stack), "lineLoop") {
		t.Error("the stack is not that of the stage")
	}
}

// A panic that comes back without any record having been taken is no record's.
func TestPanicOutsideRecords(t *testing.T) {
	noLeaks(t)
	calls := 0
	k := newOne(newLines(4, "1", "2"), &memorySink{}, oneOptions{nodes: then(nodeWork, Drop), loop: func(l *lineLoop) {
		l.Node = nodeWork
		l.before = func(*Batch) { calls++; panic("every time") }
	}})
	_, err := run(t, k.p, RunOptions{})
	if err == nil || calls != 2 {
		t.Fatalf("%v after %d calls", err, calls)
	}
}

type decimalError struct{}

func (decimalError) Error() string    { return "division by zero" }
func (decimalError) ArithmeticError() {}

func TestArithmeticPanic(t *testing.T) {
	sink := &memorySink{}
	k := newOne(newLines(4, "1", "2", "3"), sink, oneOptions{nodes: then(nodeWork, Dead), loop: func(l *lineLoop) {
		l.Node = nodeWork
		l.per = func(line []byte) error {
			if string(line) == "2" {
				panic(decimalError{})
			}
			return nil
		}
	}})
	if _, err := run(t, k.p, RunOptions{}); err != nil {
		t.Fatal(err)
	}
	equalLines(t, sink.lines(), []string{"1", "3"})
	if m := parseLetters(t, k.letters)[0]; m["code"] != "arithmetic" || m["error"] != "division by zero" {
		t.Error(m)
	}
}

// The node and the line of a panic come from the stack.
func TestPanicPlace(t *testing.T) {
	k := newOne(newLines(4, "1"), &memorySink{}, oneOptions{
		nodes: func(nodes []Node) { then(nodeWork, Dead)(nodes); then(nodeIn, Stop)(nodes) },
		loop: func(l *lineLoop) {
			l.Node = nodeIn
			l.per = userStage
		},
	})
	k.p.info.File = "sub/p.yaml"
	k.p.info.Funcs = map[string]int{"github.com/flowc-dev/flowc/runtime/flow.userStage": nodeWork}
	if _, err := run(t, k.p, RunOptions{}); err != nil {
		t.Fatal(err)
	}
	if m := parseLetters(t, k.letters)[0]; m["node"] != "work" || m["line"] != "sub/p.yaml:78" ||
		!strings.Contains(m["error"].(string), "index out of range") {
		t.Error(m)
	}
}

func TestPanicInFlush(t *testing.T) {
	noLeaks(t)
	sink := &memorySink{}
	p := New(testInfo(nil))
	in := p.Source(nodeIn, newLines(4, "1", "2"), SourceOptions{Lines: true})
	p.Region("r", RegionOptions{From: []*Input{in}, To: []*Target{p.Sink(nodeOut, sink, SinkOptions{})}, Lanes: 1, Nodes: []int{nodeIn, nodeWork}},
		func(l *Lane) (Loop, error) {
			l.Node = nodeWork
			return flushPanics{&lineLoop{Lane: l, node: nodeWork}}, nil
		})
	r, err := run(t, p, RunOptions{})
	if err == nil || !strings.Contains(err.Error(), "in flush") || r.Nodes["work"].Out != 2 {
		t.Fatal(err, r.Nodes["work"])
	}
}

type flushPanics struct{ *lineLoop }

func (flushPanics) Flush() { panic("in flush") }

func firstOf(list []int, n int) error {
	if list[n] > 0 {
		return nil
	}
	return errBad
}

//go:noinline
func userStage(line []byte) error {
//line p.yaml:77
	var none []int
	return firstOf(none, len(line))
}

// Functions inside of a node's own, too, are the node's.
func TestPanicFunction(t *testing.T) {
	info := Info{Funcs: map[string]int{"a.b/c.mapOne": 1, "a.b/c.mapTwo": 2}}
	for _, test := range []struct {
		function string
		node     int
	}{
		{"a.b/c.mapOne", 1},
		{"a.b/c.mapTwo.func1", 2},
		{"a.b/c.mapTwo.func1.2", 2},
		{"a.b/c.mapOne-range1", 1},
		{"a.b/c.(*loop).toTwo.mapTwo.func1", 2},
		{"a.b/c.mapOne.mapTwo.func1", 2},
		{"a.b/c.mapThree", 0},
		{"a.b/d.mapOne", 0},
		{"a.b/c.(*loop).Run", 0},
		{"mapOne", 0},
	} {
		if node, ok := info.stage(test.function); node != test.node || ok != (test.node != 0) {
			t.Errorf("%s: node %d (%v), want %d", test.function, node, ok, test.node)
		}
	}
}
