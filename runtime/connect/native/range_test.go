package native

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/flow"
	"github.com/flowc-dev/flowc/runtime/flowtest"
)

// A shelf has texts, that stand in the order of their numbers.
type shelf struct {
	mu    sync.Mutex
	texts []string
	open  int
}

// A clerk reads a shelf.
type clerk struct {
	shelf     *shelf
	next, end int
	open      bool
}

func (c *clerk) Range(_ context.Context, from, to *int) error {
	c.shelf.mu.Lock()
	defer c.shelf.mu.Unlock()
	c.next, c.end = 0, len(c.shelf.texts)
	if from != nil {
		c.next = *from
	}
	if to != nil {
		c.end = *to
	}
	return nil
}

func (c *clerk) Cut(_ context.Context, n int) ([]int, error) {
	if !c.open {
		return nil, errors.New("it is not open")
	}
	ends := []int{c.next}
	for _, part := range flow.CutNumbers(int64(c.next), int64(c.end), n) {
		ends = append(ends, int(part.To))
	}
	return append(ends, c.end), nil // twice, which makes no chunk
}

func (c *clerk) Seek(_ context.Context, at int) error {
	c.next = at
	return nil
}

func (c *clerk) Read(context.Context) (out []string, next int, err error) {
	c.shelf.mu.Lock()
	defer c.shelf.mu.Unlock()
	if !c.open {
		return nil, 0, errors.New("it is not open")
	}
	for i := 0; i < 7 && c.next < c.end; i++ {
		out = append(out, c.shelf.texts[c.next])
		c.next++
	}
	if len(out) == 0 {
		err = io.EOF
	}
	return out, c.next, err
}

func methodsOf(s *shelf) Methods[*clerk, string, int] {
	count := func(c *clerk, by int) func(context.Context) error {
		return func(context.Context) error {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.open += by
			c.open = by > 0
			return nil
		}
	}
	return Methods[*clerk, string, int]{
		Make: func() (*clerk, error) { return &clerk{shelf: s}, nil },
		Read: (*clerk).Read, Seek: (*clerk).Seek, Range: (*clerk).Range, Cut: (*clerk).Cut,
		Life: func(c *clerk) Life { return Life{Open: count(c, 1), Close: count(c, -1)} },
	}
}

// A component that reads a part of what it has keeps what the interfaces promise.
func TestRangeConforms(t *testing.T) {
	flowtest.Source(t, func(t testing.TB) *flowtest.SourceWorld {
		s := &shelf{}
		w := &flowtest.SourceWorld{
			Fixed: true, Rows: flow.RowsOf[string](),
			Range: func(from, to, parallel int) flow.Source {
				asked := &connect.Range{Parallel: parallel}
				if from >= 0 {
					asked.From = strconv.Itoa(from)
				}
				if to >= 0 {
					asked.To = strconv.Itoa(to)
				}
				source, err := NewRange(methodsOf(s), asked)
				if err != nil {
					t.Fatal(err)
				}
				return source
			},
			Feed: func(records ...string) {
				s.mu.Lock()
				defer s.mu.Unlock()
				s.texts = append(s.texts, records...)
			},
			Records: func(b *flow.Batch) []string { return append([]string(nil), *b.Rows.(*[]string)...) },
		}
		w.Make = func() flow.Source { return w.Range(-1, -1, 3) }
		t.Cleanup(func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			if s.open != 0 {
				t.Errorf("%d instances are open", s.open)
			}
		})
		return w
	})
}

// A component that can't cut is read in one piece, to where it ends itself.
func TestRangeInOnePiece(t *testing.T) {
	s := &shelf{texts: []string{"a", "b", "c", "d"}}
	m := methodsOf(s)
	m.Cut = nil
	source, err := NewRange(m, &connect.Range{From: "1"})
	if err != nil {
		t.Fatal(err)
	}
	if err := source.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer source.Close(context.Background())
	b := &flow.Batch{Rows: new([]string), Data: make([]byte, 0, flow.BlockSize)}
	if err := source.Read(t.Context(), b); err != nil || strings.Join(*b.Rows.(*[]string), "") != "bcd" || b.Split != "1.." {
		t.Errorf("%v of %q: %v", *b.Rows.(*[]string), b.Split, err)
	}
	if _, err := NewRange(m, &connect.Range{Parallel: 2}); err == nil || !strings.Contains(err.Error(), "has no method Cut") {
		t.Error(err)
	}
	if _, err := NewRange(m, &connect.Range{To: "four"}); err == nil || !strings.HasPrefix(err.Error(), `range.to: "four" is no position of the component`) {
		t.Error(err)
	}
}

// A position is a number, a text, or a time.
func TestParsePosition(t *testing.T) {
	type name string
	if p, err := parsePosition[name]("a \"b\""); err != nil || p != `a "b"` {
		t.Errorf("%q %v", p, err)
	}
	if p, err := parsePosition[uint64]("18446744073709551615"); err != nil || p != 1<<64-1 {
		t.Errorf("%d %v", p, err)
	}
	if p, err := parsePosition[float64]("1.5"); err != nil || p != 1.5 {
		t.Errorf("%g %v", p, err)
	}
	if p, err := parsePosition[time.Time]("2026-01-31"); err != nil || fmt.Sprint(p.Unix()) != "1769817600" {
		t.Errorf("%v %v", p, err)
	}
	for _, text := range []string{"x", "", "1.5"} {
		if _, err := parsePosition[int](text); err == nil {
			t.Errorf("%q is a number", text)
		}
	}
	if _, err := parsePosition[time.Time]("today"); err == nil {
		t.Error("today is a time")
	}
}
