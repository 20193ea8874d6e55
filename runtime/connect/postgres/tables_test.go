package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flowc-dev/flowc/runtime/codec/row"
	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/connect/postgres/pgtest"
	"github.com/flowc-dev/flowc/runtime/connect/table"
	"github.com/flowc-dev/flowc/runtime/flow"
	"github.com/flowc-dev/flowc/runtime/flowtest"
)

// perTable is a sink whose records say which table is theirs; a pipeline that is not
// "" keeps its checkpoint in it.
func perTable(t *testing.T, server *pgtest.Server, literal, pipeline string, key ...string) *Sink {
	t.Helper()
	s, err := NewSink(SinkConfig{DSN: server.DSN(), Key: key}, connect.Output{Node: "out", Columns: idName, Keys: []string{"meta.x", "table"}, Literals: map[string]string{"table": literal}})
	must(t, err)
	if pipeline != "" {
		s.(flow.Transactional).Keep(pipeline)
	}
	must(t, s.Open(t.Context()))
	t.Cleanup(func() { _ = s.Close(context.Background(), false) })
	return s.(*Sink)
}

// in gives the records of a packet their tables.
func in(o *flow.Out, tables ...string) *flow.Out {
	o.Keys = [][]string{make([]string, len(tables)), tables}
	return o
}

const endBackends = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'flowc'`

func TestTablesOfRecords(t *testing.T) {
	server := pgtest.New(t)
	for _, schema := range []string{"mixed", "kept", "many", "race"} {
		server.Exec(`CREATE SCHEMA ` + schema)
	}
	tablesOf := func(schema string) string {
		return strings.Join(server.Exec(`SELECT tablename FROM pg_tables WHERE schemaname = '`+schema+`' ORDER BY tablename COLLATE "C"`), " ")
	}

	// Each record goes to its table, which is made when the first one comes, or looked at.
	for name, key := range map[string][]string{"insert": nil, "upsert": {"id"}} {
		t.Run(name, func(t *testing.T) {
			server.Exec(`DROP SCHEMA mixed CASCADE; CREATE SCHEMA mixed;
CREATE TABLE mixed.e_there (name varchar(3), more text, id integer UNIQUE);
CREATE TABLE mixed.e_narrow (id integer);
CREATE TABLE mixed.e_strict (id integer UNIQUE CHECK (id > 0), name text);
CREATE INDEX e_index ON mixed.e_there (name); CREATE SEQUENCE mixed.e_numbers;
CREATE VIEW mixed.e_view AS SELECT id, name FROM mixed.e_there;
CREATE TYPE mixed.e_type AS (id bigint)`)
			s := perTable(t, server, "mixed.e_", "", key...)
			long := strings.Repeat("x", 61)
			err := s.Write(t.Context(), in(idNames(1, "a", 2, "b", 3, "c", 4, "d", 5, "e", 6, "f", 7, "g", 8, "h", -1, "i", 9, "j", 10, "k", 11, "l", 12, "m", 13, "long", 14, "n"),
				"mixed.e_new", "mixed.e_there", "mixed.e_narrow", "mixed.e_", "mixed.e_x.y", "mixed.e_new", "mixed.e_index", `mixed.e_"; DROP TABLE e; --`,
				"mixed.e_strict", "mixed.e_view", "mixed.e_numbers", "mixed.e_"+long+"x", "mixed.e_"+long, "mixed.e_there", "mixed.e_type"))
			codes := map[int]string{}
			for i, err := range failedOf(t, err) {
				var row *table.RowError
				if !errors.As(err, &row) {
					t.Fatalf("%d: %v", i, err)
				}
				codes[i] = row.Code()
			}
			if got := fmt.Sprint(codes); got != "map[2:table 3:table 4:table 6:table 8:constraint 9:table 10:table 11:table 13:value 14:table]" {
				t.Errorf("refused: %s", got)
			}
			must(t, s.Sync(t.Context()))
			if got := tablesOf("mixed"); got != `e_"; DROP TABLE e; -- e_narrow e_new e_strict e_there e_`+long {
				t.Errorf("tables %s", got)
			}
			wantRows(t, server, `SELECT * FROM mixed.e_new ORDER BY ctid`, "1|a", "6|f")
			wantRows(t, server, `SELECT id, name FROM mixed.e_there`, "2|b")
			wantRows(t, server, `SELECT * FROM mixed."e_""; DROP TABLE e; --"`, "8|h")
			wantRows(t, server, `SELECT id FROM mixed.e_`+long, "12")
		})
	}

	// A table that is made goes with the transaction, and is made again.
	t.Run("rolled back", func(t *testing.T) {
		s := perTable(t, server, "kept.", "p")
		must(t, s.Write(t.Context(), in(idNames(1, "a", 2, "b"), "kept.a", "kept.b")))
		must(t, s.Commit(t.Context(), 1, 0, []byte("one")))
		must(t, s.Write(t.Context(), in(idNames(3, "c", 4, "d"), "kept.a", "kept.c")))
		if err := s.Commit(t.Context(), 9, 8, []byte("late")); !errors.Is(err, flow.ErrFenced) {
			t.Fatal(err)
		}
		if got := tablesOf("kept"); got != "a b" {
			t.Errorf("tables %s", got)
		}
		must(t, s.Write(t.Context(), in(idNames(3, "c", 4, "d"), "kept.a", "kept.c")))
		server.Exec(endBackends)
		var back *flow.RolledBackError
		if err := s.Write(t.Context(), in(idNames(5, "e"), "kept.c")); !errors.As(err, &back) {
			t.Fatalf("lost with a table in it: %v", err)
		}
		must(t, s.Write(t.Context(), in(idNames(3, "c", 4, "d"), "kept.a", "kept.c")))
		must(t, s.Commit(t.Context(), 2, 1, []byte("two")))
		if got := tablesOf("kept"); got != "a b c" {
			t.Errorf("tables %s", got)
		}
		wantRows(t, server, `SELECT id FROM kept.a UNION ALL SELECT id FROM kept.b UNION ALL SELECT id FROM kept.c`, "1", "3", "2", "4")
	})

	// What a transaction held that is lost is written again, each record to its table,
	// in its order.
	t.Run("written again", func(t *testing.T) {
		server.Exec(`DROP SCHEMA kept CASCADE; CREATE SCHEMA kept`)
		s := perTable(t, server, "kept.", "")
		must(t, s.Write(t.Context(), in(idNames(1, "a", 2, "b", 3, "c", 4, "d"), "kept.a", "kept.b", "kept.a", "kept.b")))
		server.Exec(endBackends)
		o := in(idNames(5, "e", 6, "f"), "kept.c", "kept.a")
		if err := s.Write(t.Context(), o); err != nil {
			if !isGone(err) {
				t.Fatal(err)
			}
			must(t, s.Write(t.Context(), o))
		}
		must(t, s.Sync(t.Context()))
		wantRows(t, server, `SELECT id FROM kept.a`, "1", "3", "6")
		wantRows(t, server, `SELECT id FROM kept.b`, "2", "4")
		wantRows(t, server, `SELECT id FROM kept.c`, "5")
	})

	// More tables than are ready at once are all written to.
	t.Run("many", func(t *testing.T) {
		s := perTable(t, server, "many.t", "")
		const tables = table.MostTables + 20
		o, names := &flow.Out{}, []string{}
		for i := range tables {
			o.Data = append(o.Data, idNames(i, "x").Data...)
			o.Ends, o.Count = append(o.Ends, uint32(len(o.Data))), o.Count+1
			names = append(names, fmt.Sprintf("many.t%d", i))
		}
		for range 2 {
			must(t, s.Write(t.Context(), in(o, names...)))
			must(t, s.Sync(t.Context()))
			if n := s.ready.Len(); n != table.MostTables {
				t.Errorf("%d tables are ready", n)
			}
		}
		for _, i := range []int{0, 100, tables - 1} {
			wantRows(t, server, fmt.Sprintf(`SELECT * FROM many.t%d`, i), fmt.Sprintf("%d|x", i), fmt.Sprintf("%d|x", i))
		}
	})

	// Another program that makes the same table in a transaction of its own is waited for.
	t.Run("race", func(t *testing.T) {
		a, b := perTable(t, server, "race.", ""), perTable(t, server, "race.", "")
		must(t, a.Write(t.Context(), in(idNames(1, "a"), "race.t")))
		wrote := make(chan error)
		go func() { wrote <- b.Write(context.Background(), in(idNames(2, "b"), "race.t")) }()
		for len(server.Exec(`SELECT 1 FROM pg_stat_activity WHERE application_name = 'flowc' AND wait_event_type = 'Lock'`)) == 0 {
			time.Sleep(5 * time.Millisecond) // until it waits
		}
		must(t, a.Sync(t.Context()))
		must(t, <-wrote)
		must(t, b.Sync(t.Context()))
		wantRows(t, server, `SELECT id FROM race.t ORDER BY id`, "1", "2")
	})

	t.Run("changes", func(t *testing.T) {
		_, err := NewSink(SinkConfig{DSN: server.DSN(), Key: []string{"id"}}, connect.Output{Columns: idName, Changes: true, Keys: []string{"table"}})
		if err == nil || !strings.Contains(err.Error(), "one table") {
			t.Errorf("changes in tables of records: %v", err)
		}
	})
}

