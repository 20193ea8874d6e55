package postgres

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/flowc-dev/flowc/runtime/codec/row"
	"github.com/flowc-dev/flowc/runtime/connect/table"
)

// A change is what is to be done with one record of a packet of changes. The cells
// of the record are those of the row after it; those of values that are not known
// have an end of unknown.
type change struct {
	step table.Step
	// before are the cells of the key of the row before, where it is another one.
	before []cell
}

const unknown = -2

// addChange adds a change of a row.
func (p *packet) addChange(record []byte) {
	c := row.ReadChange(record, len(p.columns))
	ch := change{}
	var err error
	if ch.step, err = table.StepOf(&c); err != nil {
		p.fail(p.count, err)
	}
	first := len(p.cells)
	p.addRow(c.After)
	if ch.step == table.Patch {
		for i := range p.columns {
			if c.Unchanged(p.columns[i].name) {
				p.cells[first+i].end = unknown
			}
		}
		for _, k := range p.keys {
			if p.cells[first+k].end == unknown && p.failed[p.count] == nil {
				p.fail(p.count, table.ErrKeyUnchanged)
			}
		}
	}
	if err == nil && (ch.step == table.Remove || table.Moved(&c, p.keys)) {
		ch.before = p.keyCells(c.Before)
	}
	p.changes = append(p.changes, ch)
	p.count++
}

// keyCells are the cells of the key of a row that is taken away: the rest of it is
// of no concern, whether or not a column could hold it.
func (p *packet) keyCells(record []byte) []cell {
	out := make([]cell, len(p.keys))
	for i := range p.columns {
		var v row.Value
		v, record = row.Next(record)
		if j := slices.Index(p.keys, i); j >= 0 {
			out[j] = p.addValue(&p.columns[i], v)
		}
	}
	return out
}

// An applier writes the records of a packet as what they do to the table.
type applier struct {
	s *Sink
	// removed are the keys of rows to take away, put the records whose rows are put,
	// by their keys: a statement can't write a row twice, so that of those with one
	// key the last counts.
	removed [][]cell
	gone    map[string]bool
	put     map[string]int
	order   []int
}

// apply applies the changes of s.send in their order, as few statements as can be.
func (s *Sink) apply(ctx context.Context) error {
	a := &s.applier
	a.reset(s)
	for _, i := range s.send {
		ch := &s.packet.changes[i]
		switch ch.step {
		case table.Empty:
			a.reset(s) // what was gathered would be gone
			if _, err := s.server.exec(ctx, "DELETE FROM "+TableName(s.config.Table)); err != nil {
				return err
			}
			continue
		case table.Patch:
			if err := a.flush(ctx); err != nil {
				return err
			}
			if err := s.patch(ctx, s.packet.record(i), ch.before); err != nil {
				return err
			}
			continue
		}
		if ch.before != nil {
			a.remove(ch.before)
		}
		if ch.step == table.Put {
			key := a.key(s.packet.keyOf(i))
			a.put[key] = i
			a.order = append(a.order, i)
		}
	}
	return a.flush(ctx)
}

func (a *applier) reset(s *Sink) {
	a.s, a.removed, a.order = s, a.removed[:0], a.order[:0]
	if a.gone == nil {
		a.gone, a.put = map[string]bool{}, map[string]int{}
	}
	clear(a.gone)
	clear(a.put)
}

// key is what tells a key from others.
func (a *applier) key(cells []cell) string {
	var key []byte
	for _, c := range cells {
		key = binary.AppendUvarint(key, uint64(c.end-c.start))
		key = append(key, a.s.packet.texts[c.start:max(c.start, c.end)]...)
	}
	return string(key)
}

func (a *applier) remove(cells []cell) {
	key := a.key(cells)
	delete(a.put, key)
	if !a.gone[key] {
		a.gone[key] = true
		a.removed = append(a.removed, cells)
	}
}

// flush takes rows away and puts others.
func (a *applier) flush(ctx context.Context) error {
	s := a.s
	if len(a.removed) > 0 {
		params := make([][]byte, len(s.keys))
		column := make([]cell, len(a.removed))
		for j := range s.keys {
			for n, key := range a.removed {
				column[n] = key[j]
			}
			params[j] = s.packet.array(column)
		}
		if err := s.execArrays(ctx, s.removeSQL, params); err != nil {
			return err
		}
	}
	kept := a.order[:0]
	for _, i := range a.order {
		if last, there := a.put[a.key(s.packet.keyOf(i))]; there && last == i {
			kept = append(kept, i)
		}
	}
	var err error
	if len(kept) > 0 {
		err = s.execArrays(ctx, s.sql, s.packet.arrays(kept))
	}
	a.reset(s)
	return err
}

