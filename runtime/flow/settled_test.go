package flow

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
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

// Where a checkpoint can't be written no sink is asked for its state any more.
func TestNoStateBehindAFailedCheckpoint(t *testing.T) {
	noLeaks(t)
	dir := t.TempDir()
	sink := &askedSink{}
	source := &seekLines{linesSource: newLines(3, numbers(0, 90)...)}
	k := newOne(source, sink, oneOptions{region: RegionOptions{Lanes: 1}})
	path := filepath.Join(StateDir(dir, "test"), checkpointFile)
	atFailure := int32(-1)
	source.wait = func(ctx context.Context, n int) error {
		if n == 10 { // somebody has been at the checkpoint
			other := &Checkpoint{Pipeline: "test", Generation: 1000, Sources: map[string]SourceState{}, Sinks: map[string]json.RawMessage{}}
			text, err := other.encode()
			if err == nil {
				err = os.WriteFile(path, text, 0o644)
			}
			if err != nil {
				t.Error(err)
			}
			for !k.p.tainted.Load() && ctx.Err() == nil {
				time.Sleep(time.Millisecond)
			}
			atFailure = sink.asked.Load()
		}
		return nil
	}
	k.p.info.CheckpointEvery = time.Millisecond
	_, err := run(t, k.p, RunOptions{StateDir: dir})
	var state *StateError
	if !errors.As(err, &state) {
		t.Fatalf("%v", err)
	}
	if now := sink.asked.Load(); now != atFailure {
		t.Errorf("its state was asked for %d times when no checkpoint could be written any more", now-atFailure)
	}
}
