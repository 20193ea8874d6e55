package native

import (
	"context"
	"io"
	"iter"
	"time"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// rowsPerBatch is how many records of a sequence make a batch at most.
const rowsPerBatch = 256

// drainGrace is how long a sequence may take to notice that its context ended.
var drainGrace = time.Second

// A seq is a source that is a sequence of records and errors.
type seq[T any] struct {
	make func(context.Context) iter.Seq2[T, error]
	life Life
	rows chan row[T]
	// stop ends the sequence's context, abandoned what it is left with.
	stop      context.CancelFunc
	abandoned chan struct{}
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
	s.stop, s.abandoned, s.rows = stop, make(chan struct{}), make(chan row[T], rowsPerBatch)
	go s.pull(own)
	return nil
}

// pull runs the sequence. A panic in it is its last error.
func (s *seq[T]) pull(ctx context.Context) {
	defer close(s.rows)
	defer func() {
		if v := recover(); v != nil {
			s.give(row[T]{err: flow.Recovered(v)})
		}
	}()
	for v, err := range s.make(ctx) {
		if !s.give(row[T]{v, err}) {
			return
		}
	}
}

func (s *seq[T]) give(r row[T]) bool {
	select {
	case s.rows <- r:
		return true
	case <-s.abandoned:
		return false
	}
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
			if s.failed = r.err; s.failed != nil {
				return nil //nolint:nilerr // what came before it goes first
			}
			*rows = append(*rows, r.value)
		default:
			return nil
		}
	}
	return nil
}

// Drain gives what the sequence has made and Read has not handed on. An error
// that a sequence ends with because its context did is none.
func (s *seq[T]) Drain(b *flow.Batch) error {
	s.stop()
	rows := b.Rows.(*[]T)
	late := time.NewTimer(drainGrace)
	defer late.Stop()
	for len(*rows) < rowsPerBatch {
		select {
		case r, ok := <-s.rows:
			switch {
			case ok && r.err == nil:
				*rows = append(*rows, r.value)
			case !ok && len(*rows) == 0:
				return io.EOF
			case !ok:
				return nil
			}
		case <-late.C:
			if len(*rows) == 0 {
				return io.EOF
			}
			return nil
		}
	}
	return nil
}

// Close ends the sequence.
func (s *seq[T]) Close(ctx context.Context) error {
	if s.stop != nil {
		s.stop()
		close(s.abandoned)
	}
	return call(ctx, s.life.Close)
}

// Healthy asks the component.
func (s *seq[T]) Healthy(ctx context.Context) error { return call(ctx, s.life.Healthy) }
