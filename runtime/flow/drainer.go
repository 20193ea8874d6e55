package flow

// A Drainer is a source that has taken more from the other side than it has
// handed on: records that a component made ahead of time. Drain gives them when
// the program stops reading; it is called instead of Read, again and again until
// it returns io.EOF, or the time to drain is over. It fills b as Read does and
// takes nothing new.
type Drainer interface {
	Drain(b *Batch) error
}

// drain reads what the source has taken, after the last Read.
func (in *Input) drain(b *Batch) event {
	d, ok := in.source.(Drainer)
	if !ok || in.drained || in.p.hard.Err() != nil {
		return gotEnd
	}
	in.ready(b)
	err := in.callDrain(d, b)
	if err == nil && (in.hasRecords(b) || b.OnDone != nil) {
		return gotBatch
	}
	in.drained = true
	return gotEnd
}

func (in *Input) callDrain(d Drainer, b *Batch) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = in.p.crashOf(v, in.node).err
		}
	}()
	return d.Drain(b)
}
