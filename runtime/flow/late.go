package flow

// Where a crash takes the sinks back to the checkpoint, a sender whose records they
// have is answered too early: a file is cut to the length that the checkpoint knows,
// and what came behind it is gone, although its sender was told that it is safe. So
// such senders are answered by the checkpoint that has their records. It is made as
// soon as somebody waits for it, and all who wait share it.

// answersLate tells whether the senders of an input are answered by a checkpoint:
// one is kept, and a sink goes back to it, or the source remembers in it what it has
// had.
func (in *Input) answersLate() bool {
	p := in.p
	if !in.options.Answers || !p.checkpointing() || p.replay != nil {
		return false
	}
	if _, ok := in.source.(Seeker); ok {
		return true
	}
	for _, s := range p.sinks {
		if _, ok := s.sink.(Stateful); ok {
			return true
		}
	}
	return false
}

// settle keeps a ticket of a batch that all sinks have, for the next checkpoint.
// The caller holds mu.
func (k *book) settle(t *ticket) {
	k.settled = append(k.settled, t)
	select {
	case k.late <- struct{}{}:
	default: // it is known
	}
}

// anySettled tells whether somebody waits for a checkpoint.
func (p *Program) anySettled() bool {
	for _, in := range p.sources {
		in.book.mu.Lock()
		some := len(in.book.settled) > 0
		in.book.mu.Unlock()
		if some {
			return true
		}
	}
	return false
}

// markSettled is called before a barrier begins: what is settled by then lies before
// it in every sink.
func (p *Program) markSettled() {
	for _, in := range p.sources {
		in.book.mu.Lock()
		in.book.before = append(in.book.before, in.book.settled...)
		in.book.settled = in.book.settled[:0]
		in.book.mu.Unlock()
	}
}

// tellSettled answers those whose records are in a checkpoint; all tells that this
// one is the last, and has everything.
func (p *Program) tellSettled(all bool) {
	for _, in := range p.sources {
		k := &in.book
		k.mu.Lock()
		told := k.before
		k.before = nil
		if all {
			told = append(told, k.settled...)
			k.settled = nil
		}
		if k.closed {
			told = nil
		}
		k.mu.Unlock()
		for _, t := range told {
			k.tell(t)
		}
		k.mu.Lock()
		k.pool = append(k.pool, told...)
		k.mu.Unlock()
	}
}
