package postgres

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/connect/postgres/pgtest"
	"github.com/flowc-dev/flowc/runtime/flow"
	"github.com/flowc-dev/flowc/runtime/fresh"
)

// followed is a config whose DSN has the password of a file.
func followed[C any](t *testing.T, path string, config func(dsn string) *C, dsn func(password string) string) (C, func() *C) {
	t.Helper()
	f, err := fresh.Open(func(c [][]byte) (*C, error) { return config(dsn(string(c[0]))), nil }, path)
	must(t, err)
	return *f.Get(), f.Get
}

// A password that is changed, and an authority that is replaced, are followed by those
// that the files have then; until they have them the server counts as away, and nothing
// is lost.
func TestReload(t *testing.T) {
	server, vouched := pgtest.NewTLS(t)
	dir := t.TempDir()
	ca, password := filepath.Join(dir, "ca.pem"), filepath.Join(dir, "password")
	put := func(path string, data []byte) {
		t.Helper()
		must(t, os.WriteFile(path, data, 0o600))
	}
	trust := func() {
		t.Helper()
		text, err := os.ReadFile(vouched)
		must(t, err)
		put(ca, text)
	}
	trust()
	put(password, []byte("one"))
	server.Exec(`CREATE ROLE app LOGIN REPLICATION PASSWORD 'one'; CREATE TABLE t (id bigint PRIMARY KEY, name text); ALTER TABLE t OWNER TO app; GRANT CREATE ON DATABASE postgres TO app; GRANT ALL ON SCHEMA public TO app`)
	server.LetIn("host all postgres 127.0.0.1/32 trust\nhostssl all,replication all 127.0.0.1/32 scram-sha-256\n")
	dsn := func(password string) string {
		return fmt.Sprintf("postgres://app:%s@127.0.0.1:%d/postgres?sslmode=verify-full&sslrootcert=%s", password, server.Port, ca)
	}

	to, toNow := followed(t, password, func(dsn string) *SinkConfig { return &SinkConfig{DSN: dsn, Table: "t", Key: []string{"id"}} }, dsn)
	to.Fresh = toNow
	s, err := NewSink(to, connect.Output{Node: "out", Columns: idName})
	must(t, err)
	sink := s.(*Sink)
	must(t, sink.Open(t.Context()))
	defer sink.Close(context.Background(), false)

	from, fromNow := followed(t, password, func(dsn string) *SourceConfig {
		return &SourceConfig{DSN: dsn, Table: "t", Key: "id", Every: 20 * time.Millisecond}
	}, dsn)
	from.Fresh = fromNow
	rows, err := NewSource(from, connect.Input{Node: "rows"})
	must(t, err)
	must(t, rows.Open(t.Context()))
	defer rows.Close(context.Background())

	changed, changedNow := followed(t, password, func(dsn string) *SourceConfig { return &SourceConfig{DSN: dsn, Table: "t"} }, dsn)
	changed.Fresh = changedNow
	changes, err := NewSource(changed, connect.Input{Node: "changes", Pipeline: "test", Changes: true, Columns: idName})
	must(t, err)
	must(t, changes.Open(t.Context()))
	defer changes.Close(context.Background())

	kept, keptNow := followed(t, password, func(dsn string) *StoreConfig { return &StoreConfig{DSN: dsn} }, dsn)
	kept.Fresh = keptNow
	cells, err := NewStore(kept)
	must(t, err)
	must(t, cells.Open(t.Context(), "p"))
	defer cells.Close(context.Background())

	// again does what the engine does: it tries again as long as the server is away.
	again := func(what string, do func() error) {
		t.Helper()
		for err := do(); err != nil; err = do() {
			if !isGone(err) {
				t.Fatalf("%s: the program would end: %v", what, err)
			}
			if strings.Contains(err.Error(), "app:") {
				t.Fatalf("%s: there is a password in %v", what, err)
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
	one := func(what string, source flow.Source, want string) {
		t.Helper()
		var got string
		again(what, func() error {
			for got == "" {
				b := &flow.Batch{Data: make([]byte, 0, flow.BlockSize)}
				if err := source.Read(t.Context(), b); err != nil {
					return err
				}
				got += string(b.Data)
			}
			return nil
		})
		if strings.Count(got, "\n") != 1 || !strings.Contains(got, want) {
			t.Fatalf("%s: %q came, not %s", what, got, want)
		}
	}
	version := uint64(0)
	passes := func(id int, name string) {
		t.Helper()
		again(name+": sink", func() error { return sink.Write(t.Context(), idNames(id, name)) })
		again(name+": sync", func() error { return sink.Sync(t.Context()) })
		one(name+": rows", rows, name)
		one(name+": changes", changes, name)
		again(name+": store", func() error {
			v, err := cells.Put(t.Context(), flow.CheckpointCell, []byte(name), version)
			if err == nil {
				version = v
			}
			return err
		})
	}
	cut := func() {
		t.Helper()
		server.Exec(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'app'`)
	}
	passes(1, "before")
	server.Exec(`ALTER ROLE app PASSWORD 'two'`)
	cut()
	refused := false
	for range 10 { // nobody has written the new one yet
		err := sink.Write(t.Context(), idNames(2, "password"))
		if err == nil {
			err = sink.Sync(t.Context())
		}
		if !isGone(err) {
			t.Fatalf("a login that is refused for a while: %v", err)
		}
		refused = refused || strings.Contains(err.Error(), "28P01")
	}
	if !refused {
		t.Error("the old password was not refused")
	}
	put(password, []byte("two"))
	passes(2, "password")
	server.Reissue()
	trust()
	cut()
	passes(3, "authority")
	wantRows(t, server, `SELECT * FROM t ORDER BY id`, "1|before", "2|password", "3|authority")
}

// A DSN that leads elsewhere, or that is none, is not followed.
func TestOtherDatabase(t *testing.T) {
	dsn := "postgres://app:one@127.0.0.1:5432/a"
	s, err := newServer(func() string { return dsn })
	must(t, err)
	for _, other := range []string{"postgres://app:two@127.0.0.1:5432/b", "postgres://app:two@127.0.0.2:5432/a", "://"} {
		dsn = other
		if s.refresh(); s.config.Password != "one" || s.config.Database != "a" {
			t.Errorf("%s is followed", other)
		}
	}
	dsn = "postgres://bob:two@127.0.0.1:5432/a"
	if s.refresh(); s.config.User != "bob" || s.config.Password != "two" {
		t.Error("a login is not followed")
	}
}
