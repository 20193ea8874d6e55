// Package tabletest makes changes of rows at random, with what a table is to hold
// when they were applied, for the tests of sinks.
package tabletest

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/flowc-dev/flowc/runtime/codec/row"
	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// Columns are those of the rows; A and B are the key.
var Columns = []connect.Column{
	{Name: "text", Type: "string", Optional: true},
	{Name: "a", Type: "int64"},
	{Name: "n", Type: "int64"},
	{Name: "b", Type: "string"},
}

// Key are the columns of the key.
var Key = []string{"a", "b"}

// A Row is one of the table.
type Row struct {
	Text string // "" for null
	A, N int64
	B    string
}

// A key tells a row.
type key struct {
	a int64
	b string
}

// A Table makes changes and is what they lead to.
type Table struct {
	rnd  *rand.Rand
	rows map[key]Row
	n    int64
}

// New returns a table without rows.
func New(seed uint64) *Table {
	return &Table{rnd: rand.New(rand.NewPCG(seed, 11)), rows: map[key]Row{}}
}

// Rows are those that are to be there, in order, as text.
func (t *Table) Rows() []string {
	var out []string
	for _, r := range t.rows {
		text := r.Text
		if text == "" {
			text = "NULL"
		}
		out = append(out, fmt.Sprintf("%d|%s|%d|%s", r.A, r.B, r.N, text))
	}
	slices.Sort(out)
	return out
}

// Packet makes changes, as a sink gets them.
func (t *Table) Packet(count int) *flow.Out {
	o := &flow.Out{}
	for range count {
		o.Data = t.change(o.Data)
		o.Ends = append(o.Ends, uint32(len(o.Data)))
		o.Count++
	}
	return o
}

func (t *Table) key() key { return key{t.rnd.Int64N(12), string(rune('x' + t.rnd.IntN(3)))} }

// any is one of the rows that are there.
func (t *Table) any() (Row, bool) {
	var all []Row
	for _, r := range t.rows {
		all = append(all, r)
	}
	if len(all) == 0 {
		return Row{}, false
	}
	slices.SortFunc(all, func(p, q Row) int { return int(p.N - q.N) })
	return all[t.rnd.IntN(len(all))], true
}

func (t *Table) change(dst []byte) []byte {
	t.n++
	k := t.key()
	old, there := t.any()
	next := Row{A: k.a, B: k.b, N: t.n}
	if t.rnd.IntN(3) > 0 {
		next.Text = fmt.Sprintf("text %d 'q' \\", t.n)
	}
	what := t.rnd.IntN(100)
	if !there {
		what = 0
	}
	switch {
	case what < 2 && there && t.rnd.IntN(4) == 0:
		clear(t.rows)
		return write(dst, "truncate", nil, nil)
	case what < 40: // also of a row that is there: a snapshot may have had it
		t.rows[k] = next
		return write(dst, []string{"insert", "read"}[t.rnd.IntN(2)], nil, &next)
	case what < 60:
		delete(t.rows, key{old.A, old.B})
		return write(dst, "delete", &old, nil)
	case what < 65: // of a row that is not there
		gone := Row{A: 1000, B: "x", N: 1}
		return write(dst, "delete", &gone, nil)
	}
	moved := t.rnd.IntN(4) == 0
	if _, taken := t.rows[k]; !moved || taken {
		next.A, next.B = old.A, old.B
	}
	delete(t.rows, key{old.A, old.B})
	before := &old
	if t.rnd.IntN(2) == 0 && next.A == old.A && next.B == old.B {
		before = nil // the server does not always tell it
	}
	if t.rnd.IntN(3) == 0 {
		sent := next
		sent.Text = ""
		next.Text = old.Text
		t.rows[key{next.A, next.B}] = next
		return write(dst, "update", before, &sent, "text")
	}
	t.rows[key{next.A, next.B}] = next
	return write(dst, "update", before, &next)
}

// write appends a change.
func write(dst []byte, op string, before, after *Row, unchanged ...string) []byte {
	dst = row.AppendChange(dst, op, unchanged)
	for _, r := range []*Row{before, after} {
		if r == nil {
			dst = row.AppendNull(dst)
			continue
		}
		dst = row.AppendRow(dst)
		if r.Text == "" {
			dst = row.AppendNull(dst)
		} else {
			dst = row.AppendText(dst, r.Text)
		}
		dst = row.AppendText(row.AppendInt(row.AppendInt(dst, r.A), r.N), r.B)
	}
	return dst
}
