package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/connect/postgres/pgtest"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// ofRange reads a range: its chunks in their order, with their rows.
func ofRange(t *testing.T, server *pgtest.Server, c SourceConfig, asked connect.Range) (text string, err error) {
	t.Helper()
	c.DSN = server.DSN()
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

// A range is one of keys of any type, in the server's order of them.
func TestRange(t *testing.T) {
	server := pgtest.New(t)
	server.Exec(`CREATE TABLE ints (id bigint PRIMARY KEY, n int); INSERT INTO ints SELECT n * 10, n FROM generate_series(1, 9) n;
CREATE TABLE texts (id text PRIMARY KEY, n int);
INSERT INTO texts VALUES ('it''s', 1), ('it\s', 2), (E'it\ns', 3), ('ärger', 4), ('a', 5), ('z', 6);
CREATE TABLE times (id timestamptz PRIMARY KEY, n int); INSERT INTO times SELECT '2026-01-01'::timestamptz + n * interval '1 day', n FROM generate_series(0, 9) n;
CREATE TABLE ids (id uuid PRIMARY KEY, n int); INSERT INTO ids SELECT ('00000000-0000-0000-0000-00000000000' || n)::uuid, n FROM generate_series(1, 6) n;
CREATE TABLE nums (id numeric(10, 2) PRIMARY KEY, n int); INSERT INTO nums SELECT n / 4.0, n FROM generate_series(1, 6) n;
CREATE TABLE none (id int PRIMARY KEY, n int)`)
	ints := SourceConfig{Table: "ints", Key: "id"}
	for _, c := range []struct {
		config SourceConfig
		asked  connect.Range
		want   string
	}{
		{ints, connect.Range{From: "20", To: "50"}, "20..50: 2 3 4"},
		{ints, connect.Range{From: "15", To: "55"}, "15..55: 2 3 4 5"},
		{ints, connect.Range{}, "..=90: 1 2 3 4 5 6 7 8 9"},
		{ints, connect.Range{From: "earliest", To: "now"}, "..=90: 1 2 3 4 5 6 7 8 9"},
		{ints, connect.Range{From: "90"}, "90..=90: 9"},
		{ints, connect.Range{From: "91"}, ""},
		{ints, connect.Range{From: "20", To: "20"}, ""},
		{ints, connect.Range{From: " 020"}, "20..=90: 2 3 4 5 6 7 8 9"},
		{SourceConfig{Table: "none", Key: "id"}, connect.Range{Parallel: 3}, ""},
		{SourceConfig{Query: "SELECT id, n FROM ints WHERE n % 2 = 1;", Key: "id"}, connect.Range{From: "30"}, "30..=90: 3 5 7 9"},
		{SourceConfig{Table: "public.times", Key: "id"}, connect.Range{From: "2026-01-03", To: "2026-01-05T00:00:00Z"}, "2026-01-03 00:00:00+00..2026-01-05 00:00:00+00: 2 3"},
		{SourceConfig{Table: "ids", Key: "id"}, connect.Range{From: "00000000-0000-0000-0000-000000000003"}, "00000000-0000-0000-0000-000000000003..=00000000-0000-0000-0000-000000000006: 3 4 5 6"},
		{SourceConfig{Table: "nums", Key: "id"}, connect.Range{From: "0.5", To: "1.25"}, "0.5..1.25: 2 3 4"},
	} {
		got, err := ofRange(t, server, c.config, c.asked)
		if err != nil || got != c.want {
			t.Errorf("%s of %s%s: got %q (%v), want %q", c.asked, c.config.Table, c.config.Query, got, err, c.want)
		}
	}
	// Texts with all that has a meaning in SQL, in chunks of one row.
	got, err := ofRange(t, server, SourceConfig{Table: "texts", Key: "id"}, connect.Range{Parallel: 6})
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []string{" 1", " 2", " 3", " 4", " 5", " 6"} {
		if strings.Count(got+" ", n+" ")+strings.Count(got, n+";") == 0 || strings.Count(got, n) != 1 {
			t.Errorf("row%s is not there once: %s", n, got)
		}
	}
}

// What is no range of a table is said, with the end that is wrong.
func TestRangeErrors(t *testing.T) {
	server := pgtest.New(t)
	server.Exec(`CREATE TABLE ints (id bigint PRIMARY KEY, n int); INSERT INTO ints SELECT n, n FROM generate_series(1, 9) n`)
	ints := SourceConfig{Table: "ints", Key: "id"}
	for want, c := range map[string]struct {
		config SourceConfig
		asked  connect.Range
	}{
		"range.from: invalid input syntax for type bigint: \"a\"": {ints, connect.Range{From: "a"}},
		"range.to: ":                 {ints, connect.Range{To: "99999999999999999999"}},
		"range: it ends at 2, which": {ints, connect.Range{From: "5", To: "2"}},
		"with every the source has":  {SourceConfig{Table: "ints", Key: "id", Every: 1}, connect.Range{}},
		"there is no table":          {SourceConfig{Table: "gone", Key: "id"}, connect.Range{From: "1"}},
		"has no column `key`":        {SourceConfig{Table: "ints", Key: "key"}, connect.Range{From: "1"}},
		"give a table, or a query":   {SourceConfig{Key: "key"}, connect.Range{From: "1"}},
	} {
		if want == "there is no table" {
			want = `relation "gone" does not exist`
		}
		_, err := ofRange(t, server, c.config, c.asked)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, and not %s", c, err, want)
		}
	}
}
