package component

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/flowc-dev/flowc/runtime/connect/foreign"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// A source that speaks flowc.v1 gives batches with positions, and is told what is safe.
func TestAckedSource(t *testing.T) {
	t.Parallel()
	safe := filepath.Join(t.TempDir(), "safe")
	r := newReader(t, SourceConfig{Command: answering(t, "source", "-count", "3000", "-safe", safe), Acked: true}, nil)
	ids, last, err := r.all()
	if err != nil || strings.Join(ids, " ") != numbers(0, 3000) || last != (position{ID: "e2999", Count: 3000, At: "3000"}) {
		t.Errorf("%d %+v %v", len(ids), last, err)
	}
	if s := r.source.(*Source); !s.link.framed() {
		t.Error("it is not talked to at its socket")
	}
	if err := r.source.Close(context.Background()); err != nil {
		t.Error(err)
	}
	r = newReader(t, SourceConfig{Command: answering(t, "source", "-count", "3000", "-safe", safe), Acked: true}, &position{At: "1000", Skip: 7, Count: 1007})
	read := func() *flow.Batch {
		b := &flow.Batch{Data: make([]byte, 0, flow.BlockSize), Base: -1, Offset: -1}
		if err := r.source.Read(context.Background(), b); err != nil {
			t.Fatal(err)
		}
		return b
	}
	b := read()
	if got := string(b.Data[:b.Ends[0]]); got != `{"n":1007}` {
		t.Errorf("it goes on at %s", got)
	}
	if err := r.source.(flow.Acker).Ack(context.Background(), map[string]any{"src": b.Position}); err != nil {
		t.Error(err)
	}
	want := b.Position.(position).At
	waitFor(t, func() bool { text, _ := os.ReadFile(safe); return string(text) == want })
	r.source.Close(context.Background())
}

// waitFor waits until something is so.
func waitFor(t *testing.T, is func() bool) {
	t.Helper()
	for range 1000 {
		if is() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("it has not become so")
}

// One that dies on its way goes on behind what was read, also where it can't go on behind each
// event.
func TestAckedSourceRestarts(t *testing.T) {
	t.Parallel()
	for _, every := range []string{"1", "7", "1000"} {
		r := newReader(t, SourceConfig{Command: answering(t, "source", "-count", "500", "-every", every, "-break-at", "200", "-once", filepath.Join(t.TempDir(), "s")), Acked: true}, nil)
		ids, _, err := r.all()
		r.source.Close(context.Background()) // what is left running is found by its name by tests that come later
		want := numbers(0, 500)
		if every == "1000" { // it has no place to go on, and begins anew: what is read is there twice
			if !strings.HasSuffix(strings.Join(ids, " "), want) || len(ids) != 700 {
				t.Errorf("every %s: %d events", every, len(ids))
			}
			continue
		}
		if err != nil || strings.HasPrefix(every, "1") && strings.Join(ids, " ") != want {
			t.Errorf("every %s: %v %v", every, ids, err)
		}
		seen := map[string]bool{}
		for _, id := range ids {
			seen[id] = true
		}
		if len(seen) != 500 {
			t.Errorf("every %s: %d of 500", every, len(seen))
		}
	}
}

// A processor answers each event: nothing is waited for, whatever it makes of them.
func TestAckedProcessor(t *testing.T) {
	t.Parallel()
	p := newProcessor(t, SinkConfig{Command: answering(t, "processor"), Settle: time.Hour, Acked: true})
	out, err := p.Process(context.Background(), events(0, 2000))
	if err != nil || payloads(out) != digits(0, 2000) || out[7].ID != "e7" || out[7].Of != 7 || out[7].Type != "test.done.v1" {
		t.Errorf("%d %v", len(out), err)
	}
	if rest, err := p.Flush(context.Background()); err != nil || len(rest) > 0 {
		t.Error(rest, err)
	}
	p = newProcessor(t, SinkConfig{Command: answering(t, "processor", "-drop", "2"), Settle: time.Hour})
	out, err = p.Process(context.Background(), events(0, 10))
	if err != nil || payloads(out) != "1 3 5 7 9" || out[2].Of != 5 {
		t.Errorf("%s %v", payloads(out), err)
	}
	p = newProcessor(t, SinkConfig{Command: answering(t, "processor", "-double"), Settle: time.Hour})
	out, err = p.Process(context.Background(), events(0, 3))
	if err != nil || payloads(out) != "0 0 1 1 2 2" || out[3].Of != 1 || out[3].ID != "e1-1" {
		t.Errorf("%s %v", payloads(out), err)
	}
	p = newProcessor(t, SinkConfig{Command: answering(t, "processor", "-big", "700000"), Settle: time.Hour})
	out, err = p.Process(context.Background(), events(0, 50))
	if err != nil || len(out) != 50 || out[49].Of != 49 || len(out[49].Payload) != 700000 {
		t.Errorf("%d %v", len(out), err)
	}
}

// An event that fails is the error of that event, and of no other.
func TestAckedProcessorFails(t *testing.T) {
	t.Parallel()
	p := newProcessor(t, SinkConfig{Command: answering(t, "processor", "-fail-at", "5", "-double")})
	out, err := p.Process(context.Background(), events(0, 8))
	var undone *foreign.Undone
	if !errors.As(err, &undone) || len(undone.Failed()) != 1 || undone.Failed()[5].Error() != "no good: 5" || flow.ClassOf(err) != flow.Permanent {
		t.Fatalf("%v", err)
	}
	if payloads(out) != "0 0 1 1 2 2 3 3 4 4 6 6 7 7" {
		t.Error(payloads(out))
	}
	p = newProcessor(t, SinkConfig{Command: answering(t, "processor", "-fail-at", "5", "-transient", "-once", filepath.Join(t.TempDir(), "once"))})
	if _, err = p.Process(context.Background(), events(0, 8)); flow.ClassOf(err) != flow.Transient {
		t.Errorf("%v", err)
	}
	if out, err = p.Process(context.Background(), events(0, 8)); err != nil || payloads(out) != digits(0, 8) {
		t.Errorf("%s %v", payloads(out), err)
	}
}

// One that dies is given what it has not answered.
func TestAckedProcessorDies(t *testing.T) {
	t.Parallel()
	p := newProcessor(t, SinkConfig{Command: answering(t, "processor", "-die-at", "700", "-once", filepath.Join(t.TempDir(), "once"))})
	out, err := p.Process(context.Background(), events(0, 1000))
	if err != nil || payloads(out) != digits(0, 1000) {
		t.Errorf("once: %d %v", len(out), err)
	}
	p = newProcessor(t, SinkConfig{Command: answering(t, "processor", "-die-at", "5")})
	out, err = p.Process(context.Background(), events(0, 10))
	var undone *foreign.Undone
	if !errors.As(err, &undone) || payloads(out) != "0 1 2 3 4 6 7 8 9" || len(undone.Failed()) != 1 {
		t.Fatalf("always: %s %v", payloads(out), err)
	}
}

// A sink is done with a record when it says so; one that fails is the error of that record.
func TestAckedSink(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "out")
	s := newSink(t, SinkConfig{Command: answering(t, "sink", "-out", path), Acked: true})
	list := events(0, 1000)
	list[3].Ledger, list[3].Index = 7, 2
	if err := s.Write(context.Background(), packet(list)); err != nil {
		t.Fatal(err)
	}
	text, _ := os.ReadFile(path)
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	if len(lines) != 1000 || lines[3] != "e3|test.number.v1|3|7.2" || !strings.HasPrefix(lines[999], "e999|") {
		t.Errorf("%d: %v", len(lines), lines[min(3, len(lines)-1)])
	}
	if err := s.Close(context.Background(), true); err != nil {
		t.Error(err)
	}
}

