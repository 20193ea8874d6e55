package flow

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// The tests here end with an error behind which more records were handled: the last
// checkpoint must not be one that is behind them, for the next run would find nothing
// left.

// Where the order is given up, batches behind the one that stopped the program have
// gone on.
func TestUnorderedStopSavesNothing(t *testing.T) {
	noLeaks(t)
	dir := t.TempDir()
	lines := numbers(0, 60)
	good := lines[1]
	lines[1] = "bad"
	sink := &statefulSink{}
	var passed atomic.Int32
	k := newOne(&seekLines{linesSource: newLines(3, lines...)}, sink, oneOptions{
		region: RegionOptions{Lanes: 2, Unordered: true},
		loop: func(l *lineLoop) {
			l.before = func(b *Batch) {
				for strings.Contains(string(b.Data), "bad") && passed.Load() < 5 {
					time.Sleep(time.Millisecond) // others overtake it
				}
				passed.Add(1)
			}
		},
	})
	k.p.info.CheckpointEvery = time.Hour
	_, err := run(t, k.p, RunOptions{StateDir: dir})
	var failed *RecordError
	if !errors.As(err, &failed) {
		t.Fatal(err)
	}
	if len(sink.text()) == 0 {
		t.Error("nothing has overtaken what stopped the program")
	}
	lines[1] = good
	k = newOne(&seekLines{linesSource: newLines(3, lines...)}, sink, oneOptions{})
	if _, err := run(t, k.p, RunOptions{StateDir: dir}); err != nil {
		t.Fatal(err)
	}
	equalLines(t, sink.lines(), lines)
}

// Too many failures stop a program, and the next run has all of them before it again.
func TestTooManyFailuresSaveNothing(t *testing.T) {
	noLeaks(t)
	dir := t.TempDir()
	lines := numbers(0, 3000)
	source := func() *seekLines { return &seekLines{linesSource: newLines(10, lines...)} }
	sink := &statefulSink{}
	k := newOne(source(), sink, oneOptions{
		nodes: func(nodes []Node) { nodes[nodeWork].Policy = Policy{Then: Drop, MaxDead: 0.01} },
		loop:  func(l *lineLoop) { l.per = func([]byte) error { return errBad } },
	})
	k.p.info.CheckpointEvery = time.Hour
	var many *TooManyError
	if _, err := run(t, k.p, RunOptions{StateDir: dir}); !errors.As(err, &many) {
		t.Fatal(err)
	}
	k = newOne(source(), sink, oneOptions{})
	if _, err := run(t, k.p, RunOptions{StateDir: dir}); err != nil {
		t.Fatal(err)
	}
	equalLines(t, sink.lines(), lines)
}

// A drain that takes too long has dropped what waited.
func TestLateDrainSavesNothing(t *testing.T) {
	noLeaks(t)
	dir := t.TempDir()
	lines := numbers(0, 300)
	source := &seekLines{linesSource: newLines(3, lines...)}
	source.endless = true
	var stuck atomic.Bool
	sink := &statefulSink{}
	k := newOne(source, sink, oneOptions{region: RegionOptions{Lanes: 1}})
	k.p.info.CheckpointEvery, k.p.info.Drain = time.Hour, 100*time.Millisecond
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	sink.before = func(*Out) error {
		if len(sink.data) > 0 && !stuck.Swap(true) {
			cancel()
			<-k.p.hard.Done() // it comes back when everybody is told to give up
		}
		return nil
	}
	if _, err := runCtx(ctx, t, k.p, RunOptions{StateDir: dir}); !errors.Is(err, ErrDrain) {
		t.Fatal(err)
	}
	sink.before = nil
	k = newOne(&seekLines{linesSource: newLines(3, lines...)}, sink, oneOptions{})
	if _, err := run(t, k.p, RunOptions{StateDir: dir}); err != nil {
		t.Fatal(err)
	}
	equalLines(t, sink.lines(), lines)
}
