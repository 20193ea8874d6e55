package http

import (
	"net/http"

	"github.com/flowc-dev/flowc/runtime/codec/frame"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// A request is one HTTP request on its way through the pipeline. It is used
// again for others, with its buffer.
type request struct {
	source *Source
	body   []byte
	frame  any // the framer's state, see flow.Batch.Frame
	from   int // of the records in body, behind a header row
	count  int // records

	// What meta is made of.
	http *http.Request

	done   chan error
	finish func(error) // sends on done
}

// take returns a request that nobody uses.
func (s *Source) take() *request {
	select {
	case r := <-s.free:
		return r
	default:
	}
	r := &request{source: s, done: make(chan error, 1)}
	r.finish = func(err error) { r.done <- err }
	return r
}

// give makes a request free for others. A large buffer is not kept.
func (s *Source) give(r *request) {
	const largest = 1 << 20
	if cap(r.body) > largest {
		r.body = nil
	}
	r.http, r.frame, r.from, r.count = nil, nil, 0, 0
	select {
	case s.free <- r:
	default:
	}
}

// fill hands the request to the engine. A body is small beside a block, so that
// a copy costs less than giving up the block's memory for it.
func (r *request) fill(b *flow.Batch) {
	b.Data = append(b.Data[:0], r.body[r.from:]...)
	b.Split, b.Base, b.Offset, b.Frame = "request", 0, int64(r.from), r.frame
	b.OnDone, b.Aux = r.finish, r.http
}

// cut finds the records of a body: how many there are, and that nothing else is
// in it.
func (r *request) cut() error {
	s := r.source
	data := r.body
	framer := s.input.Frame()
	if s.input.Header {
		_, end, next, ok := framer.Next(data, 0)
		if !ok {
			return nil
		}
		r.frame = &frame.Header{Row: append([]byte(nil), data[:end]...)}
		r.from = next
		data = data[next:]
	}
	if f, ok := framer.(*frame.JSONValues); ok {
		before := *f
		r.frame = &before
	}
	n, err := framer.Cut(data, true)
	if err != nil {
		return err
	}
	counter := framer
	if f, ok := r.frame.(*frame.JSONValues); ok {
		again := *f
		counter = &again
	}
	for pos := 0; ; {
		start, end, next, ok := counter.Next(data[:n], pos)
		if !ok {
			return nil
		}
		pos = next
		if s.input.Format == "text" || !frame.IsBlank(data[start:end]) {
			r.count++
		}
	}
}

// Meta is `meta` of a record from a request.
type Meta struct {
	// Headers are the request's, the first value of each.
	Headers map[string]string `json:"headers"`
	// Remote is the client's address.
	Remote string `json:"remote"`
	// Path is the path that was asked for.
	Path string `json:"path"`
	// Method is the request's method.
	Method string `json:"method"`

	of *http.Request
}

// At makes m the meta of a record.
func (m *Meta) At(b *flow.Batch, _ flow.Record) {
	r, _ := b.Aux.(*http.Request)
	if r == nil || r == m.of {
		return
	}
	m.of, m.Remote, m.Path, m.Method = r, r.RemoteAddr, r.URL.Path, r.Method
	m.Headers = make(map[string]string, len(r.Header))
	for k, v := range r.Header {
		if len(v) > 0 {
			m.Headers[k] = v[0]
		}
	}
}
