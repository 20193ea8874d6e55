package sqlite

import (
	"context"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/connect/table"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// ofRange reads a range: its chunks in their order, with their rows.
func ofRange(t *testing.T, c SourceConfig, asked connect.Range) (text string, err error) {
	t.Helper()
	s, err := NewSource(c, connect.Input{Node: "in", Columns: []connect.Column{{Name: "n", Type: "int"}}, Range: &asked})
	if err != nil {
		return "", err
	}
	defer s.Close(context.Background())
	if err := s.Open(t.Context()); err != nil {
		return "", err
	}
	var b strings.Builder
	split := ""
	for {
		batch := &flow.Batch{Data: make([]byte, 0, flow.BlockSize)}
		err := s.Read(t.Context(), batch)
		if errors.Is(err, io.EOF) {
			return strings.TrimPrefix(b.String(), "; "), nil
		}
		must(t, err)
		if len(batch.Data) > 0 && batch.Split != split {
			split = batch.Split
			b.WriteString("; " + split + ":")
		}
		for line := range strings.Lines(string(batch.Data)) {
			var v struct{ N json.Number }
			must(t, json.Unmarshal([]byte(line), &v))
			b.WriteString(" " + v.N.String())
		}
	}
}

// A range is one of keys that are numbers or texts.
func TestRange(t *testing.T) {
	path := newDB(t, `CREATE TABLE ints (id INTEGER PRIMARY KEY, n INTEGER)`, `INSERT INTO ints VALUES (10, 1), (20, 2), (30, 3), (40, 4), (50, 5)`,
		`CREATE TABLE reals (id REAL PRIMARY KEY, n INTEGER)`, `INSERT INTO reals VALUES (0.25, 1), (1.5, 2), (1e20, 3)`,
		`CREATE TABLE texts (id TEXT PRIMARY KEY, n INTEGER)`, `INSERT INTO texts VALUES ('it''s', 1), ('10', 2), ('9', 3), ('now', 4)`,
		`CREATE TABLE times (id DATETIME PRIMARY KEY, n INTEGER)`, `INSERT INTO times VALUES ('2026-01-01 10:00:00', 1), ('2026-01-02 10:00:00', 2), ('2026-01-03 10:00:00', 3)`,
		`CREATE TABLE none (id INTEGER PRIMARY KEY, n INTEGER)`)
	of := func(table string) SourceConfig { return SourceConfig{Path: path, Table: table, Key: "id"} }
	for _, c := range []struct {
		config SourceConfig
		asked  connect.Range
		want   string
	}{
		{of("ints"), connect.Range{From: "20", To: "40"}, "20..40: 2 3"},
		{of("ints"), connect.Range{From: "15", To: "45.5"}, "15..45.5: 2 3 4"},
		{of("ints"), connect.Range{}, "..=50: 1 2 3 4 5"},
		{of("ints"), connect.Range{From: "60", To: "now"}, ""},
		{of("none"), connect.Range{From: "1", Parallel: 4}, ""},
		{of("reals"), connect.Range{From: "1"}, "1..=100000000000000000000: 2 3"},
		{of("texts"), connect.Range{From: "10", To: "9"}, "10..9: 2"}, // as texts are ordered
		{of("texts"), connect.Range{From: "it's", To: "latest"}, "it's..=now: 1 4"},
		{of("times"), connect.Range{From: "2026-01-02", To: "2026-01-03"}, "2026-01-02..2026-01-03: 2"},
		{SourceConfig{Path: path, Query: "SELECT id, n FROM ints WHERE n <> 3", Key: "id"}, connect.Range{From: "20"}, "20..=50: 2 4 5"},
	} {
		got, err := ofRange(t, c.config, c.asked)
		if err != nil || got != c.want {
			t.Errorf("%s of %s%s: got %q (%v), want %q", c.asked, c.config.Table, c.config.Query, got, err, c.want)
		}
	}
	got, err := ofRange(t, of("texts"), connect.Range{Parallel: 4})
	if err != nil || strings.Count(got, ":") != 4 {
		t.Errorf("%q %v", got, err)
	}
}

// What is no range of a table is said, with the end that is wrong.
func TestRangeErrors(t *testing.T) {
	path := newDB(t, `CREATE TABLE ints (id INTEGER PRIMARY KEY, n INTEGER)`, `INSERT INTO ints VALUES (10, 1), (20, 2)`)
	ints := SourceConfig{Path: path, Table: "ints", Key: "id"}
	for want, c := range map[string]struct {
		config SourceConfig
		asked  connect.Range
	}{
		"range.from: " + path + ": the keys `id` are numbers, and not like \"a\"": {ints, connect.Range{From: "a"}},
		"range: it ends at 2, which is before it begins, at 5":                    {ints, connect.Range{From: "5", To: "2"}},
		"with every the source has none":                                          {SourceConfig{Path: path, Table: "ints", Key: "id", Every: 1}, connect.Range{}},
		"no such table":                                                           {SourceConfig{Path: path, Table: "gone", Key: "id"}, connect.Range{}},
	} {
		_, err := ofRange(t, c.config, c.asked)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, and not %s", c, err, want)
		}
	}
}

// A page of a chunk begins where the one before has ended, and not where the chunk
// does: of two lower ends SQLite takes the first.
func TestRangePagesBeginInside(t *testing.T) {
	path := newDB(t, `CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER)`)
	s := &survey{database{config: SourceConfig{Path: path, Table: "t", Key: "id"}}}
	part, err := s.Part(table.Span{From: json.RawMessage("5"), To: json.RawMessage("90")})
	must(t, err)
	d := part.(*database)
	must(t, d.Open(t.Context()))
	defer d.Close()
	for _, after := range []json.RawMessage{nil, json.RawMessage("7")} {
		sql, args, err := d.page(after, 10)
		must(t, err)
		plan := ""
		must(t, d.conn.query(t.Context(), "EXPLAIN QUERY PLAN "+sql, args, func(row []driver.Value) (bool, error) {
			plan += row[3].(string)
			return true, nil
		}))
		if plan != "SEARCH t USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)" || strings.Count(sql, `"id" >`) != 1 {
			t.Errorf("%s: %s", sql, plan)
		}
	}
}
