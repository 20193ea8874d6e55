package spool

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/flowc-dev/flowc/runtime/connect/native"
	"github.com/flowc-dev/flowc/runtime/flow"
	"github.com/flowc-dev/flowc/runtime/flowtest"
)

// The tests alone know flowc: its suites hold both against all that the engine relies
// on. Package native makes of a component in plain Go what a built program makes of
// it.

func TestInboxConforms(t *testing.T) {
	flowtest.Source(t, func(t testing.TB) *flowtest.SourceWorld {
		dir := filepath.Join(t.TempDir(), "sales")
		must(t, os.Mkdir(dir, 0o777))
		dropped := 0
		return &flowtest.SourceWorld{
			Make: func() flow.Source {
				in, err := NewInbox(InboxConfig{Dir: dir, Every: time.Millisecond})
				must(t, err)
				return native.NewSeekReader(in.Read, in.Seek, in.Ack, native.Life{Open: in.Open})
			},
			Feed: func(records ...string) {
				for _, r := range records {
					dropped++
					data, err := json.Marshal(Sale{ID: r})
					must(t, err)
					must(t, os.WriteFile(filepath.Join(dir, fmt.Sprintf("%08d.json", dropped)), data, 0o666))
				}
			},
			Records: func(b *flow.Batch) (ids []string) {
				for _, s := range *b.Rows.(*[]Sale) {
					ids = append(ids, s.ID)
				}
				return ids
			},
			Rows:  flow.RowsOf[Sale](),
			Stop:  func() { must(t, os.Rename(dir, dir+".away")) },
			Start: func() { must(t, os.Rename(dir+".away", dir)) },
		}
	})
}

func TestLedgerConforms(t *testing.T) {
	flowtest.Sink(t, func(t testing.TB) *flowtest.SinkWorld {
		dir := filepath.Join(t.TempDir(), "ledger")
		return &flowtest.SinkWorld{
			Make: func() flow.Sink {
				l := NewLedger(LedgerConfig{Dir: dir})
				return native.NewKeeping(native.NewBatchSink(l.Write, native.Life{Open: l.Open}), native.Ledger{Committed: l.Committed, Commit: l.Commit})
			},
			Packet: func(records ...string) *flow.Out {
				rows := make([]Entry, len(records))
				for i, r := range records {
					rows[i].ID = r
				}
				return &flow.Out{Rows: &rows, Count: len(rows)}
			},
			Rows:    flow.RowsOf[Entry](),
			Visible: func() []string { return booked(t, dir) },
			Kill:    func(flow.Sink) {}, // it holds nothing that the end of its process would let go of
		}
	})
}

// booked are the IDs of the entries of a ledger.
func booked(t testing.TB, dir string) (ids []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.segment"))
	must(t, err)
	for _, file := range files {
		data, err := os.ReadFile(file)
		must(t, err)
		_, entries, _ := bytes.Cut(data, []byte("\n"))
		for line := range bytes.Lines(entries) {
			var e Entry
			must(t, json.Unmarshal(line, &e))
			ids = append(ids, e.ID)
		}
	}
	return ids
}

// What is safe is removed where the config says so, and nothing else is.
func TestInboxRemoves(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"1.json", "2.json", "3.json", "notes.txt"} {
		must(t, os.WriteFile(filepath.Join(dir, name), []byte(`{"id":"a"}`), 0o666))
	}
	in, err := NewInbox(InboxConfig{Dir: dir, Remove: true})
	must(t, err)
	sales, position, err := in.Read(context.Background())
	if err != nil || len(sales) != 3 || position != "3.json" {
		t.Fatalf("%v, %q, %v", sales, position, err)
	}
	must(t, in.Ack(context.Background(), "2.json"))
	must(t, in.Ack(context.Background(), "1.json"))
	left, err := os.ReadDir(dir)
	must(t, err)
	if len(left) != 2 || left[0].Name() != "3.json" || left[1].Name() != "notes.txt" {
		t.Errorf("left are %v", left)
	}
}

// Of two programs that go on from the same place one gets its segment in.
func TestLedgerFences(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	var programs []*Ledger
	for range 2 {
		l := NewLedger(LedgerConfig{Dir: dir})
		must(t, l.Open(ctx))
		must(t, l.Write(ctx, []Entry{{ID: "a"}}))
		programs = append(programs, l)
	}
	must(t, programs[0].Commit(ctx, "", "first"))
	err := programs[1].Commit(ctx, "", "second")
	var fenced interface{ Fenced() bool }
	if !errors.As(err, &fenced) || !fenced.Fenced() {
		t.Errorf("the other one is not fenced: %v", err)
	}
	if ids := booked(t, dir); len(ids) != 1 {
		t.Errorf("booked are %q", ids)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
