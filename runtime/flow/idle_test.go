package flow

import (
	"context"
	"io"
	"testing"
	"time"
)

// idleSink buffers, and lets go of it when it is idle.
type idleSink struct {
	memorySink
	idled chan int // records written when it became idle
	panic bool
}

func (s *idleSink) Idle() {
	s.mu.Lock()
	n := 0
	for _, size := range s.sizes {
		n += size
	}
	s.mu.Unlock()
	if s.panic {
		panic("idle")
	}
	s.idled <- n
}

// A sink is told that nothing waits, so that its buffer does not keep what came
// last for ever.
func TestIdle(t *testing.T) {
	noLeaks(t)
	sink := &idleSink{idled: make(chan int, 100)}
	src := newLines(1, numbers(0, 3)...)
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
	p := New(testInfo(nil))
	in := p.Source(nodeIn, src, SourceOptions{Lines: true})
	out := p.Sink(nodeOut, sink, SinkOptions{})
	p.Region("in", RegionOptions{From: []*Input{in}, To: []*Target{out}, Lanes: 1}, func(l *Lane) (Loop, error) { return &lineLoop{Lane: l, node: nodeWork}, nil })
	ended := make(chan error, 1)
	go func() {
		_, err := p.Run(context.Background(), RunOptions{})
		ended <- err
	}()
	for want := 1; want <= 3; want++ {
		select {
		case n := <-sink.idled:
			if n != want {
				t.Errorf("idle after %d records, want %d", n, want)
			}
		case <-time.After(20 * time.Second):
			t.Fatal("the sink was not told that it is idle")
		}
		next <- struct{}{}
	}
	if err := <-ended; err != nil && err != io.EOF {
		t.Error(err)
	}
}

func TestIdlePanics(t *testing.T) {
	noLeaks(t)
	sink := &idleSink{idled: make(chan int, 100), panic: true}
	src := newLines(1, numbers(0, 2)...)
	src.endless = true
	p := New(testInfo(nil))
	in := p.Source(nodeIn, src, SourceOptions{Lines: true})
	out := p.Sink(nodeOut, sink, SinkOptions{})
	p.Region("in", RegionOptions{From: []*Input{in}, To: []*Target{out}, Lanes: 1}, func(l *Lane) (Loop, error) { return &lineLoop{Lane: l, node: nodeWork}, nil })
	if _, err := p.Run(context.Background(), RunOptions{}); err == nil {
		t.Error("the panic of a sink is no error")
	}
}
