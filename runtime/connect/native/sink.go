package native

import (
	"context"
	"errors"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// A sink writes records one by one or in batches.
type sink[T any] struct {
	one  func(context.Context, T) error
	many func(context.Context, []T) error
	life Life
}

// NewSink returns the sink of func(context.Context, T) error.
func NewSink[T any](write func(context.Context, T) error, life Life) flow.Sink {
	return &sink[T]{one: write, life: life}
}

// NewBatchSink returns the sink of func(context.Context, []T) error.
func NewBatchSink[T any](write func(context.Context, []T) error, life Life) flow.Sink {
	return &sink[T]{many: write, life: life}
}

// Open opens the component.
func (s *sink[T]) Open(ctx context.Context) error { return call(ctx, s.life.Open) }

// Write gives the component the records. Errors of single records, one by one
// or by the method Failed, are those records' alone.
func (s *sink[T]) Write(ctx context.Context, o *flow.Out) error {
	rows := *o.Rows.(*[]T)
	if s.many != nil {
		err := s.many(ctx, rows)
		var partial interface{ Failed() map[int]error }
		if errors.As(err, &partial) {
			return &flow.PartialError{Failed: partial.Failed()}
		}
		return err
	}
	var failed map[int]error
	for i, v := range rows {
		if err := s.one(ctx, v); err != nil {
			if failed == nil {
				failed = map[int]error{}
			}
			failed[i] = err
		}
	}
	if failed != nil {
		return &flow.PartialError{Failed: failed}
	}
	return nil
}

// Sync flushes the component.
func (s *sink[T]) Sync(ctx context.Context) error { return call(ctx, s.life.Flush) }

// Close closes the component.
func (s *sink[T]) Close(ctx context.Context, _ bool) error { return call(ctx, s.life.Close) }

// Healthy asks the component.
func (s *sink[T]) Healthy(ctx context.Context) error { return call(ctx, s.life.Healthy) }
