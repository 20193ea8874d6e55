package postgres

import (
	"context"
	"errors"
	"testing"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/connect/postgres/pgtest"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// Records and checkpoint are there together, or neither is; where another copy has
// committed, nothing is; and a transaction that is lost has the program go back.
func TestKeep(t *testing.T) {
	server := pgtest.New(t)
	keeping := func() *Sink {
		s, err := NewSink(SinkConfig{DSN: server.DSN(), Table: "people"}, connect.Output{Columns: idName})
		must(t, err)
		s.(flow.Transactional).Keep("p'q")
		must(t, s.Open(t.Context()))
		t.Cleanup(func() { _ = s.Close(context.Background(), false) })
		return s.(*Sink)
	}
	loaded := func(s *Sink, generation uint64, checkpoint string) {
		t.Helper()
		g, c, err := s.Load(t.Context())
		must(t, err)
		if g != generation || string(c) != checkpoint {
			t.Errorf("checkpoint %d %q, not %d %q", g, c, generation, checkpoint)
		}
	}
	s := keeping()
	loaded(s, 0, "")
	must(t, s.Write(t.Context(), idNames(1, "ann")))
	must(t, s.Commit(t.Context(), 1, 0, []byte("one")))
	must(t, s.Commit(t.Context(), 2, 1, []byte("two"))) // of no records
	must(t, s.Write(t.Context(), idNames(2, "bob")))
	must(t, s.Close(t.Context(), true))

	s = keeping()
	loaded(s, 2, "two")
	wantRows(t, server, `SELECT * FROM people`, "1|ann")

	must(t, s.Write(t.Context(), idNames(2, "bob")))
	server.Exec(`UPDATE flowc_checkpoints SET generation = 7`)
	for _, previous := range []uint64{0, 2, 6} {
		if err := s.Commit(t.Context(), previous+1, previous, []byte("late")); !errors.Is(err, flow.ErrFenced) {
			t.Errorf("behind %d: %v", previous, err)
		}
	}
	wantRows(t, server, `SELECT count(*) FROM people`, "1")

	// Lost with records in it, and with none.
	must(t, s.Write(t.Context(), idNames(2, "bob")))
	server.Exec(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'flowc'`)
	var back *flow.RolledBackError
	if err := s.Write(t.Context(), idNames(3, "eve")); !errors.As(err, &back) || flow.ClassOf(err) != flow.Fatal {
		t.Errorf("lost with records: %v", err)
	}
	must(t, s.Write(t.Context(), idNames(4, "joe")))
	must(t, s.Commit(t.Context(), 8, 7, []byte("eight")))
	server.Exec(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'flowc'`)
	err := s.Write(t.Context(), idNames(5, "amy"))
	if errors.As(err, &back) || err != nil && !isGone(err) {
		t.Errorf("lost with nothing: %v", err)
	}
	must(t, s.Write(t.Context(), idNames(5, "amy")))
	must(t, s.Commit(t.Context(), 9, 8, []byte("nine")))
	wantRows(t, server, `SELECT id FROM people ORDER BY id`, "1", "4", "5")

	must(t, s.Forget(t.Context()))
	loaded(s, 0, "")
	must(t, s.Commit(t.Context(), 1, 0, []byte("anew")))
	loaded(s, 1, "anew")
}
