package native

import (
	"context"
	"iter"
)

// Deref takes what a pointer points to; nil is no record.
func Deref[T any](p *T) (v T, ok bool) {
	if p == nil {
		return v, false
	}
	return *p, true
}

// Pointers gives each row a place of its own, for a component that may keep
// it.
func Pointers[T any](rows []T) []*T {
	own := append([]T(nil), rows...)
	out := make([]*T, len(own))
	for i := range own {
		out[i] = &own[i]
	}
	return out
}

// SeqOf makes the function of a source that gives pointers one of a source that
// gives records; nil is none.
func SeqOf[T any, S ~func(yield func(*T, error) bool)](make func(context.Context) S) func(context.Context) iter.Seq2[T, error] {
	return func(ctx context.Context) iter.Seq2[T, error] {
		return func(yield func(T, error) bool) {
			for p, err := range make(ctx) {
				v, ok := Deref(p)
				if (ok || err != nil) && !yield(v, err) {
					return
				}
			}
		}
	}
}

// ReadOf does the same for the method Read of a source.
func ReadOf[T, P any](read func(context.Context) ([]*T, P, error)) func(context.Context) ([]T, P, error) {
	return func(ctx context.Context) ([]T, P, error) {
		list, at, err := read(ctx)
		var out []T
		for _, p := range list {
			if v, ok := Deref(p); ok {
				out = append(out, v)
			}
		}
		return out, at, err
	}
}
