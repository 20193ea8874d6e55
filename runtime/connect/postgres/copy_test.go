package postgres

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/connect/postgres/pgtest"
)

// An asking connection counts what is asked of the server: statements that are sent
// together are answered in one round trip.
type asking struct {
	net.Conn
	count *atomic.Int64
}

func (c *asking) Write(b []byte) (int, error) {
	if b[0] == 'Q' || b[0] == 'P' { // of the simple protocol, or of the extended one
		c.count.Add(1)
	}
	return c.Conn.Write(b)
}

// A transaction is a round trip for each packet of records, the first of which begins
// it, and one for the commit.
func TestRoundTrips(t *testing.T) {
	server := pgtest.New(t)
	s := openSink(t, server, SinkConfig{Table: "t"}, idName)
	config, err := parse(server.DSN())
	must(t, err)
	dial := config.DialFunc
	var count atomic.Int64
	config.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := dial(ctx, network, address)
		return &asking{c, &count}, err
	}
	s.server.close()
	s.server.conn, err = pgconn.ConnectConfig(t.Context(), config)
	must(t, err)
	long := strings.Repeat("x", smallCopy)
	for _, c := range []struct {
		names []string
		want  int64
	}{
		{[]string{"ann"}, 2},
		{[]string{"bob", "eve", "joe"}, 4},
		{[]string{"amy", long}, 3},
		{[]string{long}, 3}, // its begin is one of its own
	} {
		before := count.Load()
		for i, name := range c.names {
			must(t, s.Write(t.Context(), idNames(i, name)))
		}
		must(t, s.Sync(t.Context()))
		if n := count.Load() - before; n != c.want {
			t.Errorf("%d packets were %d round trips, not %d", len(c.names), n, c.want)
		}
	}
	wantRows(t, server, `SELECT count(*) FROM t`, "7")
}

// Records that are refused take nothing else away, wherever in a transaction they
// stand, and whether they are sent with its begin or behind it.
func TestRefusedInATransaction(t *testing.T) {
	server := pgtest.New(t)
	server.Exec(`CREATE TABLE t (id bigint NOT NULL CHECK (id <> 13), name text)`)
	s := openSink(t, server, SinkConfig{Table: "t"}, idName)
	const refused = 13
	long := strings.Repeat("x", smallCopy)
	write := func(name string, ids ...int) (failed int) {
		t.Helper()
		var pairs []any
		for _, id := range ids {
			pairs = append(pairs, id, name)
			if id == refused {
				failed++
			}
		}
		err := s.Write(t.Context(), idNames(pairs...))
		if failed == 0 {
			must(t, err)
			return 0
		}
		if got := len(failedOf(t, err)); got != failed {
			t.Errorf("%v: %d records failed, not %d", ids, got, failed)
		}
		return failed
	}
	for i, writes := range [][][]int{
		{{refused}},
		{{refused, 1}},
		{{1, 2, 3, refused}},
		{{refused}, {1}},
		{{1}, {refused}},
		{{1}, {2, refused}, {3}, {refused, 4}},
		{{refused}, {refused, 1, refused}, {2}},
	} {
		for _, name := range []string{"short", long} {
			t.Run(fmt.Sprint(i, " ", name[:5]), func(t *testing.T) {
				server.Exec(`TRUNCATE t`)
				var want []string
				for _, ids := range writes {
					write(name, ids...)
					for _, id := range ids {
						if id != refused {
							want = append(want, fmt.Sprint(id))
						}
					}
				}
				must(t, s.Sync(t.Context()))
				wantRows(t, server, `SELECT id FROM t ORDER BY id`, want...)
			})
		}
	}
}

// A table that was made in a transaction stays when the first records for it, or for
// another one, are refused.
func TestRefusedBehindANewTable(t *testing.T) {
	server := pgtest.New(t)
	server.Exec(`CREATE TABLE strict (id bigint NOT NULL CHECK (id <> 13), name text)`)
	made, err := NewSink(SinkConfig{DSN: server.DSN()}, connect.Output{Node: "out", Columns: idName, Keys: []string{"table"}, Literals: map[string]string{"table": ""}})
	must(t, err)
	must(t, made.Open(t.Context()))
	defer made.Close(context.Background(), false)
	o := idNames(1, "ann", 13, "bob", 2, "eve")
	o.Keys = [][]string{{"fresh", "strict", "strict"}}
	if failed := failedOf(t, made.Write(t.Context(), o)); len(failed) != 1 || failed[1] == nil {
		t.Errorf("failed are %v", failed)
	}
	must(t, made.Sync(t.Context()))
	wantRows(t, server, `SELECT id FROM fresh UNION ALL SELECT id FROM strict`, "1", "2")

	o = idNames(13, "bob")
	o.Keys = [][]string{{"strict"}}
	_ = failedOf(t, made.Write(t.Context(), o))
	must(t, made.Sync(t.Context()))
	o = idNames(4, "no\xff", 13, "bob")
	o.Keys = [][]string{{"newer", "strict"}}
	if failed := failedOf(t, made.Write(t.Context(), o)); len(failed) != 2 {
		t.Errorf("failed are %v", failed)
	}
	o = idNames(3, "joe")
	o.Keys = [][]string{{"newer"}}
	must(t, made.Write(t.Context(), o))
	must(t, made.Sync(t.Context()))
	wantRows(t, server, `SELECT id FROM newer`, "3")
}
