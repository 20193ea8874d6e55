package native

import (
	"context"
	"errors"
	"io"
	"iter"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// rowsOf reads a source's next batch.
func rowsOf(t *testing.T, read func(b *flow.Batch) error) ([]int, any, error) {
	t.Helper()
	rows := []int{}
	b := &flow.Batch{Rows: &rows}
	err := read(b)
	return rows, b.Position, err
}

func reads(ctx context.Context, s flow.Source) func(b *flow.Batch) error {
	return func(b *flow.Batch) error { return s.Read(ctx, b) }
}

// A fast sequence gives full batches, in order, and its end again and again.
func TestSequence(t *testing.T) {
	before := runtime.NumGoroutine()
	const n = 10_000
	s := NewSeq(func(context.Context) iter.Seq2[int, error] {
		return func(yield func(int, error) bool) {
			for i := range n {
				if !yield(i, nil) {
					return
				}
			}
		}
	}, Life{})
	if err := s.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	next := 0
	for {
		rows, _, err := rowsOf(t, reads(t.Context(), s))
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil || len(rows) == 0 || len(rows) > rowsPerBatch {
			t.Fatalf("%d rows, %v", len(rows), err)
		}
		for _, v := range rows {
			if v != next {
				t.Fatalf("%d, want %d", v, next)
			}
			next++
		}
	}
	if _, _, err := rowsOf(t, reads(t.Context(), s)); next != n || !errors.Is(err, io.EOF) {
		t.Errorf("%d rows, then %v", next, err)
	}
	if err := s.Close(t.Context()); err != nil {
		t.Error(err)
	}
	gone(t, before)
}

func gone(t *testing.T, before int) {
	t.Helper()
	for range 400 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Error("a goroutine is left")
}

// Errors come in their place, and the sequence goes on behind them.
func TestSequenceErrors(t *testing.T) {
	bad := errors.New("bad")
	s := NewSeq(func(context.Context) iter.Seq2[int, error] {
		return func(yield func(int, error) bool) {
			_ = yield(1, nil) && yield(0, bad) && yield(2, nil)
		}
	}, Life{})
	if err := s.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	var got []any
	for {
		rows, _, err := rowsOf(t, reads(t.Context(), s))
		for _, v := range rows {
			got = append(got, v)
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			got = append(got, err)
		}
	}
	if !slices.Equal(got, []any{1, error(bad), 2}) {
		t.Errorf("%v", got)
	}
	s.Close(t.Context())
}

// When the program stops, the sequence is told by its context, and what it has
// made is handed on.
func TestSequenceDrains(t *testing.T) {
	before := runtime.NumGoroutine()
	made := make(chan int, 1000)
	s := NewSeq(func(ctx context.Context) iter.Seq2[int, error] {
		return func(yield func(int, error) bool) {
			for i := 0; ctx.Err() == nil; i++ {
				made <- i
				if !yield(i, nil) {
					return
				}
			}
			yield(0, ctx.Err())
		}
	}, Life{})
	if err := s.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	got, _, err := rowsOf(t, reads(t.Context(), s))
	if err != nil {
		t.Fatal(err)
	}
	for {
		rows, _, err := rowsOf(t, s.(flow.Drainer).Drain)
		got = append(got, rows...)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	close(made)
	for v := range made {
		if len(got) == 0 || got[0] != v {
			t.Fatalf("%d was made and did not come", v)
		}
		got = got[1:]
	}
	if len(got) > 0 {
		t.Errorf("%v came, and were not made", got)
	}
	if err := s.Close(t.Context()); err != nil {
		t.Error(err)
	}
	gone(t, before)
}

// A sequence that does not listen to its context holds up nobody.
func TestSequenceIsDeaf(t *testing.T) {
	drainGrace = 20 * time.Millisecond
	hold := make(chan struct{})
	defer close(hold)
	s := NewSeq(func(context.Context) iter.Seq2[int, error] {
		return func(yield func(int, error) bool) {
			yield(1, nil)
			<-hold
		}
	}, Life{})
	if err := s.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	if rows, _, err := rowsOf(t, reads(t.Context(), s)); err != nil || !slices.Equal(rows, []int{1}) {
		t.Fatal(rows, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := rowsOf(t, reads(ctx, s)); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if rows, _, err := rowsOf(t, s.(flow.Drainer).Drain); !errors.Is(err, io.EOF) || len(rows) > 0 {
		t.Error(rows, err)
	}
	if err := s.Close(t.Context()); err != nil {
		t.Error(err)
	}
}
