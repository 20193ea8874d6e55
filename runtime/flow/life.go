package flow

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"sync"
	"time"
)

// A closing is something that was opened and must be closed.
type closing struct {
	node  int
	close func(ctx context.Context, done bool) error
}

// Run is the whole life of the program: it restores, opens, runs, drains when
// ctx ends, writes the last checkpoint and closes. The report is there whatever
// happens.
func (p *Program) Run(ctx context.Context, o RunOptions) (*Report, error) {
	p.started = time.Now()
	if o.Logger != nil {
		p.log = o.Logger
	}
	p.health.nodes, p.health.logger = p.info.Nodes, p.log
	if !p.state.CompareAndSwap(stateNew, stateOpening) {
		return p.report(Broken, errRanBefore), errRanBefore
	}
	p.reading, p.stopReading = context.WithCancel(context.WithoutCancel(ctx))
	p.hard, p.stopHard = context.WithCancel(context.WithoutCancel(ctx))
	defer p.stopHard()
	defer p.stopReading()
	ending, err := p.live(ctx, o)
	p.state.Store(stateDone)
	r := p.report(ending, err)
	if err == nil && !r.OK {
		err = r.sums
	}
	return r, err
}

var errRanBefore = &WiringError{"a program runs once"}

func (p *Program) live(ctx context.Context, o RunOptions) (Ending, error) {
	if err := p.wire(); err != nil {
		return Broken, err
	}
	saved, err := p.openState(ctx, o)
	if p.store != nil {
		defer p.store.close()
	}
	if err == nil {
		err = p.open(ctx, saved)
	}
	if err != nil {
		p.closeAll(context.WithoutCancel(ctx), false)
		if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
			// Told to stop before anything was read.
			return p.cutEnding(), nil
		}
		return Broken, err
	}
	p.state.Store(stateRunning)
	return p.runOpened(ctx)
}

// openState takes the lock of the state folder and reads the checkpoint, where a
// source can go back.
func (p *Program) openState(ctx context.Context, o RunOptions) (*Checkpoint, error) {
	if !p.seeks {
		return nil, nil
	}
	store, err := openStore(ctx, StateDir(o.StateDir, p.info.Name), o.Wait)
	if err != nil {
		return nil, err
	}
	p.store = store
	if o.Fresh {
		return nil, store.remove()
	}
	saved, err := store.load()
	if saved == nil || err != nil {
		return nil, err
	}
	if err := p.adopt(saved, store.path()); err != nil {
		return nil, err
	}
	p.log.Info("going on from the checkpoint", "path", store.path(), "generation", saved.Generation, "time", saved.Time)
	return saved, nil
}

// open opens sinks, then the components of the regions, then sources, so that
// nothing is read before it can be written.
func (p *Program) open(ctx context.Context, saved *Checkpoint) error {
	for _, s := range p.sinks {
		if err := p.openSink(ctx, s, saved); err != nil {
			return err
		}
	}
	for _, r := range p.regions {
		p.opened = append(p.opened, closing{r.node(), func(ctx context.Context, _ bool) error { return r.close(ctx) }})
		if err := p.guardCtx(ctx, r.node(), r.makeLanes); err != nil {
			return p.nodeError(r.node(), "open", err)
		}
	}
	for _, in := range p.sources {
		if err := p.openSource(ctx, in, saved); err != nil {
			return err
		}
	}
	for _, r := range p.regions {
		for _, in := range r.o.From {
			in.start(len(r.lanes))
		}
	}
	if saved == nil && p.store != nil {
		return p.saveStart()
	}
	return nil
}

// saveStart writes the first checkpoint, before anything is read, where sinks
// have a state: a crash before the next one must find them as they are now.
func (p *Program) saveStart() error {
	states := map[*sinkRun]json.RawMessage{}
	for _, s := range p.sinks {
		state, err := s.state()
		if err != nil {
			return err
		}
		if state != nil {
			states[s] = state
		}
	}
	if len(states) == 0 {
		return nil
	}
	return p.writeCheckpoint(nil, states, false)
}

func (p *Program) openSink(ctx context.Context, s *sinkRun, saved *Checkpoint) error {
	if stateful, ok := s.sink.(Stateful); ok && saved != nil {
		if state := saved.Sinks[s.name]; state != nil {
			err := p.insist(ctx, s.node, func(ctx context.Context) error { return stateful.Restore(ctx, state) })
			if err != nil {
				return p.nodeError(s.node, "restore", err)
			}
		}
	}
	p.opened = append(p.opened, closing{s.node, s.sink.Close})
	if err := p.insist(ctx, s.node, s.sink.Open); err != nil {
		return p.nodeError(s.node, "open", err)
	}
	return nil
}

func (p *Program) openSource(ctx context.Context, in *Input, saved *Checkpoint) error {
	if seeker, ok := in.source.(Seeker); ok && saved != nil {
		splits := saved.Sources[in.name].Splits
		in.places.restore(splits)
		if len(splits) > 0 {
			err := p.insist(ctx, in.node, func(ctx context.Context) error { return seeker.Seek(ctx, positionsOf(splits)) })
			if err != nil {
				return p.nodeError(in.node, "seek", err)
			}
		}
	}
	p.opened = append(p.opened, closing{in.node, func(ctx context.Context, _ bool) error { return in.source.Close(ctx) }})
	if err := p.insist(ctx, in.node, in.source.Open); err != nil {
		return p.nodeError(in.node, "open", err)
	}
	return nil
}

// insist calls what opens something: as long as the other side is not there,
// again and again.
func (p *Program) insist(ctx context.Context, node int, call func(context.Context) error) error {
	policy := &p.policies[node]
	for attempt := 1; ; attempt++ {
		err := p.guardCtx(ctx, node, call)
		if err == nil {
			p.health.well(node)
			return nil
		}
		if !unavailable(err) {
			return err
		}
		p.health.gone(node, err)
		if !policy.pause(ctx, attempt) {
			return ctx.Err()
		}
	}
}

