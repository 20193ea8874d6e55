package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/connect/table"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// A ChangeSource reads what becomes of the rows of a table: first the rows that are
// there, then each change, in the order of the commits. A replication slot on the
// server keeps what the program has not stored yet.
//
//flowc:source changes
type ChangeSource struct {
	config SourceConfig
	input  connect.Input
	server *server
	// from is where reading goes on: behind what Read gave; nil before anything was
	// read.
	from *position
	// away tells that the connection was lost, which the engine knows.
	away bool

	mu   sync.Mutex // of feed and acked, for Ack
	feed *feed      // nil where there is no connection
	// acked is how far everything is safe; a new connection tells the server.
	acked lsn
}

// newChangeSource returns the source.
func newChangeSource(c SourceConfig, in connect.Input) (flow.Source, error) {
	switch {
	case c.Table == "":
		return nil, errors.New("give the table whose changes are to be read")
	case c.Query != "" || c.Key != "" || c.Every != 0:
		return nil, errors.New("query, key and every say how rows are read, and these are changes")
	}
	if c.Slot == "" {
		c.Slot = slotName(in.Pipeline, in.Node)
	}
	if err := checkSlotName(c.Slot); err != nil {
		return nil, err
	}
	if c.Publication == "" {
		c.Publication = c.Slot
	}
	server, err := newServer(c.dsn())
	if err != nil {
		return nil, err
	}
	return &ChangeSource{config: c, input: in, server: server}, nil
}

// Seek goes on behind a change.
func (s *ChangeSource) Seek(_ context.Context, positions map[string]json.RawMessage) error {
	raw, ok := positions[""]
	if !ok {
		return nil
	}
	var err error
	s.from, err = parsePosition(raw)
	return err
}

// Endless tells that it reads for as long as the program runs.
func (s *ChangeSource) Endless() bool { return true }

// PrunesOnAck tells that the server lets go of what the program has stored.
func (s *ChangeSource) PrunesOnAck() bool { return true }

// Open connects, and makes the publication and the slot where they are not there.
func (s *ChangeSource) Open(ctx context.Context) error { return s.connect(ctx) }

// Read reads the next changes.
func (s *ChangeSource) Read(ctx context.Context, b *flow.Batch) error {
	if s.feed == nil {
		if err := s.connect(ctx); err != nil {
			return err
		}
	}
	if s.away { // tell that the server is back
		s.away = false
		return nil
	}
	p, err := s.feed.take(ctx, b)
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		s.disconnect()
		s.away = true
		return err
	}
	s.from = p
	b.Position = p
	if len(b.Data) == 0 {
		b.OnDone = func(error) {} // the position alone is the news
	}
	return nil
}

