package flow

import (
	"context"
	"encoding/json"
	"sync"
	"time"
)

// A barrier divides what belongs to a checkpoint from what comes after it. It
// starts behind what each source has read, passes regions and queues behind the
// packets of those batches, and reaches every sink. When all sinks have made
// durable what came before it, the sources' positions at the barrier are safe.
type barrier struct {
	number  uint64
	control *control
	// Guarded by control.mu:
	sources map[*Input]sourceMark
	sinks   map[*sinkRun]json.RawMessage
	missing map[*sinkRun]bool // sinks that have not come to it
	failed  bool
	done    chan struct{}
	// byKeeper tells that the sink that keeps checkpoints has come to it, and will
	// write this one; over is closed when it has.
	byKeeper bool
	over     chan struct{}
	// settled is closed when the checkpoint is written, or it is certain that it will
	// not be.
	settled chan struct{}
}

// control is what the parts of a running program tell the one that makes
// checkpoints.
type control struct {
	mu      sync.Mutex
	current *barrier
	// ended has what sources and sinks were when they came to their end.
	endedSources map[*Input]sourceMark
	endedSinks   map[*sinkRun]json.RawMessage
	sinkFailed   bool
}

// note takes a source's places when it passes the barrier on.
func (b *barrier) note(in *Input, m sourceMark) {
	b.control.mu.Lock()
	b.sources[in] = m
	b.control.mu.Unlock()
}

// answer is a sink's: everything before the barrier is durable (ok), and this is
// its state there.
func (b *barrier) answer(s *sinkRun, state json.RawMessage, ok bool) {
	c := b.control
	c.mu.Lock()
	defer c.mu.Unlock()
	b.answered(s, state, ok)
}

func (b *barrier) answered(s *sinkRun, state json.RawMessage, ok bool) {
	if !b.missing[s] {
		return
	}
	delete(b.missing, s)
	b.sinks[s] = state
	b.failed = b.failed || !ok
	if len(b.missing) == 0 {
		close(b.done)
	}
}

// sourceEnded notes the last places of a source.
func (p *Program) sourceEnded(in *Input, m sourceMark) {
	c := &p.control
	c.mu.Lock()
	c.endedSources[in] = m
	c.mu.Unlock()
}

// sinkEnded notes the last state of a sink; a barrier that did not reach it
// before its end is answered by that.
func (p *Program) sinkEnded(s *sinkRun, state json.RawMessage, ok bool) {
	c := &p.control
	c.mu.Lock()
	defer c.mu.Unlock()
	c.endedSinks[s] = state
	c.sinkFailed = c.sinkFailed || !ok
	if c.current != nil {
		c.current.answered(s, state, ok)
	}
}

