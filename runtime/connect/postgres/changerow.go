package postgres

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/runtime/codec/jsonscan"
	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/connect/table"
)

// A changeWriter makes of what the server sends the JSON of a change: {"op", "before",
// "after", "unchanged"}.
type changeWriter struct {
	server *server // what it asks about types
	table  *published
	wanted []connect.Column
	types  map[uint32]*valueType
	// columns are those that are wanted, by their places in the tuples of the
	// relation that came last.
	columns   []changeColumn
	unchanged []string // of one change
}

// A changeColumn is a column that is wanted.
type changeColumn struct {
	index int // in a tuple
	name  string
	head  string // what stands before its value in JSON
	typ   string // the wanted type
	value *valueType
	key   bool // a part of the replica identity
}

// relation notes what the tuples that come look like.
func (w *changeWriter) relation(ctx context.Context, r *relation) error {
	w.columns = w.columns[:0]
	var problems, identity []string
	for i, c := range r.columns {
		at := slices.IndexFunc(w.wanted, func(wanted connect.Column) bool { return wanted.Name == c.name })
		if c.key {
			identity = append(identity, c.name)
		}
		if at < 0 {
			continue
		}
		if err := w.column(ctx, i, c.oid, w.wanted[at]); err != nil {
			return err
		}
		w.columns[len(w.columns)-1].key = c.key
	}
	for _, wanted := range w.wanted {
		if !wanted.Optional && !slices.ContainsFunc(r.columns, func(c relationColumn) bool { return c.name == wanted.Name }) {
			problems = append(problems, fmt.Sprintf("its changes have no column `%s`, which must be there: it was dropped or renamed, is generated, or is not published. Declare it as `%s?:`, or not at all", wanted.Name, wanted.Name))
		}
	}
	if r.identity != 'f' && len(problems) == 0 {
		if missing := untold(w.wanted, identity); len(missing) > 0 {
			problems = append(problems, untoldProblem(table.Quote(r.namespace)+"."+table.Quote(r.name), missing))
		}
	}
	if len(problems) > 0 {
		return &table.Misfit{Table: "`" + r.namespace + "." + r.name + "` at " + w.server.address(), Problems: problems}
	}
	return nil
}

// column adds a column that is wanted.
func (w *changeWriter) column(ctx context.Context, index int, oid uint32, wanted connect.Column) error {
	if w.types[oid] == nil {
		if err := w.server.connect(ctx); err != nil {
			return err
		}
		if err := w.server.valueTypes(ctx, w.types, oid); err != nil {
			return err
		}
	}
	head, err := jsonscan.AppendString(nil, wanted.Name)
	w.columns = append(w.columns, changeColumn{index: index, name: wanted.Name, head: string(head) + ":", typ: wanted.Type, value: w.types[oid]})
	return err
}

// read appends a row that was there at first.
func (w *changeWriter) read(dst []byte, row [][]byte) []byte {
	dst = append(dst, `{"op":"read","after":{`...)
	first := true
	for i := range w.columns {
		c := &w.columns[i]
		if row[c.index] != nil {
			dst = w.value(dst, c, row[c.index], &first)
		}
	}
	return append(dst, '}', '}', '\n')
}

var opNames = map[byte]string{'I': `{"op":"insert"`, 'U': `{"op":"update"`, 'D': `{"op":"delete"`}

// change appends a change of a row.
func (w *changeWriter) change(dst []byte, m *rowChange) ([]byte, error) {
	dst = append(dst, opNames[m.kind]...)
	if m.oldKind != 0 {
		if err := w.fits(m.old); err != nil {
			return dst, err
		}
		dst = append(dst, `,"before":{`...)
		first := true
		for i := range w.columns {
			c := &w.columns[i]
			if d := m.old[c.index]; d.kind == 't' && (c.key || m.oldKind == 'O') {
				dst = w.value(dst, c, d.text, &first)
			}
		}
		dst = append(dst, '}')
	}
	if m.kind == 'D' {
		return append(dst, '}', '\n'), nil
	}
	if err := w.fits(m.after); err != nil {
		return dst, err
	}
	dst = append(dst, `,"after":{`...)
	w.unchanged = w.unchanged[:0]
	first := true
	for i := range w.columns {
		c := &w.columns[i]
		d := m.after[c.index]
		if d.kind == 'u' {
			// A large value that stayed what it was stands in the row before, where that
			// was sent.
			if m.oldKind == 0 || m.oldKind == 'K' && !c.key || m.old[c.index].kind == 'u' {
				w.unchanged = append(w.unchanged, c.head[:len(c.head)-1])
				continue
			}
			d = m.old[c.index]
		}
		if d.kind == 't' {
			dst = w.value(dst, c, d.text, &first)
		}
	}
	dst = append(dst, '}')
	if len(w.unchanged) > 0 {
		dst = append(append(append(dst, `,"unchanged":[`...), strings.Join(w.unchanged, ",")...), ']')
	}
	return append(dst, '}', '\n'), nil
}

func (w *changeWriter) value(dst []byte, c *changeColumn, text []byte, first *bool) []byte {
	if !*first {
		dst = append(dst, ',')
	}
	*first = false
	return c.value.append(append(dst, c.head...), text, c.typ)
}

// fits checks that a tuple has the columns of its relation.
func (w *changeWriter) fits(t tuple) error {
	if n := len(w.columns); n > 0 && w.columns[n-1].index >= len(t) {
		return fmt.Errorf("%s: a row of `%s` has %d values, fewer than its table has columns", w.server.address(), w.table, len(t))
	}
	return nil
}
