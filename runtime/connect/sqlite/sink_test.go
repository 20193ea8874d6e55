package sqlite

import (
	"context"
	"errors"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/runtime/codec/row"
	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/connect/table"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// The table is made from the columns, and what was committed is there.
func TestInsert(t *testing.T) {
	path := newDB(t)
	s := openSink(t, SinkConfig{Path: path, Table: "people"}, idName)
	must(t, s.Write(t.Context(), idNames(1, "ann", 2, "")))
	if got := rowsOf(t, path, `SELECT * FROM people`); got != "" {
		t.Errorf("seen before the commit: %s", got)
	}
	must(t, s.Sync(t.Context()))
	if got, want := rowsOf(t, path, `SELECT * FROM people ORDER BY id`), "1|ann\n2|\n"; got != want {
		t.Errorf("rows %q, not %q", got, want)
	}
	must(t, s.Write(t.Context(), idNames(1, "twice")))
	must(t, s.Close(t.Context(), false))
	if got, want := rowsOf(t, path, `SELECT count(*) FROM people`), "2\n"; got != want {
		t.Errorf("what was not committed is there: %q rows", got)
	}
	if got := rowsOf(t, path, `SELECT sql FROM sqlite_schema WHERE name = 'people'`); !strings.Contains(got, `"id" INTEGER NOT NULL`) || strings.Contains(got, "PRIMARY") {
		t.Errorf("schema: %s", got)
	}
}

// A record takes the place of the row that has its key, in one packet too.
func TestUpsert(t *testing.T) {
	path := newDB(t)
	s := openSink(t, SinkConfig{Path: path, Table: "people", Key: []string{"id"}}, idName)
	must(t, s.Write(t.Context(), idNames(1, "ann", 2, "bob", 1, "eve")))
	must(t, s.Write(t.Context(), idNames(2, "")))
	must(t, s.Sync(t.Context()))
	if got, want := rowsOf(t, path, `SELECT * FROM people ORDER BY id`), "1|eve\n2|\n"; got != want {
		t.Errorf("rows %q, not %q", got, want)
	}
	if !s.Idempotent() {
		t.Error("an upsert is idempotent")
	}
}

// A record that breaks a constraint fails alone; the others are written.
func TestConstraint(t *testing.T) {
	path := newDB(t, `CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT CHECK (name <> 'mallory'))`)
	s := openSink(t, SinkConfig{Path: path, Table: "people"}, idName)
	failed := failedOf(t, s.Write(t.Context(), idNames(1, "ann", 1, "again", 2, "bob", 3, "mallory", 4, "")))
	if len(failed) != 2 || failed[1] == nil || failed[3] == nil {
		t.Fatalf("failed: %v", failed)
	}
	for _, err := range failed {
		var row *table.RowError
		if !errors.As(err, &row) || row.Code() != "constraint" || flow.ClassOf(err) != flow.Permanent {
			t.Errorf("%v is of class %v", err, flow.ClassOf(err))
		}
	}
	must(t, s.Sync(t.Context()))
	if got, want := rowsOf(t, path, `SELECT * FROM people ORDER BY id`), "1|ann\n2|bob\n4|\n"; got != want {
		t.Errorf("rows %q, not %q", got, want)
	}
}

// Values that a column can't keep as they are fail, and name the field.
func TestValues(t *testing.T) {
	s := openSink(t, SinkConfig{Path: newDB(t), Table: "t"}, []connect.Column{{Name: "u", Type: "uint64"}, {Name: "f", Type: "float64"}})
	o := &flow.Out{}
	add := func(u uint64, f float64) {
		o.Data = row.AppendFloat(row.AppendUint(o.Data, u), f)
		o.Ends = append(o.Ends, uint32(len(o.Data)))
		o.Count++
	}
	add(math.MaxInt64, math.Inf(1))
	add(math.MaxInt64+1, 0)
	add(0, math.NaN())
	failed := failedOf(t, s.Write(t.Context(), o))
	if len(failed) != 2 || !strings.HasPrefix(failed[1].Error(), "u: ") || !strings.HasPrefix(failed[2].Error(), "f: ") {
		t.Errorf("failed: %v", failed)
	}
}

// A transaction that SQLite or somebody else ended is written again from what the
// sink has kept.
func TestWrittenAgain(t *testing.T) {
	path := newDB(t)
	s := openSink(t, SinkConfig{Path: path, Table: "people"}, idName)
	must(t, s.Write(t.Context(), idNames(1, "ann", 2, "bob")))
	s.abandon()
	must(t, s.Write(t.Context(), idNames(3, "eve")))
	s.abandon()
	must(t, s.Sync(t.Context()))
	if got, want := rowsOf(t, path, `SELECT * FROM people ORDER BY id`), "1|ann\n2|bob\n3|eve\n"; got != want {
		t.Errorf("rows %q, not %q", got, want)
	}
	must(t, s.Sync(t.Context()))
	if got := rowsOf(t, path, `SELECT count(*) FROM people`); got != "3\n" {
		t.Errorf("%s rows after a second commit", got)
	}
}

// A full disk fails a write, not what came before it; when there is room again all
// is written.
func TestFullDisk(t *testing.T) {
	path := newDB(t)
	s := openSink(t, SinkConfig{Path: path, Table: "people"}, idName)
	must(t, s.Write(t.Context(), idNames(1, "ann")))
	must(t, s.conn.exec("PRAGMA max_page_count = 3"))
	big := idNames(2, "bob", 3, strings.Repeat("x", 1<<20), 4, "eve")
	failed := failedOf(t, s.Write(t.Context(), big))
	if len(failed) != 2 || flow.ClassOf(failed[1]) != flow.Transient || failed[2] != flow.ErrNotTried {
		t.Fatalf("failed: %v", failed)
	}
	must(t, s.conn.exec("PRAGMA max_page_count = 1000000"))
	must(t, s.Write(t.Context(), idNames(3, "large", 4, "eve")))
	must(t, s.Sync(t.Context()))
	if got, want := rowsOf(t, path, `SELECT * FROM people ORDER BY id`), "1|ann\n2|bob\n3|large\n4|eve\n"; got != want {
		t.Errorf("rows %q, not %q", got, want)
	}
}

// A table that gives up the whole transaction for one record is no table for this
// sink.
func TestRollsBack(t *testing.T) {
	path := newDB(t, `CREATE TABLE people (id INTEGER PRIMARY KEY ON CONFLICT ROLLBACK, name TEXT)`)
	s := openSink(t, SinkConfig{Path: path, Table: "people"}, idName)
	err := s.Write(t.Context(), idNames(1, "ann", 1, "bob", 2, "eve"))
	if flow.ClassOf(err) != flow.Fatal || !strings.Contains(err.Error(), "ROLLBACK") {
		t.Errorf("it gave up the transaction: %v", err)
	}
	if got := rowsOf(t, path, `SELECT count(*) FROM people`); got != "0\n" {
		t.Errorf("%s rows", got)
	}
}

// Another program that holds the file is waited for: nothing is lost.
func TestHeldByAnother(t *testing.T) {
	path := newDB(t)
	s := openSink(t, SinkConfig{Path: path, Table: "people"}, idName)
	other, err := open(path, false)
	must(t, err)
	defer other.close()
	must(t, other.exec("BEGIN IMMEDIATE"))
	must(t, s.conn.exec("PRAGMA busy_timeout = 1"))
	err = s.Write(t.Context(), idNames(1, "ann"))
	var gone interface{ Unavailable() bool }
	if !errors.As(err, &gone) || !gone.Unavailable() || !strings.Contains(err.Error(), path) {
		t.Fatalf("a file that is held: %v", err)
	}
	must(t, other.exec("COMMIT"))
	must(t, s.Write(t.Context(), idNames(1, "ann")))
	must(t, s.Sync(t.Context()))
	if got := rowsOf(t, path, `SELECT * FROM people`); got != "1|ann\n" {
		t.Errorf("rows %q", got)
	}
}

// Two sinks of one program that write to one file do not wait for each other.
func TestTwoSinks(t *testing.T) {
	path := newDB(t)
	a := openSink(t, SinkConfig{Path: path, Table: "a"}, idName)
	b := openSink(t, SinkConfig{Path: path, Table: "b"}, idName)
	for i := range 5 {
		must(t, a.Write(t.Context(), idNames(i, "a")))
		must(t, b.Write(t.Context(), idNames(i, "b")))
	}
	must(t, a.Sync(t.Context()))
	must(t, b.Sync(t.Context()))
	if got, want := rowsOf(t, path, `SELECT count(*) FROM a UNION ALL SELECT count(*) FROM b`), "5\n5\n"; got != want {
		t.Errorf("rows %q, not %q", got, want)
	}
}

// What is kept does not grow without end.
func TestCommitsByItself(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new.db") // made by the sink, so that readers do not wait
	s := openSink(t, SinkConfig{Path: path, Table: "people"}, idName)
	long := strings.Repeat("x", 1<<20)
	for i := range 10 {
		must(t, s.Write(t.Context(), idNames(i, long)))
	}
	if s.kept.Bytes() > table.KeepBytes {
		t.Errorf("%d bytes are kept", s.kept.Bytes())
	}
	if got := rowsOf(t, path, `SELECT count(*) FROM people`); got == "0\n" {
		t.Error("nothing was committed")
	}
}

// A table that is there and does not fit is refused, and what is wrong with it
// said, column by column.
func TestMisfits(t *testing.T) {
	all := []connect.Column{
		{Name: "id", Type: "int64"}, {Name: "total", Type: "decimal"}, {Name: "note", Type: "string", Optional: true}, {Name: "at", Type: "time"},
	}
	for _, c := range []struct {
		name, schema string
		key          []string
		want         string // "" where it fits
	}{
		{"fits", `(id INTEGER PRIMARY KEY, total TEXT, note VARCHAR(20), at DATETIME, extra INT, filled INT NOT NULL DEFAULT 1)`, []string{"id"}, ""},
		{"case", `(ID BIGINT, TOTAL CLOB, NOTE, AT TEXT)`, nil, ""},
		{"no column", `(id INT, total TEXT, note TEXT)`, nil, "no column `at` (TEXT)"},
		{"rounds", `(id INT, total NUMERIC(10,2), note TEXT, at TEXT)`, nil, "`total` is NUMERIC(10,2), and can't hold every decimal as it is: it must be TEXT"},
		{"not null", `(id INT, total TEXT, note TEXT NOT NULL, at TEXT)`, nil, "`note` is NOT NULL, and the field may be missing"},
		{"no field", `(id INT, total TEXT, note TEXT, at TEXT, more TEXT NOT NULL)`, nil, "`more` is NOT NULL and has no default"},
		{"generated", `(id INT, total TEXT, note TEXT, at TEXT AS (note))`, nil, "`at` is generated"},
		{"not unique", `(id INT, total TEXT, note TEXT, at TEXT)`, []string{"id"}, "nothing makes `id` unique"},
		{"other key", `(id INT, total TEXT, note TEXT, at TEXT, PRIMARY KEY (id, at))`, []string{"id"}, "nothing makes `id` unique"},
		{"own index", `(id INT, total TEXT, note TEXT, at TEXT, UNIQUE (at, id))`, []string{"id", "at"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := newDB(t, `CREATE TABLE t `+c.schema)
			s, err := NewSink(SinkConfig{Path: path, Table: "t", Key: c.key}, connect.Output{Columns: all})
			must(t, err)
			err = s.Open(t.Context())
			defer s.Close(context.Background(), false)
			switch {
			case c.want == "" && err != nil:
				t.Errorf("refused: %v", err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || flow.ClassOf(err) != flow.Fatal):
				t.Errorf("not %q: %v", c.want, err)
			}
		})
	}
}

// What is no database is said so.
func TestNoDatabase(t *testing.T) {
	s, err := NewSink(SinkConfig{Path: t.TempDir(), Table: "t"}, connect.Output{Columns: idName})
	must(t, err)
	if err := s.Open(t.Context()); err == nil || flow.ClassOf(err) != flow.Fatal {
		t.Errorf("a folder: %v", err)
	}
}
