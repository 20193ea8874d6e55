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
// or by the method Failed, are those records' alone, and so is a panic.
func (s *sink[T]) Write(ctx context.Context, o *flow.Out) error {
	rows := *o.Rows.(*[]T)
	failed := map[int]error{}
	if s.many == nil {
		for i := 0; i < len(rows); i++ {
			i = s.each(ctx, rows, i, failed)
		}
	} else if err := s.all(ctx, rows, 0, failed); err != nil {
		return err
	}
	if len(failed) > 0 {
		return &flow.PartialError{Failed: failed}
	}
	return nil
}

// each writes records one by one from row i on, and gives the row that it came
// to: the last, or one that panicked.
func (s *sink[T]) each(ctx context.Context, rows []T, i int, failed map[int]error) (at int) {
	defer func() {
		if v := recover(); v != nil {
			at, failed[i] = i, flow.Recovered(v)
		}
	}()
	for ; i < len(rows); i++ {
		err := s.one(ctx, rows[i])
		if err == nil {
			continue
		}
		failed[i] = err
		if flow.MayBeRetried(err) { // those behind it keep their place
			for i++; i < len(rows); i++ {
				failed[i] = flow.ErrNotTried
			}
		}
	}
	return i
}

// all writes records at once. After a panic it gives them again in halves until
// the one that causes it stands alone: that repeats what the calls do outside,
// which is the price of knowing the record.
func (s *sink[T]) all(ctx context.Context, rows []T, first int, failed map[int]error) error {
	err := protect(ctx, rows, s.many)
	var partial interface{ Failed() map[int]error }
	var poison *flow.PanicError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &poison) && len(rows) == 1:
		failed[first] = err
		return nil
	case errors.As(err, &poison):
		half := len(rows) / 2
		for _, part := range []struct {
			rows  []T
			first int
		}{{rows[:half], first}, {rows[half:], first + half}} {
			if err := s.all(ctx, part.rows, part.first, failed); err != nil {
				fail(failed, part.first, len(part.rows), err)
			}
		}
		return nil
	case errors.As(err, &partial):
		named := 0
		for i, e := range partial.Failed() {
			if e != nil && i >= 0 && i < len(rows) {
				failed[first+i] = e
				named++
			}
		}
		if named > 0 {
			return nil
		}
	}
	return err // of all, also where it names none that there is
}

func fail(failed map[int]error, first, n int, err error) {
	for i := range n {
		failed[first+i] = err
	}
}

// protect makes a panic of the component an error.
func protect[T any](ctx context.Context, rows []T, write func(context.Context, []T) error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = flow.Recovered(v)
		}
	}()
	return write(ctx, rows)
}

// Sync flushes the component.
func (s *sink[T]) Sync(ctx context.Context) error { return call(ctx, s.life.Flush) }

// Close closes the component.
func (s *sink[T]) Close(ctx context.Context, _ bool) error { return call(ctx, s.life.Close) }

// Healthy asks the component.
func (s *sink[T]) Healthy(ctx context.Context) error { return call(ctx, s.life.Healthy) }
