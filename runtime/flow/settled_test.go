package flow

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"
)

// askedSink counts how often its state is asked for.
type askedSink struct {
	statefulSink
	asked atomic.Int32
}

func (s *askedSink) State() (any, error) {
	s.asked.Add(1)
	return s.statefulSink.State()
}

// A sink that comes to its end while a checkpoint is on its way is asked for its
// state when that is written, and not before: it takes the question for a sign that
// what it said last is stored.
func TestStateWaitsForTheCheckpoint(t *testing.T) {
	noLeaks(t)
	source := &seekLines{linesSource: newLines(3, numbers(0, 90)...)}
	asked, table := &askedSink{}, &tableSink{}
	var p *Program
	saving := make(chan struct{})
	source.wait = func(ctx context.Context, n int) error {
		if n == 20 {
			select {
			case <-saving:
			case <-ctx.Done():
			}
		}
		return nil
	}
	commits := 0
	table.fault = func(call string) tableFault {
		if call != "commit" {
			return noFault
		}
		if commits++; commits == 2 { // behind the one at the start: of a barrier
			before := asked.asked.Load()
			close(saving)
			for !p.allRead() {
				time.Sleep(time.Millisecond)
			}
			time.Sleep(50 * time.Millisecond) // the other sink is at its end by now
			if now := asked.asked.Load(); now != before {
				t.Errorf("its state was asked for %d times, and the checkpoint is not written", now-before)
			}
		}
		return noFault
	}
	p = New(testInfo(nil))
	p.info.CheckpointEvery = time.Millisecond
	in := p.Source(nodeIn, source, SourceOptions{Lines: true})
	to := []*Target{p.Sink(nodeOut, asked, SinkOptions{}), p.Sink(nodeOut2, table, SinkOptions{KeepsCheckpoint: true, Depth: 100})} // it is not to stop the source
	p.Region("r", RegionOptions{From: []*Input{in}, To: to, Lanes: 1}, plain(func(l *lineLoop) { l.wide = true }))
	if _, err := run(t, p, RunOptions{}); err != nil {
		t.Fatal(err)
	}
	if commits < 3 {
		t.Errorf("%d commits: none of a barrier", commits)
	}
	equalLines(t, asked.lines(), numbers(0, 90))
}

// Where a checkpoint can't be written no sink is asked for its state any more, and no
// source is told that something is safe.
func TestNoStateBehindAFailedCheckpoint(t *testing.T) {
	noLeaks(t)
	var p *Program
	sink := &untaintedSink{askedSink: &askedSink{}, t: t, tainted: func() bool { return p.tainted.Load() }}
	source := &ackedSource{seekLines: seekLines{linesSource: newLines(3, numbers(0, 900)...)}, t: t, safe: func(int) bool { return !p.tainted.Load() }}
	source.wait = slowly
	k := newOne(source, sink, oneOptions{})
	p = k.p
	p.info.CheckpointEvery = time.Millisecond
	_, err := run(t, p, RunOptions{Begin: func() error {
		p.store.keeper = &failingKeeper{keeper: p.store.keeper}
		return nil
	}})
	var state *StateError
	if !errors.As(err, &state) {
		t.Fatalf("%v", err)
	}
}

// failingKeeper saves a few checkpoints, and then no more.
type failingKeeper struct {
	keeper
	saves int
}

func (k *failingKeeper) save(ctx context.Context, c *Checkpoint, previous uint64) error {
	if k.saves++; k.saves > 3 {
		return &StateError{Path: k.where(), Reason: "the disk is broken"}
	}
	return k.keeper.save(ctx, c, previous)
}

// untaintedSink is not to be asked for its state when the program saves nothing more.
type untaintedSink struct {
	*askedSink
	t       *testing.T
	tainted func() bool
}

func (s *untaintedSink) State() (any, error) {
	if s.tainted() {
		s.t.Error("its state was asked for when no checkpoint could be written any more")
	}
	return s.askedSink.State()
}
