package component

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/connect/foreign"
	"github.com/flowc-dev/flowc/runtime/flow"
	"github.com/flowc-dev/flowc/runtime/supervise"
)

// A source gives what the component streams, from where it is to start, and ends with it.
func TestSource(t *testing.T) {
	r := newReader(t, SourceConfig{Command: command(t, "source", "-count", "100"), Env: []string{"START_LEDGER=2"}, Gives: []string{"test.number.v1"}}, nil)
	ids, last, err := r.all()
	if err != nil || strings.Join(ids, " ") != numbers(3, 100) || last != (position{ID: "e99", Ledger: 34, Count: 97}) {
		t.Errorf("%v %+v %v", ids, last, err)
	}
	if err := r.source.Close(context.Background()); err != nil {
		t.Error(err)
	}
}

// What was safe is not read again: the ledger is asked for anew, and what was known of it
// skipped; the token is the component's own.
func TestSourceResumes(t *testing.T) {
	saved := filepath.Join(t.TempDir(), "saved")
	c := SourceConfig{Command: command(t, "source", "-count", "10", "-saved", saved)}
	r := newReader(t, c, nil)
	_, last, err := r.all()
	if err != nil {
		t.Fatal(err)
	}
	if err := r.source.(flow.Acker).Ack(context.Background(), map[string]any{"src": last}); err != nil {
		t.Error(err)
	}
	r.source.Close(context.Background())
	if text, _ := os.ReadFile(saved); string(text) != "e9" {
		t.Errorf("the component keeps %q", text)
	}
	c.Command = command(t, "source", "-count", "20", "-saved", saved)
	r = newReader(t, c, &position{ID: "e4", Ledger: 2, Index: 1, Count: 5})
	ids, _, err := r.all()
	if err != nil || strings.Join(ids, " ") != numbers(5, 20) {
		t.Errorf("%v %v", ids, err)
	}
	r.source.Close(context.Background())
}

// A source that dies on its way is begun again, and goes on behind what was read.
func TestSourceRestarts(t *testing.T) {
	r := newReader(t, SourceConfig{Command: command(t, "source", "-count", "50", "-break-after", "20", "-saved", filepath.Join(t.TempDir(), "s"))}, nil)
	ids, _, err := r.all()
	if err != nil || strings.Join(ids, " ") != numbers(0, 50) {
		t.Errorf("%v %v", ids, err)
	}
	r.source.Close(context.Background())
}

// An event of a type that the node does not list is the error of that record.
func TestSourceUndeclared(t *testing.T) {
	r := newReader(t, SourceConfig{Command: command(t, "source", "-count", "1"), Gives: []string{"test.other.v1"}}, nil)
	_, _, err := r.all()
	var record *flow.RecordError
	if !errors.As(err, &record) || !strings.Contains(record.Err.Error(), `"test.number.v1"`) {
		t.Error(err)
	}
	r.source.Close(context.Background())
}

// A processor that handles each event in a goroutine of its own keeps the order all the same,
// and nothing of what it is at gets lost.
func TestProcessorOrder(t *testing.T) {
	p := newProcessor(t, SinkConfig{Command: command(t, "processor", "-jitter")})
	out, err := p.Process(context.Background(), events(0, 200))
	if err != nil || payloads(out) != digits(0, 200) || out[7].ID != "e7-done" || out[7].Of != 7 || out[7].Type != "test.done.v1" {
		t.Errorf("%s %v", payloads(out), err)
	}
	if rest, err := p.Flush(context.Background()); err != nil || len(rest) > 0 {
		t.Error(rest, err)
	}
}

// One that says that it handles one after another is given all at once, and so is one whose
// order is no matter.
func TestProcessorAtOnce(t *testing.T) {
	for _, c := range []SinkConfig{
		{Command: command(t, "processor", "-in-turn")},
		{Command: command(t, "processor", "-jitter"), Unordered: true},
		{Command: command(t, "processor", "-jitter"), Unordered: true, Window: 10},
	} {
		p := newProcessor(t, c)
		if p.inTurn() {
			t.Fatalf("%v: one at a time", c)
		}
		out, err := p.Process(context.Background(), events(0, 100))
		if err != nil || len(out) != 100 || !c.Unordered && payloads(out) != digits(0, 100) {
			t.Errorf("%v: %s %v", c, payloads(out), err)
		}
		slices.SortFunc(out, func(a, b foreign.Event) int {
			return len(a.Payload)*1000 + int(a.Payload[0]) - len(b.Payload)*1000 - int(b.Payload[0])
		})
		seen := map[string]bool{}
		for _, e := range out {
			seen[string(e.Payload)] = true
		}
		if len(seen) != 100 {
			t.Errorf("%v: %d of 100", c, len(seen))
		}
	}
}

