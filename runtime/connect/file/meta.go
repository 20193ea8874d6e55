package file

import (
	"bytes"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// Meta is `meta` of a record from a file.
type Meta struct {
	// Path is the file.
	Path string `json:"path"`
	// Line is the record's line, from 1, in formats by lines.
	Line int64 `json:"line"`
	// Offset is the record's first byte, from 0, in the decompressed file.
	Offset int64 `json:"offset"`

	block int64 // where counting began: the batch's offset
	start int   // of the record before
}

// At makes m the meta of a record. Records of a batch come in order, so lines
// are counted from the record before.
func (m *Meta) At(b *flow.Batch, r flow.Record) {
	if b.Split != m.Path || b.Offset != m.block || r.Start < m.start || m.Line == 0 {
		m.Path, m.block, m.start, m.Line = b.Split, b.Offset, 0, b.Base+1
	}
	if b.Base >= 0 {
		m.Line += int64(bytes.Count(b.Data[m.start:r.Start], newline))
	}
	m.start = r.Start
	m.Offset = b.Offset + int64(r.Start)
}
