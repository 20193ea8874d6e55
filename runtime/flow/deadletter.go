package flow

import "math/bits"

// plainPlace is the position of a record whose source has no form of its own.
type plainPlace struct {
	Split  string `json:"split,omitempty"`
	Record *int64 `json:"record,omitempty"`
	Line   *int64 `json:"line,omitempty"`
	Offset *int64 `json:"offset,omitempty"`
}

func (e *RecordError) place() plainPlace {
	p := plainPlace{Split: e.Split}
	if e.Number >= 0 {
		p.Record = &e.Number
	}
	if e.TextLine > 0 {
		p.Line = &e.TextLine
	}
	if e.Offset >= 0 {
		p.Offset = &e.Offset
	}
	return p
}

// letterPackets is how many packets of dead letters a batch will send.
func (in *Input) letterPackets(b *Batch) (packets int32) {
	seen := uint64(0)
	fails := b.engine.run.fails
	for i := range fails {
		if fails[i].then == Dead {
			seen |= 1 << in.deadIndex(fails[i].by)
		}
	}
	return int32(bits.OnesCount64(seen))
}

// deadIndex is the place in region.deads of a node's dead-letter sink.
func (in *Input) deadIndex(node int) int {
	return in.region.deadOf[node]
}

// writeLetters makes the dead letters of a batch.
func (in *Input) writeLetters(b *Batch) (any bool) {
	fails := b.engine.run.fails
	for i := range fails {
		f := &fails[i]
		known := in.p.hasExample(f.node)
		if known && f.then != Dead {
			continue
		}
		e := in.describe(b, f)
		if !known {
			in.p.noteRecordError(f.node, e)
		}
		if f.then != Dead {
			continue
		}
		at := in.deadIndex(f.by)
		to := in.region.deads[at]
		if in.deads[at] == nil {
			in.deads[at] = to.depot.get()
		}
		in.p.appendLetter(to, in.deads[at], e, f.at)
		any = true
	}
	return any
}

func (in *Input) pushLetters(b *Batch) {
	for at, o := range in.deads {
		if o != nil && o.Count > 0 {
			in.deads[at] = nil
			in.send(b, in.region.deads[at], in.deadProducers[at], o)
		}
	}
}
