package blocks

import (
	"bytes"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// A Lines tells where records begin, for `meta`. Records of a batch come in
// order, so line ends are counted from the record before.
type Lines struct {
	batch int64 // that lines were counted in last
	start int   // of the last record there
	line  int64 // in which that began
}

// Mark has a batch begin behind so many lines of its split, for sources that make
// the lines of a batch themselves.
func Mark(b *flow.Batch, lines int64) {
	p, ok := b.Aux.(*Place)
	if !ok {
		p = &Place{}
		b.Aux = p
	}
	p.Batch, p.Line = batches.Add(1), lines
}

// At is the line in which a record of a batch begins, from 1, and the offset of
// its first byte in the stream, from 0.
func (l *Lines) At(b *flow.Batch, r flow.Record) (line, offset int64) {
	p := b.Aux.(*Place)
	if p.Batch != l.batch || r.Start < l.start {
		l.batch, l.start, l.line = p.Batch, 0, p.Line+1
	}
	l.line += int64(bytes.Count(b.Data[l.start:r.Start], newline))
	l.start = r.Start
	return l.line, b.Offset + int64(r.Start)
}
