// Package parts has sources and sinks of pointers.
package parts

import (
	"context"
	"errors"
	"io"
	"iter"
)

// An Event is what the sources give.
type Event struct {
	N int `json:"n"`
}

// A Reader gives three records in three calls.
type Reader struct{ n int }

// Read gives a record and nil.
func (r *Reader) Read(context.Context) ([]*Event, int, error) {
	if r.n == 3 {
		return []*Event{nil}, r.n, io.EOF
	}
	r.n++
	return []*Event{{r.n}, nil}, r.n, nil
}

// Each gives three records, with nil between.
func Each(context.Context) iter.Seq2[*Event, error] {
	return func(yield func(*Event, error) bool) {
		for n := range 3 {
			if !yield(&Event{n}, nil) || !yield(nil, nil) {
				return
			}
		}
	}
}

// One takes one record.
func One(_ context.Context, e *Event) error {
	if e.N == 0 {
		return errors.New("nothing")
	}
	return nil
}

// All takes many.
func All(_ context.Context, list []*Event) error {
	for _, e := range list {
		if e == nil {
			return errors.New("nil")
		}
	}
	return nil
}
