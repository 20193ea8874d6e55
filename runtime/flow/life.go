package flow

import (
	"context"
	"errors"
	"sync"
	"time"
)

// Run is the whole life of the program: it restores, opens, runs, drains when
// ctx ends, writes the last checkpoint and closes. The report is there whatever
// happens.
func (p *Program) Run(ctx context.Context, o RunOptions) (*Report, error) {
	p.started = time.Now()
	if o.Logger != nil {
		p.log = o.Logger
	}
	p.health.nodes, p.health.logger = p.patients(), p.log
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
	if o.Begin != nil {
		o.Begin = sync.OnceValue(o.Begin)
	}
	err := p.takeState(ctx, o)
	if p.store != nil {
		defer p.store.close()
	}
	if err == nil && o.Begin != nil {
		err = o.Begin()
	}
	var saved *Checkpoint
	if err == nil {
		saved, err = p.loadState(ctx, o)
	}
	again := err == nil && p.isComplete(saved)
	switch {
	case err != nil:
	case again:
		err = p.openSinks(ctx, saved)
	default:
		if err = p.open(ctx, saved); err == nil {
			err = p.beginCare(ctx)
		}
	}
	if err != nil {
		_ = p.closeAll(context.WithoutCancel(ctx), false) // what opening said comes first
		if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
			// Told to stop before anything was read.
			end, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTime)
			defer cancel()
			if err := p.care.end(end, nil); err != nil {
				p.log.Warn("the next run takes this one for one that died", "error", err)
			}
			return p.cutEnding(), nil
		}
		return Broken, err
	}
	p.state.Store(stateRunning)
	if again {
		return p.endAgain(ctx)
	}
	ending, err := p.runOpened(ctx)
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), p.drainTime())
	defer cancel()
	if careErr := p.care.end(end, err); err == nil && careErr != nil {
		return Broken, careErr
	}
	return ending, err
}

// runOpened runs everything until the sinks have come to the end.
func (p *Program) runOpened(ctx context.Context) (Ending, error) {
	var work, checkpoints sync.WaitGroup
	p.wanted = make(chan struct{}, 1)
	for _, in := range p.sources {
		if in.answersLate() {
			in.book.late = p.wanted
		}
	}
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
	if p.replay != nil {
		work.Go(func() { p.replay.feed(p.reading) })
	}
	if p.seeks || p.acks || p.replay != nil {
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
	return p.end(ctx, cut)
}

// end writes the last checkpoint and closes everything. Only what is told before that
// may take as long as it takes, until ctx ends.
func (p *Program) end(ctx context.Context, cut bool) (Ending, error) {
	p.judgeShares()
	complete := p.stopError() == nil && p.allRead()
	untold := false
	if complete {
		if err := p.tellEnds(ctx); err != nil {
			complete, untold = false, ctx.Err() != nil
			if !untold {
				p.stop(err)
			}
		}
	}
	ctx = context.WithoutCancel(ctx)
	commit, cancel := context.WithTimeout(ctx, p.drainTime())
	//flowc:point before the last checkpoint
	done := p.commitEnd(commit, complete) && complete
	//flowc:point behind the last checkpoint
	cancel()
	p.abandonTickets()
	if p.replay != nil && !p.replay.alone {
		done = false // what it added to is to be gone on with
	}
	if err := p.closeAll(ctx, done); err != nil {
		done = false
		p.stop(err)
	}
	//flowc:point all is closed
	if done && p.store != nil && !p.store.keeper.lasts() && !p.isJoined() {
		if err := p.store.remove(ctx); err != nil {
			p.stop(err)
		}
	}
	//flowc:point the checkpoint is removed
	if err := p.stopError(); err != nil {
		return Broken, p.endError(err)
	}
	if complete {
		return Complete, nil
	}
	switch {
	case untold:
		return CutShort, nil
	case cut:
		return p.cutEnding(), nil
	}
	return Complete, nil
}

// endError is the error of the run: what stopped it first.
func (p *Program) endError(err error) error {
	first := p.stopError()
	switch {
	case first == nil:
		return err
	case errors.Is(err, ErrDrain) && !errors.Is(first, ErrDrain):
		return errors.Join(first, err)
	}
	return first
}

// judgeShares applies max_dead to all records, as watch does to the last ones.
func (p *Program) judgeShares() {
	for _, n := range p.limited {
		if err := p.shares[n].end(); err != nil && p.stopError() == nil {
			p.taint()
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
