package native

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// Records behind one that may be tried again are not tried, so that they keep
// their place.
func TestSinkKeepsOrder(t *testing.T) {
	bad := errors.New("bad")
	var written []int
	s := NewSink(func(_ context.Context, v int) error {
		if v == 2 {
			return bad
		}
		written = append(written, v)
		return nil
	}, Life{})
	rows := []int{0, 1, 2, 3, 4}
	err := s.Write(t.Context(), &flow.Out{Rows: &rows, Count: len(rows)})
	var got *flow.PartialError
	if !errors.As(err, &got) || len(got.Failed) != 3 || !errors.Is(got.Failed[2], bad) || !errors.Is(got.Failed[3], flow.ErrNotTried) || !errors.Is(got.Failed[4], flow.ErrNotTried) {
		t.Errorf("%v", err)
	}
	if !slices.Equal(written, []int{0, 1}) {
		t.Errorf("written %v", written)
	}
}

// An error that names no record that there is, is that of all.
func TestSinkNamesNothing(t *testing.T) {
	for _, named := range []partial{{}, {7: errors.New("x")}, {0: nil}} {
		s := NewBatchSink(func(context.Context, []int) error { return named }, Life{})
		rows := []int{1, 2}
		err := s.Write(t.Context(), &flow.Out{Rows: &rows, Count: len(rows)})
		var got *flow.PartialError
		if err == nil || errors.As(err, &got) {
			t.Errorf("%v: %v", map[int]error(named), err)
		}
	}
}
