package http

import (
	"compress/gzip"
	"net/http"
	"sync/atomic"

	"github.com/flowc-dev/flowc/runtime/codec/frame"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// A request is one HTTP request on its way through the pipeline. It is used
// again for others, with its buffers.
type request struct {
	source *Source
	http   *http.Request
	body   []byte
	unzip  *gzip.Reader

	// records are what the engine gets: body, the rest of it behind a header row,
	// or a line for each of its values in lines.
	records []byte
	lines   []byte
	from    int // of records in body, where they lie there
	header  *frame.Header
	count   int // records

	reserved int64 // bytes of the buffers, in Source.bytes

	// state tells who has the request while it waits to be read.
	state atomic.Int32

	done   chan error
	finish func(error) // sends on done
}

// The states of a request: it waits to be read, it was read, or its sender has
// been told that it waited too long, and it is not to be read any more.
const (
	isWaiting = iota
	isTaken
	isGivenUp
)

// take makes the request the engine's; false means that it was given up.
func (r *request) take() bool { return r.state.CompareAndSwap(isWaiting, isTaken) }

// giveUp tells whether the request was not read, and will not be.
func (r *request) giveUp() bool { return r.state.CompareAndSwap(isWaiting, isGivenUp) }

func newRequest(s *Source) *request {
	r := &request{source: s, done: make(chan error, 1)}
	r.finish = func(err error) { r.done <- err }
	return r
}

// reset makes the request ready for another one. Its buffers stay as they are.
func (r *request) reset() {
	r.body, r.lines = r.body[:0], r.lines[:0]
	r.state.Store(isWaiting)
	r.http, r.records, r.header, r.from, r.count = nil, nil, nil, 0, 0
}

// fill hands the records to the engine. They are copied: most bodies are small
// beside a block, whose memory the batch would lose, and the body must stay as
// it came until the answer has named the line at fault.
func (r *request) fill(b *flow.Batch) {
	b.Data = b.Data[:0]
	b.Grow(len(r.records))
	b.Data = append(b.Data, r.records...)
	b.Base, b.Offset = 0, 0
	b.OnDone, b.Aux = r.finish, r.http
	switch {
	case r.header != nil:
		b.Frame = r.header
	case r.source.input.Format == "json":
		values, ok := b.Frame.(*frame.JSONValues)
		if !ok {
			values = new(frame.JSONValues)
			b.Frame = values
		}
		*values = frame.JSONValues{}
	}
}

// place gives the offset in the body of a byte of the records. Where they were
// made into lines it looks for the value of that line once more: to remember
// where each came from would cost more memory than the body.
func (r *request) place(offset int64) int64 {
	if len(r.lines) == 0 {
		return offset + int64(r.from)
	}
	var values frame.JSONValues
	from, line := r.body[r.from:], int64(0)
	for pos := 0; ; {
		start, end, next, ok := values.Next(from, pos)
		if !ok {
			return int64(len(r.body))
		}
		if size := int64(end-start) + 1; offset >= line+size {
			line += size
			pos = next
			continue
		}
		return min(int64(r.from+start)+offset-line, int64(len(r.body)))
	}
}
