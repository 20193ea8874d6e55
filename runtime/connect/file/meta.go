package file

import (
	"github.com/flowc-dev/flowc/runtime/connect/blocks"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// Meta is `meta` of a record from a file.
type Meta struct {
	// Path is the file.
	Path string `json:"path"`
	// Line is the line in which the record begins, from 1.
	Line int64 `json:"line"`
	// Offset is the record's first byte, from 0, in the decompressed file.
	Offset int64 `json:"offset"`

	lines blocks.Lines
}

// At makes m the meta of a record.
func (m *Meta) At(b *flow.Batch, r flow.Record) {
	m.Path = b.Split
	m.Line, m.Offset = m.lines.At(b, r)
}
