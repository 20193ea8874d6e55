package postgres

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/flowc-dev/flowc/runtime/connect/table"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// records are what is to be written: of a packet, or kept ones.
type records interface {
	count() int
	at(i int) []byte
	// table is where one belongs, of a sink with many tables.
	table(i int) string
}

type outRecords struct {
	o   *flow.Out
	key int
}

func (r outRecords) count() int         { return len(r.o.Ends) }
func (r outRecords) table(i int) string { return r.o.Keys[r.key][i] }

func (r outRecords) at(i int) []byte {
	from := uint32(0)
	if i > 0 {
		from = r.o.Ends[i-1]
	}
	return r.o.Data[from:r.o.Ends[i]]
}

type keptRecords struct {
	kept     *table.Kept
	from, to int
}

func (r keptRecords) count() int         { return r.to - r.from }
func (r keptRecords) at(i int) []byte    { return r.kept.At(r.from + i) }
func (r keptRecords) table(i int) string { return r.kept.Table(r.from + i) }

// groups are the records of a packet by their tables: the tables in the order of
// their first records, and the records of each in theirs.
type groups struct {
	names   []string
	members [][]int
	of      map[string]int
}

func (g *groups) gather(all records) {
	if g.of == nil {
		g.of = map[string]int{}
	}
	clear(g.of)
	clear(g.names)
	g.names = g.names[:0]
	last := -1
	for i := range all.count() {
		name := all.table(i)
		if last < 0 || g.names[last] != name {
			var ok bool
			if last, ok = g.of[name]; !ok {
				last = len(g.names)
				g.of[name], g.names = last, append(g.names, name)
				if last == len(g.members) {
					g.members = append(g.members, nil)
				}
				g.members[last] = g.members[last][:0]
			}
		}
		g.members[last] = append(g.members[last], i)
	}
}

// writeAll writes records into the open transaction, those of one table at once.
// Those that can't be written are in failed.
func (s *Sink) writeAll(ctx context.Context, all records) (failed map[int]error, err error) {
	if s.key < 0 {
		s.load()
		for i := range all.count() {
			s.add(all.at(i))
		}
		err = s.writeRange(ctx, 0, s.packet.count)
		return s.packet.failed, err
	}
	s.groups.gather(all)
	for g, name := range s.groups.names {
		members := s.groups.members[g]
		refuse := func(i int, err error) {
			if failed == nil {
				failed = map[int]error{}
			}
			failed[members[i]] = err
		}
		var refused *table.RowError
		if err := s.to(ctx, name); errors.As(err, &refused) {
			for i := range members {
				refuse(i, err)
			}
			continue
		} else if err != nil {
			return nil, err
		}
		s.load()
		for _, i := range members {
			s.add(all.at(i))
		}
		if err := s.writeRange(ctx, 0, s.packet.count); err != nil {
			return nil, err
		}
		for i, err := range s.packet.failed {
			refuse(i, err)
		}
	}
	return failed, nil
}

// to makes the table the target that a record names. One that has to be made is
// made in the open transaction, and goes with it.
func (s *Sink) to(ctx context.Context, name string) error {
	if t, ok := s.ready.Get(name); ok {
		s.target = t
		return nil
	}
	if err := s.naming.Check(name); err != nil {
		return err
	}
	t, err := s.tried(ctx, name)
	var refused *table.RowError
	if errors.As(err, &refused) && refused.Name == "constraint" { // another program has just made it
		t, err = s.tried(ctx, name)
	}
	if err != nil {
		return table.OfRecord(err)
	}
	s.ready.Put(name, t)
	s.target = t
	return nil
}

// tried makes a table ready, and leaves nothing of it in the transaction where the
// server refuses.
func (s *Sink) tried(ctx context.Context, name string) (t target, err error) {
	s.fresh = false // what begins anew would not have it
	if _, err := s.server.exec(ctx, "SAVEPOINT flowc_table"); err != nil {
		return t, err
	}
	if err = s.isTable(ctx, name); err == nil {
		t, err = s.targetOf(ctx, name)
	}
	end := "RELEASE SAVEPOINT flowc_table"
	if err != nil {
		if !s.server.alive() {
			return t, err
		}
		end = "ROLLBACK TO SAVEPOINT flowc_table; " + end
	}
	if _, failed := s.server.exec(ctx, end); failed != nil {
		return t, failed
	}
	return t, err
}

// isTable refuses what has a table's name and is none: an index, a sequence, a view.
func (s *Sink) isTable(ctx context.Context, name string) error {
	rows, err := s.server.query(ctx, "SELECT relkind FROM pg_class WHERE oid = to_regclass($1::text)", TableName(name))
	if err != nil || len(rows) == 0 {
		return err
	}
	switch string(rows[0][0]) {
	case "r", "p", "f": // also in parts, or somewhere else
		return nil
	}
	return &table.ConfigError{Err: fmt.Errorf("%s: `%s` is there, and is no table", s.server.address(), name)}
}

// limitNames asks the server how long names may be: it cuts those that are longer,
// so that one would be another's.
func (s *Sink) limitNames(ctx context.Context) error {
	rows, err := s.server.query(ctx, "SHOW max_identifier_length")
	if err != nil {
		return err
	}
	if s.naming.Longest, err = strconv.Atoi(string(rows[0][0])); err != nil {
		return &table.ConfigError{Err: fmt.Errorf("%s: max_identifier_length: %w", s.server.address(), err)}
	}
	return nil
}
