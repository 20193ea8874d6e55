package flow

import (
	"context"
	"errors"
	"testing"
)

// A joinedSink is the begin of an edge to other processes, which are told of the end.
type joinedSink struct {
	statefulSink
	ends int
	// away makes saying so fail as long as it gives an error.
	away func() error
}

func (s *joinedSink) Joined() {}

func (s *joinedSink) End(context.Context) error {
	if s.away != nil {
		if err := s.away(); err != nil {
			return err
		}
	}
	s.ends++
	return nil
}

// One process of several that has handled all input stays complete.
func TestJoinedStaysComplete(t *testing.T) {
	noLeaks(t)
	dir := t.TempDir()
	start := func(sink *joinedSink, o RunOptions) (*Report, *seekLines) {
		t.Helper()
		source := &seekLines{linesSource: newLines(3, numbers(0, 10)...)}
		o.StateDir = dir
		p := newOne(source, sink, oneOptions{}).p
		r, err := run(t, p, o)
		if err != nil || !p.StaysComplete(r) {
			t.Fatal(r, err)
		}
		return r, source
	}
	sink := &joinedSink{}
	start(sink, RunOptions{})
	if sink.ends != 1 || len(sink.lines()) != 10 {
		t.Fatalf("%d ends behind %q", sink.ends, sink.lines())
	}
	if c, err := ReadCheckpoint(StateDir(dir, "test")); err != nil || c == nil || !c.Complete {
		t.Fatal(c, err)
	}
	sink.closed, sink.done = 0, false
	r, source := start(sink, RunOptions{})
	if source.opened.Load() || r.Sources["in"].Records != 0 {
		t.Error("a complete process reads")
	}
	if sink.ends != 1 || len(sink.lines()) != 10 || sink.closed != 1 || !sink.done {
		t.Errorf("%d ends, %d lines, closed %d times, done %v", sink.ends, len(sink.lines()), sink.closed, sink.done)
	}
	start(sink, RunOptions{Fresh: true})
	if sink.ends != 2 || len(sink.lines()) != 20 {
		t.Errorf("begun anew, it has %d ends and %d lines", sink.ends, len(sink.lines()))
	}
}

// The end is told however long it takes, and once more where that was cut short.
func TestJoinedTellsTheEnd(t *testing.T) {
	noLeaks(t)
	dir := t.TempDir()
	start := func(ctx context.Context, sink *joinedSink) (*Report, error) {
		source := &seekLines{linesSource: newLines(3, numbers(0, 10)...)}
		return runCtx(ctx, t, newOne(source, sink, oneOptions{}).p, RunOptions{StateDir: dir})
	}
	ctx, cancel := context.WithCancel(t.Context())
	sink := &joinedSink{}
	sink.away = func() error { cancel(); return goneError{} }
	if r, err := start(ctx, sink); err != nil || r.Ending != CutShort || sink.ends != 0 {
		t.Fatal(r, err, sink.ends)
	}
	attempts := 0
	sink.away = func() error {
		if attempts++; attempts < 4 {
			return goneError{}
		}
		return nil
	}
	if r, err := start(t.Context(), sink); err != nil || r.Ending != Complete || sink.ends != 1 {
		t.Fatal(r, err, sink.ends)
	}
	equalLines(t, sink.lines(), numbers(0, 10))
	// What does not go away by itself ends the process with an error.
	dir = t.TempDir()
	broken := errors.New("the stream is gone")
	sink = &joinedSink{away: func() error { return broken }}
	if r, err := start(t.Context(), sink); !errors.Is(err, broken) || r.Ending != Broken {
		t.Fatal(r, err)
	}
	if c, err := ReadCheckpoint(StateDir(dir, "test")); err != nil || c != nil && c.Complete {
		t.Error(c, err)
	}
}
