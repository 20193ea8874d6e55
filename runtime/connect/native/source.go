package native

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// rowsPerBatch is how many records of a sequence make a batch at most.
const rowsPerBatch = 256

// A seq is a source that is a sequence of records and errors.
type seq[T any] struct {
	make func(context.Context) iter.Seq2[T, error]
	life Life
	rows chan row[T]
	stop context.CancelFunc
	// failed is an error that came behind records of the batch before.
	failed error
}

type row[T any] struct {
	value T
	err   error
}

// NewSeq returns the source of func(context.Context) iter.Seq2[T, error], or of
// one whose result is that type under another name. An error of the sequence is
// the source's: the engine's policy decides.
func NewSeq[T any, S ~func(yield func(T, error) bool)](make func(context.Context) S, life Life) flow.Source {
	return &seq[T]{make: func(ctx context.Context) iter.Seq2[T, error] { return iter.Seq2[T, error](make(ctx)) }, life: life}
}

// Endless tells that nobody knows whether a sequence ends.
func (s *seq[T]) Endless() bool { return true }

// Open begins to pull the sequence in a goroutine of its own: it may wait for
// the world, and what it gave is not to wait with it.
func (s *seq[T]) Open(ctx context.Context) error {
	if err := call(ctx, s.life.Open); err != nil {
		return err
	}
	own, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.stop = stop
	s.rows = make(chan row[T], rowsPerBatch)
	go func() {
		defer close(s.rows)
		defer func() { // nobody else could recover a panic of this goroutine
			if v := recover(); v != nil {
				select {
				case s.rows <- row[T]{err: flow.Recovered(v)}:
				case <-own.Done():
				}
			}
		}()
		for v, err := range s.make(own) {
			select {
			case s.rows <- row[T]{v, err}:
			case <-own.Done():
				return
			}
		}
	}()
	return nil
}

// Read takes what is there, and waits for at least one record.
func (s *seq[T]) Read(ctx context.Context, b *flow.Batch) error {
	if err := s.failed; err != nil {
		s.failed = nil
		return err
	}
	rows := b.Rows.(*[]T)
	select {
	case <-ctx.Done():
		return ctx.Err()
	case r, ok := <-s.rows:
		if !ok {
			return io.EOF
		}
		if r.err != nil {
			return r.err
		}
		*rows = append(*rows, r.value)
	}
	for len(*rows) < rowsPerBatch {
		select {
		case r, ok := <-s.rows:
			if !ok { // the next Read finds the end again
				return nil
			}
			if s.failed = r.err; s.failed != nil { // what came before it goes first
				return nil
			}
			*rows = append(*rows, r.value)
		default:
			return nil
		}
	}
	return nil
}

// Close ends the sequence.
func (s *seq[T]) Close(ctx context.Context) error {
	if s.stop != nil {
		s.stop()
	}
	return call(ctx, s.life.Close)
}

// Healthy asks the component.
func (s *seq[T]) Healthy(ctx context.Context) error { return call(ctx, s.life.Healthy) }

// A reader is a source with Read(context.Context) ([]T, P, error).
type reader[T, P any] struct {
	read func(context.Context) ([]T, P, error)
	ack  func(context.Context, P) error
	life Life
	last error // came together with records
}

// NewReader returns the source of a type with Read, and Ack where it has one.
func NewReader[T, P any](read func(context.Context) ([]T, P, error), ack func(context.Context, P) error, life Life) flow.Source {
	r := &reader[T, P]{read: read, ack: ack, life: life}
	if ack != nil {
		return &ackReader[T, P]{r}
	}
	return r
}

// NewSeekReader is NewReader for a type that also has Seek.
func NewSeekReader[T, P any](read func(context.Context) ([]T, P, error), seek, ack func(context.Context, P) error, life Life) flow.Source {
	r := &seekReader[T, P]{reader: &reader[T, P]{read: read, ack: ack, life: life}, seek: seek}
	if ack != nil {
		return &seekAckReader[T, P]{r}
	}
	return r
}

// Endless tells that a source of a user's may end or not: it counts as endless.
func (r *reader[T, P]) Endless() bool { return true }

// Open opens the component.
func (r *reader[T, P]) Open(ctx context.Context) error { return call(ctx, r.life.Open) }

// Read asks the component for records until it gives some.
func (r *reader[T, P]) Read(ctx context.Context, b *flow.Batch) error {
	if err := r.last; err != nil {
		r.last = nil
		return err
	}
	for {
		got, position, err := r.read(ctx)
		if len(got) == 0 && err != nil {
			return err
		}
		if len(got) > 0 {
			r.last = err
			rows := b.Rows.(*[]T)
			*rows = append(*rows, got...)
			b.Position = position
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// Close closes the component.
func (r *reader[T, P]) Close(ctx context.Context) error { return call(ctx, r.life.Close) }

// Healthy asks the component.
func (r *reader[T, P]) Healthy(ctx context.Context) error { return call(ctx, r.life.Healthy) }

func (r *reader[T, P]) acknowledge(ctx context.Context, positions map[string]any) error {
	p, ok := positions[""].(P)
	if !ok {
		return nil
	}
	return r.ack(ctx, p)
}

// An ackReader acknowledges.
type ackReader[T, P any] struct{ *reader[T, P] }

// Ack tells the component how far everything is durable.
func (r *ackReader[T, P]) Ack(ctx context.Context, positions map[string]any) error {
	return r.acknowledge(ctx, positions)
}

// A seekReader can go back.
type seekReader[T, P any] struct {
	*reader[T, P]
	seek func(context.Context, P) error
}

// Seek goes on where an earlier run was.
func (r *seekReader[T, P]) Seek(ctx context.Context, positions map[string]json.RawMessage) error {
	raw, ok := positions[""]
	if !ok {
		return nil
	}
	var p P
	if err := json.Unmarshal(raw, &p); err != nil {
		return fmt.Errorf("the position of an earlier run: %w", err)
	}
	return r.seek(ctx, p)
}

// A seekAckReader does both.
type seekAckReader[T, P any] struct{ *seekReader[T, P] }

// Ack tells the component how far everything is durable.
func (r *seekAckReader[T, P]) Ack(ctx context.Context, positions map[string]any) error {
	return r.acknowledge(ctx, positions)
}
