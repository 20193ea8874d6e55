package stdin

import (
	"bytes"

	"github.com/flowc-dev/flowc/runtime/connect/blocks"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// Meta is `meta` of a record from stdin.
type Meta struct {
	// Line is the line in which the record begins, from 1.
	Line int64 `json:"line"`
	// Offset is the record's first byte, from 0.
	Offset int64 `json:"offset"`

	batch int64 // that lines were counted in last
	start int   // of the last record there
}

// At makes m the meta of a record. Records of a batch come in order, so lines
// are counted from the record before.
func (m *Meta) At(b *flow.Batch, r flow.Record) {
	p := b.Aux.(*blocks.Place)
	if p.Batch != m.batch || r.Start < m.start {
		m.batch, m.start, m.Line = p.Batch, 0, p.Line+1
	}
	m.Line += int64(bytes.Count(b.Data[m.start:r.Start], newline))
	m.start = r.Start
	m.Offset = b.Offset + int64(r.Start)
}

var newline = []byte{'\n'}
