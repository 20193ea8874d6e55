package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// keeping opens a sink that keeps the checkpoint of a pipeline.
func keeping(t *testing.T, path string) *Sink {
	t.Helper()
	s, err := NewSink(SinkConfig{Path: path, Table: "people"}, connect.Output{Columns: idName})
	must(t, err)
	s.(flow.Transactional).Keep("p")
	must(t, s.Open(t.Context()))
	t.Cleanup(func() { _ = s.Close(context.Background(), false) })
	return s.(*Sink)
}

func loaded(t *testing.T, s *Sink, generation uint64, checkpoint string) {
	t.Helper()
	g, c, err := s.Load(t.Context())
	must(t, err)
	if g != generation || string(c) != checkpoint {
		t.Errorf("checkpoint %d %q, not %d %q", g, c, generation, checkpoint)
	}
}

// Records and checkpoint are there together, or neither is.
func TestKeep(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	s := keeping(t, path)
	loaded(t, s, 0, "")
	must(t, s.Write(t.Context(), idNames(1, "ann")))
	must(t, s.Commit(t.Context(), 1, 0, []byte("one")))
	must(t, s.Commit(t.Context(), 2, 1, []byte("two"))) // of no records
	must(t, s.Write(t.Context(), idNames(2, "bob")))
	must(t, s.Close(t.Context(), true))

	s = keeping(t, path)
	loaded(t, s, 2, "two")
	if got := rowsOf(t, path, `SELECT * FROM people`); got != "1|ann\n" {
		t.Errorf("rows %q", got)
	}
	must(t, s.Forget(t.Context()))
	loaded(t, s, 0, "")
	must(t, s.Write(t.Context(), idNames(3, "eve")))
	must(t, s.Sync(t.Context())) // a sender waited
	must(t, s.Commit(t.Context(), 1, 0, []byte("anew")))
	loaded(t, s, 1, "anew")
	if got := rowsOf(t, path, `SELECT count(*) FROM people`); got != "2\n" {
		t.Errorf("%s rows", got)
	}
}

// Where another copy of the program has committed, nothing is.
func TestFenced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	s := keeping(t, path)
	must(t, s.Commit(t.Context(), 1, 0, []byte("one")))
	sql(t, path, `UPDATE flowc_checkpoints SET generation = 7`)
	for _, previous := range []uint64{0, 1, 6} {
		must(t, s.Write(t.Context(), idNames(1, "ann")))
		if err := s.Commit(t.Context(), previous+1, previous, []byte("late")); !errors.Is(err, flow.ErrFenced) {
			t.Errorf("behind %d: %v", previous, err)
		}
	}
	must(t, s.Forget(t.Context()))
	must(t, s.Write(t.Context(), idNames(1, "ann")))
	if err := s.Commit(t.Context(), 8, 7, []byte("late")); !errors.Is(err, flow.ErrFenced) {
		t.Errorf("behind one that is gone: %v", err)
	}
	if got := rowsOf(t, path, `SELECT count(*) FROM people`); got != "0\n" {
		t.Errorf("%s rows", got)
	}
}

// A transaction that is lost has the program go back, and keeps nothing in memory.
func TestRolledBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	s := keeping(t, path)
	must(t, s.Write(t.Context(), idNames(1, "ann")))
	if s.kept.Len() != 0 {
		t.Error("records are kept")
	}
	must(t, s.conn.exec("PRAGMA max_page_count = 5")) // the disk is full
	err := s.Write(t.Context(), idNames(2, strings.Repeat("x", 1<<20)))
	var back *flow.RolledBackError
	if !errors.As(err, &back) {
		t.Errorf("lost: %v", err)
	}
	must(t, s.Sync(t.Context()))
	if got := rowsOf(t, path, `SELECT count(*) FROM people`); got != "0\n" {
		t.Errorf("%s rows", got)
	}
	loaded(t, s, 0, "")
}

// A file that another sink writes to can't hold a checkpoint.
func TestKeepAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	keeping(t, path)
	s, err := NewSink(SinkConfig{Path: path, Table: "other"}, connect.Output{Columns: idName})
	must(t, err)
	if err := s.Open(t.Context()); err == nil || flow.ClassOf(err) != flow.Fatal {
		t.Errorf("a second sink: %v", err)
	}
}

// A commit is on the disk when it returns.
func TestCommitsAreSynced(t *testing.T) {
	s := openSink(t, SinkConfig{Path: newDB(t), Table: "t"}, idName)
	const full = 2
	err := s.conn.query(t.Context(), "PRAGMA synchronous", nil, func(row []driver.Value) (bool, error) {
		if row[0] != int64(full) {
			t.Errorf("synchronous is %v", row[0])
		}
		return true, nil
	})
	must(t, err)
}
