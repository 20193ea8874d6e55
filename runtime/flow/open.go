package flow

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// takeState makes the state the program's own, where a source can go back.
func (p *Program) takeState(ctx context.Context, o RunOptions) error {
	if !p.seeks && p.replay == nil {
		return nil
	}
	var err error
	if p.cells != nil {
		p.store, err = p.openElsewhere(ctx, o)
	} else {
		p.store, err = openStore(ctx, StateDir(o.StateDir, p.info.Name), o.Wait)
	}
	if err != nil {
		return err
	}
	if p.replay != nil {
		return p.replay.begin(p.store)
	}
	return nil
}

// loadState reads the checkpoint to go on from, where there is one. The sink that
// keeps it is open then.
func (p *Program) loadState(ctx context.Context, o RunOptions) (*Checkpoint, error) {
	store := p.store
	if store == nil {
		return nil, nil
	}
	if err := p.openKeeper(ctx); err != nil {
		return nil, err
	}
	if k, ok := store.keeper.(*sinkKeeper); ok {
		if err := k.claim(ctx); err != nil {
			return nil, err
		}
	}
	if o.Fresh {
		return nil, errors.Join(store.remove(ctx), store.removeNote(ctx, careFile))
	}
	saved, err := store.load(ctx)
	if err == nil {
		saved, err = p.absorbReplay(ctx, saved)
	}
	if saved == nil || err != nil {
		return nil, err
	}
	if err := p.adopt(saved, store.keeper.where()); err != nil {
		return nil, err
	}
	if p.replay != nil {
		return saved, nil
	}
	p.log.Info("going on from the checkpoint", "path", store.keeper.where(), "generation", saved.Generation, "time", saved.Time)
	switch {
	case p.isComplete(saved):
		p.log.Info("an earlier run of this process handled all input: it ends (--fresh begins anew, in all processes of the pipeline)")
	case saved.Complete && store.keeper.lasts():
		p.log.Info("an earlier run handled all input: only what has come since is new (--fresh begins anew)")
	}
	return saved, nil
}

// open opens sinks, then the components of the regions, then sources, so that
// nothing is read before it can be written.
func (p *Program) open(ctx context.Context, saved *Checkpoint) error {
	if err := p.openSinks(ctx, saved); err != nil {
		return err
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
	//flowc:point all is open
	if p.store != nil && (saved == nil || p.startsAnew()) {
		return p.saveStart(ctx)
	}
	return nil
}

// openSinks opens the sinks that are not open yet, as they are in the checkpoint.
func (p *Program) openSinks(ctx context.Context, saved *Checkpoint) error {
	for _, s := range p.sinks {
		if s.keeps() {
			continue // it is open: the checkpoint came from it
		}
		if s.muted {
			continue
		}
		if err := p.prepareReplay(s); err != nil {
			return err
		}
		if err := p.openSink(ctx, s, saved); err != nil {
			return err
		}
	}
	return nil
}

// startsAnew tells whether a source has decided where it begins.
func (p *Program) startsAnew() bool {
	return slices.ContainsFunc(p.sources, func(in *Input) bool { return in.started })
}

// saveStart writes the first checkpoint, before anything is read, where sinks
// have a state or a source has decided where it begins: a crash before the next
// one must find them as they are now.
func (p *Program) saveStart(ctx context.Context) error {
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
	if !p.startsAnew() {
		if len(states) == 0 {
			return nil
		}
		return p.writeCheckpoint(ctx, nil, states, false)
	}
	marks := map[*Input]sourceMark{}
	for _, in := range p.sources {
		marks[in] = in.places.snapshot()
	}
	return p.writeCheckpoint(ctx, marks, states, false)
}

// openKeeper opens the sink that keeps the checkpoint, where one does.
func (p *Program) openKeeper(ctx context.Context) error {
	s, sink := p.keeperSink()
	if s == nil {
		return nil
	}
	p.store.keeper, p.store.kept = &sinkKeeper{s, sink}, s
	sink.Keep(p.info.Name)
	if paced, ok := sink.(Paced); ok {
		paced.Pace(p.checkpointEvery())
	}
	return p.openSink(ctx, s, nil)
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
	if seeker, ok := in.source.(Seeker); ok && saved != nil && p.replay == nil {
		where := p.store.keeper.where()
		splits := saved.Sources[in.name].Splits
		if p, ok := RangeOf(saved.Sources[in.name]); ok && chunked(in.source) == nil {
			// To the source alone these may look like positions of its own.
			return &StateError{Path: where, Reason: fmt.Sprintf("an earlier run of the source `%s` has read the range %s, and this one reads all there is: give it the `range` again, start over with --fresh, or give this pipeline another name", in.name, p.Range)}
		}
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
	if r := chunked(in.source); r != nil {
		progress := r.Progress()
		p.log.Info("reading a range", "node", in.name, "range", progress.Range, "chunks", progress.Chunks, "through", progress.Ended)
	}
	if starter, ok := in.source.(Starter); ok && p.replay == nil {
		if start := starter.Start(); len(start) > 0 && in.places.bySplit != nil {
			in.places.begin(start)
			in.started = true
		}
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
		if !policy.pause(ctx, attempt, err) {
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
