package postgres

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/runtime/connect/postgres/pgtest"
	"github.com/flowc-dev/flowc/runtime/flow"
	"github.com/flowc-dev/flowc/runtime/flowtest"
)

func openStore(t testing.TB, dsn, pipeline string) *Store {
	t.Helper()
	s, err := NewStore(StoreConfig{DSN: dsn})
	if err == nil {
		err = s.Open(context.Background(), pipeline)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close(context.Background()) })
	return s.(*Store)
}

func TestStoreConforms(t *testing.T) {
	server := pgtest.New(t)
	flowtest.Store(t, func(t testing.TB, pipeline string) flow.Cells { return openStore(t, server.DSN(), pipeline) })
}

// A server that is away is waited for, a connection that was lost is made anew, and
// what a server does not let the program do is said.
func TestStoreConnection(t *testing.T) {
	server := pgtest.New(t)
	s := openStore(t, server.DSN(), "p")
	if where := s.Where(); !strings.HasPrefix(where, "postgres ") || strings.Contains(where, "@") {
		t.Errorf("it is in %q", where)
	}
	version, err := s.Put(t.Context(), flow.CheckpointCell, []byte("one"), 0)
	must(t, err)
	server.Exec(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'flowc'`)
	if _, _, err := s.Get(t.Context(), flow.CheckpointCell); err != nil && !isGone(err) {
		t.Errorf("a lost connection: %v", err)
	}
	value, v, err := s.Get(t.Context(), flow.CheckpointCell)
	if err != nil || v != version || string(value) != "one" {
		t.Errorf("%q, %d, %v", value, v, err)
	}
	server.Stop()
	if _, err := s.Put(t.Context(), flow.CheckpointCell, []byte("two"), version); !isGone(err) {
		t.Errorf("a stopped server: %v", err)
	}
	server.Start()
	_, err = s.Put(t.Context(), flow.CheckpointCell, []byte("two"), version)
	if isGone(err) {
		_, err = s.Put(t.Context(), flow.CheckpointCell, []byte("two"), version)
	}
	must(t, err)

	server.Exec(`CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not today'; END $$`)
	server.Exec(`CREATE TRIGGER no BEFORE INSERT OR UPDATE ON flowc_checkpoints FOR EACH ROW EXECUTE FUNCTION no()`)
	if _, err := s.Put(t.Context(), flow.CheckpointCell, []byte("three"), version+1); err == nil || flow.ClassOf(err) == flow.Transient || !strings.Contains(err.Error(), "not today") {
		t.Errorf("a refused one: %v", err)
	}
}

// A pipeline whose sink kept the checkpoint goes on from it in a store of the same
// database, and the other way round.
func TestStoreSharesTheSinksTable(t *testing.T) {
	server := pgtest.New(t)
	sink := openSink(t, server, SinkConfig{Table: "people"}, idName)
	must(t, sink.Close(t.Context(), true))
	sink.Keep("p")
	must(t, sink.Open(t.Context()))
	must(t, sink.Write(t.Context(), idNames(1, "ann")))
	must(t, sink.Commit(t.Context(), 1, 0, []byte("one")))
	s := openStore(t, server.DSN(), "p")
	value, version, err := s.Get(t.Context(), flow.CheckpointCell)
	if err != nil || version != 1 || string(value) != "one" {
		t.Fatalf("%q, %d, %v", value, version, err)
	}
	_, err = s.Put(t.Context(), flow.CheckpointCell, []byte("two"), 1)
	must(t, err)
	if err := sink.Commit(t.Context(), 2, 1, []byte("late")); !errors.Is(err, flow.ErrFenced) {
		t.Errorf("the sink commits behind the store: %v", err)
	}
	if generation, checkpoint, err := sink.Load(t.Context()); err != nil || generation != 2 || string(checkpoint) != "two" {
		t.Errorf("%d, %q, %v", generation, checkpoint, err)
	}
}
