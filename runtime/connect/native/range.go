package native

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// Methods are those of a component C that reads a part of what it has.
type Methods[C, T, P any] struct {
	// Make makes an instance: one finds out where the range ends, each chunk has
	// another.
	Make func() (C, error)
	Read func(C, context.Context) ([]T, P, error)
	Seek func(C, context.Context, P) error
	// Range bounds what an instance reads, before anything else is called; nil is
	// an open end.
	Range func(c C, ctx context.Context, from, to *P) error
	// Cut is nil where the component can't tell where chunks end.
	Cut  func(C, context.Context, int) ([]P, error)
	Life func(C) Life
}

// NewRange returns the source of a type with Read, Seek and Range that reads a
// range.
func NewRange[C, T, P any](m Methods[C, T, P], asked *connect.Range) (flow.Source, error) {
	r := &ranged[C, T, P]{methods: m}
	open := asked.Open()
	for _, end := range []struct {
		key, text string
		at        **P
	}{{"from", open.From, &r.bounds.From}, {"to", open.To, &r.bounds.To}} {
		if end.text == "" {
			continue
		}
		p, err := parsePosition[P](end.text)
		if err != nil {
			return nil, &connect.RangeError{Key: end.key, Reason: fmt.Sprintf("%q is no position of the component, which is a %T: %v", end.text, p, err)}
		}
		*end.at = &p
	}
	if m.Cut == nil && open.Parallel > 1 {
		return nil, &connect.RangeError{Reason: "the component has no method Cut, so it is not read in chunks"}
	}
	return flow.InChunks(r, flow.ChunkOptions{Readers: open.Parallel, Range: open.String(), Rows: flow.RowsOf[T]()}), nil
}

// NewPointerRange is NewRange for a component that gives pointers.
func NewPointerRange[C, T, P any](m Methods[C, *T, P], asked *connect.Range) (flow.Source, error) {
	return NewRange(Methods[C, T, P]{
		Make: m.Make, Seek: m.Seek, Range: m.Range, Cut: m.Cut, Life: m.Life,
		Read: func(c C, ctx context.Context) ([]T, P, error) {
			return ReadOf(func(ctx context.Context) ([]*T, P, error) { return m.Read(c, ctx) })(ctx)
		},
	}, asked)
}

// parsePosition reads a bound: a text, a number or a time.
func parsePosition[P any](text string) (p P, err error) {
	switch at := any(&p).(type) {
	case *time.Time:
		var ok bool
		if *at, ok = connect.ParseTime(text); !ok {
			err = errors.New("it is a time such as 2026-01-31T08:00:00Z, or a day")
		}
		return p, err
	default:
		if zero, err := json.Marshal(p); err != nil || !bytes.HasPrefix(zero, []byte{'"'}) {
			return p, json.Unmarshal([]byte(text), &p)
		}
		quoted, err := json.Marshal(text)
		if err != nil {
			return p, err
		}
		return p, json.Unmarshal(quoted, &p)
	}
}

// A ranged component is one that reads a part of what it has.
type ranged[C, T, P any] struct {
	methods Methods[C, T, P]
	bounds  bounds[P]
}

// bounds are where a chunk begins and ends, nil for an open end.
type bounds[P any] struct {
	From *P `json:"from,omitempty"`
	To   *P `json:"to,omitempty"`
}

// Cut asks an instance for the ends of its chunks.
func (r *ranged[C, T, P]) Cut(ctx context.Context, n int) ([]flow.Chunk, error) {
	if r.methods.Cut == nil {
		c, err := r.chunk(r.bounds)
		return []flow.Chunk{c}, err
	}
	c, err := r.methods.Make()
	if err != nil {
		return nil, err
	}
	life := r.methods.Life(c)
	ends, err := r.ends(ctx, c, life, n)
	if cerr := call(ctx, life.Close); err == nil {
		err = cerr
	}
	if err != nil {
		return nil, err
	}
	var chunks []flow.Chunk
	for i := 1; i < len(ends); i++ {
		c, err := r.chunk(bounds[P]{&ends[i-1], &ends[i]})
		if err != nil {
			return nil, err
		}
		if word(&ends[i-1]) != word(&ends[i]) {
			chunks = append(chunks, c)
		}
	}
	return chunks, nil
}

