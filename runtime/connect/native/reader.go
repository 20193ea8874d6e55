package native

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/flowc-dev/flowc/runtime/flow"
)

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

// shortestPause and longestPause bound the time between two calls of a Read that
// gives nothing.
const (
	shortestPause = time.Millisecond
	longestPause  = 100 * time.Millisecond
)

// Read asks the component for records until it gives some.
func (r *reader[T, P]) Read(ctx context.Context, b *flow.Batch) error {
	if err := r.last; err != nil {
		r.last = nil
		return err
	}
	for pause := shortestPause; ; pause = min(2*pause, longestPause) {
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
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause): // a component that does not wait itself must not spin
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