// Ack tells the server that it need not keep what lies before a position.
func (s *ChangeSource) Ack(_ context.Context, positions map[string]any) error {
	p, ok := positions[""].(*position)
	if !ok {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.acked = max(s.acked, p.lsn)
	if s.feed != nil {
		s.feed.replica.ack(p.lsn)
	}
	return nil
}

// Place is where a change stands in the server's log.
func (s *ChangeSource) Place(b *flow.Batch, r flow.Record) any { return placeOf(b, r) }

// Close tells the server what is safe, and ends the connections. The slot stays.
func (s *ChangeSource) Close(context.Context) error {
	s.disconnect()
	s.server.close()
	return nil
}

func (s *ChangeSource) disconnect() {
	s.mu.Lock()
	f := s.feed
	s.feed = nil
	s.mu.Unlock()
	if f != nil {
		f.close()
	}
}

// connect begins to read from where it was.
func (s *ChangeSource) connect(ctx context.Context) error {
	f, from, err := s.prepare(ctx)
	if err != nil {
		s.server.close()
		return err
	}
	reading, cancel := context.WithCancel(context.Background())
	f.cancel = cancel
	s.mu.Lock()
	s.feed = f
	f.replica.ack(s.acked)
	s.mu.Unlock()
	go f.run(reading, from)
	return nil
}

// prepare checks that everything is there, makes what is not, and opens the
// snapshot where rows are to be read.
func (s *ChangeSource) prepare(ctx context.Context) (f *feed, from *position, err error) {
	if err := s.server.connect(ctx); err != nil {
		return nil, nil, err
	}
	t, err := s.server.find(ctx, s.config.Table, s.input.Columns)
	if err != nil {
		return nil, nil, err
	}
	if s.from != nil && s.from.Table != t.oid {
		return nil, nil, s.wrong("`%s` is another table than the one that was read before: it was made anew, or the pipeline names another. Start with --fresh, which reads it from the begin", s.config.Table)
	}
	if err := s.server.publish(ctx, s.config.Publication, t, s.input.Columns); err != nil {
		return nil, nil, err
	}
	have, err := s.server.slot(ctx, s.config.Slot)
	if err != nil {
		return nil, nil, err
	}
	if s.from != nil {
		if err := s.kept(have); err != nil {
			return nil, nil, err
		}
	}
	replica, err := newReplica(ctx, s.server, s.config.Slot)
	if err != nil {
		return nil, nil, err
	}
	defer func() {
		if err != nil {
			replica.close()
		}
	}()
	f = &feed{
		publication: s.config.Publication, replica: replica, ended: make(chan struct{}), ready: make(chan struct{}, 1), space: make(chan struct{}, 1),
		writer: &changeWriter{server: s.server, table: t, wanted: s.input.Columns, types: map[uint32]*valueType{}},
	}
	from = s.from
	exported := ""
	if from == nil {
		start := lsn(0)
		if have != nil {
			start = have.confirmed
		} else if start, exported, err = replica.create(ctx); err != nil {
			return nil, nil, err
		}
		from = at(t.oid, start, 0, nil)
	}
	if s.from == nil || s.from.Snapshot != nil && !s.from.Snapshot.Done {
		if err = s.openSnapshot(ctx, f, from, exported); err != nil {
			return nil, nil, err
		}
	} else if s.from.Snapshot != nil {
		f.shows = s.from.Snapshot.Shows
		f.shownTo, _ = parseLSN(s.from.Snapshot.End)
	}
	if f.shows != "" {
		if f.shown, err = parseVisibility(f.shows); err != nil {
			return nil, nil, err
		}
	}
	return f, from, nil
}

// openSnapshot opens the snapshot that rows are read from, from a position on.
func (s *ChangeSource) openSnapshot(ctx context.Context, f *feed, from *position, exported string) error {
	t := f.writer.table
	f.snapshot = &snapshot{server: s.server, table: t, start: from.lsn}
	shows, end, err := f.snapshot.begin(ctx, exported)
	if err != nil {
		return err
	}
	f.shows, f.shownTo = shows, end
	if behind := from.Snapshot; behind != nil {
		// What the first snapshot did not show comes with the changes.
		f.snapshot.behind, f.shows = behind, behind.Shows
		if f.shownTo, err = parseLSN(behind.End); err != nil {
			return err
		}
		if t.exact {
			if err := f.snapshot.without(behind.Shows, shows); err != nil {
				return err
			}
		}
	}
	return f.snapshot.columns(ctx, f.writer)
}

// kept checks that the server has what lies behind the position.
func (s *ChangeSource) kept(have *slot) error {
	switch {
	case have == nil:
		return s.wrong("the replication slot `%s` is gone, and with it the changes since %s. Start with --fresh, which reads the table anew", s.config.Slot, s.from.LSN)
	case have.confirmed > s.from.lsn:
		return s.wrong("the checkpoint is at %s, and the server has let go of the changes before %s, which were safe or which another program read: it can't go back. Start with --fresh, which reads the table anew", s.from.LSN, have.confirmed)
	}
	return nil
}

func (s *ChangeSource) wrong(format string, args ...any) error {
	return &table.ConfigError{Err: fmt.Errorf("%s: %s", s.server.address(), fmt.Sprintf(format, args...))}
}

// Columns says what the rows are whose changes are read. What a delete does not tell
// may be missing.
func (s *ChangeSource) Columns(ctx context.Context) ([]flow.Column, error) {
	rows := Source{config: SourceConfig{DSN: s.config.DSN, Table: s.config.Table, Fresh: s.config.Fresh}}
	columns, err := rows.Columns(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.server.connect(ctx); err != nil {
		return nil, err
	}
	defer s.server.close()
	t, err := s.server.find(ctx, s.config.Table, nil)
	if err != nil {
		return nil, err
	}
	columns = slices.DeleteFunc(columns, func(c flow.Column) bool { return slices.Contains(t.generated, c.Name) })
	for i := range columns {
		c := &columns[i]
		if t.told != nil && !c.Optional && !slices.Contains(t.told, c.Name) {
			c.Optional, c.Note = true, "not told of deletes, unless the table has REPLICA IDENTITY FULL"
		}
	}
	return columns, nil
}
