package http

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// A refusal is an answer to a request of which nothing is taken.
type refusal struct {
	status int
	text   string
	// header and value are a header of the answer that says what would be taken;
	// "" for none.
	header, value string
}

func (e *refusal) Error() string { return e.text }

func refused(status int, format string, args ...any) *refusal {
	return &refusal{status: status, text: fmt.Sprintf(format, args...)}
}

// firstBuffer is how much memory a request gets because it says that it is so
// large; what it really has makes it grow.
const firstBuffer = 64 << 10

// read reads the body.
func (r *request) read(q *http.Request) error {
	limit := r.source.config.MaxBody
	if q.ContentLength > limit {
		return tooLarge(limit)
	}
	from := io.Reader(q.Body)
	if encodings := q.Header["Content-Encoding"]; len(encodings) > 0 {
		switch coding := strings.ToLower(strings.Join(encodings, ", ")); coding {
		case "identity", "":
		case "gzip", "x-gzip":
			if err := r.openZip(io.LimitReader(q.Body, limit+1)); err != nil {
				return unreadable(err, true)
			}
			from = r.unzip
		default:
			no := refused(http.StatusUnsupportedMediaType, "the content encoding %q is none of gzip, identity", coding)
			no.header, no.value = "Accept-Encoding", "gzip, identity"
			return no
		}
	}
	if size := min(q.ContentLength, firstBuffer); size > int64(cap(r.body)) {
		if err := r.resize(&r.body, size); err != nil {
			return err
		}
	}
	for {
		if len(r.body) == cap(r.body) {
			size := min(max(2*int64(cap(r.body)), ownBytes), limit+1)
			if err := r.resize(&r.body, size); err != nil {
				return err
			}
		}
		n, err := from.Read(r.body[len(r.body):cap(r.body)])
		r.body = r.body[:len(r.body)+n]
		switch {
		case int64(len(r.body)) > limit:
			return tooLarge(limit)
		case err == io.EOF:
			return nil
		case err != nil:
			return unreadable(err, from == io.Reader(r.unzip))
		}
	}
}

// ownBytes of its buffers a request has for itself; what they hold beyond that is
// reserved of what may wait.
const ownBytes = 4 << 10

// zipBytes is what a decompressor holds.
const zipBytes = 48 << 10

// resize gives one of the request's buffers another size, as far as that much
// may wait.
func (r *request) resize(buffer *[]byte, size int64) error {
	if err := r.hold(size - int64(cap(*buffer))); err != nil {
		return err
	}
	*buffer = append(make([]byte, 0, size), *buffer...)
	return nil
}

// hold reserves what the request is about to hold beyond what it has.
func (r *request) hold(more int64) error {
	held := int64(cap(r.body) + cap(r.lines))
	if r.unzip != nil {
		held += zipBytes
	}
	more += held - ownBytes - r.reserved
	if more <= 0 {
		return nil
	}
	if !r.source.reserve(more) {
		return errBusy
	}
	r.reserved += more
	return nil
}

// letGo gives up the request's buffers, and what is reserved for them.
func (r *request) letGo() {
	r.body, r.lines, r.unzip = nil, nil, nil
	r.source.bytes.Add(-r.reserved)
	r.reserved = 0
}

func (r *request) openZip(from io.Reader) error {
	if r.unzip == nil {
		if err := r.hold(zipBytes); err != nil {
			return err
		}
		r.unzip = new(gzip.Reader)
	}
	return r.unzip.Reset(from)
}

// errBusy is a request for which there is no room at present.
var errBusy = refused(http.StatusServiceUnavailable, "too many requests wait for their answer")

func tooLarge(limit int64) error {
	return refused(http.StatusRequestEntityTooLarge, "the body is larger than max_body (%d bytes)", limit)
}

// unreadable says what kept the body from being read.
func unreadable(err error, zipped bool) error {
	var slow interface{ Timeout() bool }
	var no *refusal
	switch {
	case errors.As(err, &no):
		return no
	case errors.As(err, &slow) && slow.Timeout():
		return refused(http.StatusRequestTimeout, "the body did not come in time")
	case zipped:
		return refused(http.StatusBadRequest, "the body can't be decompressed: %v", err)
	}
	return refused(http.StatusBadRequest, "the body can't be read: %v", err)
}
