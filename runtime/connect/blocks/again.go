package blocks

import (
	"errors"

	"github.com/flowc-dev/flowc/runtime/codec/frame"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// Again sets what the loops over blocks of a format need beside the bytes of a
// record that is replayed: the framer, the table's header, and where it began.
func Again(b *flow.Batch, format string, header bool, l *flow.Letter) error {
	b.Aux = &Place{Batch: batches.Add(1), Line: max(b.Base, 0)}
	return AgainFramed(b, format, header, l)
}

// AgainFramed is Again without the place.
func AgainFramed(b *flow.Batch, format string, header bool, l *flow.Letter) error {
	switch {
	case format == "json":
		b.Frame = new(frame.JSONValues)
	case format == "csv" && header && l.Header == "":
		return errors.New("it is a row of a table, and does not say which columns that has")
	case format == "csv" && header:
		b.Frame = &frame.Header{Row: []byte(l.Header)}
	}
	return nil
}
