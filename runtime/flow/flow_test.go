package flow

import (
	"slices"
	"strings"
	"sync"
	"testing"
)

func TestLinear(t *testing.T) {
	noLeaks(t)
	for _, lanes := range []int{1, 2, 5} {
		lines := numbers(0, 5000)
		source, sink := newLines(7, lines...), &memorySink{}
		p := New(testInfo(nil))
		in := p.Source(nodeIn, source, SourceOptions{Lines: true})
		out := p.Sink(nodeOut, sink, SinkOptions{})
		p.Region("r", RegionOptions{From: []*Input{in}, To: []*Target{out}, Lanes: lanes, Nodes: []int{nodeIn, nodeWork}}, plain(nil))
		r, err := run(t, p, RunOptions{})
		if err != nil {
			t.Fatal(err)
		}
		equalLines(t, sink.lines(), lines)
		if r.Ending != Complete || !sink.done || sink.closed != 1 || source.closed.Load() != 1 || sink.synced != len(sink.data) {
			t.Errorf("%d lanes: %+v, done %v, closed %d and %d times, %d of %d synced", lanes, r, sink.done, sink.closed, source.closed.Load(), sink.synced, len(sink.data))
		}
		want := map[string]Count{
			"in":   {In: 5000, Out: 5000, Emitted: 5000},
			"work": {In: 5000, Out: 5000, Emitted: 5000},
			"out":  {In: 5000, Out: 5000},
		}
		for name, c := range want {
			if r.Nodes[name] != c {
				t.Errorf("%s is %+v, want %+v", name, r.Nodes[name], c)
			}
		}
		if got := r.Sources["in"]; got.Records != 5000 || got.Bytes != int64(len(joined(lines))) {
			t.Errorf("source traffic %+v", got)
		}
		if got := r.Sinks["out"]; got.Records != 5000 || got.Bytes != int64(len(joined(lines))) {
			t.Errorf("sink traffic %+v", got)
		}
	}
}

// Lanes that take unequal time must not change the order.
func TestLanesKeepOrder(t *testing.T) {
	noLeaks(t)
	lines := numbers(0, 3000)
	sink := &memorySink{}
	p := New(testInfo(nil))
	in := p.Source(nodeIn, newLines(3, lines...), SourceOptions{Lines: true})
	out := p.Sink(nodeOut, sink, SinkOptions{})
	p.Region("r", RegionOptions{From: []*Input{in}, To: []*Target{out}, Lanes: 8}, plain(func(l *lineLoop) {
		l.per = func(line []byte) error {
			spin(int(line[len(line)-2]-'0') * 300)
			return nil
		}
	}))
	if _, err := run(t, p, RunOptions{}); err != nil {
		t.Fatal(err)
	}
	equalLines(t, sink.lines(), lines)
}

var spinSink int

var spinMu sync.Mutex

func spin(n int) {
	x := 1
	for i := range n {
		x = x*31 + i
	}
	spinMu.Lock()
	spinSink += x
	spinMu.Unlock()
}

func TestUnorderedDeliversAll(t *testing.T) {
	noLeaks(t)
	lines := numbers(0, 3000)
	sink := &memorySink{}
	source := &seekLines{linesSource: newLines(3, lines...)}
	p := New(testInfo(nil))
	in := p.Source(nodeIn, source, SourceOptions{Lines: true})
	out := p.Sink(nodeOut, sink, SinkOptions{})
	p.Region("r", RegionOptions{From: []*Input{in}, To: []*Target{out}, Lanes: 8, Unordered: true}, plain(func(l *lineLoop) {
		l.per = func(line []byte) error {
			spin(int(line[len(line)-2]-'0') * 300)
			return nil
		}
	}))
	if _, err := run(t, p, RunOptions{}); err != nil {
		t.Fatal(err)
	}
	got := sink.lines()
	slices.SortFunc(got, func(a, b string) int {
		if len(a) != len(b) {
			return len(a) - len(b)
		}
		return strings.Compare(a, b)
	})
	equalLines(t, got, lines)
}

func TestFanOut(t *testing.T) {
	noLeaks(t)
	lines := numbers(0, 1000)
	one, two := &memorySink{}, &memorySink{}
	p := New(testInfo(nil))
	in := p.Source(nodeIn, newLines(10, lines...), SourceOptions{Lines: true})
	to := []*Target{p.Sink(nodeOut, one, SinkOptions{}), p.Sink(nodeOut2, two, SinkOptions{Depth: 1})}
	p.Region("r", RegionOptions{From: []*Input{in}, To: to}, plain(func(l *lineLoop) { l.wide = true }))
	r, err := run(t, p, RunOptions{})
	if err != nil {
		t.Fatal(err)
	}
	equalLines(t, one.lines(), lines)
	equalLines(t, two.lines(), lines)
	if r.Nodes["out"].Out != 1000 || r.Nodes["out2"].Out != 1000 || r.Nodes["work"].Emitted != 1000 {
		t.Errorf("%+v", r.Nodes)
	}
}

func TestEmptyInput(t *testing.T) {
	noLeaks(t)
	sink := &memorySink{}
	p := New(testInfo(nil))
	in := p.Source(nodeIn, newLines(10), SourceOptions{Lines: true})
	p.Region("r", RegionOptions{From: []*Input{in}, To: []*Target{p.Sink(nodeOut, sink, SinkOptions{})}}, plain(nil))
	if r, err := run(t, p, RunOptions{}); err != nil || r.Ending != Complete {
		t.Fatal(r, err)
	}
	if !sink.done || sink.writes != 0 {
		t.Error("an empty input must end the sink, without a write")
	}
}
