package flow

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"testing"
)

// A source may fail for a while.
func TestReadIsRetried(t *testing.T) {
	noLeaks(t)
	for _, test := range []struct {
		err   error
		times int
		ok    bool
	}{
		{testError{temporary: true}, 3, true},
		{testError{temporary: true}, 4, false},
		{testError{unavailable: true}, 50, true},
		{errBad, 1, false},
	} {
		failed := 0
		source := newLines(5, numbers(0, 20)...)
		source.wait = func(_ context.Context, n int) error {
			if n == 2 && failed < test.times {
				failed++
				return test.err
			}
			return nil
		}
		sink := &memorySink{}
		k := newOne(source, sink, oneOptions{nodes: func(nodes []Node) { nodes[nodeIn].Policy = Policy{Retry: 3, Backoff: 1, MaxBackoff: 1} }})
		_, err := run(t, k.p, RunOptions{})
		if test.ok {
			if err != nil {
				t.Fatal(err)
			}
			equalLines(t, sink.lines(), numbers(0, 20))
			continue
		}
		var e *NodeError
		if !errors.As(err, &e) || e.Op != "read" || e.Node != "in" || !errors.Is(err, test.err) {
			t.Fatal(err)
		}
		equalLines(t, sink.lines(), numbers(0, 10)) // what was read is written
	}
}

// While the other side is away no retry is used up: an error that comes right behind
// it is tried as often as it would be alone.
func TestReadIsRetriedBehindAnOutage(t *testing.T) {
	noLeaks(t)
	failed := 0
	source := newLines(5, numbers(0, 20)...)
	source.wait = func(_ context.Context, n int) error {
		switch failed++; {
		case n != 2 || failed > 13+n:
			return nil
		case failed <= 10+n:
			return testError{unavailable: true}
		}
		return testError{temporary: true}
	}
	sink := &memorySink{}
	k := newOne(source, sink, oneOptions{nodes: func(nodes []Node) { nodes[nodeIn].Policy = Policy{Retry: 3, Backoff: 1, MaxBackoff: 1} }})
	r, err := run(t, k.p, RunOptions{})
	if err != nil || r.Nodes["in"].Retried != 3 {
		t.Fatal(r.Nodes["in"], err)
	}
	equalLines(t, sink.lines(), numbers(0, 20))
}

func TestReadPanics(t *testing.T) {
	noLeaks(t)
	source := newLines(5, numbers(0, 20)...)
	source.wait = func(context.Context, int) error { panic("in read") }
	k := newOne(source, &memorySink{}, oneOptions{})
	_, err := run(t, k.p, RunOptions{})
	var p *PanicError
	if !errors.As(err, &p) || p.Value != "in read" {
		t.Fatal(err)
	}
}