// A sink whose records say which of three tables is theirs keeps what the interfaces
// promise, with a server that goes away. Between tables nothing keeps an order.
func TestSinkOfManyTablesConforms(t *testing.T) {
	server, worlds := pgtest.New(t), 0
	flowtest.Sink(t, func(t testing.TB) *flowtest.SinkWorld {
		worlds++
		prefix := fmt.Sprintf("w%d_", worlds)
		server.Exec(`DROP TABLE IF EXISTS flowc_checkpoints`)
		packet := func(records ...string) *flow.Out {
			o := &flow.Out{Count: len(records), Keys: [][]string{nil}}
			for _, r := range records {
				o.Data = row.AppendText(o.Data, r)
				o.Ends = append(o.Ends, uint32(len(o.Data)))
				name := fmt.Sprint(prefix, len(r)%3)
				if r == "bad" {
					name = prefix + "a.b"
				}
				o.Keys[0] = append(o.Keys[0], name)
			}
			return o
		}
		return &flowtest.SinkWorld{
			Make: func() flow.Sink {
				s, err := NewSink(SinkConfig{DSN: server.DSN()}, connect.Output{
					Node: "out", Columns: []connect.Column{{Name: "text", Type: "string"}},
					Keys: []string{"table"}, Literals: map[string]string{"table": prefix},
				})
				if err != nil {
					t.Fatal(err)
				}
				return s
			},
			Packet: packet,
			Visible: func() (out []string) {
				for _, name := range server.Exec(`SELECT tablename FROM pg_tables WHERE tablename LIKE '` + strings.ReplaceAll(prefix, "_", `\_`) + `%'`) {
					out = append(out, server.Exec(`SELECT text FROM `+name+` ORDER BY ctid`)...)
				}
				return out
			},
			Unordered: true,
			Refused: func(good ...string) (*flow.Out, []int) {
				return packet(slices.Concat([]string{"bad"}, good, []string{"bad"})...), []int{0, len(good) + 1}
			},
			Kill:  func(s flow.Sink) { _ = s.(*Sink).server.conn.Conn().Close() },
			Stop:  server.Stop,
			Start: server.Start,
		}
	})
}