// Quiet alone tells that an event has no answer; two answers are both of it.
func TestProcessorCounts(t *testing.T) {
	p := newProcessor(t, SinkConfig{Command: command(t, "processor", "-drop", "2"), Settle: 20 * time.Millisecond})
	out, err := p.Process(context.Background(), events(0, 10))
	if err != nil || payloads(out) != "0 2 4 6 8" || out[2].Of != 4 {
		t.Errorf("%s %v", payloads(out), err)
	}
	p = newProcessor(t, SinkConfig{Command: command(t, "processor", "-double")})
	out, err = p.Process(context.Background(), events(0, 3))
	if err != nil || payloads(out) != "0 0 1 1 2 2" || out[3].Of != 1 {
		t.Errorf("%s %v", payloads(out), err)
	}
}

// An event that is answered with one of a type which the node does not list has failed; the
// others go on.
func TestProcessorUndeclared(t *testing.T) {
	p := newProcessor(t, SinkConfig{Command: command(t, "processor", "-mixed", "-in-turn"), Gives: []string{"test.done.v1"}})
	out, err := p.Process(t.Context(), events(0, 4))
	var undone *foreign.Undone
	if !errors.As(err, &undone) || len(undone.Errors) != 2 || undone.Errors[1] == nil || !strings.Contains(undone.Errors[3].Error(), `the type "test.word.v1", and `+"`gives` lists test.done.v1") {
		t.Fatal(err)
	}
	if got := payloads(out); got != "0 2" {
		t.Errorf("got %s", got)
	}
}

// One that dies at an event is started again; where it dies again and again the event has
// failed, and the others go on.
func TestProcessorDies(t *testing.T) {
	p := newProcessor(t, SinkConfig{Command: command(t, "processor", "-die-at", "5", "-die-once", filepath.Join(t.TempDir(), "once"))})
	out, err := p.Process(context.Background(), events(0, 10))
	if err != nil || payloads(out) != digits(0, 10) {
		t.Errorf("once: %s %v", payloads(out), err)
	}
	p = newProcessor(t, SinkConfig{Command: command(t, "processor", "-die-at", "5")})
	out, err = p.Process(context.Background(), events(0, 10))
	var undone *foreign.Undone
	if !errors.As(err, &undone) || payloads(out) != "0 1 2 3 4 6 7 8 9" || len(undone.Failed()) != 1 {
		t.Fatalf("always: %s %v", payloads(out), err)
	}
	var killer *foreign.KillerError
	if err := undone.Failed()[5]; !errors.As(err, &killer) || killer.Times != 3 || !strings.Contains(err.Error(), "dying at 5") {
		t.Error(err)
	}
}

// One that hangs is ended, and started again.
func TestProcessorHangs(t *testing.T) {
	p, err := NewProcessor(SinkConfig{Command: command(t, "processor", "-die-at", "5", "-freeze", "-die-once", filepath.Join(t.TempDir(), "once")), Wait: 30 * time.Second, Settle: time.Minute}, "proc")
	if err != nil {
		t.Fatal(err)
	}
	p.peer.interval, p.peer.grace = 50*time.Millisecond, 10*time.Millisecond
	if err := p.Open(context.Background()); err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	p.settle = 5 * time.Second // so that it is its health that tells
	out, err := p.Process(context.Background(), events(0, 10))
	if err != nil || payloads(out) != digits(0, 10) {
		t.Errorf("%s %v", payloads(out), err)
	}
}

// newSink opens a sink.
func newSink(t *testing.T, c SinkConfig) flow.Sink {
	t.Helper()
	if c.Wait == 0 {
		c.Wait = 30 * time.Second
	}
	s, err := NewSink(c, connect.Output{Node: "sink", Format: "json", Keys: []string{"meta.envelope"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Open(context.Background()); err != nil {
		t.Fatal(err)
	}
	return s
}

// packet is a packet of events.
func packet(list []foreign.Event) *flow.Out {
	o := &flow.Out{Keys: make([][]string, 1)}
	for _, e := range list {
		o.Data = append(o.Data, e.Payload...)
		o.Ends = append(o.Ends, uint32(len(o.Data)))
		o.Keys[0] = append(o.Keys[0], e.Pack())
		o.Count++
	}
	return o
}

func lines(t *testing.T, path string) []string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(text)), "\n")
}

