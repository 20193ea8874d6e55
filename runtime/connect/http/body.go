package http

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// A refusal is an answer to a request of which nothing is taken.
type refusal struct {
	status int
	text   string
}

func (e *refusal) Error() string { return e.text }

func refused(status int, format string, args ...any) *refusal {
	return &refusal{status, fmt.Sprintf(format, args...)}
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
		switch encodings[0] {
		case "identity":
		case "gzip":
			if err := r.openZip(io.LimitReader(q.Body, limit+1)); err != nil {
				return unreadable(err, true)
			}
			from = r.unzip
		default:
			return refused(http.StatusUnsupportedMediaType, "the content encoding %q is none of gzip, identity", encodings[0])
		}
	}
	if size := min(q.ContentLength, firstBuffer); size > int64(cap(r.body)) {
		r.body = make([]byte, 0, size)
	}
	for {
		if len(r.body) == cap(r.body) {
			if err := r.grow(limit); err != nil {
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

// grow makes room for more of the body, as far as that much may wait.
func (r *request) grow(limit int64) error {
	size := min(max(2*int64(cap(r.body)), 512), limit+1)
	if size > keepAtMost && size > r.reserved && !r.reserve(size-r.reserved) {
		return errBusy
	}
	r.body = append(make([]byte, 0, size), r.body...)
	return nil
}

// reserve takes n bytes of what may wait.
func (r *request) reserve(n int64) bool {
	s := r.source
	if s.bytes.Add(n) > s.room {
		s.bytes.Add(-n)
		return false
	}
	r.reserved += n
	return true
}

func (r *request) openZip(from io.Reader) error {
	if r.unzip == nil {
		z, err := gzip.NewReader(from)
		r.unzip = z
		return err
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
	switch {
	case errors.As(err, &slow) && slow.Timeout():
		return refused(http.StatusRequestTimeout, "the body did not come in time")
	case zipped:
		return refused(http.StatusBadRequest, "the body can't be decompressed: %v", err)
	}
	return refused(http.StatusBadRequest, "the body can't be read: %v", err)
}
