package table

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"testing"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// Records come back as they were kept; none is left after Clear, nor the memory of
// large ones.
func TestKept(t *testing.T) {
	var k Kept
	for _, r := range []string{"a", "", "bcd"} {
		k.Add([]byte(r))
	}
	if k.Len() != 3 || k.Bytes() != 4 || string(k.At(0)) != "a" || len(k.At(1)) != 0 || string(k.At(2)) != "bcd" {
		t.Errorf("%d records of %d bytes", k.Len(), k.Bytes())
	}
	k.Add(make([]byte, 3*KeepBytes))
	k.Clear()
	if k.Len() != 0 || k.Bytes() != 0 || cap(k.data) != 0 {
		t.Errorf("%d records, room for %d bytes", k.Len(), cap(k.data))
	}
}

// numbers is a table of the numbers 1 to n, each padded to a size.
type numbers struct {
	n, size int
	limits  []int
	err     error // of the next page
}

func (*numbers) Open(context.Context) error { return nil }
func (*numbers) Close() error               { return nil }

func (d *numbers) Page(_ context.Context, after json.RawMessage, limit, size int, dst []byte) ([]byte, Page, error) {
	if err := d.err; err != nil {
		d.err = nil
		return dst, Page{}, err
	}
	d.limits = append(d.limits, limit)
	last := 0
	if after != nil {
		last, _ = strconv.Atoi(string(after))
	}
	var p Page
	start := len(dst)
	for last < d.n && !p.More {
		last++
		dst = fmt.Appendf(dst, "%-*d\n", d.size, last)
		p.Rows++
		p.Last = json.RawMessage(strconv.Itoa(last))
		p.More = p.Rows == limit || len(dst)-start >= size
	}
	return dst, p, nil
}

// All rows are read once, in pages that come to hold a block; an error in between
// loses none.
func TestReader(t *testing.T) {
	for _, size := range []int{8, 100, 100_000} {
		d := &numbers{n: 3000, size: size}
		if size == 100_000 {
			d.n = 40
		}
		r := NewReader(d, 0)
		if err := r.Seek(t.Context(), map[string]json.RawMessage{"": json.RawMessage(`{"key":10}`)}); err != nil {
			t.Fatal(err)
		}
		next := 11
		for page := 0; ; page++ {
			if page == 2 {
				d.err = errors.New("away for a moment")
			}
			var b flow.Batch
			err := r.Read(t.Context(), &b)
			if err == io.EOF {
				break
			}
			if err != nil {
				continue
			}
			for len(b.Data) > 0 {
				if n, _ := strconv.Atoi(string(trim(b.Data[:size]))); n != next {
					t.Fatalf("size %d: row %d where %d is next", size, n, next)
				}
				next++
				b.Data = b.Data[size+1:]
			}
			if p, _ := json.Marshal(b.Position); string(p) != fmt.Sprintf(`{"key":%d}`, next-1) {
				t.Errorf("position %s behind row %d", p, next-1)
			}
		}
		if next != d.n+1 {
			t.Errorf("size %d: %d rows", size, next-1)
		}
	}
}

func trim(b []byte) []byte {
	for i, c := range b {
		if c < '0' || c > '9' {
			return b[:i]
		}
	}
	return b
}

// A position that is none is said so.
func TestNoPosition(t *testing.T) {
	r := NewReader(&numbers{}, 0)
	for _, p := range []string{`{}`, `7`, `{`} {
		if err := r.Seek(t.Context(), map[string]json.RawMessage{"": json.RawMessage(p)}); err == nil {
			t.Errorf("%s is no position", p)
		}
	}
	if err := r.Seek(t.Context(), nil); err != nil {
		t.Errorf("no position: %v", err)
	}
}