// execArrays runs a statement whose parameters are arrays of texts.
func (s *Sink) execArrays(ctx context.Context, sql string, params [][]byte) error {
	formats := make([]int16, len(params))
	for i := range formats {
		formats[i] = 1
	}
	r := s.server.conn.ExecParams(ctx, sql, params, nil, formats, nil).Read()
	return s.server.failed(ctx, r.Err)
}

// prepareChanges writes the statement that takes rows away.
func (s *Sink) prepareChanges() {
	var params, names, wheres []string
	for j, k := range s.keys {
		params, names = append(params, fmt.Sprintf("$%d::text[]", j+1)), append(names, fmt.Sprintf("c%d", j))
		wheres = append(wheres, fmt.Sprintf("t.%s = r.c%d::%s", table.Quote(s.columns[k].name), j, s.columns[k].cast))
	}
	s.removeSQL = "DELETE FROM " + TableName(s.config.Table) + " AS t USING unnest(" + strings.Join(params, ", ") + ") AS r(" + strings.Join(names, ", ") + ") WHERE " + strings.Join(wheres, " AND ")
}

// patch changes the columns of a row whose values are known. The row is the one
// with the key, or the one that had the key before: a row that was read later than
// the change may be there under its new key already.
func (s *Sink) patch(ctx context.Context, cells, before []cell) error {
	st := statement{s: s}
	st.set(cells, false)
	if st.sets > 0 {
		n, err := st.run(ctx, cells, s.keys)
		if err != nil || n > 0 && before == nil {
			return err
		}
		if n > 0 {
			params := make([][]byte, len(s.keys))
			for j := range s.keys {
				params[j] = s.packet.array(before[j : j+1])
			}
			return s.execArrays(ctx, s.removeSQL, params)
		}
	}
	if before == nil {
		return nil // there is no such row: a later change took it away
	}
	st = statement{s: s}
	st.set(cells, true)
	_, err := st.run(ctx, before, nil)
	return err
}

// A statement is an UPDATE of one row on its way.
type statement struct {
	s      *Sink
	text   strings.Builder
	sets   int
	params [][]byte
}

// param adds a value, and is what stands for it.
func (st *statement) param(c cell, column *column) string {
	var v []byte // null
	if c.end >= 0 {
		v = append([]byte{}, st.s.packet.texts[c.start:c.end]...)
	}
	st.params = append(st.params, v)
	text := "$" + strconv.Itoa(len(st.params)) + "::text"
	if !column.isText() {
		text += "::" + column.cast
	}
	return text
}

// set gives the columns whose values are known their values; those of the key too
// where it says so.
func (st *statement) set(cells []cell, keys bool) {
	for i := range st.s.columns {
		c := &st.s.columns[i]
		if cells[i].end == unknown || !keys && st.s.isKey(i) {
			continue
		}
		if st.sets++; st.sets > 1 {
			st.text.WriteString(", ")
		}
		st.text.WriteString(table.Quote(c.name) + " = " + st.param(cells[i], c))
	}
}

// run updates the row that has a key, and tells how many there were: of cells the
// key's are the at, all of them where there is no at.
func (st *statement) run(ctx context.Context, cells []cell, at []int) (int64, error) {
	sql := "UPDATE " + TableName(st.s.config.Table) + " SET " + st.text.String() + " WHERE "
	for j, k := range st.s.keys {
		if j > 0 {
			sql += " AND "
		}
		c := cells[j]
		if at != nil {
			c = cells[at[j]]
		}
		sql += table.Quote(st.s.columns[k].name) + " = " + st.param(c, &st.s.columns[k])
	}
	r := st.s.server.conn.ExecParams(ctx, sql, st.params, nil, nil, nil).Read()
	return r.CommandTag.RowsAffected(), st.s.server.failed(ctx, r.Err)
}

func (s *Sink) isKey(column int) bool { return slices.Contains(s.keys, column) }
