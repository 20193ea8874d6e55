package postgres

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/connect/postgres/pgtest"
	"github.com/flowc-dev/flowc/runtime/flowtest"
)

// A commit that the server did, and whose answer was lost, is not done again.
func TestCommitWithoutAnAnswer(t *testing.T) {
	server := pgtest.New(t)
	proxy, err := flowtest.NewProxy(net.JoinHostPort("127.0.0.1", fmt.Sprint(server.Port)))
	must(t, err)
	defer proxy.Close()
	dsn, err := url.Parse(server.DSN())
	must(t, err)
	dsn.Host = proxy.Address()
	sink, err := NewSink(SinkConfig{DSN: dsn.String(), Table: "t"}, connect.Output{Node: "out", Columns: idName})
	must(t, err)
	must(t, sink.Open(t.Context()))
	defer sink.Close(context.Background(), false)
	must(t, sink.Write(t.Context(), idNames(1, "ann", 2, "bob")))
	proxy.Mute(true)
	synced := make(chan error)
	go func() { synced <- sink.Sync(t.Context()) }()
	for len(server.Exec(`SELECT id FROM t`)) < 2 { // the server has committed
		time.Sleep(time.Millisecond)
	}
	proxy.Cut()
	proxy.Heal()
	if err := <-synced; !isGone(err) {
		t.Fatalf("%v", err)
	}
	must(t, sink.Sync(t.Context()))
	wantRows(t, server, `SELECT * FROM t ORDER BY id`, "1|ann", "2|bob")
}

// A commit of an earlier run that is still on its way is waited for: the position
// that is read before it would be the wrong one.
func TestLoadWaitsForACommit(t *testing.T) {
	server := pgtest.New(t)
	s, err := NewSink(SinkConfig{DSN: server.DSN(), Table: "t"}, connect.Output{Node: "out", Columns: idName})
	must(t, err)
	keeper := s.(*Sink)
	keeper.Keep("p")
	must(t, keeper.Open(t.Context()))
	defer keeper.Close(context.Background(), false)
	must(t, keeper.Commit(t.Context(), 1, 0, []byte("one")))
	earlier, err := pgconn.Connect(t.Context(), server.DSN())
	must(t, err)
	defer earlier.Close(context.Background())
	do := func(sql string) {
		t.Helper()
		_, err := earlier.Exec(t.Context(), sql).ReadAll()
		must(t, err)
	}
	do("BEGIN; UPDATE " + checkpoints + " SET generation = 2, checkpoint = 'two'")
	type loaded struct {
		generation uint64
		checkpoint []byte
		err        error
	}
	got := make(chan loaded)
	go func() {
		generation, checkpoint, err := keeper.Load(t.Context())
		got <- loaded{generation, checkpoint, err}
	}()
	for range 200 { // until it waits; where it does not, it has read what is wrong
		if strings.Join(server.Exec(`SELECT count(*) FROM pg_locks WHERE NOT granted`), "") != "0" {
			break
		}
		time.Sleep(time.Millisecond)
	}
	do("COMMIT")
	if l := <-got; l.err != nil || l.generation != 2 || string(l.checkpoint) != "two" {
		t.Errorf("loaded %d, %q, %v", l.generation, l.checkpoint, l.err)
	}
}
