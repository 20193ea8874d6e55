package program

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// ledger is a table whose connection is lost in the middle of its first
// transactions. It outlives the programs.
type ledger struct {
	loses      int    // transactions that are still to be lost
	late       bool   // only when there are rows
	onLoss     func() // called for each
	rows       string
	generation uint64
	checkpoint []byte
	opened     int
}

type ledgerSink struct {
	*ledger
	pending string
	writes  int
}

func (s *ledgerSink) Keep(string)                       {}
func (s *ledgerSink) Open(context.Context) error        { s.opened++; return nil }
func (s *ledgerSink) Sync(context.Context) error        { return nil }
func (s *ledgerSink) Close(context.Context, bool) error { return nil }
func (s *ledgerSink) Forget(context.Context) error      { s.generation, s.checkpoint = 0, nil; return nil }

func (s *ledgerSink) Write(_ context.Context, o *flow.Out) error {
	if s.writes++; s.loses > 0 && (s.late && s.rows != "" || !s.late && s.writes == 2) {
		s.loses--
		if s.onLoss != nil {
			s.onLoss()
		}
		return &flow.RolledBackError{Err: errors.New("the connection is lost")}
	}
	s.pending += string(o.Data)
	return nil
}

func (s *ledgerSink) Load(context.Context) (uint64, []byte, error) {
	return s.generation, s.checkpoint, nil
}

func (s *ledgerSink) Commit(_ context.Context, generation, _ uint64, checkpoint []byte) error {
	s.generation, s.checkpoint = generation, checkpoint
	s.rows += s.pending
	s.pending = ""
	return nil
}

func ledgerSpec(table *ledger, c testConfig, made *int) Spec {
	return Spec{Name: "ledger", New: func() (*flow.Program, error) {
		*made++
		info := flow.Info{Name: "ledger", Nodes: []flow.Node{{Name: "numbers", Kind: flow.KindSource}, {Name: "even", Kind: flow.KindProcessor}, {Name: "out", Kind: flow.KindSink}}}
		if table.late {
			info.CheckpointEvery = time.Millisecond
		}
		p := flow.New(info)
		in := p.Source(0, &counter{c: &c}, flow.SourceOptions{Lines: true})
		out := p.Sink(2, &ledgerSink{ledger: table}, flow.SinkOptions{KeepsCheckpoint: true})
		p.Region("r", flow.RegionOptions{From: []*flow.Input{in}, To: []*flow.Target{out}, Lanes: 1, Nodes: []int{0, 1}},
			func(l *flow.Lane) (flow.Loop, error) { return &evenLoop{Lane: l, c: &c}, nil })
		return p, nil
	}}
}

// A lost transaction has the program go back to its checkpoint by itself.
func TestLostTransaction(t *testing.T) {
	table, made := &ledger{loses: 3}, 0
	report, err := Embed(t.Context(), ledgerSpec(table, testConfig{count: 1000}, &made), flow.RunOptions{StateDir: t.TempDir(), Fresh: true})
	if err != nil || report.Ending != flow.Complete {
		t.Fatal(report, err)
	}
	table.wantEven(t, 1000)
	if made != 4 || table.opened != 4 {
		t.Errorf("made %d programs, which opened it %d times", made, table.opened)
	}
}

// A program that was told to begin anew did so once: what it had committed since then
// is what it goes back to.
func TestLostTransactionBehindACheckpoint(t *testing.T) {
	table, made := &ledger{loses: 1, late: true}, 0
	// It reads until there are rows and the transaction behind them is lost.
	c := testConfig{count: 20_000, every: 2 * time.Millisecond}
	report, err := Embed(t.Context(), ledgerSpec(table, c, &made), flow.RunOptions{StateDir: t.TempDir(), Fresh: true})
	if err != nil || report.Ending != flow.Complete {
		t.Fatal(report, err)
	}
	if made != 2 {
		t.Errorf("made %d programs", made)
	}
	table.wantEven(t, c.count)
}

// wantEven looks for each even number below n once, in their order.
func (l *ledger) wantEven(t *testing.T, n int) {
	t.Helper()
	var want strings.Builder
	for i := 0; i < n; i += 2 {
		fmt.Fprintln(&want, i)
	}
	if l.rows != want.String() {
		t.Errorf("%d bytes in the table, want %d", len(l.rows), want.Len())
	}
}

// Who was told to stop does not begin anew: the next start goes back.
func TestLostTransactionAtTheEnd(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	table, made := &ledger{loses: 1, onLoss: cancel}, 0
	report, err := Embed(ctx, ledgerSpec(table, testConfig{count: 1000, endless: true}, &made), flow.RunOptions{StateDir: t.TempDir()})
	if made != 1 || err != nil || report.Ending != flow.CutShort {
		t.Errorf("made %d programs, which ended with %v, %v", made, report, err)
	}
}
