// Package parts has components that give pointers to records.
package parts

import (
	"iter"
	"slices"
)

// An Order is what all of them take.
type Order struct {
	ID   string   `json:"id"`
	N    int      `json:"n"`
	Tags []string `json:"tags"`
}

// A Part is what all of them give.
type Part struct {
	ID string `json:"id"`
	K  int    `json:"k"`
}

func part(id string, k int) *Part {
	if k == 1 {
		return nil
	}
	return &Part{ID: id, K: k}
}

// Listed gives nil for number 1.
func Listed(o *Order) []*Part {
	var out []*Part
	for k := range o.N {
		out = append(out, part(o.ID, k))
	}
	return out
}

// Counted gives nil for number 1 as well.
func Counted(o Order) iter.Seq[*Part] {
	return func(yield func(*Part) bool) {
		for k := range o.N {
			if !yield(part(o.ID, k)) {
				return
			}
		}
	}
}

// Emitted sorts what it was given, and emits nil for number 1.
func Emitted(o Order, emit func(*Part) error) error {
	slices.Sort(o.Tags)
	for k, tag := range o.Tags {
		if err := emit(part(tag, k)); err != nil {
			return err
		}
	}
	return nil
}

// NewForked makes a function with two outputs.
func NewForked() func(o Order, odd, even func(*Part) error) error {
	return func(o Order, odd, even func(*Part) error) error {
		if o.N%2 == 1 {
			return odd(&Part{ID: o.Tags[0], K: o.N})
		}
		return even(part(o.ID, o.N))
	}
}

// NewBatched makes a function that takes many records, and gives nil for one
// without tags.
func NewBatched() (func(all []*Order) ([]*Part, error), error) {
	return func(all []*Order) ([]*Part, error) {
		var out []*Part
		for _, o := range all {
			if len(o.Tags) == 0 {
				out = append(out, nil)
				continue
			}
			out = append(out, &Part{ID: o.Tags[0], K: o.N})
		}
		return out, nil
	}, nil
}
