package sqlite

import (
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// columnsOf are the columns of a source, a line each.
func columnsOf(t *testing.T, c SourceConfig) (string, error) {
	t.Helper()
	s, err := NewSource(c, connect.Input{Node: "in"})
	must(t, err)
	columns, err := s.(flow.Declarer).Columns(t.Context())
	var b strings.Builder
	for _, c := range columns {
		b.WriteString(c.Name)
		if c.Optional {
			b.WriteByte('?')
		}
		b.WriteString(" " + c.Type)
		if c.Note != "" {
			b.WriteString(" # " + c.Note)
		}
		b.WriteByte('\n')
	}
	return b.String(), err
}

// The types are those that the columns declare, as far as the rows hold to them.
func TestColumns(t *testing.T) {
	path := newDB(t, `CREATE TABLE t (id INTEGER PRIMARY KEY, n BIGINT NOT NULL, name TEXT, at TEXT, f REAL, price NUMERIC, ok BOOLEAN, raw BLOB, doc JSON, day DATE, loose, odd INTEGER, gone TEXT, blank)`,
		`INSERT INTO t VALUES (1, 2, 'a', '2026-01-31T12:00:00.5+01:00', 1, 10, 1, x'00', '{}', '2026-01-31', 1, 1, NULL, NULL)`,
		`INSERT INTO t VALUES (2, 3, 'b', '2026-01-31 12:00:00', 1.5, '1.50', 0, NULL, '[]', NULL, 2.5, 'x', NULL, NULL)`)
	got, err := columnsOf(t, SourceConfig{Path: path, Table: "t", Key: "id"})
	want := `id int64
n int64
name? string
at? time
f? float64
price? decimal
ok? bool
raw? bytes
doc? json
day? time
loose? float64 # no type is declared, and has integer and real
odd? any # it is declared as INTEGER, and has integer and text
gone? string
blank? any # nothing is there that tells its type
`
	if err != nil || got != want {
		t.Errorf("%v\n%s", err, got)
	}
	got, err = columnsOf(t, SourceConfig{Path: path, Query: "SELECT id, n * 2 AS twice, name || '!' AS loud FROM t", Key: "ID"})
	if err != nil || got != "id int64 # no type is declared, and has integer\ntwice? int64 # no type is declared, and has integer\nloud? string # no type is declared, and has text\n" {
		t.Errorf("%v\n%s", err, got)
	}
	for _, c := range []SourceConfig{{Path: path, Table: "none"}, {Path: path + "none", Table: "t"}} {
		if got, err := columnsOf(t, c); err == nil || !strings.Contains(err.Error(), "none") {
			t.Errorf("%+v: %v\n%s", c, err, got)
		}
	}
}
