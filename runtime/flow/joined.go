package flow

import "context"

// isJoined tells whether the program is one process of several (see Joined).
func (p *Program) isJoined() bool {
	for _, in := range p.sources {
		if _, ok := in.source.(Joined); ok {
			return true
		}
	}
	for _, s := range p.sinks {
		if _, ok := s.sink.(Joined); ok {
			return true
		}
	}
	return false
}

// StaysComplete tells whether this run handled all input of one process of several, which
// has nothing to do when it is started again. Ask when Run has returned.
func (p *Program) StaysComplete(r *Report) bool {
	return r.Ending == Complete && p.Kept() != Kept{} && p.isJoined()
}

// isComplete tells whether an earlier run of this process handled all of its input, so
// that there is nothing to read.
func (p *Program) isComplete(saved *Checkpoint) bool {
	return saved != nil && saved.Complete && p.replay == nil && p.isJoined()
}

// tellEnds has the sinks say that there is no more, where all of it is written.
func (p *Program) tellEnds(ctx context.Context) error {
	if !p.allWritten() {
		return nil
	}
	for _, s := range p.sinks {
		e, ok := s.sink.(Ender)
		if !ok || s.muted {
			continue
		}
		if err := p.insist(ctx, s.node, e.End); err != nil {
			return p.nodeError(s.node, "end", err)
		}
	}
	return nil
}

// endAgain closes the sinks of a process that is complete, which an earlier run may not
// have come to. Nothing is read.
func (p *Program) endAgain(ctx context.Context) (Ending, error) {
	for _, in := range p.sources {
		in.exhausted.Store(true)
	}
	if err := p.closeAll(context.WithoutCancel(ctx), true); err != nil {
		p.stop(err)
		return Broken, p.endError(err)
	}
	return Complete, nil
}
