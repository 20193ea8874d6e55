package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/connect/postgres/pgtest"
	"github.com/flowc-dev/flowc/runtime/flow"
)

func TestSource(t *testing.T) {
	server := pgtest.New(t)

	// Rows come in the order of the key, all of them, whatever the pages; and
	// reading goes on behind a position.
	t.Run("all", func(t *testing.T) {
		server.Exec(`CREATE TABLE many (id bigint PRIMARY KEY, pad text);
INSERT INTO many SELECT 3001 - i, repeat('x', i % 10) || CASE WHEN i % 100 = 0 THEN repeat('y', 50000) ELSE '' END FROM generate_series(1, 3000) i`)
		c := SourceConfig{Table: "many", Key: "id"}
		lines, last := readAll(t, server, c, nil, nil)
		if string(last) != `{"key":"3000"}` {
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
		rest, _ := readAll(t, server, c, nil, json.RawMessage(`{"key":"2998"}`))
		if strings.Count(rest, "\n") != 2 || !strings.HasPrefix(rest, `{"id":2999,`) {
			t.Errorf("behind 2998: %.100s", rest)
		}
	})

	// Values come in the forms of the types that are wanted, whatever the column.
	t.Run("forms", func(t *testing.T) {
		server.Exec(`CREATE TYPE pair AS (a int, b text);
CREATE TABLE forms (at timestamptz PRIMARY KEY, ts timestamp, day date, raw bytea, gap interval, ns bigint, doc json, list numeric[], pair pair, id uuid, nan float8, n numeric, ok boolean, text text);
INSERT INTO forms VALUES ('2026-01-02 03:04:05.000007+01', '2026-01-02 03:04:05', '2026-01-02', '\x6869', '-01:30:00.5', 90000000000, E'{"a":\n 1}', '{1.10,NULL}', '(1,x)', '00000000-0000-0000-0000-000000000001', 'NaN', 10.50, true, E'tab\t"q"');
INSERT INTO forms (at, gap, text) VALUES ('2026-01-03', '1 day', '[1]')`)
		wanted := []connect.Column{
			{Name: "at", Type: "time"},
			{Name: "ts", Type: "time", Optional: true},
			{Name: "day", Type: "time", Optional: true},
			{Name: "raw", Type: "bytes", Optional: true},
			{Name: "gap", Type: "duration"},
			{Name: "ns", Type: "duration", Optional: true},
			{Name: "doc", Type: "json", Optional: true},
			{Name: "list", Type: "json", Optional: true},
			{Name: "pair", Type: "json", Optional: true},
			{Name: "id", Type: "string", Optional: true},
			{Name: "nan", Type: "float64", Optional: true},
			{Name: "n", Type: "decimal", Optional: true},
			{Name: "ok", Type: "bool", Optional: true},
			{Name: "text", Type: "json"},
			{Name: "missing", Type: "int", Optional: true},
		}
		got, last := readAll(t, server, SourceConfig{Table: "public.forms", Key: "at"}, wanted, nil)
		want := `{"at":"2026-01-02T02:04:05.000007Z","ts":"2026-01-02T03:04:05Z","day":"2026-01-02T00:00:00Z","raw":"aGk=","gap":"-1h30m0.5s","ns":"1m30s","doc":{"a":1},"list":[1.10,null],"pair":{"a":1,"b":"x"},"id":"00000000-0000-0000-0000-000000000001","nan":"NaN","n":10.50,"ok":true,"text":"tab\t\"q\""}
{"at":"2026-01-03T00:00:00Z","gap":"1 day","text":[1]}
`
		if got != want {
			t.Errorf("got\n%swant\n%s", got, want)
		}
		if rest, _ := readAll(t, server, SourceConfig{Table: "forms", Key: "at"}, wanted[:1], json.RawMessage(`{"key":"2026-01-02 02:04:05.000007+00"}`)); rest != "{\"at\":\"2026-01-03T00:00:00Z\"}\n" || last == nil {
			t.Errorf("behind a time: %s", rest)
		}
		// A query gives what it gives; its key need not be wanted.
		got, last = readAll(t, server, SourceConfig{Query: "SELECT n, length(text) AS len FROM forms;\n", Key: "len"}, []connect.Column{{Name: "n", Type: "decimal", Optional: true}}, nil)
		if got != "{}\n{\"n\":10.50}\n" || string(last) != `{"key":"7"}` {
			t.Errorf("query: %s, position %s", got, last)
		}
	})

	// What would lose rows in silence is an error that says so.
	t.Run("keys", func(t *testing.T) {
		server.Exec(`CREATE TABLE keys (id int, n int); INSERT INTO keys VALUES (1, 1), (1, 2), (2, NULL)`)
		for _, c := range []struct {
			config SourceConfig
			want   string
		}{
			{SourceConfig{Table: "keys", Key: "id"}, "two rows have the key `id` 1"},
			{SourceConfig{Table: "keys", Key: "n"}, "whose key `n` is null"},
			{SourceConfig{Table: "keys", Key: "x"}, "no column `x`, which is to be the key; it has `id`, `n`"},
			{SourceConfig{Table: "nowhere", Key: "id"}, `relation "nowhere" does not exist`},
			{SourceConfig{Query: "SELECT 1/0 AS id", Key: "id"}, "division by zero"},
		} {
			c.config.DSN = server.DSN()
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
	})

	// With `every` rows that come later are read, a server that goes away and comes
	// back is read on, and the end of the program ends the wait.
	t.Run("every", func(t *testing.T) {
		server.Exec(`CREATE TABLE later (id int PRIMARY KEY); INSERT INTO later VALUES (1)`)
		s, err := NewSource(SourceConfig{DSN: server.DSN(), Table: "later", Key: "id", Every: time.Millisecond}, connect.Input{})
		must(t, err)
		must(t, s.Open(t.Context()))
		defer s.Close(context.Background())
		read := func() string {
			var b flow.Batch
			for {
				err := s.Read(t.Context(), &b)
				if err == nil {
					return string(b.Data)
				}
				if !isGone(err) {
					t.Fatal(err)
				}
			}
		}
		if got := read(); got != "{\"id\":1}\n" {
			t.Errorf("first: %s", got)
		}
		server.Exec(`INSERT INTO later VALUES (5)`)
		if got := read(); got != "{\"id\":5}\n" {
			t.Errorf("later: %s", got)
		}
		server.Exec(`INSERT INTO later VALUES (6)`)
		server.Stop()
		if err := s.Read(t.Context(), &flow.Batch{}); !isGone(err) {
			t.Errorf("gone: %v", err)
		}
		server.Start()
		if got := read(); got != "{\"id\":6}\n" {
			t.Errorf("back: %s", got)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := s.Read(ctx, &flow.Batch{}); !errors.Is(err, context.Canceled) {
			t.Errorf("stopped: %v", err)
		}
	})
}
