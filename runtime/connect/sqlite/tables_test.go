package sqlite

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/connect/table"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// perTable is a sink whose records say which table is theirs; a pipeline that is not
// "" keeps its checkpoint in it.
func perTable(t *testing.T, path, pipeline string, key ...string) *Sink {
	t.Helper()
	s, err := NewSink(SinkConfig{Path: path, Key: key}, connect.Output{Node: "out", Columns: idName, Keys: []string{"meta.x", "table"}, Literals: map[string]string{"table": "e_"}})
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

func tablesOf(t *testing.T, path string) string {
	t.Helper()
	return strings.ReplaceAll(rowsOf(t, path, `SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'flowc_checkpoints' ORDER BY name`), "\n", " ")
}

// Each record goes to its table, which is made when the first one comes, or looked at.
func TestTablesOfRecords(t *testing.T) {
	path := newDB(t,
		`CREATE TABLE e_there (name TEXT, more TEXT, id INTEGER UNIQUE)`,
		`CREATE TABLE e_narrow (id INTEGER)`,
		`CREATE TABLE e_strict (id INTEGER UNIQUE CHECK (id > 0), name TEXT)`,
		`CREATE INDEX e_index ON e_there (name)`,
		`CREATE VIEW e_view AS SELECT id, name FROM e_there`)
	s := perTable(t, path, "", "id")
	err := s.Write(t.Context(), in(idNames(1, "a", 2, "b", 3, "c", 4, "d", 5, "e", 1, "f", 6, "g", 7, "h", -1, "i", 8, "j"),
		"e_new", "e_there", "e_narrow", "e_", "e_x.y", "e_new", "e_index", `e_"; DROP TABLE e_there; --`, "e_strict", "e_view"))
	codes := map[int]string{}
	for i, err := range failedOf(t, err) {
		var row *table.RowError
		if !errors.As(err, &row) {
			t.Fatalf("%d: %v", i, err)
		}
		codes[i] = row.Code()
	}
	if got := fmt.Sprint(codes); got != "map[2:table 3:table 4:table 6:table 8:constraint 9:table]" {
		t.Errorf("refused: %s", got)
	}
	must(t, s.Sync(t.Context()))
	if got := tablesOf(t, path); got != `e_"; DROP TABLE e_there; -- e_narrow e_new e_strict e_there ` {
		t.Errorf("tables %s", got)
	}
	for query, want := range map[string]string{
		`SELECT * FROM e_new`:                             "1|f\n",
		`SELECT * FROM e_there`:                           "b||2\n",
		`SELECT * FROM e_narrow`:                          "",
		`SELECT * FROM "e_""; DROP TABLE e_there; --"`:    "7|h\n",
		`SELECT count(*) FROM pragma_index_list('e_new')`: "0\n", // id is the rowid
	} {
		if got := rowsOf(t, path, query); got != want {
			t.Errorf("%s: %q, not %q", query, got, want)
		}
	}
}

// A table that is made goes with the transaction, and is made again.
func TestTablesAreRolledBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	s := perTable(t, path, "p")
	must(t, s.Write(t.Context(), in(idNames(1, "a", 2, "b"), "e_a", "e_b")))
	must(t, s.Commit(t.Context(), 1, 0, []byte("one")))
	must(t, s.Write(t.Context(), in(idNames(3, "c", 4, "d"), "e_a", "e_c")))
	if err := s.Commit(t.Context(), 9, 8, []byte("late")); !errors.Is(err, flow.ErrFenced) {
		t.Fatal(err)
	}
	if got := tablesOf(t, path); got != "e_a e_b " {
		t.Errorf("tables %s", got)
	}
	must(t, s.Write(t.Context(), in(idNames(3, "c", 4, "d"), "e_a", "e_c")))
	must(t, s.Commit(t.Context(), 2, 1, []byte("two")))
	must(t, s.Write(t.Context(), in(idNames(5, "e"), "e_d")))
	must(t, s.Close(t.Context(), false))
	if got := tablesOf(t, path); got != "e_a e_b e_c " {
		t.Errorf("tables %s", got)
	}
	if got := rowsOf(t, path, `SELECT id FROM e_a UNION ALL SELECT id FROM e_b UNION ALL SELECT id FROM e_c`); got != "1\n3\n2\n4\n" {
		t.Errorf("rows %q", got)
	}
}

// What a transaction held that was given up is written again, each record to its table.
func TestTablesAreWrittenAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	s := perTable(t, path, "")
	must(t, s.Write(t.Context(), in(idNames(1, "a", 2, "b", 3, "c"), "e_a", "e_b", "e_a")))
	s.abandon()
	if got := tablesOf(t, path); got != "" {
		t.Errorf("tables %s", got)
	}
	must(t, s.Write(t.Context(), in(idNames(4, "d"), "e_c")))
	must(t, s.Sync(t.Context()))
	if got := rowsOf(t, path, `SELECT id FROM e_a UNION ALL SELECT id FROM e_b UNION ALL SELECT id FROM e_c`); got != "1\n3\n2\n4\n" {
		t.Errorf("rows %q", got)
	}
}

// More tables than are ready at once are all written to.
func TestManyTablesOfRecords(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	s := perTable(t, path, "")
	const tables = table.MostTables + 20
	for round := range 2 {
		o, names := idNames(), []string{}
		for i := range tables {
			one := idNames(i, "x")
			o.Data = append(o.Data, one.Data...)
			o.Ends, o.Count = append(o.Ends, uint32(len(o.Data))), o.Count+1
			names = append(names, fmt.Sprintf("e_%d", i))
		}
		must(t, s.Write(t.Context(), in(o, names...)))
		must(t, s.Sync(t.Context()))
		if n := s.ready.Len(); n != table.MostTables {
			t.Errorf("%d tables are ready", n)
		}
		for _, i := range []int{0, 100, tables - 1} {
			if got := rowsOf(t, path, fmt.Sprintf(`SELECT count(*) FROM e_%d WHERE id = %d`, i, i)); got != fmt.Sprintln(round+1) {
				t.Errorf("the table %d has %s rows", i, got)
			}
		}
	}
}

// Changes are of the rows of one table.
func TestTablesOfChanges(t *testing.T) {
	_, err := NewSink(SinkConfig{Path: "x", Key: []string{"id"}}, connect.Output{Columns: idName, Changes: true, Keys: []string{"table"}})
	if err == nil || !strings.Contains(err.Error(), "one table") {
		t.Errorf("changes in tables of records: %v", err)
	}
}
