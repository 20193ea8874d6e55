package flow

// stop begins an ordered end because of an error; the first one counts.
func (p *Program) stop(err error) {
	p.mu.Lock()
	first := p.failure == nil
	if first {
		p.failure = err
	}
	p.mu.Unlock()
	if first {
		p.state.CompareAndSwap(stateRunning, stateDraining)
	}
	p.stopReading()
}

// taint ends checkpoints: what the sinks have is no longer what the sources'
// positions say.
func (p *Program) taint() { p.tainted.Store(true) }

// stopError is what stopped the program.
func (p *Program) stopError() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.failure
}

// noteRecordError keeps the first failed record of each node, as an example for
// the report.
func (p *Program) noteRecordError(node int, e *RecordError) {
	p.mu.Lock()
	if p.examples[node] == nil {
		p.examples[node] = e
	}
	p.mu.Unlock()
}

func (in *Input) noteFailure(b *Batch, f *failure) {
	in.p.mu.Lock()
	known := in.p.examples[f.node] != nil
	in.p.mu.Unlock()
	if !known {
		in.p.noteRecordError(f.node, in.describe(b, f))
	}
}
