package sqlite

import (
	"cmp"
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/connect/table"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// A Sink writes rows, or applies changes of them. A transaction is open from the
// first record after a commit to the next.
//
//flowc:sink changes
type Sink struct {
	config SinkConfig
	output connect.Output
	upsert bool

	file *file // locked by whoever uses conn
	conn *conn
	// The target is the one table, or that of the record at hand.
	target
	// key is where in Out.Keys the tables of records stand, -1 for one for all;
	// ready are those that can be written to.
	key    int
	naming table.Naming
	ready  table.Ready[target]
	// changes are what changes of rows are applied with.
	changes changes
	// pipeline is the name under which the checkpoint is kept, "" where it is not.
	pipeline string
	// inside tells that a transaction is open, kept are its records.
	inside bool
	kept   table.Kept
}

// A target is a table that can be written to.
type target struct {
	insert driver.StmtExecContext
	args   []driver.NamedValue
	texts  []bool // columns that keep integers as text
}

func (t target) close() error {
	if c, ok := t.insert.(driver.Stmt); ok {
		return c.Close()
	}
	return nil
}

// NewSink returns the sink.
func NewSink(c SinkConfig, out connect.Output) (flow.Sink, error) {
	if c.Table == "" && table.KeyOf(out) < 0 {
		return nil, errors.New("table is empty")
	}
	if len(out.Columns) == 0 {
		return nil, errors.New("the records have no columns")
	}
	s := &Sink{config: c, output: out, upsert: len(c.Key) > 0 && c.Mode != "insert", key: table.KeyOf(out)}
	s.naming = table.Naming{Literal: out.Literals["table"], Longest: longestName, Reserved: []string{"sqlite_", "flowc_"}}
	s.ready.Close = func(t target) { _ = t.close() } // an error is that of what it did last, which is known
	if out.Changes && s.key >= 0 {
		return nil, errors.New("changes are of the rows of one table, and `table` has values of the records")
	}
	if out.Changes && !s.upsert {
		return nil, errors.New("changes are of rows that a key tells, and there is none")
	}
	return s, nil
}

// Idempotent tells that a record that comes twice counts once: it takes its own
// place.
func (s *Sink) Idempotent() bool { return s.upsert }

// Open opens the file, and makes the table or checks that it fits.
func (s *Sink) Open(context.Context) error {
	_, err := os.Stat(s.config.Path)
	fresh := errors.Is(err, os.ErrNotExist)
	if fresh {
		if err := os.MkdirAll(filepath.Dir(s.config.Path), 0o755); err != nil {
			return err
		}
	}
	if s.conn, err = open(s.config.Path, true); err != nil {
		return err
	}
	s.file = fileAt(s.config.Path)
	s.file.mu.Lock()
	defer s.file.mu.Unlock()
	if err := s.file.enter(s); err != nil {
		return errors.Join(err, s.conn.close())
	}
	if err := s.prepare(fresh); err != nil {
		return errors.Join(err, s.conn.close())
	}
	return nil
}

func (s *Sink) prepare(fresh bool) error {
	if fresh { // readers and the writer do not wait for each other then
		if err := s.conn.exec("PRAGMA journal_mode = WAL"); err != nil {
			return err
		}
	}
	// A commit is on disk when it returns, in each journal mode.
	if err := s.conn.exec("PRAGMA synchronous = FULL"); err != nil {
		return err
	}
	if s.keeps() {
		if err := s.conn.exec(makeCheckpoints); err != nil {
			return err
		}
	}
	if s.key >= 0 {
		return nil // each table when a record comes for it
	}
	var err error
	if s.target, err = s.targetOf(s.config.Table); err != nil {
		return err
	}
	if s.output.Changes {
		return s.prepareChanges()
	}
	return nil
}

// targetOf makes a table where it is not there, or checks that it fits.
func (s *Sink) targetOf(name string) (t target, err error) {
	have, err := s.conn.tableColumns(name)
	if err != nil {
		return t, err
	}
	if len(have) == 0 {
		if err := s.conn.create(name, s.output.Columns, s.config.Key); err != nil {
			return t, err
		}
		if have, err = s.conn.tableColumns(name); err != nil {
			return t, err
		}
	}
	var key []string
	if s.upsert {
		key = s.config.Key
	}
	found, err := s.conn.fits(name, have, s.output.Columns, key)
	if err != nil {
		return t, err
	}
	for _, c := range found {
		t.texts = append(t.texts, c.affinity == textual)
	}
	if t.insert, err = s.statementOf(s.statement(name)); err != nil {
		return t, err
	}
	t.args = values(make([]driver.Value, len(s.output.Columns))...)
	return t, nil
}

// longestName is how many bytes the name of a table may have that a record gives:
// SQLite itself takes any.
const longestName = 255

// to makes the table the target that a record names.
func (s *Sink) to(name string) error {
	if t, ok := s.ready.Get(name); ok {
		s.target = t
		return nil
	}
	if err := s.naming.Check(name); err != nil {
		return err
	}
	t, err := s.targetOf(name)
	if err != nil {
		return table.OfRecord(err)
	}
	s.ready.Put(name, t)
	s.target = t
	return nil
}

// tableOf is the table of a record of a packet; "" where all go to one.
func (s *Sink) tableOf(o *flow.Out, i int) string {
	if s.key < 0 {
		return ""
	}
	return o.Keys[s.key][i]
}

// statement is what writes a record.
func (s *Sink) statement(name string) string {
	var names, others []string
	for _, c := range s.output.Columns {
		names = append(names, c.Name)
		if !slices.Contains(s.config.Key, c.Name) {
			others = append(others, table.Quote(c.Name)+" = excluded."+table.Quote(c.Name))
		}
	}
	sql := "INSERT INTO " + table.Quote(name) + " (" + table.QuoteAll(names) + ") VALUES (?" + strings.Repeat(", ?", len(names)-1) + ")"
	switch {
	case !s.upsert:
		return sql
	case len(others) == 0:
		return sql + " ON CONFLICT (" + table.QuoteAll(s.config.Key) + ") DO NOTHING"
	}
	return sql + " ON CONFLICT (" + table.QuoteAll(s.config.Key) + ") DO UPDATE SET " + strings.Join(others, ", ")
}

// Write writes the records into the open transaction. Those that the table does
// not take fail, each for itself.
func (s *Sink) Write(_ context.Context, o *flow.Out) error {
	s.file.mu.Lock()
	defer s.file.mu.Unlock()
	if err := s.begin(); err != nil {
		return err
	}
	var failed map[int]error
	from := uint32(0)
	for i, end := range o.Ends {
		record := o.Data[from:end]
		from = end
		err := s.row(s.tableOf(o, i), record)
		var row *table.RowError
		switch {
		case err == nil && s.keeps():
			continue
		case err == nil && s.key >= 0:
			s.kept.AddTo(s.tableOf(o, i), record)
			continue
		case err == nil:
			s.kept.Add(record)
			continue
		case !errors.As(err, &row):
			// SQLite may have rolled all of it back by itself (a full disk): what
			// was written since the last commit is written again.
			if err = s.lost(err); s.keeps() {
				return err
			}
			return s.unwritten(i, o.Count, err, failed)
		case s.rolledBack():
			s.abandon()
			return &table.ConfigError{Err: fmt.Errorf("%s: a constraint or a trigger of `%s` does ROLLBACK, and takes the records before it along: %w", s.config.Path, cmp.Or(s.tableOf(o, i), s.config.Table), err)}
		}
		if failed == nil {
			failed = map[int]error{}
		}
		failed[i] = err
	}
	if failed != nil {
		return &flow.PartialError{Failed: failed}
	}
	if s.kept.Bytes() >= table.KeepBytes {
		return s.commit()
	}
	return nil
}

// rolledBack tells whether an error has ended the transaction: if so, another one
// can begin.
func (s *Sink) rolledBack() bool { return s.conn.exec("BEGIN") == nil }

// unwritten is the error of a packet that was given up at a record: those before
// it are kept and will be written, those from it on are to come again.
func (s *Sink) unwritten(at, count int, err error, failed map[int]error) error {
	if failed == nil {
		failed = map[int]error{}
	}
	failed[at] = err
	for i := at + 1; i < count; i++ {
		failed[i] = flow.ErrNotTried
	}
	return &flow.PartialError{Failed: failed}
}

// begin opens a transaction, and writes again what one that was given up held.
func (s *Sink) begin() error {
	if s.inside {
		return nil
	}
	s.file.take(s)
	if err := s.conn.exec("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	s.inside, s.file.holder = true, s
	for i := range s.kept.Len() {
		if err := s.row(s.kept.Table(i), s.kept.At(i)); err != nil {
			s.abandon()
			var row *table.RowError
			if errors.As(err, &row) { // it was taken before
				return &table.ConfigError{Err: fmt.Errorf("a record that was written already is not taken again: %w", err)}
			}
			return err
		}
	}
	return nil
}

// row writes one record, to the table that it names if there is not one for all.
func (s *Sink) row(name string, record []byte) error {
	if s.key >= 0 {
		if err := s.to(name); err != nil {
			return err
		}
	}
	if s.output.Changes {
		return s.change(record)
	}
	if err := s.bindRow(record); err != nil {
		return err
	}
	return s.run(s.insert, s.args)
}

// bindRow makes the values of a row the parameters of the statement.
func (s *Sink) bindRow(record []byte) error {
	for i := range s.args {
		v, rest, err := bind(record, s.texts[i])
		if err != nil {
			return s.valueError(i, err)
		}
		s.args[i].Value, record = v, rest
	}
	return nil
}

// abandon rolls back what may still be open.
func (s *Sink) abandon() {
	s.inside, s.file.holder = false, nil
	s.ready.Forget()            // some may have been made in this transaction
	_ = s.conn.exec("ROLLBACK") // an error is that there is nothing to roll back
}

// Sync commits.
func (s *Sink) Sync(context.Context) error {
	s.file.mu.Lock()
	defer s.file.mu.Unlock()
	if s.kept.Len() > 0 {
		if err := s.begin(); err != nil {
			return err
		}
	}
	return s.commit()
}

func (s *Sink) commit() error {
	if !s.inside {
		return nil
	}
	if err := s.conn.exec("COMMIT"); err != nil {
		var row *table.RowError
		if errors.As(err, &row) { // a deferred constraint: nothing tells which record it was
			err = &table.ConfigError{Err: fmt.Errorf("a deferred constraint refuses the transaction: %w", err)}
		}
		return s.lost(err)
	}
	s.inside, s.file.holder = false, nil
	s.kept.Clear()
	return nil
}

// Close rolls back what was not committed.
func (s *Sink) Close(context.Context, bool) error {
	if s.conn == nil {
		return nil
	}
	s.file.mu.Lock()
	defer s.file.mu.Unlock()
	s.file.leave(s)
	if s.inside {
		s.abandon()
	}
	var err error
	if s.ready.Forget(); s.key < 0 { // else it was one of those
		err = s.target.close()
	}
	return errors.Join(err, s.changes.close(), s.conn.close())
}
