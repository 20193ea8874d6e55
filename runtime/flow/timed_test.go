package flow

import (
	"context"
	"encoding/json"
	"errors"
	"sync/atomic"
	"testing"
	"time"
)

// timedSink has something to do a moment after each write.
type timedSink struct {
	memorySink
	due    atomic.Int64 // nanoseconds of Unix time; 0 for never
	states atomic.Int64
	fails  atomic.Int64 // how often Sync fails
	did    chan int64   // how many states there were when it did it
	panics bool
}

func (s *timedSink) Write(ctx context.Context, o *Out) error {
	s.due.Store(time.Now().Add(20 * time.Millisecond).UnixNano())
	return s.memorySink.Write(ctx, o)
}

func (s *timedSink) Due() time.Time {
	if s.panics {
		panic("due")
	}
	if n := s.due.Load(); n != 0 {
		return time.Unix(0, n)
	}
	return time.Time{}
}

func (s *timedSink) Sync(ctx context.Context) error {
	if n := s.due.Load(); n != 0 && !time.Now().Before(time.Unix(0, n)) {
		if s.fails.Add(-1) >= 0 {
			return testError{temporary: true}
		}
		s.due.Store(0)
		s.did <- s.states.Load()
	}
	return s.memorySink.Sync(ctx)
}

func (s *timedSink) State() (any, error)                            { s.states.Add(1); return nil, nil }
func (s *timedSink) Restore(context.Context, json.RawMessage) error { return nil }

// A sink does what it has to do when it is time, though nothing comes, and a checkpoint
// is made behind it.
func TestTimedSink(t *testing.T) {
	noLeaks(t)
	sink := &timedSink{did: make(chan int64, 100)}
	sink.fails.Store(2)
	src := &seekLines{linesSource: newLines(1, numbers(0, 2)...)}
	next := make(chan struct{})
	src.wait = func(ctx context.Context, n int) error {
		if n == 0 {
			return nil
		}
		select {
		case <-next:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	p := New(testInfo(func(nodes []Node) { nodes[nodeOut].Policy = Policy{Retry: 3, Backoff: 1, MaxBackoff: 1} }))
	in := p.Source(nodeIn, src, SourceOptions{Lines: true})
	out := p.Sink(nodeOut, sink, SinkOptions{})
	p.Region("in", RegionOptions{From: []*Input{in}, To: []*Target{out}, Lanes: 1}, func(l *Lane) (Loop, error) { return &lineLoop{Lane: l, node: nodeWork}, nil })
	p.info.CheckpointEvery = time.Millisecond
	ended := make(chan error, 1)
	go func() {
		_, err := p.Run(context.Background(), RunOptions{StateDir: t.TempDir()})
		ended <- err
	}()
	wait := func(what string, ready func() bool) {
		t.Helper()
		for range 5000 {
			if ready() {
				return
			}
			time.Sleep(time.Millisecond)
		}
		t.Fatal(what)
	}
	for range 2 {
		var before int64
		select {
		case before = <-sink.did:
		case <-time.After(10 * time.Second):
			t.Fatal("it was not done")
		}
		wait("no checkpoint was made behind it", func() bool { return sink.states.Load() > before })
		select {
		case next <- struct{}{}:
		case err := <-ended:
			if err != nil {
				t.Fatal(err)
			}
			return
		}
	}
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if len(sink.did) > 0 {
		t.Error("it was done though nothing was due")
	}
}

func TestTimedSinkPanics(t *testing.T) {
	noLeaks(t)
	source := newLines(1, numbers(0, 2)...)
	source.wait = func(ctx context.Context, n int) error {
		if n == 0 {
			return nil
		}
		<-ctx.Done() // the sink is asked while nothing comes
		return ctx.Err()
	}
	k := newOne(source, &timedSink{panics: true, did: make(chan int64, 100)}, oneOptions{})
	var p *PanicError
	if _, err := run(t, k.p, RunOptions{}); !errors.As(err, &p) {
		t.Fatal(err)
	}
}
