package flow

import (
	"context"
	"io"
	"testing"
	"time"
)

// Whoever passes the barrier of one source on may have to hand on what lies behind
// it, and that waits for the barrier of the other source.
func TestBarriersOfTwoSources(t *testing.T) {
	noLeaks(t)
	p := New(testInfo(nil))
	p.info.CheckpointEvery = 20 * time.Millisecond
	sink := &memorySink{}
	out := p.Sink(nodeOut, sink, SinkOptions{})
	next, end := make(chan struct{}), make(chan struct{})
	source := func(node int, lines []string, wait func(n int) error) *Input {
		s := newLines(1, lines...)
		s.wait = func(_ context.Context, n int) error { return wait(n) }
		return p.Source(node, &seekLines{linesSource: s}, SourceOptions{Lines: true})
	}
	a := source(nodeIn, numbers(0, 2), func(n int) error {
		switch n {
		case 1:
			<-next
		case 2:
			<-end
		}
		return nil
	})
	b := source(nodeIn2, numbers(10, 11), func(n int) error {
		if n == 1 {
			<-end
			return io.EOF
		}
		return nil
	})
	p.Region("r", RegionOptions{From: []*Input{a, b}, To: []*Target{out}, Lanes: 2}, plain(nil))
	go func() {
		defer close(end)
		for len(sink.lines()) < 2 {
			time.Sleep(time.Millisecond)
		}
		// The barrier is held up where it enters the queue, while the source goes on.
		out.queue.mu.Lock()
		for !emitting(&a.order) {
			time.Sleep(time.Millisecond)
		}
		close(next)
		for !waiting(&a.order) {
			time.Sleep(time.Millisecond)
		}
		out.queue.mu.Unlock()
		for len(sink.lines()) < 3 {
			time.Sleep(time.Millisecond)
		}
	}()
	if _, err := run(t, p, RunOptions{StateDir: t.TempDir()}); err != nil {
		t.Fatal(err)
	}
}

// emitting tells that somebody hands something on.
func emitting(s *sequencer) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.emitting
}

// waiting tells that something is finished and waits for its turn.
func waiting(s *sequencer) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.slots {
		if s.slots[i].batch != nil {
			return true
		}
	}
	return false
}
