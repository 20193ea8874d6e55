package postgres

import (
	"context"
	"errors"
	"fmt"
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
	server *server

	// The target is the one table, or that of the records at hand.
	target
	// key is where in Out.Keys the tables of records stand, -1 for one for all;
	// ready are those that can be written to.
	key    int
	naming table.Naming
	ready  table.Ready[target]
	groups groups
	// removeSQL takes the rows of changes away, which the applier applies.
	removeSQL string
	applier   applier
	// pipeline is the name under which the checkpoint is kept, "" where it is not.
	pipeline string

	// inside tells that a transaction is open, xid which one; dirty that it holds
	// records.
	inside, dirty bool
	xid           string
	// fresh tells that nothing was done in it yet: to give it up is to go back to
	// its begin. Later there is a savepoint to go back to, which saved tells.
	fresh, saved bool
	// kept are the records since the last commit, where no checkpoint is kept.
	kept table.Kept
	// doubt is a transaction whose commit was not answered: kept are its records.
	doubt string

	packet packet
	lines  []byte
	send   []int
	seen   map[string]bool
}

// A target is a table that can be written to.
type target struct {
	columns []column
	keys    []int  // of the columns
	sql     string // what writes records
}

// NewSink returns the sink.
func NewSink(c SinkConfig, out connect.Output) (flow.Sink, error) {
	if c.Table == "" && table.KeyOf(out) < 0 {
		return nil, errors.New("table is empty")
	}
	if len(out.Columns) == 0 {
		return nil, errors.New("the records have no columns")
	}
	server, err := newServer(c.dsn())
	if err != nil {
		return nil, err
	}
	s := &Sink{config: c, output: out, upsert: len(c.Key) > 0 && c.Mode != "insert", server: server, seen: map[string]bool{}, key: table.KeyOf(out)}
	s.naming = table.Naming{Literal: out.Literals["table"], Reserved: []string{"pg_", "flowc_"}}
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

// Open connects, and makes the table or checks that it fits.
func (s *Sink) Open(ctx context.Context) error {
	if err := s.server.connect(ctx); err != nil {
		return err
	}
	if s.keeps() {
		if err := s.server.makeCheckpoints(ctx); err != nil {
			return err
		}
	}
	if s.key >= 0 { // each table when a record comes for it
		return s.limitNames(ctx)
	}
	var err error
	if s.target, err = s.targetOf(ctx, s.config.Table); err != nil {
		return err
	}
	if s.output.Changes {
		s.prepareChanges()
	}
	return nil
}

// targetOf makes a table where it is not there, or checks that it fits.
func (s *Sink) targetOf(ctx context.Context, name string) (t target, err error) {
	have, err := s.server.tableColumns(ctx, name)
	if err == nil && len(have) == 0 {
		if err = s.server.create(ctx, name, s.output.Columns, s.config.Key); err == nil {
			have, err = s.server.tableColumns(ctx, name)
		}
	}
	if err != nil {
		return t, err
	}
	var key []string
	if s.upsert {
		key = s.config.Key
	}
	if t.columns, err = s.server.fits(ctx, name, have, s.output.Columns, key); err == nil {
		s.prepare(&t, name)
	}
	return t, err
}

// load makes a packet of no records.
func (s *Sink) load() {
	s.packet.reset(s.columns)
	s.packet.keys = s.keys
}

// add adds a record to the packet.
func (s *Sink) add(record []byte) {
	if s.output.Changes {
		s.packet.addChange(record)
		return
	}
	s.packet.add(record)
}

// prepare writes the statement that writes records to a table.
func (s *Sink) prepare(t *target, name string) {
	var names, values, params, fresh []string
	for i, c := range t.columns {
		names = append(names, table.Quote(c.name))
		value := fmt.Sprintf("r.c%d", i)
		if !c.isText() { // texts become varchar(n) by assignment, which refuses those that are too long
			value += "::" + c.cast
		}
		values, params = append(values, value), append(params, fmt.Sprintf("$%d::text[]", i+1))
		if slices.Contains(s.config.Key, c.name) {
			t.keys = append(t.keys, i)
		} else {
			fresh = append(fresh, names[i]+" = excluded."+names[i])
		}
	}
	into := TableName(name) + " (" + strings.Join(names, ", ") + ")"
	if !s.upsert {
		t.sql = "COPY " + into + " FROM STDIN"
		return
	}
	action := "DO NOTHING"
	if len(fresh) > 0 {
		action = "DO UPDATE SET " + strings.Join(fresh, ", ")
	}
	columns := make([]string, len(names))
	for i := range columns {
		columns[i] = fmt.Sprintf("c%d", i)
	}
	t.sql = "INSERT INTO " + into + " SELECT " + strings.Join(values, ", ") + " FROM unnest(" + strings.Join(params, ", ") + ") AS r(" + strings.Join(columns, ", ") + ")" +
		" ON CONFLICT (" + table.QuoteAll(s.config.Key) + ") " + action
}

// Write writes the records into the open transaction. Those that the table does
// not take fail, each for itself.
func (s *Sink) Write(ctx context.Context, o *flow.Out) error {
	begin := s.begin
	if !s.upsert && s.key < 0 && s.kept.Len() == 0 {
		begin = s.reach // the records begin it themselves
	}
	if err := begin(ctx); err != nil {
		return err
	}
	failed, err := s.writeAll(ctx, outRecords{o, s.key})
	if err != nil {
		return s.lost(err)
	}
	s.dirty = true
	if !s.keeps() {
		from := uint32(0)
		for i, end := range o.Ends {
			switch {
			case failed[i] != nil:
			case s.key >= 0:
				s.kept.AddTo(o.Keys[s.key][i], o.Data[from:end])
			default:
				s.kept.Add(o.Data[from:end])
			}
			from = end
		}
		if s.kept.Bytes() >= table.KeepBytes {
			if err := s.commit(ctx); err != nil && !lostItself(err) {
				return err
			} // else the records are kept, and the next call writes them again
		}
	}
	if len(failed) > 0 {
		return &flow.PartialError{Failed: failed}
	}
	return nil
}

// lostItself tells that a transaction is gone because of what happened to the
// server, not because of its records.
func lostItself(err error) bool {
	var gone *table.GoneError
	var busy *table.BusyError
	return errors.As(err, &gone) || errors.As(err, &busy)
}

// writeRange writes the records of a range of the packet. Where the server refuses
// one of them it is cut in two until the one is found.
func (s *Sink) writeRange(ctx context.Context, from, to int) error {
	s.send = s.packet.sent(s.send, from, to)
	if len(s.send) == 0 {
		return nil
	}
	first, last := s.send[0], s.send[len(s.send)-1]
	err := s.attempt(ctx)
	var refused *table.RowError
	if !errors.As(err, &refused) {
		return err
	}
	if first == last {
		s.packet.fail(first, err)
		return nil
	}
	middle := first + (last-first+1)/2
	if err := s.writeRange(ctx, first, middle); err != nil {
		return err
	}
	return s.writeRange(ctx, middle, last+1)
}

// attempt writes the records of s.send, or none of them. The first ones of a
// transaction need no savepoint, which costs the server a transaction of its own:
// transactions of few records never have one.
func (s *Sink) attempt(ctx context.Context) error {
	first := s.fresh || !s.inside
	savepoint := ""
	switch {
	case first:
	case s.saved:
		savepoint = "RELEASE SAVEPOINT flowc; SAVEPOINT flowc; "
	default:
		savepoint = "SAVEPOINT flowc; "
	}
	err := s.put(ctx, savepoint)
	var refused *table.RowError
	switch {
	case err == nil:
		s.fresh, s.saved = false, !first
	case !errors.As(err, &refused):
	case first:
		if undo := s.start(ctx, "ROLLBACK; "); undo != nil {
			return undo
		}
	default:
		if _, undo := s.server.exec(ctx, "ROLLBACK TO SAVEPOINT flowc"); undo != nil {
			return undo
		}
		s.saved = true
	}
	return err
}

// put sends the records of s.send, behind statements that come before them.
func (s *Sink) put(ctx context.Context, before string) error {
	if !s.upsert {
		s.lines = s.packet.appendCopy(s.lines[:0], s.send)
		err := s.copy(ctx, before)
		if cap(s.lines) > 4*table.KeepBytes {
			s.lines = nil
		}
		return err
	}
	if before != "" {
		if _, err := s.server.exec(ctx, before); err != nil {
			return err
		}
	}
	if s.output.Changes {
		return s.apply(ctx)
	}
	return s.execArrays(ctx, s.sql, s.packet.arrays(s.packet.last(s.send, s.keys, s.seen)))
}

// copy sends s.lines. Where no transaction is open it begins one with them.
func (s *Sink) copy(ctx context.Context, before string) error {
	if len(s.lines) > smallCopy {
		if !s.inside {
			if err := s.start(ctx, ""); err != nil {
				return err
			}
		}
		return s.server.copyLarge(ctx, before+s.sql, s.lines)
	}
	if s.inside {
		_, err := s.server.copySmall(ctx, before+s.sql, s.lines)
		return err
	}
	rows, err := s.server.copySmall(ctx, opening+"; "+s.sql, s.lines)
	if err == nil {
		s.started(rows)
	}
	return err
}

// begin opens a transaction, and writes again what one that is lost held.
func (s *Sink) begin(ctx context.Context) error {
	if err := s.reach(ctx); err != nil || s.inside {
		return err
	}
	if err := s.start(ctx, ""); err != nil {
		return s.lost(err)
	}
	if s.kept.Len() == 0 {
		return nil
	}
	return s.again(ctx)
}

// reach makes sure that there is a connection, and knows what became of the last
// transaction.
func (s *Sink) reach(ctx context.Context) error {
	if s.inside && s.server.alive() {
		return nil
	}
	if s.inside { // the connection went while nothing was asked of it
		err := s.lost(&table.GoneError{Err: fmt.Errorf("%s: the connection was lost", s.server.address())})
		var back *flow.RolledBackError
		if errors.As(err, &back) {
			return err
		}
	}
	if err := s.server.connect(ctx); err != nil {
		return err
	}
	return s.clearDoubt(ctx)
}

// opening begins a transaction, and asks which one it is. Deferred constraints speak
// in it while it is known which record they speak of.
const opening = "BEGIN; SET CONSTRAINTS ALL IMMEDIATE; SELECT txid_current()"

// start opens a transaction, behind statements that end one.
func (s *Sink) start(ctx context.Context, ending string) error {
	rows, err := s.server.exec(ctx, ending+opening)
	if err == nil {
		s.started(rows)
	}
	return err
}

// started keeps what opening has said.
func (s *Sink) started(rows [][][]byte) {
	s.inside, s.fresh, s.saved, s.dirty, s.xid = true, true, false, false, string(rows[0][0])
}

// again writes what is kept.
func (s *Sink) again(ctx context.Context) error {
	const piece = 4096
	for from := 0; from < s.kept.Len(); from += piece {
		failed, err := s.writeAll(ctx, keptRecords{&s.kept, from, min(from+piece, s.kept.Len())})
		if err == nil && len(failed) > 0 { // it was taken before
			for _, refused := range failed {
				err = &table.ConfigError{Err: fmt.Errorf("%s: a record that was written already is not taken again: %w", s.server.address(), refused)}
			}
		}
		if err != nil {
			return s.lost(err)
		}
	}
	s.dirty = true
	return nil
}

// clearDoubt asks the server what became of a commit that it did not answer.
func (s *Sink) clearDoubt(ctx context.Context) error {
	if s.doubt == "" {
		return nil
	}
	rows, err := s.server.query(ctx, "SELECT txid_status($1::text::bigint)", s.doubt)
	var wrong *table.ConfigError
	var value *table.RowError
	switch {
	case errors.As(err, &wrong) || errors.As(err, &value):
		// The server does not know it: a standby has taken over that never had it.
	case err != nil:
		return err
	default:
		switch string(rows[0][0]) {
		case "committed":
			s.kept.Clear()
		case "in progress":
			return &table.GoneError{Err: fmt.Errorf("%s: the transaction %s, whose commit was not answered, is still at work", s.server.address(), s.doubt)}
		}
	}
	s.doubt = ""
	return nil
}

// lost gives up the open transaction because of an error, and is the error: where
// the checkpoint is kept in it, what it held is read again.
func (s *Sink) lost(err error) error {
	held := s.inside && s.dirty
	if s.server.alive() && !lostItself(err) || s.server.alive() && isBusy(err) {
		if _, failed := s.server.exec(context.Background(), "ROLLBACK"); failed != nil {
			s.server.close()
		}
	} else {
		s.server.close()
	}
	s.inside, s.dirty = false, false
	s.ready.Forget() // some may have been made in this transaction
	if s.keeps() && held && lostItself(err) {
		return &flow.RolledBackError{Err: err}
	}
	return err
}

func isBusy(err error) bool {
	var busy *table.BusyError
	return errors.As(err, &busy)
}

// Sync commits.
func (s *Sink) Sync(ctx context.Context) error {
	if s.kept.Len() == 0 && !s.inside {
		return nil
	}
	if err := s.begin(ctx); err != nil {
		return err
	}
	return s.commit(ctx)
}

func (s *Sink) commit(ctx context.Context) error {
	if _, err := s.server.exec(ctx, "COMMIT"); err != nil {
		var gone *table.GoneError
		var refused *table.RowError
		switch {
		case errors.As(err, &gone):
			s.doubt = s.xid
		case errors.As(err, &refused): // of a trigger: nothing tells which record it was
			err = &table.ConfigError{Err: fmt.Errorf("%s: the commit is refused: %w", s.server.address(), err)}
		}
		return s.lost(err)
	}
	s.inside, s.dirty = false, false
	s.kept.Clear()
	return nil
}

// Close rolls back what was not committed.
func (s *Sink) Close(context.Context, bool) error {
	s.server.close()
	return nil
}