// begin makes a barrier for all sinks that are still at work.
func (p *Program) beginBarrier(number uint64) *barrier {
	c := &p.control
	b := &barrier{
		number: number, control: c,
		sources: map[*Input]sourceMark{}, sinks: map[*sinkRun]json.RawMessage{},
		missing: map[*sinkRun]bool{}, done: make(chan struct{}), over: make(chan struct{}), settled: make(chan struct{}),
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range p.sinks {
		if state, ended := c.endedSinks[s]; ended {
			b.sinks[s] = state
			continue
		}
		b.missing[s] = true
	}
	c.current = b
	return b
}

// keepCheckpoints makes one every so often, until finish is closed. At most one
// is on its way.
func (p *Program) keepCheckpoints(finish <-chan struct{}) {
	tick := time.NewTicker(p.checkpointEvery())
	defer tick.Stop()
	var passing sync.WaitGroup
	defer passing.Wait()
	seen := make(map[*Input]uint64)
	took := time.Duration(0)
	for number := uint64(1); ; {
		select {
		case <-finish:
			return
		case <-tick.C:
		case <-p.wanted:
			// More may come to share it: what makes checkpoints does nothing else for
			// half of the time at most.
			if took > time.Millisecond && !sleep(p.reading, min(took, p.checkpointEvery())) && p.hard.Err() != nil {
				return
			}
		case <-p.care.steps():
		}
		began := time.Now()
		if p.tainted.Load() || !p.moved(seen) && !p.anySettled() {
			continue
		}
		p.markSettled()
		b := p.beginBarrier(number)
		number++
		if !p.passBarrier(b, &passing) {
			return // every source has ended: the last checkpoint is the next
		}
		select {
		case <-b.done:
		case <-finish:
			return
		}
		if !b.isByKeeper() {
			p.commit(b)
			took = time.Since(began)
			continue
		}
		select {
		case <-b.over:
		case <-finish:
			return
		}
		took = time.Since(began)
	}
}

// passBarrier passes a barrier on for all sources, and tells whether one of them
// has not ended. Each has a goroutine: it may come to hand on what lies behind the
// barrier, and that waits for those of the other sources.
func (p *Program) passBarrier(b *barrier, passing *sync.WaitGroup) bool {
	sent := make(chan bool, len(p.sources))
	for _, in := range p.sources {
		passing.Go(func() { sent <- in.passBarrier(b) })
	}
	for range p.sources {
		if <-sent {
			return true
		}
	}
	return false
}

func (b *barrier) isByKeeper() bool {
	b.control.mu.Lock()
	defer b.control.mu.Unlock()
	return b.byKeeper
}

// moved tells whether a source has read something since the last time, or a sink has
// changed by itself.
func (p *Program) moved(seen map[*Input]uint64) bool {
	moved := p.stirred.Swap(false)
	for _, in := range p.sources {
		if n := in.order.count(); n != seen[in] {
			seen[in] = n
			moved = true
		}
	}
	return moved
}

// commit makes a checkpoint of a barrier that all sinks have answered.
func (p *Program) commit(b *barrier) {
	defer close(b.settled)
	c := &p.control
	c.mu.Lock()
	c.current = nil
	marks := make(map[*Input]sourceMark, len(p.sources))
	complete := !b.failed
	for _, in := range p.sources {
		m, ok := b.sources[in]
		if !ok {
			m, ok = c.endedSources[in]
		}
		complete = complete && ok
		marks[in] = m
	}
	states := b.sinks
	c.mu.Unlock()
	if complete && !p.tainted.Load() && p.save(p.hard, marks, states, false) {
		p.tellSettled(false)
	}
}

// commitEnd makes the last checkpoint, when all sources and sinks have ended.
func (p *Program) commitEnd(ctx context.Context, complete bool) bool {
	if !p.allWritten() {
		return false
	}
	c := &p.control
	c.mu.Lock()
	marks, states := c.endedSources, c.endedSinks
	c.mu.Unlock()
	if !p.save(ctx, marks, states, complete) {
		return false
	}
	p.tellSettled(true)
	return true
}

// allWritten tells whether all sources and sinks have come to their end, and nothing is
// missing in a sink.
func (p *Program) allWritten() bool {
	c := &p.control
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.sinkFailed && len(c.endedSinks) == len(p.sinks) && len(c.endedSources) == len(p.sources) && !p.tainted.Load()
}

// save writes a checkpoint, where sources can go back, and tells the sources
// how far everything is safe.
func (p *Program) save(ctx context.Context, marks map[*Input]sourceMark, states map[*sinkRun]json.RawMessage, complete bool) bool {
	//flowc:point before the checkpoint
	if p.store != nil {
		if err := p.writeCheckpoint(ctx, marks, states, complete); err != nil {
			p.taint()
			p.stop(err)
			return false
		}
	}
	//flowc:point between checkpoint and ack
	for _, in := range p.sources {
		acker, ok := in.source.(Acker)
		if !ok {
			continue
		}
		positions := marks[in].positions()
		if len(positions) == 0 {
			continue
		}
		err := p.guard(in.node, func() error { return acker.Ack(p.hard, positions) })
		if err != nil && p.hard.Err() == nil {
			// What is not acknowledged comes again: nothing is lost by it.
			p.log.Warn("acknowledging failed", "node", in.name, "error", err)
		}
	}
	//flowc:point behind the ack
	return true
}
