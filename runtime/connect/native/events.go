package native

import (
	"context"
	"io"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// events is a source in the manner of flowctl: it sends on a channel until it
// returns.
type events[C, T any] struct {
	run  func(context.Context, chan<- C) error
	take func(C) (T, bool)
	life Life

	out   chan C
	ended chan error
	stop  context.CancelFunc
}

// NewEvents returns the source of Events(ctx, chan<- E) error. take makes a
// record of what came through the channel.
func NewEvents[C, T any](run func(context.Context, chan<- C) error, take func(C) (T, bool), life Life) flow.Source {
	return &events[C, T]{run: run, take: take, life: life}
}

// Same takes a value as it is.
func Same[T any](v T) (T, bool) { return v, true }

// Endless tells that nobody knows whether it returns.
func (s *events[C, T]) Endless() bool { return true }

// Open starts the component.
func (s *events[C, T]) Open(ctx context.Context) error {
	if err := call(ctx, s.life.Open); err != nil {
		return err
	}
	own, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.stop, s.out, s.ended = stop, make(chan C, rowsPerBatch), make(chan error, 1)
	go func() { s.ended <- s.run(own, s.out) }()
	return nil
}

// Read takes what is there, and waits for at least one record. A component may
// close its channel or not when it returns.
func (s *events[C, T]) Read(ctx context.Context, b *flow.Batch) error {
	rows := b.Rows.(*[]T)
	add := func(c C) {
		if v, ok := s.take(c); ok {
			*rows = append(*rows, v)
		}
	}
	for len(*rows) == 0 {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case c, ok := <-s.out:
			if ok {
				add(c)
				break
			}
			s.out = nil // closed: only its return is awaited
		case err := <-s.ended:
			s.ended <- err // for the next Read
			if !s.drain(rows, add) {
				if err == nil {
					err = io.EOF
				}
				return err
			}
		}
	}
	s.drain(rows, add)
	return nil
}

// drain takes what waits in the channel, up to a batch.
func (s *events[C, T]) drain(rows *[]T, add func(C)) bool {
	for len(*rows) < rowsPerBatch {
		select {
		case c, ok := <-s.out:
			if !ok {
				s.out = nil
				return len(*rows) > 0
			}
			add(c)
		default:
			return len(*rows) > 0
		}
	}
	return true
}

// Close ends the component.
func (s *events[C, T]) Close(ctx context.Context) error {
	if s.stop != nil {
		s.stop()
	}
	return call(ctx, s.life.Close)
}

// Healthy asks the component.
func (s *events[C, T]) Healthy(ctx context.Context) error { return call(ctx, s.life.Healthy) }
