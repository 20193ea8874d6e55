package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/runtime/codec/row"
	"github.com/flowc-dev/flowc/runtime/connect/table"
)

// changes are the statements that apply changes of rows.
type changes struct {
	// keys are the columns of the key, by their places in a row, in its order.
	keys   []int
	remove driver.StmtExecContext
	// patches are statements for rows that lack values, by their text.
	patches map[string]driver.StmtExecContext
	before  []driver.Value
}

func (s *Sink) prepareChanges() error {
	c := &s.changes
	*c = changes{patches: map[string]driver.StmtExecContext{}}
	var wheres []string
	for i, column := range s.output.Columns {
		if slices.Contains(s.config.Key, column.Name) {
			c.keys = append(c.keys, i)
			wheres = append(wheres, table.Quote(column.Name)+" = ?")
		}
	}
	var err error
	c.remove, err = s.statementOf("DELETE FROM " + table.Quote(s.config.Table) + " WHERE " + strings.Join(wheres, " AND "))
	return err
}

// close lets go of the statements: a file with some is not closed.
func (c *changes) close() error {
	var all []error
	for _, stmt := range append(slices.Collect(maps.Values(c.patches)), c.remove) {
		if s, ok := stmt.(driver.Stmt); ok {
			all = append(all, s.Close())
		}
	}
	return errors.Join(all...)
}

func (s *Sink) statementOf(sql string) (driver.StmtExecContext, error) {
	stmt, err := s.conn.c.Prepare(sql)
	if err != nil {
		return nil, s.conn.failed(err)
	}
	return stmt.(driver.StmtExecContext), nil
}

// change applies one change, or nothing of it.
func (s *Sink) change(record []byte) error {
	c := row.ReadChange(record, len(s.output.Columns))
	step, err := table.StepOf(&c)
	if err != nil {
		return err
	}
	switch step {
	case table.Empty:
		return s.conn.exec("DELETE FROM " + table.Quote(s.config.Table))
	case table.Remove:
		return s.remove(c.Before)
	}
	if err := s.bindRow(c.After); err != nil {
		return err
	}
	moved := table.Moved(&c, s.changes.keys)
	if step == table.Put && !moved {
		return s.run(s.insert, s.args)
	}
	return s.together(func() error {
		if step == table.Patch {
			return s.patch(&c, moved)
		}
		if err := s.remove(c.Before); err != nil {
			return err
		}
		return s.run(s.insert, s.args)
	})
}

// together has statements take effect together or not at all.
func (s *Sink) together(do func() error) error {
	if err := s.conn.exec("SAVEPOINT change"); err != nil {
		return err
	}
	err := do()
	var refused *table.RowError
	if errors.As(err, &refused) {
		if undo := s.conn.exec("ROLLBACK TO change"); undo != nil {
			return err // the transaction is gone, which the caller finds out
		}
	} else if err != nil {
		return err
	}
	if release := s.conn.exec("RELEASE change"); err == nil {
		err = release
	}
	return err
}

// remove takes the row away that has the key of a row.
func (s *Sink) remove(record []byte) error {
	key, err := s.keyOf(record)
	if err != nil {
		return err
	}
	return s.run(s.changes.remove, values(key...))
}

// keyOf are the values of a row's key.
func (s *Sink) keyOf(record []byte) ([]driver.Value, error) {
	c := &s.changes
	c.before = c.before[:0]
	for i := range s.output.Columns {
		v, rest, err := bind(record, s.texts[i])
		if err != nil {
			return nil, s.valueError(i, err)
		}
		if record = rest; slices.Contains(c.keys, i) {
			c.before = append(c.before, v)
		}
	}
	return c.before, nil
}

// patch changes the columns whose values are known. The row is the one with the
// key, or the one that had the key before: a row that was read later than the
// change may be there under its new key already.
func (s *Sink) patch(c *row.Change, moved bool) error {
	var sets, wheres []string
	var others, keys []driver.Value
	for i, column := range s.output.Columns {
		set := table.Quote(column.Name) + " = ?"
		switch {
		case slices.Contains(s.changes.keys, i):
			if c.Unchanged(column.Name) {
				return table.ErrKeyUnchanged
			}
			wheres, keys = append(wheres, set), append(keys, s.args[i].Value)
		case !c.Unchanged(column.Name):
			sets, others = append(sets, set), append(others, s.args[i].Value)
		}
	}
	update, where := "UPDATE "+table.Quote(s.config.Table)+" SET ", " WHERE "+strings.Join(wheres, " AND ")
	if len(sets) > 0 {
		n, err := s.patched(update+strings.Join(sets, ", ")+where, slices.Concat(others, keys))
		if err != nil || n > 0 && !moved {
			return err
		}
		if n > 0 {
			return s.remove(c.Before)
		}
	}
	if !moved {
		return nil // there is no such row: a later change took it away
	}
	before, err := s.keyOf(c.Before)
	if err != nil {
		return err
	}
	_, err = s.patched(update+strings.Join(slices.Concat(wheres, sets), ", ")+where, slices.Concat(keys, others, before))
	return err
}

// patched runs an update and tells how many rows it changed.
func (s *Sink) patched(sql string, args []driver.Value) (int64, error) {
	stmt := s.changes.patches[sql]
	if stmt == nil {
		var err error
		if stmt, err = s.statementOf(sql); err != nil {
			return 0, err
		}
		s.changes.patches[sql] = stmt
	}
	r, err := stmt.ExecContext(context.Background(), values(args...))
	if err != nil {
		return 0, s.conn.failed(err)
	}
	return r.RowsAffected()
}

func (s *Sink) run(stmt driver.StmtExecContext, args []driver.NamedValue) error {
	_, err := stmt.ExecContext(context.Background(), args)
	return s.conn.failed(err)
}

func (s *Sink) valueError(column int, err error) error {
	return &table.RowError{Name: "value", Err: fmt.Errorf("%s: %w", s.output.Columns[column].Name, err)}
}
