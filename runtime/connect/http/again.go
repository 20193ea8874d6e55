package http

import (
	"github.com/flowc-dev/flowc/runtime/connect/blocks"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// Again gives the loop what it needs beside the record of a letter. `meta` of the
// request is gone.
func (s *Source) Again(b *flow.Batch, l *flow.Letter) error {
	return blocks.AgainFramed(b, s.input.Format, s.input.Header, l)
}