// nodeError says which node an error is of, unless the error says so itself.
func (p *Program) nodeError(node int, op string, err error) error {
	var named *NodeError
	var wiring *WiringError
	if node < 0 || errors.As(err, &named) || errors.As(err, &wiring) {
		return err
	}
	n := &p.info.Nodes[node]
	return &NodeError{Node: n.Name, Line: n.Place, Op: op, Err: err}
}

// runOpened runs everything until the sinks have come to the end.
func (p *Program) runOpened(ctx context.Context) (Ending, error) {
	var work, checkpoints sync.WaitGroup
	for _, s := range p.sinks {
		work.Go(s.run)
	}
	for _, r := range p.regions {
		for _, in := range r.o.From {
			switch {
			case r.o.Keyed:
				work.Go(in.workKeyed)
			default:
				for _, l := range r.lanes {
					if r.idle != nil {
						l = nil
					}
					work.Go(func() { in.work(l) })
				}
			}
		}
	}
	finish := make(chan struct{})
	if p.seeks || p.acks {
		checkpoints.Go(func() { p.keepCheckpoints(finish) })
	}
	finished := make(chan struct{})
	go func() {
		work.Wait()
		close(finish)
		checkpoints.Wait()
		close(finished)
	}()
	cut, inTime := p.await(ctx, finished)
	if !inTime {
		p.abandonTickets()
		p.stop(ErrDrain)
		return Broken, p.endError(ErrDrain)
	}
	return p.end(context.WithoutCancel(ctx), cut)
}

// await waits for the end. When ctx ends, or an error stops the program, the
// sources are not read any more, and the rest has its time: three quarters of it
// to drain in order, then everything that waits is told to give up, and at the
// end of the last quarter nobody waits any longer.
func (p *Program) await(ctx context.Context, finished <-chan struct{}) (cut, inTime bool) {
	select {
	case <-finished:
		return false, true
	case <-ctx.Done():
		cut = true
		p.log.Info("draining", "deadline", p.drainTime())
	case <-p.reading.Done():
	}
	p.state.Store(stateDraining)
	p.stopReading()
	drain := p.drainTime()
	if within(finished, drain-drain/4) {
		return cut, true
	}
	p.stop(ErrDrain)
	p.taint()
	p.stopHard()
	for _, t := range p.queues {
		t.queue.close()
	}
	for _, s := range p.sinks {
		s.target.queue.close()
	}
	return cut, within(finished, drain/4)
}

func within(finished <-chan struct{}, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-finished:
		return true
	case <-timer.C:
		return false
	}
}

// end writes the last checkpoint and closes everything.
func (p *Program) end(ctx context.Context, cut bool) (Ending, error) {
	p.judgeShares()
	complete := p.stopError() == nil && p.allRead()
	done := p.commitEnd(complete) && complete
	p.abandonTickets()
	if err := p.closeAll(ctx, done); err != nil {
		done = false
		p.stop(err)
	}
	if done && p.store != nil {
		if err := p.store.remove(); err != nil {
			p.stop(err)
		}
	}
	if err := p.stopError(); err != nil {
		return Broken, p.endError(err)
	}
	if complete {
		return Complete, nil
	}
	if cut {
		return p.cutEnding(), nil
	}
	return Complete, nil
}

// endError is the error of the run: what stopped it first.
func (p *Program) endError(err error) error {
	if first := p.stopError(); first != nil && first != err {
		if errors.Is(err, ErrDrain) {
			return errors.Join(first, err)
		}
		return first
	}
	return err
}

// judgeShares applies max_dead to all records.
func (p *Program) judgeShares() {
	for _, n := range p.limited {
		if err := p.shares[n].end(); err != nil && p.stopError() == nil {
			p.stop(err)
		}
	}
}

// allRead tells whether every source came to its end by itself.
func (p *Program) allRead() bool {
	for _, in := range p.sources {
		if !in.exhausted.Load() {
			return false
		}
	}
	return true
}

// cutEnding is how a program ended that was told to: an endless one was drained,
// a bounded one is not done.
func (p *Program) cutEnding() Ending {
	for _, in := range p.sources {
		endless, ok := in.source.(Endless)
		if !in.exhausted.Load() && (!ok || !endless.Endless()) {
			return CutShort
		}
	}
	return Drained
}

// abandonTickets answers the senders whose batches did not get through.
func (p *Program) abandonTickets() {
	for _, in := range p.sources {
		in.book.abandon(ErrStopped)
	}
}

// closeAll closes what was opened, sources first. All are closed; the first
// error counts. Who does not come to an end in time is left alone.
func (p *Program) closeAll(ctx context.Context, done bool) error {
	ctx, cancel := context.WithTimeout(ctx, p.drainTime())
	defer cancel()
	opened := p.opened
	p.opened = nil
	result := make(chan error, 1)
	go func() {
		var first error
		for i := len(opened) - 1; i >= 0; i-- {
			c := opened[i]
			err := p.guard(c.node, func() error { return c.close(ctx, done) })
			if err == nil {
				continue
			}
			err = p.nodeError(c.node, "close", err)
			p.log.Error("closing failed", slog.Any("error", err))
			if first == nil {
				first = err
			}
		}
		result <- first
	}()
	select {
	case err := <-result:
		return err
	case <-ctx.Done():
	}
	// Those that heard of it get a moment to say so.
	grace := time.NewTimer(p.drainTime() / 4)
	defer grace.Stop()
	select {
	case err := <-result:
		return err
	case <-grace.C:
		return ErrDrain
	}
}
