package sqlite

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// readAll reads to the end; from is a position, nil for the start.
func readAll(t *testing.T, c SourceConfig, wanted []connect.Column, from json.RawMessage) (lines string, last json.RawMessage) {
	t.Helper()
	s := openSource(t, c, wanted, from)
	var b strings.Builder
	for {
		batch := &flow.Batch{Data: make([]byte, 0, flow.BlockSize)}
		err := s.Read(t.Context(), batch)
		if err == io.EOF {
			return b.String(), last
		}
		must(t, err)
		b.Write(batch.Data)
		last, err = json.Marshal(batch.Position)
		must(t, err)
	}
}

func openSource(t *testing.T, c SourceConfig, wanted []connect.Column, from json.RawMessage) flow.Source {
	t.Helper()
	s, err := NewSource(c, connect.Input{Node: "in", Columns: wanted})
	must(t, err)
	if from != nil {
		must(t, s.(flow.Seeker).Seek(t.Context(), map[string]json.RawMessage{"": from}))
	}
	must(t, s.Open(t.Context()))
	t.Cleanup(func() { _ = s.Close(context.Background()) })
	return s
}

// Rows come in the order of the key, all of them, whatever the pages; and reading
// goes on behind a position.
func TestReadAll(t *testing.T) {
	path := newDB(t, `CREATE TABLE t (id INTEGER PRIMARY KEY, pad TEXT)`,
		`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) INSERT INTO t SELECT 3001 - i, substr('xxxxxxxxxx', 1, i % 10) || CASE WHEN i % 100 = 0 THEN printf('%.*c', 50000, 'y') ELSE '' END FROM n`)
	c := SourceConfig{Path: path, Table: "t", Key: "id"}
	lines, last := readAll(t, c, nil, nil)
	if string(last) != `{"key":3000}` {
		t.Errorf("the last position is %s", last)
	}
	i := 0
	for line := range strings.Lines(lines) {
		i++
		if !strings.HasPrefix(line, fmt.Sprintf(`{"id":%d,`, i)) {
			t.Fatalf("row %d is %.60s", i, line)
		}
	}
	if i != 3000 {
		t.Errorf("%d rows", i)
	}
	rest, _ := readAll(t, c, nil, json.RawMessage(`{"key":2998}`))
	if strings.Count(rest, "\n") != 2 || !strings.HasPrefix(rest, `{"id":2999,`) {
		t.Errorf("behind 2998: %.100s", rest)
	}
}

// The columns that the type declares are read, in the forms of their types.
func TestForms(t *testing.T) {
	path := newDB(t, `CREATE TABLE t (id TEXT PRIMARY KEY, ok BOOLEAN, at DATETIME, day TEXT, wait INT, raw BLOB, list TEXT, big TEXT, more INT)`,
		`INSERT INTO t VALUES ('a', 1, '2026-01-02T03:04:05.000000007+01:00', '2026-01-02', 90000000000, x'6869', '[1,'||char(10)||' 2]', '18446744073709551615', 3)`,
		`INSERT INTO t (id, at) VALUES ('b"', '2026-01-02 03:04:05')`)
	wanted := []connect.Column{
		{Name: "id", Type: "string"},
		{Name: "ok", Type: "bool", Optional: true},
		{Name: "at", Type: "time"},
		{Name: "day", Type: "time", Optional: true},
		{Name: "wait", Type: "duration", Optional: true},
		{Name: "raw", Type: "bytes", Optional: true},
		{Name: "list", Type: "json", Optional: true},
		{Name: "BIG", Type: "uint64", Optional: true},
		{Name: "missing", Type: "int", Optional: true},
	}
	got, _ := readAll(t, SourceConfig{Path: path, Table: "t", Key: "id"}, wanted, nil)
	want := `{"id":"a","ok":true,"at":"2026-01-02T03:04:05.000000007+01:00","day":"2026-01-02T00:00:00Z","wait":"1m30s","raw":"aGk=","list":[1,2],"BIG":18446744073709551615}
{"id":"b\"","at":"2026-01-02T03:04:05Z"}
`
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	// A query gives what it gives; its key need not be wanted.
	got, last := readAll(t, SourceConfig{Path: path, Query: "SELECT more, length(id) AS n FROM t;\n", Key: "n"}, []connect.Column{{Name: "more", Type: "int", Optional: true}}, nil)
	if got != "{\"more\":3}\n{}\n" || string(last) != `{"key":2}` {
		t.Errorf("query: %s, position %s", got, last)
	}
}

// What would lose rows in silence is an error that says so.
func TestKeys(t *testing.T) {
	path := newDB(t, `CREATE TABLE t (id INT, n INT)`, `INSERT INTO t VALUES (1, 1), (1, 2), (2, NULL)`)
	for _, c := range []struct {
		config SourceConfig
		want   string
	}{
		{SourceConfig{Path: path, Table: "t", Key: "id"}, "two rows have the key `id` 1"},
		{SourceConfig{Path: path, Table: "t", Key: "n"}, "whose key `n` is null"},
		{SourceConfig{Path: path, Table: "t", Key: "x"}, "no column `x`, which is to be the key; it has `id`, `n`"},
		{SourceConfig{Path: path, Table: "u", Key: "id"}, "no such table: u"},
		{SourceConfig{Path: path + "x", Table: "t", Key: "id"}, "unable to open"},
	} {
		s, err := NewSource(c.config, connect.Input{})
		must(t, err)
		if err = s.Open(t.Context()); err == nil {
			err = s.Read(t.Context(), &flow.Batch{})
		}
		_ = s.Close(t.Context())
		if err == nil || !strings.Contains(err.Error(), c.want) || flow.ClassOf(err) != flow.Fatal {
			t.Errorf("not %q: %v", c.want, err)
		}
	}
	if _, err := NewSource(SourceConfig{Path: path, Table: "t", Query: "SELECT 1", Key: "id"}, connect.Input{}); err == nil {
		t.Error("a table and a query")
	}
	s, err := NewSource(SourceConfig{Path: path, Table: "t", Key: "id"}, connect.Input{Columns: []connect.Column{{Name: "gone", Type: "int"}}})
	must(t, err)
	if err := s.Open(t.Context()); err == nil || !strings.Contains(err.Error(), "no column `gone`") {
		t.Errorf("a column that must be there: %v", err)
	}
}

// With `every` rows that come later are read, and the end of the program ends the
// wait.
func TestEvery(t *testing.T) {
	path := newDB(t, `CREATE TABLE t (id INTEGER PRIMARY KEY)`, `INSERT INTO t VALUES (1)`)
	s := openSource(t, SourceConfig{Path: path, Table: "t", Key: "id", Every: time.Millisecond}, nil, nil)
	if !s.(flow.Endless).Endless() {
		t.Error("it ends by itself")
	}
	read := func() string {
		var b flow.Batch
		must(t, s.Read(t.Context(), &b))
		return string(b.Data)
	}
	if got := read(); got != "{\"id\":1}\n" {
		t.Errorf("first: %s", got)
	}
	sql(t, path, `INSERT INTO t VALUES (5)`)
	if got := read(); got != "{\"id\":5}\n" {
		t.Errorf("later: %s", got)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Read(ctx, &flow.Batch{}); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped: %v", err)
	}
}
