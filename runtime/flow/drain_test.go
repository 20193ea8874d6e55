package flow

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestDrainEndless(t *testing.T) {
	noLeaks(t)
	for _, lanes := range []int{1, 3} {
		source, sink := newLines(3, numbers(0, 300)...), &memorySink{}
		source.endless = true
		a := newAnswers(t)
		source.done = a.done
		k := newOne(source, sink, oneOptions{region: RegionOptions{Lanes: lanes}})
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		go func() {
			for a.count() < 100 {
				time.Sleep(time.Millisecond)
			}
			cancel()
		}()
		r, err := runCtx(ctx, t, k.p, RunOptions{})
		if err != nil || r.Ending != Drained || !r.OK || sink.done {
			t.Fatal(err, r.Ending, sink.done)
		}
		equalLines(t, sink.lines(), numbers(0, 300))
	}
}

func TestCutShort(t *testing.T) {
	noLeaks(t)
	source, sink := newLines(3, numbers(0, 3000)...), &memorySink{}
	ctx, cancel := context.WithCancel(context.Background())
	source.wait = func(ctx context.Context, n int) error {
		if n == 200 {
			cancel()
			<-ctx.Done()
			return ctx.Err()
		}
		return nil
	}
	k := newOne(source, sink, oneOptions{})
	r, err := runCtx(ctx, t, k.p, RunOptions{})
	if err != nil || r.Ending != CutShort || r.OK || sink.done {
		t.Fatal(err, r.Ending, r.OK, sink.done)
	}
	// What was read is written.
	equalLines(t, sink.lines(), numbers(0, 600))
}

// A sink that hangs: the program gives up waiting and says so.
func TestDrainDeadline(t *testing.T) {
	for _, hears := range []bool{true, false} {
		release := make(chan struct{})
		blocked := make(chan struct{}, 1)
		sink := &blockingSink{blocked: blocked, release: release, hears: hears}
		k := newOne(newLines(3, numbers(0, 300)...), sink, oneOptions{})
		k.p.info.Drain = 40 * time.Millisecond
		ctx, cancel := context.WithCancel(context.Background())
		go func() {
			<-blocked
			cancel()
		}()
		r, err := k.p.Run(ctx, RunOptions{})
		if !errors.Is(err, ErrDrain) || r.Ending != Broken || r.OK {
			t.Fatal(err, r)
		}
		checkSums(t, r)
		if c := r.Nodes["out"]; c.Out != 0 || c.Failed+c.Pending != c.In || c.In == 0 {
			t.Errorf("out is %+v", c)
		}
		cancel()
		close(release)
	}
}

type blockingSink struct {
	memorySink
	blocked chan struct{}
	release chan struct{}
	hears   bool
}

func (s *blockingSink) Write(ctx context.Context, o *Out) error {
	select {
	case s.blocked <- struct{}{}:
	default:
	}
	if s.hears {
		<-ctx.Done()
		return ctx.Err()
	}
	<-s.release
	return nil
}

// Memory is bounded: a source can't run ahead of a sink that stands still.
func TestBackpressure(t *testing.T) {
	noLeaks(t)
	release := make(chan struct{})
	blocked := make(chan struct{}, 1)
	sink := &blockingSink{blocked: blocked, release: release}
	source := newLines(1, numbers(0, 5000)...)
	k := newOne(source, sink, oneOptions{source: SourceOptions{Blocks: 4}, sink: SinkOptions{Depth: 3}, region: RegionOptions{Lanes: 2}})
	done := make(chan error, 1)
	go func() {
		_, err := k.p.Run(context.Background(), RunOptions{})
		done <- err
	}()
	<-blocked
	// Wait until nothing moves any more.
	last := uint64(0)
	for still := 0; still < 20; {
		time.Sleep(time.Millisecond)
		if n := k.p.sources[0].order.count(); n == last {
			still++
		} else {
			last, still = n, 0
		}
	}
	// In flight: 4 blocks, 3 packets in the queue, and as many that the sink took
	// at once.
	if last < 4 || last > 4+3+3 {
		t.Errorf("%d batches were read", last)
	}
	close(release)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if got := k.p.sinks[0].counts.out.Load(); got != 5000 {
		t.Errorf("%d records", got)
	}
}

// The queue is bounded in bytes as well, and a packet larger than it passes.
func TestQueueBytes(t *testing.T) {
	noLeaks(t)
	q := newQueue(100, 1000)
	q.join()
	o := &Out{}
	for range 10 {
		if !q.push(0, o, 100) {
			t.Fatal("push")
		}
	}
	pushed := make(chan bool)
	go func() { pushed <- q.push(0, o, 5000) }()
	select {
	case <-pushed:
		t.Fatal("a full queue took more")
	case <-time.After(10 * time.Millisecond):
	}
	for range 10 {
		if _, ok := q.pop(); !ok {
			t.Fatal("pop")
		}
	}
	if !<-pushed {
		t.Fatal("push")
	}
	if packets, bytes := q.load(); packets != 1 || bytes != 5000 {
		t.Error(packets, bytes)
	}
}

func TestOpenFails(t *testing.T) {
	noLeaks(t)
	sink, source := &memorySink{}, &openFails{newLines(1, "1"), 1, errBad}
	k := newOne(source, sink, oneOptions{})
	r, err := run(t, k.p, RunOptions{})
	var e *NodeError
	if !errors.As(err, &e) || e.Op != "open" || e.Node != "in" || r.Ending != Broken {
		t.Fatal(err)
	}
	if want := "p.yaml:3: `in`: open: bad line"; err.Error() != want {
		t.Errorf("it says %q", err)
	}
	if sink.closed != 1 || sink.done || source.closed.Load() != 1 {
		t.Error("what was opened must be closed")
	}
	// A server that is not there yet is waited for.
	k = newOne(&openFails{newLines(1, "1"), 3, testError{unavailable: true}}, sink, oneOptions{nodes: func(nodes []Node) {
		nodes[nodeIn].Policy = Policy{Backoff: 1, MaxBackoff: 1}
	}})
	if _, err := run(t, k.p, RunOptions{}); err != nil {
		t.Fatal(err)
	}
}

type openFails struct {
	*linesSource
	times int
	err   error
}

func (s *openFails) Open(ctx context.Context) error {
	if s.times--; s.times >= 0 {
		return s.err
	}
	return s.linesSource.Open(ctx)
}

// A sink that does not close in time, or panics when it does, ends the program
// as failed.
func TestCloseFails(t *testing.T) {
	noLeaks(t)
	release := make(chan struct{})
	for name, test := range map[string]struct {
		close func() error
		is    func(error) bool
	}{
		"stuck":  {func() error { <-release; return nil }, func(err error) bool { return errors.Is(err, ErrDrain) }},
		"panics": {func() error { panic("in close") }, func(err error) bool { var p *PanicError; return errors.As(err, &p) }},
		"fails":  {func() error { return errBad }, func(err error) bool { var n *NodeError; return errors.As(err, &n) && n.Op == "close" }},
	} {
		t.Run(name, func(t *testing.T) {
			k := newOne(newLines(3, "1"), &closeSink{close: test.close}, oneOptions{})
			k.p.info.Drain = 20 * time.Millisecond
			r, err := k.p.Run(context.Background(), RunOptions{})
			if !test.is(err) || r.OK || r.Ending != Broken {
				t.Fatal(err, r)
			}
		})
	}
	close(release)
}

type closeSink struct {
	memorySink
	close func() error
}

func (s *closeSink) Close(context.Context, bool) error { return s.close() }