// A source that can't hand a record over says so, and goes on behind it.
func TestReadSkipsRecord(t *testing.T) {
	noLeaks(t)
	tooLong := &RecordError{Code: "too-long", Split: "a.txt", TextLine: 11, Offset: 99, Record: []byte(`"begin"`), Err: errors.New("the line is too long")}
	for _, then := range []Then{Dead, Drop, Stop} {
		source := newLines(5, numbers(0, 20)...)
		skipped := false
		source.wait = func(_ context.Context, n int) error {
			if n == 2 && !skipped {
				skipped = true
				return fmt.Errorf("a.txt: %w", tooLong)
			}
			return nil
		}
		sink := &memorySink{}
		k := newOne(source, sink, oneOptions{nodes: func(nodes []Node) { nodes[nodeIn].Policy = Policy{Then: then, Dead: nodeDead} }})
		r, err := run(t, k.p, RunOptions{})
		var e *RecordError
		if then == Stop {
			if !errors.As(err, &e) || e.Place() != "a.txt:11" || e.Code != "too-long" || e.Line != "p.yaml:3" {
				t.Fatal(err)
			}
			equalLines(t, sink.lines(), numbers(0, 10))
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		equalLines(t, sink.lines(), numbers(0, 20))
		if c := r.Nodes["in"]; c.In != 21 || c.Lost() != 1 || c.Out != 20 {
			t.Errorf("in is %+v", c)
		}
		if then == Dead {
			m := parseLetters(t, k.letters)[0]
			if at := fmt.Sprint(m["position"]); at != "map[line:11 offset:99 split:a.txt]" {
				t.Error("position", at)
			}
			if m["code"] != "too-long" || m["record"] != "begin" || m["error"] != "the line is too long" || m["source"] != "in" {
				t.Error(m)
			}
		}
	}
}

// counting is a source of numbers: batches are a count alone.
type counting struct{ next, count int64 }

func (s *counting) Open(context.Context) error  { return nil }
func (s *counting) Close(context.Context) error { return nil }
func (s *counting) Read(_ context.Context, b *Batch) error {
	if s.next == s.count {
		return io.EOF
	}
	b.Base, b.Count = s.next, int(min(1000, s.count-s.next))
	s.next += int64(b.Count)
	return nil
}

type countLoop struct {
	*Lane
	count int64
}

func (l *countLoop) Run(b *Batch) {
	out := l.Outs[0]
	for l.Next < b.Count {
		l.Record.Index = l.Next
		l.Next++
		l.count++
		n := b.Base + int64(l.Record.Index)
		if n%700 == 699 {
			if l.Fail(nodeWork, errBad) {
				return
			}
			continue
		}
		out.Data = append(strconv.AppendInt(out.Data, n, 10), '\n')
		out.Count++
	}
}
func (l *countLoop) Flush()  {}
func (l *countLoop) Settle() { l.Pass(nodeWork, l.Pass(nodeIn, l.count, 0), 0); l.count = 0 }

func TestCountedBatches(t *testing.T) {
	noLeaks(t)
	sink, letters := &memorySink{}, &memorySink{}
	p := New(testInfo(then(nodeWork, Dead)))
	in := p.Source(nodeIn, &counting{count: 10_000}, SourceOptions{Original: func(dst []byte, b *Batch, i int) []byte {
		return fmt.Appendf(dst, `{"i":%d}`, b.Base+int64(i))
	}})
	out := p.Sink(nodeOut, sink, SinkOptions{})
	p.Sink(nodeDead, letters, SinkOptions{DeadLetter: true})
	p.Region("r", RegionOptions{From: []*Input{in}, To: []*Target{out}, Lanes: 3, Nodes: []int{nodeIn, nodeWork}},
		func(l *Lane) (Loop, error) { return &countLoop{Lane: l}, nil })
	r, err := run(t, p, RunOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for i := range 10_000 {
		if i%700 != 699 {
			want = append(want, strconv.Itoa(i))
		}
	}
	equalLines(t, sink.lines(), want)
	for i, m := range parseLetters(t, letters) {
		n := float64(700*i + 699)
		if m["record"].(map[string]any)["i"] != n || m["position"].(map[string]any)["record"] != n {
			t.Error(m)
		}
	}
	if e := r.Examples["work"]; e == nil || e.Place() != "record 700 of in" {
		t.Error(e)
	}
}

// A loop may refuse a record for a sink, when it can't be encoded for it.
func TestRefusedForSink(t *testing.T) {
	noLeaks(t)
	for _, then := range []Then{Dead, Drop} {
		sink := &memorySink{}
		k := newOne(newLines(5, numbers(0, 40)...), sink, oneOptions{
			nodes: func(nodes []Node) { nodes[nodeOut].Policy = Policy{Then: then, Dead: nodeDead} },
			sink:  SinkOptions{Ends: true, Origins: true},
			loop: func(l *lineLoop) {
				l.encode = func(line []byte) error {
					if strings.HasSuffix(string(line), "7}") {
						return errBad
					}
					return nil
				}
			},
		})
		r, err := run(t, k.p, RunOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if c := r.Nodes["out"]; c.In != 40 || c.Out != 36 || c.Lost() != 4 {
			t.Errorf("out is %+v", c)
		}
		if c := r.Nodes["work"]; c.In != 40 || c.Out != 40 {
			t.Errorf("work is %+v", c)
		}
		if then == Dead {
			if m := parseLetters(t, k.letters); len(m) != 4 || m[2]["node"] != "out" || fmt.Sprint(m[2]["record"]) != "map[n:27]" {
				t.Error(m)
			}
		}
	}
}

func TestMaxDeadOfSink(t *testing.T) {
	f := &failing{times: map[string]int{}, err: errBad}
	for i := range 40 {
		f.times[fmt.Sprintf(`{"n":%d}`, 2000+i)] = 1
	}
	sink := &memorySink{before: f.before}
	k := newOne(newLines(10, numbers(0, 50_000)...), sink, oneOptions{
		nodes: func(nodes []Node) { nodes[nodeOut].Policy = Policy{Then: Drop, MaxDead: 0.02} },
		sink:  SinkOptions{Ends: true},
	})
	r, err := run(t, k.p, RunOptions{})
	var e *TooManyError
	if !errors.As(err, &e) || e.Node != "out" || r.Nodes["in"].In == 50_000 {
		t.Fatal(err, r.Nodes["in"])
	}
}

// life notes what is called on a loop.
type life struct {
	*lineLoop
	calls *[]string
	fail  string
}

func (l *life) note(call string) error {
	*l.calls = append(*l.calls, call)
	if l.fail == call {
		return errBad
	}
	return nil
}
func (l *life) Open(context.Context) error    { return l.note("open") }
func (l *life) Close(context.Context) error   { return l.note("close") }
func (l *life) Flush()                        { _ = l.note("flush") }
func (l *life) Healthy(context.Context) error { return errBad }

func TestLoopLife(t *testing.T) {
	noLeaks(t)
	for fail, want := range map[string]string{"": "open flush close", "open": "open close", "close": "open flush close"} {
		var calls []string
		p := New(testInfo(nil))
		in := p.Source(nodeIn, newLines(5, numbers(0, 20)...), SourceOptions{Lines: true})
		p.Region("r", RegionOptions{From: []*Input{in}, To: []*Target{p.Sink(nodeOut, &memorySink{}, SinkOptions{})}, Lanes: 1, Nodes: []int{nodeIn, nodeWork}},
			func(l *Lane) (Loop, error) { return &life{&lineLoop{Lane: l, node: nodeWork}, &calls, fail}, nil })
		_, err := run(t, p, RunOptions{})
		if got := strings.Join(calls, " "); got != want {
			t.Errorf("%q: %s, want %s", fail, got, want)
		}
		if (err != nil) != (fail != "") {
			t.Errorf("%q: %v", fail, err)
		}
	}
}

func TestReadyAndSnapshot(t *testing.T) {
	noLeaks(t)
	source, sink := newLines(5, numbers(0, 20)...), &memorySink{}
	source.endless = true
	a := newAnswers(t)
	source.done = a.done
	k := newOne(source, sink, oneOptions{region: RegionOptions{Lanes: 1}})
	if err := k.p.Ready(t.Context()); err == nil {
		t.Error("it is ready before it runs")
	}
	if s := k.p.Snapshot(); s.Nodes != nil {
		t.Error("it counts before it runs")
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := k.p.Run(ctx, RunOptions{})
		ended <- err
	}()
	for a.count() < 4 {
		sleep(ctx, 100_000)
	}
	if err := k.p.Ready(t.Context()); err != nil {
		t.Error(err)
	}
	k.p.health.gone(nodeOut, errBad)
	if err := k.p.Ready(t.Context()); err == nil || err.Error() != "`out`: bad line" {
		t.Error(err)
	}
	k.p.health.well(nodeOut)
	s := k.p.Snapshot()
	if s.Nodes[nodeWork].Out != 20 || s.Sources[0].Records != 20 || s.Sinks[0].Records != 20 || s.InFlight != 0 || s.Waiting != 0 || s.Running <= 0 || len(s.Queues) != 2 {
		t.Errorf("%+v", s)
	}
	if k.p.Bounded() {
		t.Error("it is endless")
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if err := k.p.Ready(t.Context()); err == nil {
		t.Error("it is ready after its end")
	}
}

func TestClassOf(t *testing.T) {
	for _, test := range []struct {
		err  error
		want Class
		code string
	}{
		{errBad, Unclassed, "error"},
		{testError{temporary: true}, Transient, "error"},
		{testError{permanent: true}, Permanent, "error"},
		{testError{fatal: true}, Fatal, "error"},
		{testError{unavailable: true}, Transient, "unavailable"},
		{fmt.Errorf("x: %w", testError{permanent: true}), Permanent, "error"},
		{errors.Join(errBad, testError{temporary: true}), Transient, "error"},
		{context.DeadlineExceeded, Transient, "timeout"},
		{decimalError{}, Permanent, "arithmetic"},
		{&PanicError{Value: 1}, Poison, "panic"},
		{marked{}, Permanent, "custom"},
		{netError(t), Transient, "error"},
		{fileError(), Unclassed, "error"},
		{io.ErrUnexpectedEOF, Unclassed, "error"},
	} {
		got := ClassOf(test.err)
		if got != test.want {
			t.Errorf("%v is %s, want %s", test.err, got, test.want)
		}
		if code := codeOf(test.err, got); code != test.code {
			t.Errorf("%v has code %s, want %s", test.err, code, test.code)
		}
	}
}

// marked uses a marker without a result.
type marked struct{}

func (marked) Error() string { return "marked" }
func (marked) Permanent()    {}
func (marked) Code() string  { return "custom" }

func TestBackoff(t *testing.T) {
	p := Policy{Backoff: 100, MaxBackoff: 1000}.withDefaults()
	for attempt, bound := range map[int]int64{1: 100, 2: 200, 4: 800, 5: 1000, 40: 1000, 400: 1000} {
		most := int64(0)
		for range 500 {
			d := int64(p.delay(attempt))
			if d < 0 || d > bound {
				t.Fatalf("attempt %d waits %d", attempt, d)
			}
			most = max(most, d)
		}
		if most < bound/2 {
			t.Errorf("attempt %d never waits longer than %d of %d", attempt, most, bound)
		}
	}
	zero := Policy{}.withDefaults()
	if zero.Retry != 5 || zero.covers(Unclassed) || !zero.covers(Transient) || zero.covers(Poison) {
		t.Errorf("%+v", zero)
	}
	written := Policy{Written: true}.withDefaults()
	if written.Retry != 0 || !written.covers(Unclassed) || written.covers(Permanent) {
		t.Errorf("%+v", written)
	}
}
