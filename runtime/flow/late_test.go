package flow

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"
)

// committed is what of a sink's data a crash leaves there: as far as the checkpoint
// in a folder knows.
func committed(t *testing.T, dir, node string, s *statefulSink) string {
	t.Helper()
	c, err := ReadCheckpoint(StateDir(dir, "test"))
	if err != nil {
		t.Error(err)
	}
	if c == nil {
		return ""
	}
	var st struct{ Length int }
	if err := json.Unmarshal(c.Sinks[node], &st); err != nil {
		t.Error(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return string(s.data[:st.Length])
}

// asksOneByOne has a source wait until what it gave was answered.
func asksOneByOne(s *linesSource, a *answers) {
	s.done = a.done
	s.wait = func(ctx context.Context, n int) error {
		for a.count() < n {
			if !sleep(ctx, 100*time.Microsecond) {
				return ctx.Err()
			}
		}
		return nil
	}
}

// Whose records go into a file that a crash cuts to what the checkpoint knows is
// answered when the checkpoint has them, beside a source that can go back and as
// one that remembers what it has had; and is not kept waiting for the next tick.
func TestAnsweredByCheckpoint(t *testing.T) {
	noLeaks(t)
	for _, remembers := range []bool{false, true} {
		dir := t.TempDir()
		a := newAnswers(t)
		sink := &statefulSink{}
		lines := numbers(0, 40)
		a.safe = func(n int) bool {
			return strings.Contains(committed(t, dir, "out", sink), lines[2*n+1]+"\n")
		}
		info := testInfo(nil)
		info.CheckpointEvery = time.Hour
		p := New(info)
		asked := newLines(2, lines...)
		asksOneByOne(asked, a)
		var from Source = asked
		if remembers {
			from = &seekLines{linesSource: asked}
		}
		ins := []*Input{p.Source(nodeIn, from, SourceOptions{Lines: true, Answers: true})}
		if !remembers {
			other := &seekLines{linesSource: newLines(2, numbers(100, 120)...)}
			ins = append(ins, p.Source(nodeIn2, other, SourceOptions{Lines: true}))
		}
		out := p.Sink(nodeOut, sink, SinkOptions{})
		p.Region("r", RegionOptions{From: ins, To: []*Target{out}, Lanes: 2}, plain(nil))
		if _, err := p.Run(t.Context(), RunOptions{StateDir: dir}); err != nil {
			t.Fatal(err)
		}
		if a.count() != 20 {
			t.Errorf("remembers %t: %d answers", remembers, a.count())
		}
	}
}

// Where no checkpoint can be written any more nobody is told that its records are
// safe.
func TestNoCheckpointNoAnswer(t *testing.T) {
	noLeaks(t)
	dir := t.TempDir()
	a := newAnswers(t)
	source := &seekLines{linesSource: newLines(1, numbers(0, 3)...)}
	asksOneByOne(source.linesSource, a)
	sink := &statefulSink{}
	sink.onSync = func() error {
		if a.count() > 0 {
			return errors.New("the disk is gone")
		}
		return nil
	}
	k := newOne(source, sink, oneOptions{source: SourceOptions{Answers: true}})
	if _, err := k.p.Run(t.Context(), RunOptions{StateDir: dir}); err == nil {
		t.Error("the run is well")
	}
	if a.errs[0] != nil || a.errs[1] == nil {
		t.Errorf("answers: %v", a.errs)
	}
}
