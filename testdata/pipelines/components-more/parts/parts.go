// Package parts has a component of each shape that the other case lacks.
package parts

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
)

// Own is an event type of this package.
type Own struct {
	User string `json:"user"`
	N    int    `json:"n"`
	Note string `json:"note,omitempty"`
}

// Events is a source that can go back.
type Events struct{ next int }

// Read gives four events at a time.
func (e *Events) Read(ctx context.Context) ([]Own, int, error) {
	var out []Own
	for range 4 {
		if e.next == 10 {
			return out, e.next, io.EOF
		}
		out = append(out, Own{User: fmt.Sprintf("u%d", e.next%3), N: e.next})
		e.next++
	}
	return out, e.next, nil
}

// Seek goes on behind event n.
func (e *Events) Seek(_ context.Context, n int) error { e.next = n; return nil }

// Enrich takes at most three at once and refuses number 7.
func Enrich(_ context.Context, in []Own) ([]Own, error) {
	if len(in) > 3 {
		return nil, errors.New("too many")
	}
	out := make([]Own, len(in))
	for i, v := range in {
		v.Note = strings.Repeat("*", len(in))
		v.Note = "seen"
		out[i] = v
	}
	return out, nil
}

// Counter numbers the events of each user.
type Counter struct{ seen map[string]int }

// NewCounter returns one.
func NewCounter() *Counter { return &Counter{seen: map[string]int{}} }

// Numbered is an event with its number.
type Numbered struct {
	User string `json:"user"`
	N    int    `json:"n"`
	Seq  int    `json:"seq"`
}

// Process numbers an event.
func (c *Counter) Process(in Own) Numbered {
	c.seen[in.User]++
	return Numbered{in.User, in.N, c.seen[in.User]}
}

// Fork sends numbers two ways.
func Fork(_ context.Context, in Numbered, odd func(Numbered) error, even func(Numbered) error) error {
	if in.N%2 == 1 {
		return odd(in)
	}
	return even(in)
}

// Squares gives n and its square.
func Squares(in Numbered) iter.Seq[Numbered] {
	return func(yield func(Numbered) bool) {
		if !yield(in) {
			return
		}
		in.N *= in.N
		yield(in)
	}
}

// Triples joins three events, and at the end what is left: it emits and
// flushes.
type Triples struct{ held []Own }

// Process emits the third of each three, with the sum of their numbers.
func (t *Triples) Process(_ context.Context, in Own, emit func(Own) error) error {
	if t.held = append(t.held, in); len(t.held) < 3 {
		return nil
	}
	out := t.join()
	t.held = nil
	return emit(out)
}

// Flush gives those that are fewer than three.
func (t *Triples) Flush() []Own {
	if len(t.held) == 0 {
		return nil
	}
	return []Own{t.join()}
}

func (t *Triples) join() Own {
	out := t.held[len(t.held)-1]
	for _, v := range t.held[:len(t.held)-1] {
		out.N += v.N
	}
	return out
}