func (r *ranged[C, T, P]) ends(ctx context.Context, c C, life Life, n int) ([]P, error) {
	if err := r.methods.Range(c, ctx, r.bounds.From, r.bounds.To); err != nil {
		return nil, err
	}
	if err := call(ctx, life.Open); err != nil {
		return nil, err
	}
	return r.methods.Cut(c, ctx, n)
}

// chunk is the chunk between two positions.
func (r *ranged[C, T, P]) chunk(b bounds[P]) (flow.Chunk, error) {
	raw, err := json.Marshal(b)
	if err != nil {
		return flow.Chunk{}, err
	}
	c := flow.Chunk{Bounds: raw, Size: flow.Unknown, Name: word(b.From) + ".." + word(b.To)}
	if from, to := number(b.From), number(b.To); from != nil && to != nil {
		c.Size = max(0, *to-*from)
	}
	return c, nil
}

// word is a position as people read it.
func word[P any](p *P) string {
	if p == nil {
		return ""
	}
	raw, err := json.Marshal(p)
	if err != nil {
		return fmt.Sprint(*p)
	}
	return strings.Trim(string(raw), `"`)
}

// number is a position that is a whole number; nil for others.
func number[P any](p *P) *int64 {
	if p == nil {
		return nil
	}
	raw, err := json.Marshal(p)
	if err != nil {
		return nil
	}
	n, err := strconv.ParseInt(string(raw), 10, 64)
	if err != nil {
		return nil
	}
	return &n
}

// Chunk is the source of a chunk: an instance of its own.
func (r *ranged[C, T, P]) Chunk(chunk flow.Chunk) (flow.Source, error) {
	var b bounds[P]
	if err := json.Unmarshal(chunk.Bounds, &b); err != nil {
		return nil, fmt.Errorf("the chunk %s: %w", chunk.Name, err)
	}
	c, err := r.methods.Make()
	if err != nil {
		return nil, err
	}
	m := r.methods
	reader := &reader[T, P]{life: m.Life(c), read: func(ctx context.Context) ([]T, P, error) { return m.Read(c, ctx) }}
	s := &part[T, P]{seekReader: seekReader[T, P]{reader, func(ctx context.Context, at P) error { return m.Seek(c, ctx, at) }}, from: number(b.From)}
	s.bound = func(ctx context.Context) error { return m.Range(c, ctx, b.From, b.To) }
	return s, nil
}

// A part reads a chunk.
type part[T, P any] struct {
	seekReader[T, P]
	bound func(context.Context) error // nil once it was called
	from  *int64                      // where Done is 0; nil where positions are no numbers
	done  int64
}

// within bounds the instance, once.
func (s *part[T, P]) within(ctx context.Context) error {
	bound := s.bound
	if s.bound = nil; bound == nil {
		return nil
	}
	return bound(ctx)
}

// Seek goes on inside of the chunk.
func (s *part[T, P]) Seek(ctx context.Context, positions map[string]json.RawMessage) error {
	if err := s.within(ctx); err != nil {
		return err
	}
	if s.from != nil {
		var at P
		if json.Unmarshal(positions[""], &at) == nil {
			s.from = number(&at)
		}
	}
	return s.seekReader.Seek(ctx, positions)
}

// Open opens the instance.
func (s *part[T, P]) Open(ctx context.Context) error {
	if err := s.within(ctx); err != nil {
		return err
	}
	return s.seekReader.Open(ctx)
}

// Read reads the next records of the chunk.
func (s *part[T, P]) Read(ctx context.Context, b *flow.Batch) error {
	err := s.seekReader.Read(ctx, b)
	at, ok := b.Position.(P)
	switch n := number(&at); {
	case !ok:
	case s.from != nil && n != nil:
		s.done = *n - *s.from
	default:
		s.done += int64(len(*b.Rows.(*[]T)))
	}
	return err
}

// Done is how far it has come: in positions where these are numbers, else in
// records.
func (s *part[T, P]) Done() int64 { return s.done }
