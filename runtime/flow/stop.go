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
		p.examples[node], e.example = e, true
	}
	p.mu.Unlock()
}

// noteLetter says in the example of a failed record which dead letter has it.
func (p *Program) noteLetter(e *RecordError, id string) {
	p.mu.Lock()
	e.Letter = id
	p.mu.Unlock()
}

// hasExample tells whether a node has a failed record in the report already.
func (p *Program) hasExample(node int) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.examples[node] != nil
}
