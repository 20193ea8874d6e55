package native

import (
	"context"
	"errors"
	"io"
	"maps"
	"slices"
	"testing"

	"github.com/flowc-dev/flowc/runtime/flow"
)

type partial map[int]error

func (partial) Error() string           { return "some failed" }
func (p partial) Failed() map[int]error { return p }

// permanent is an error that no policy covers.
type permanent struct{}

func (permanent) Error() string   { return "bad" }
func (permanent) Permanent() bool { return true }

// TestSinkFailures writes ten rows of which some fail in each way, and looks at
// which are reported, as what, and which were written.
func TestSinkFailures(t *testing.T) {
	bad := error(permanent{})
	one := func(written *[]int) func(context.Context, int) error {
		return func(_ context.Context, v int) error {
			switch v {
			case 2:
				return bad
			case 5, 9:
				panic("boom")
			}
			*written = append(*written, v)
			return nil
		}
	}
	many := func(written *[]int) func(context.Context, []int) error {
		return func(_ context.Context, rows []int) error {
			for _, v := range rows {
				if v == 5 || v == 9 {
					panic("boom")
				}
			}
			failed := partial{}
			for i, v := range rows {
				if v == 2 {
					failed[i] = bad
					continue
				}
				*written = append(*written, v)
			}
			if len(failed) == 0 {
				return nil
			}
			failed[len(rows)] = bad // an index of nothing
			return failed
		}
	}
	for name, make := range map[string]func(*[]int) flow.Sink{
		"one by one": func(w *[]int) flow.Sink { return NewSink(one(w), Life{}) },
		"at once":    func(w *[]int) flow.Sink { return NewBatchSink(many(w), Life{}) },
	} {
		var written []int
		rows := []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}
		err := make(&written).Write(t.Context(), &flow.Out{Rows: &rows, Count: len(rows)})
		var got *flow.PartialError
		if !errors.As(err, &got) {
			t.Fatalf("%s: %v", name, err)
		}
		if keys := slices.Sorted(maps.Keys(got.Failed)); !slices.Equal(keys, []int{2, 5, 9}) {
			t.Errorf("%s: failed %v", name, keys)
		}
		if !errors.Is(got.Failed[2], bad) || flow.ClassOf(got.Failed[5]) != flow.Poison || flow.ClassOf(got.Failed[9]) != flow.Poison {
			t.Errorf("%s: %v", name, got.Failed)
		}
		if !slices.Equal(written, []int{0, 1, 3, 4, 6, 7, 8}) {
			t.Errorf("%s: written %v", name, written)
		}
	}
}

// TestSequenceThatPanics: the panic is the error behind the records before it,
// and does not end the process.
func TestSequenceThatPanics(t *testing.T) {
	s := NewSeq(func(context.Context) func(func(int, error) bool) {
		return func(yield func(int, error) bool) {
			yield(1, nil)
			panic("boom")
		}
	}, Life{})
	if err := s.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	var got []int
	for {
		rows := []int{}
		b := &flow.Batch{Rows: &rows}
		err := s.Read(t.Context(), b)
		got = append(got, rows...)
		if err == nil {
			continue
		}
		if errors.Is(err, io.EOF) || flow.ClassOf(err) != flow.Poison {
			t.Errorf("ends with %v", err)
		}
		break
	}
	if !slices.Equal(got, []int{1}) {
		t.Errorf("got %v", got)
	}
}
