package http

import (
	"compress/gzip"
	"net/http"
	"sync/atomic"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// A request is one HTTP request on its way through the pipeline. It is used
// again for others, with its buffers.
type request struct {
	content
	source *Source
	http   *http.Request
	unzip  *gzip.Reader
	entry  *entry // its key; nil for none

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
	r := &request{content: content{input: s.input}, source: s, done: make(chan error, 1)}
	r.grow = r.resize
	r.finish = func(err error) {
		if r.entry != nil {
			s.keys.settle(r.entry, err)
		}
		r.done <- err
	}
	return r
}

// reset makes the request ready for another one. Its buffers stay as they are.
func (r *request) reset() {
	r.clear()
	r.state.Store(isWaiting)
	r.http, r.entry = nil, nil
}

// fill hands the records to the engine.
func (r *request) fill(b *flow.Batch) {
	r.content.fill(b)
	b.OnDone, b.Aux = r.finish, r.http
	if r.entry != nil {
		b.Position = r.source.keys.take(r.entry)
	}
}
