package flow

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// A Snapshot is what a running program is doing, for metrics and progress.
type Snapshot struct {
	// Nodes are the nodes with their counters, in the order of Info.Nodes.
	Nodes []NodeCount
	// Sources and Sinks by name, in the order in which they were added.
	Sources []Flow
	Sinks   []Flow
	Queues  []QueueLoad
	// InFlight is how many batches have been read and not handed on; Waiting
	// how many senders wait for an answer.
	InFlight, Waiting int
	// Checkpoint is the generation of the last one, 0 for none, and Age its
	// age.
	Checkpoint uint64
	Age        time.Duration
	// Running is the time since the start.
	Running time.Duration
}

// A NodeCount is a node's counters.
type NodeCount struct {
	Name string
	Count
}

// A Flow is the traffic of a source or sink; Total is how many bytes a source
// has in all, 0 where it does not know. Range is how far the range of a source is
// read, nil where it has none. Lag is how many messages wait for a source, nil where it
// does not know.
type Flow struct {
	Name string
	Traffic
	Total int64
	Range *Progress
	Lag   *int64
}

// A QueueLoad is what waits in the queue of a sink or between regions.
type QueueLoad struct {
	Name           string
	Packets, Bytes int
}

// Snapshot may be called at any time while the program runs.
func (p *Program) Snapshot() Snapshot {
	s := Snapshot{}
	if p.state.Load() < stateRunning {
		return s
	}
	s.Running = time.Since(p.started)
	for i, c := range p.counts() {
		s.Nodes = append(s.Nodes, NodeCount{p.info.Nodes[i].Name, c})
	}
	for _, in := range p.sources {
		f := Flow{Name: in.name, Traffic: in.traffic()}
		if sized, ok := in.source.(Sized); ok {
			f.Total = sized.Size()
		}
		if r := chunked(in.source); r != nil {
			progress := r.Progress()
			f.Range = &progress
		}
		if l, ok := in.source.(Lagging); ok {
			if waits, known := l.Lag(); known {
				f.Lag = &waits
			}
		}
		s.Sources = append(s.Sources, f)
		s.Waiting += in.book.waiting()
	}
	for _, k := range p.sinks {
		s.Sinks = append(s.Sinks, Flow{Name: k.name, Traffic: Traffic{k.counts.out.Load(), k.counts.bytes.Load()}})
		s.Queues = append(s.Queues, k.target.load())
	}
	for _, t := range p.queues {
		s.Queues = append(s.Queues, t.load())
	}
	for _, r := range p.regions {
		for _, in := range r.o.From {
			s.InFlight += in.order.inFlight()
		}
	}
	if last := p.lastCheckpoint.Load(); last != nil {
		s.Checkpoint, s.Age = last.generation, time.Since(last.at)
	}
	return s
}

func (t *Target) load() QueueLoad {
	packets, bytes := t.queue.load()
	return QueueLoad{t.name, packets, bytes}
}

// Bounded tells that the program ends by itself: no source is endless.
func (p *Program) Bounded() bool {
	for _, in := range p.sources {
		if endless, ok := in.source.(Endless); ok && endless.Endless() {
			return false
		}
	}
	return true
}

// Info is what New was given.
func (p *Program) Info() Info { return p.info }

// Ill says of the nodes that have lost their connection, or fail again and again, why.
// It may be called at any time.
func (p *Program) Ill() map[string]error { return p.health.all() }

// GoesOn has a program whose records are all done count as ready: what runs behind them or
// beside them goes on.
func (p *Program) GoesOn() { p.onward.Store(true) }

// Ready tells whether the program takes work: it is running, not draining, and
// everything that has a health of its own is well.
func (p *Program) Ready(ctx context.Context) error {
	switch p.state.Load() {
	case stateNew, stateOpening:
		if err := p.health.err(); err != nil {
			return err
		}
		return errors.New("starting")
	case stateDraining:
		return errors.New("draining")
	case stateDone:
		if p.onward.Load() {
			return nil
		}
		return errors.New("ended")
	}
	if err := p.health.err(); err != nil {
		return err
	}
	ask := func(name string, part any) error {
		if w, ok := part.(Waker); ok {
			if err := p.guardCtx(ctx, -1, w.Healthy); err != nil {
				return fmt.Errorf("`%s`: %w", name, err)
			}
		}
		return nil
	}
	for _, in := range p.sources {
		if err := ask(in.name, in.source); err != nil {
			return err
		}
	}
	for _, s := range p.sinks {
		if err := ask(s.name, s.sink); err != nil {
			return err
		}
	}
	for _, r := range p.regions {
		for _, l := range r.lanes {
			if err := ask(r.name, l.engine.loop); err != nil {
				return err
			}
		}
	}
	return nil
}

// Rename gives the program another name, for a copy of it that has a state of its own.
// It is called before Run.
func (p *Program) Rename(name string) { p.info.Name = name }
