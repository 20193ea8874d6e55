package native

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"slices"
	"testing"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// place is a component's own position.
type place struct{ At int }

// component is a source as a user writes one.
type component struct {
	at    int
	acked []int
	calls int
}

func (c *component) Read(context.Context) ([]int, place, error) {
	c.calls++
	switch {
	case c.calls == 1:
		return nil, place{}, nil // nothing yet
	case c.at == 2:
		c.at = 3
		return []int{2}, place{3}, io.EOF // the last ones come with the end
	case c.at > 2:
		return nil, place{c.at}, io.EOF
	}
	c.at++
	return []int{c.at - 1}, place{c.at}, nil
}

func (c *component) Seek(_ context.Context, p place) error {
	if p.At < 0 {
		return errors.New("no such place")
	}
	c.at = p.At
	return nil
}

func (c *component) Ack(_ context.Context, p place) error {
	c.acked = append(c.acked, p.At)
	return nil
}

func TestReader(t *testing.T) {
	c := &component{}
	s := NewSeekReader(c.Read, c.Seek, c.Ack, Life{})
	if err := s.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	var got []int
	var positions []any
	for {
		rows, position, err := rowsOf(t, reads(t.Context(), s))
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		got, positions = append(got, rows...), append(positions, position)
	}
	if !slices.Equal(got, []int{0, 1, 2}) || !reflect.DeepEqual(positions, []any{place{1}, place{2}, place{3}}) {
		t.Errorf("%v at %v", got, positions)
	}
	if err := s.(flow.Acker).Ack(t.Context(), map[string]any{"": positions[1]}); err != nil || !slices.Equal(c.acked, []int{2}) {
		t.Errorf("acked %v, %v", c.acked, err)
	}
	// Positions go through JSON, and another run goes on there.
	raw, err := json.Marshal(positions[0])
	if err != nil {
		t.Fatal(err)
	}
	c = &component{calls: 1}
	s = NewSeekReader(c.Read, c.Seek, nil, Life{})
	seek := s.(flow.Seeker).Seek
	if err := seek(t.Context(), map[string]json.RawMessage{"": raw}); err != nil {
		t.Fatal(err)
	}
	if rows, _, err := rowsOf(t, reads(t.Context(), s)); err != nil || !slices.Equal(rows, []int{1}) {
		t.Errorf("%v, %v", rows, err)
	}
	if err := seek(t.Context(), map[string]json.RawMessage{"": []byte(`{"At":-1}`)}); err == nil {
		t.Error("a place that there is not was taken")
	}
	if err := seek(t.Context(), map[string]json.RawMessage{"": []byte(`"x"`)}); err == nil {
		t.Error("a position of another kind was taken")
	}
	if err := seek(t.Context(), nil); err != nil {
		t.Error(err)
	}
}

// What a component can do is what its source can do.
func TestFacts(t *testing.T) {
	c := &component{}
	for _, tc := range []struct {
		source      flow.Source
		seeks, acks bool
	}{
		{NewReader(c.Read, nil, Life{}), false, false},
		{NewReader(c.Read, c.Ack, Life{}), false, true},
		{NewSeekReader(c.Read, c.Seek, nil, Life{}), true, false},
		{NewSeekReader(c.Read, c.Seek, c.Ack, Life{}), true, true},
	} {
		_, seeks := tc.source.(flow.Seeker)
		_, acks := tc.source.(flow.Acker)
		if seeks != tc.seeks || acks != tc.acks {
			t.Errorf("%T: %v %v", tc.source, seeks, acks)
		}
	}
}

// A component that gives nothing and does not wait does not spin, and ends with
// the program.
func TestReaderWaits(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	calls := 0
	s := NewReader(func(context.Context) ([]int, place, error) {
		if calls++; calls == 3 {
			cancel()
		}
		return nil, place{}, nil
	}, nil, Life{})
	if _, _, err := rowsOf(t, reads(ctx, s)); !errors.Is(err, context.Canceled) || calls != 3 {
		t.Errorf("%d calls, %v", calls, err)
	}
}

func TestLife(t *testing.T) {
	var calls []string
	note := func(name string) func(context.Context) error {
		return func(context.Context) error { calls = append(calls, name); return errors.New(name) }
	}
	life := Life{Open: note("open"), Flush: note("flush"), Close: note("close"), Healthy: note("healthy")}
	ctx := t.Context()
	c := &component{}
	for _, s := range []interface {
		Open(context.Context) error
		Healthy(context.Context) error
	}{
		NewSeq(func(context.Context) func(func(int, error) bool) { return nil }, life).(*seq[int]),
		NewReader(c.Read, nil, life).(*reader[int, place]),
		NewSink(func(context.Context, int) error { return nil }, life).(*sink[int]),
	} {
		calls = nil
		if s.Open(ctx) == nil || s.Healthy(ctx) == nil || !slices.Equal(calls, []string{"open", "healthy"}) {
			t.Errorf("%T: %v", s, calls)
		}
	}
	calls = nil
	s := NewSink(func(context.Context, int) error { return nil }, life)
	if s.Sync(ctx) == nil || s.Close(ctx, true) == nil || !slices.Equal(calls, []string{"flush", "close"}) {
		t.Errorf("%v", calls)
	}
	if err := NewReader(c.Read, nil, Life{}).Close(ctx); err != nil {
		t.Error(err)
	}
}
