package sqlite

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/flowc-dev/flowc/runtime/flow"
	"github.com/flowc-dev/flowc/runtime/flowtest"
)

func openStore(t testing.TB, path, pipeline string) *Store {
	t.Helper()
	s, err := NewStore(StoreConfig{Path: path})
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
	path := filepath.Join(t.TempDir(), "a", "state.db")
	flowtest.Store(t, func(t testing.TB, pipeline string) flow.Cells { return openStore(t, path, pipeline) })
}

// A sink in the same file does not keep the store waiting: what it has open is
// committed, and it goes on in a transaction of its own.
func TestStoreBesideASink(t *testing.T) {
	path := newDB(t)
	sink := openSink(t, SinkConfig{Path: path, Table: "people"}, idName)
	s := openStore(t, path, "p")
	version := uint64(0)
	for i := range 5 {
		must(t, sink.Write(t.Context(), idNames(i, "ann")))
		v, err := s.Put(t.Context(), flow.CheckpointCell, []byte("x"), version)
		must(t, err)
		version = v
	}
	must(t, sink.Sync(t.Context()))
	if got := rowsOf(t, path, "SELECT count(*) FROM people"); got != "5\n" {
		t.Errorf("%s rows", got)
	}
}

// Another program that holds the file is waited for.
func TestStoreBusy(t *testing.T) {
	path := newDB(t)
	s := openStore(t, path, "p")
	other, err := open(path, false)
	must(t, err)
	defer other.close()
	must(t, s.conn.exec("PRAGMA busy_timeout = 0"))
	must(t, other.exec("BEGIN EXCLUSIVE"))
	if _, err := s.Put(t.Context(), flow.CheckpointCell, []byte("x"), 0); flow.ClassOf(err) != flow.Transient {
		t.Errorf("a file that is held: %v", err)
	}
	must(t, other.exec("COMMIT"))
	_, err = s.Put(t.Context(), flow.CheckpointCell, []byte("x"), 0)
	must(t, err)
}