// A slow consumer gets all of it, with the envelope of each, and ends well.
func TestSink(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	s := newSink(t, SinkConfig{Command: command(t, "consumer", "-out", out, "-slow", "1ms"), Takes: []string{"test.number.v1"}})
	list := events(0, 300)
	list[0].Meta = foreign.Meta{ID: "own", Type: "a.b", ContentType: "text/x", Component: "me", Ledger: 7, Index: 3, Metadata: map[string]string{"origin": "here"}, Timestamp: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	list[1].Meta = foreign.Meta{}
	for i := 0; i < 300; i += 100 {
		if err := s.Write(context.Background(), packet(list[i:i+100])); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(context.Background(), true); err != nil {
		t.Error(err)
	}
	got := lines(t, out)
	if len(got) != 300 || got[0] != "own|a.b|0|here|me|text/x|7.3|03:04:05" || !strings.HasPrefix(got[1], "sink-1|test.number.v1|1||sink|application/json|0.0|") || !strings.HasPrefix(got[299], "e299|test.number.v1|299|") {
		t.Errorf("%d: %s\n%s\n%s", len(got), got[0], got[1], got[len(got)-1])
	}
}

// What a consumer says of its events counts, and so does a consumer that dies.
func TestSinkTells(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	s := newSink(t, SinkConfig{Command: command(t, "consumer", "-out", out, "-fails", "2")})
	if err := s.Write(context.Background(), packet(events(0, 5))); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(context.Background(), true); err == nil || err.Error() != "of 5 events the component says that it received 5, and that 2 failed" {
		t.Error(err)
	}
	s = newSink(t, SinkConfig{Command: command(t, "consumer", "-out", out, "-die-at", "3", "-die-once", filepath.Join(t.TempDir(), "once"))})
	for i := 0; i < 10; i++ {
		if err := s.Write(context.Background(), packet(events(i, i+1))); err != nil {
			t.Fatal(err)
		}
		time.Sleep(20 * time.Millisecond) // so that its death is seen at one of the next
	}
	if err := s.Close(context.Background(), true); err != nil {
		t.Error(err)
	}
	if text := strings.Join(lines(t, out), "\n"); !strings.Contains(text, "e9|") {
		t.Errorf("the one that was started again got nothing:\n%s", text)
	}
}

// The address that it registers wins over the port that it was given; who is late is waited
// for; who is none of the role, or says nothing at all, is told.
func TestStart(t *testing.T) {
	for _, flags := range [][]string{{"-own-port"}, {"-late", "500ms"}} {
		p := newProcessor(t, SinkConfig{Command: command(t, append([]string{"processor"}, flags...)...)})
		if out, err := p.Process(context.Background(), events(0, 2)); err != nil || len(out) != 2 {
			t.Errorf("%v: %v %v", flags, out, err)
		}
	}
	for _, c := range []struct {
		flags []string
		want  string
		c     SinkConfig
	}{
		{[]string{"processor", "-says", "source"}, "it says that it is a source, and this is a processor", SinkConfig{}},
		{[]string{"consumer", "-out", os.DevNull}, "it serves no such component", SinkConfig{}},
		{[]string{"processor", "-garbage"}, "it neither registered nor served", SinkConfig{Wait: time.Second}},
		{[]string{"processor", "-deaf"}, "it neither registered nor served", SinkConfig{Wait: 300 * time.Millisecond}},
	} {
		c.c.Command = command(t, c.flags...)
		if c.c.Wait == 0 {
			c.c.Wait = 30 * time.Second
		}
		p, err := NewProcessor(c.c, "proc")
		if err != nil {
			t.Fatal(err)
		}
		if err = p.Open(context.Background()); err == nil || !strings.Contains(err.Error(), c.want) || flow.ClassOf(err) != flow.Fatal {
			t.Errorf("%v: %v", c.flags, err)
		}
		p.Close()
	}
	p, err := NewProcessor(SinkConfig{Command: []string{"sh", "-c", "echo no config >&2; exit 2"}, Wait: time.Minute}, "proc")
	if err != nil {
		t.Fatal(err)
	}
	var gone *supervise.ExitError
	if err = p.Open(context.Background()); !errors.As(err, &gone) || !strings.Contains(err.Error(), "no config") {
		t.Errorf("one that dies at the start: %v", err)
	}
	p.Close()
	if _, err := NewProcessor(SinkConfig{}, "proc"); err == nil {
		t.Error("neither command nor endpoint")
	}
}

// A component that runs already is used, and left alone; one that is not there is waited for.
func TestEndpoint(t *testing.T) {
	own := newProcessor(t, SinkConfig{Command: command(t, "processor")})
	p := newProcessor(t, SinkConfig{Endpoint: own.peer.address})
	if out, err := p.Process(context.Background(), events(0, 3)); err != nil || payloads(out) != "0 1 2" {
		t.Errorf("%s %v", payloads(out), err)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	if out, err := own.Process(context.Background(), events(0, 3)); err != nil || len(out) != 3 {
		t.Errorf("it is gone: %v %v", out, err)
	}
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	away, err := NewProcessor(SinkConfig{Endpoint: fmt.Sprintf("127.0.0.1:%d", port), Wait: time.Minute}, "proc")
	if err != nil {
		t.Fatal(err)
	}
	var gone interface{ Unavailable() bool }
	if err := away.Open(context.Background()); !errors.As(err, &gone) || !gone.Unavailable() {
		t.Error(err)
	}
}