func TestAckedSinkFails(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "out")
	s := newSink(t, SinkConfig{Command: answering(t, "sink", "-out", path, "-fail-at", "2")})
	err := s.Write(context.Background(), packet(events(0, 5)))
	var partial *flow.PartialError
	if !errors.As(err, &partial) || len(partial.Failed) != 1 || flow.ClassOf(partial.Failed[2]) != flow.Permanent {
		t.Errorf("%v", err)
	}
	s.Close(context.Background(), false)
	s = newSink(t, SinkConfig{Command: answering(t, "sink", "-out", path, "-fail-at", "2", "-transient")})
	err = s.Write(context.Background(), packet(events(0, 5)))
	if !errors.As(err, &partial) || len(partial.Failed) != 3 || flow.ClassOf(partial.Failed[2]) != flow.Transient || !errors.Is(partial.Failed[3], flow.ErrNotTried) {
		t.Errorf("%v", err)
	}
	s.Close(context.Background(), false)
}

// One that dies gets what it has not answered; what it had not answered and wrote is there
// twice.
func TestAckedSinkDies(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "out")
	s := newSink(t, SinkConfig{Command: answering(t, "sink", "-out", path, "-die-at", "600", "-once", filepath.Join(t.TempDir(), "once"))})
	if err := s.Write(context.Background(), packet(events(0, 1000))); err != nil {
		t.Fatal(err)
	}
	text, _ := os.ReadFile(path)
	seen := map[string]int{}
	for line := range strings.Lines(string(text)) {
		id, _, _ := strings.Cut(line, "|")
		seen[id]++
	}
	if len(seen) != 1000 || seen["e599"] != 2 || seen["e999"] != 1 {
		t.Errorf("%d, %d of e599, %d of e999", len(seen), seen["e599"], seen["e999"])
	}
	if err := s.Close(context.Background(), true); err != nil {
		t.Error(err)
	}
}

// A component that must speak flowc.v1 and does not is refused.
func TestAckedRefused(t *testing.T) {
	t.Parallel()
	p, err := NewProcessor(SinkConfig{Command: command(t, "processor"), Acked: true, Wait: 30 * time.Second, Settle: time.Second}, "proc")
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	err = p.Open(context.Background())
	if flow.ClassOf(err) != flow.Fatal || !strings.Contains(fmt.Sprint(err), "say `protocol: grpc`") {
		t.Error(err)
	}
}
