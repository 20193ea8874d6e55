package postgres

import (
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/connect/postgres/pgtest"
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
		b.WriteString(" " + c.Type + strings.Join(c.Values, ",") + "\n")
	}
	return b.String(), err
}

func TestColumns(t *testing.T) {
	server := pgtest.New(t)
	server.Exec(`CREATE TYPE side AS ENUM ('buy', 'sell'); CREATE TYPE pair AS (a int, b text); CREATE DOMAIN amount AS numeric(10,2);
CREATE SCHEMA s; CREATE TABLE s.t (id bigserial PRIMARY KEY, small smallint NOT NULL, name varchar(9), price amount, f real, ok boolean, raw bytea,
  at timestamptz NOT NULL, day date, took interval, doc jsonb, side side, tags text[], nums int[], times timestamptz[], pair pair, u uuid)`)
	got, err := columnsOf(t, SourceConfig{DSN: server.DSN(), Table: "s.t", Key: "id"})
	want := `id int64
small int
name? string
price? decimal
f? float64
ok? bool
raw? bytes
at time
day? time
took? duration
doc? json
side? enumbuy,sell
tags? [string]
nums? [int]
times? json
pair? json
u? string
`
	if err != nil || got != want {
		t.Errorf("%v\n%s", err, got)
	}
	got, err = columnsOf(t, SourceConfig{DSN: server.DSN(), Query: "SELECT count(*) AS n, name, max(id) AS id FROM s.t GROUP BY name;", Key: "id"})
	if err != nil || got != "n? int64\nname? string\nid int64\n" {
		t.Errorf("%v\n%s", err, got)
	}
	for _, c := range []SourceConfig{{Table: "none"}, {Query: "SELEC 1"}} {
		c.DSN = server.DSN()
		if got, err := columnsOf(t, c); err == nil || !strings.Contains(err.Error(), "none") && !strings.Contains(err.Error(), "syntax error") {
			t.Errorf("%+v: %v\n%s", c, err, got)
		}
	}
}
