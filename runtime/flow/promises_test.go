package flow

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// An answer to what was never written is no yes, also when nobody waits any longer.
func TestNobodyIsToldYesAtTheDeadline(t *testing.T) {
	release, blocked := make(chan struct{}), make(chan struct{}, 1)
	defer close(release)
	var mu sync.Mutex
	var answers []error
	source := newLines(3, numbers(0, 30)...)
	source.done = func(_ int, err error) {
		mu.Lock()
		defer mu.Unlock()
		answers = append(answers, err)
	}
	k := newOne(source, &blockingSink{blocked: blocked, release: release}, oneOptions{})
	k.p.info.Drain = 40 * time.Millisecond
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		<-blocked
		cancel()
	}()
	if _, err := k.p.Run(ctx, RunOptions{}); !errors.Is(err, ErrDrain) {
		t.Fatal(err)
	}
	mu.Lock()
	defer mu.Unlock()
	if len(answers) == 0 || slices.Contains(answers, nil) {
		t.Errorf("answers %v", answers)
	}
}

// Dead letters of a sink are durable before their senders are answered.
func TestDeadLetterOfASinkIsDurableBeforeTheAnswer(t *testing.T) {
	noLeaks(t)
	a := newAnswers(t)
	source := newLines(2, numbers(0, 40)...)
	source.done = a.done
	sink := &memorySink{before: func(o *Out) error {
		return &PartialError{Failed: map[int]error{0: &permanentError{}}}
	}}
	k := newOne(source, sink, oneOptions{nodes: then(nodeOut, Dead), source: SourceOptions{Answers: true}, sink: SinkOptions{Ends: true}})
	a.safe = func(n int) bool {
		k.letters.mu.Lock()
		defer k.letters.mu.Unlock()
		return strings.Contains(string(k.letters.data[:k.letters.synced]), fmt.Sprintf(`{"n":%d}`, 2*n))
	}
	if _, err := run(t, k.p, RunOptions{}); err != nil {
		t.Fatal(err)
	}
	if a.count() != 20 {
		t.Errorf("%d answers", a.count())
	}
}

type temporaryError struct{}

func (temporaryError) Error() string   { return "not now" }
func (temporaryError) Temporary() bool { return true }

type permanentError struct{}

func (*permanentError) Error() string { return "it is refused" }
func (*permanentError) Permanent()    {}

// A server that is away for long uses up no retry, also where none is left.
func TestAwayUsesUpNoRetry(t *testing.T) {
	noLeaks(t)
	away := 0
	sink := &memorySink{before: func(*Out) error {
		switch away++; {
		case away <= 2:
			return temporaryError{}
		case away <= 12:
			return goneError{}
		}
		return nil
	}}
	k := newOne(newLines(3, numbers(0, 9)...), sink, oneOptions{nodes: func(nodes []Node) {
		nodes[nodeOut].Policy = Policy{Written: true, Retry: 2, Backoff: time.Microsecond, MaxBackoff: time.Microsecond}
	}})
	if _, err := run(t, k.p, RunOptions{}); err != nil {
		t.Fatal(err)
	}
	equalLines(t, sink.lines(), numbers(0, 9))
}

// All rows of a key come to one lane, also where the loop gives no hashes.
func TestKeyHasOneLane(t *testing.T) {
	in := &Input{}
	lanes := map[string]uint8{}
	for round := range 50 {
		b := &Batch{}
		b.engine.packet = &Out{Keys: [][]string{nil}}
		for i := range 40 {
			b.engine.packet.Keys[0] = append(b.engine.packet.Keys[0], fmt.Sprint((round+1)*i%17))
		}
		b.engine.packet.Count = 40
		in.assignLanes(b, 5)
		for i, key := range b.engine.packet.Keys[0] {
			if at, known := lanes[key]; known && at != b.Lanes[i] {
				t.Fatalf("key %s is in the lanes %d and %d", key, at, b.Lanes[i])
			}
			lanes[key] = b.Lanes[i]
		}
	}
}

// What a producer sends behind a barrier stays behind it, and what others send before
// it before it.
func TestBarrierInAQueue(t *testing.T) {
	q := newQueue(100, 1<<20)
	first, second := q.join(), q.join()
	before, behind, mark := &Out{Count: 1}, &Out{Count: 2}, &barrier{}
	q.pass(first, mark)
	pushed := make(chan bool)
	go func() { pushed <- q.push(first, behind, 1) }()
	time.Sleep(10 * time.Millisecond) // where it does not wait, it is in the queue now
	if !q.push(second, before, 1) {
		t.Fatal("the queue is closed")
	}
	q.pass(second, mark)
	if !<-pushed {
		t.Fatal("the queue is closed")
	}
	items, _ := q.take(nil, nil)
	if len(items) != 3 || items[0].out != before || items[1].barrier != mark || items[2].out != behind {
		t.Errorf("%+v", items)
	}
}

// Where order was given up nothing overtakes a barrier all the same.
func TestNothingOvertakesABarrier(t *testing.T) {
	var s sequencer
	s.start(4, func(slot) {})
	before := s.reserve()
	if _, ok := s.reserveBarrier(); !ok {
		t.Fatal("it has ended")
	}
	behind := s.reserve()
	if !s.mayOvertake(before) || s.mayOvertake(behind) {
		t.Errorf("before %v, behind %v", s.mayOvertake(before), s.mayOvertake(behind))
	}
	s.passed()
	if !s.mayOvertake(behind) {
		t.Error("the barrier has been handed on")
	}
}

// ackedSource checks, at each ack, that what it covers is safe.
type ackedSource struct {
	seekLines
	t    *testing.T
	safe func(lines int) bool
}

func (s *ackedSource) Ack(ctx context.Context, positions map[string]any) error {
	for _, p := range positions {
		if at := p.(linePosition).Line; !s.safe(at) {
			s.t.Errorf("acked %d lines that are not safe", at)
		}
	}
	return s.seekLines.Ack(ctx, positions)
}

func slowly(context.Context, int) error {
	time.Sleep(100 * time.Microsecond)
	return nil
}

// An ack covers what has been written and synced, also where a sink gathers for an
// hour.
func TestAckCoversWhatWasGathered(t *testing.T) {
	noLeaks(t)
	sink := &statefulSink{}
	source := &ackedSource{seekLines: seekLines{linesSource: newLines(3, numbers(0, 900)...)}, t: t, safe: func(lines int) bool {
		sink.mu.Lock()
		defer sink.mu.Unlock()
		return strings.Count(string(sink.data[:sink.synced]), "\n") >= lines
	}}
	source.wait = slowly
	k := newOne(source, sink, oneOptions{sink: SinkOptions{Ends: true, Batch: Gather{Count: 100, Linger: time.Hour}}})
	k.p.info.CheckpointEvery = time.Millisecond
	if _, err := run(t, k.p, RunOptions{}); err != nil {
		t.Fatal(err)
	}
	if len(source.acked) < 3 {
		t.Errorf("acks %v", source.acked)
	}
}

// An ack covers dead letters: they are durable.
func TestAckCoversDeadLetters(t *testing.T) {
	noLeaks(t)
	var k *one
	source := &ackedSource{seekLines: seekLines{linesSource: newLines(3, numbers(0, 900)...)}, t: t, safe: func(lines int) bool {
		k.letters.mu.Lock()
		defer k.letters.mu.Unlock()
		return strings.Count(string(k.letters.data[:k.letters.synced]), "\n") >= lines/10
	}}
	source.wait = slowly
	k = newOne(source, &statefulSink{}, oneOptions{nodes: then(nodeWork, Dead), loop: func(l *lineLoop) {
		l.per = func(line []byte) error {
			if strings.HasSuffix(string(line), "0}") {
				return errBad
			}
			return nil
		}
	}})
	k.letters.onSync = func() error { time.Sleep(2 * time.Millisecond); return nil }
	k.p.info.CheckpointEvery = time.Millisecond
	if _, err := run(t, k.p, RunOptions{}); err != nil {
		t.Fatal(err)
	}
	if len(source.acked) < 3 {
		t.Errorf("acks %v", source.acked)
	}
}

// A record that stopped the program comes again, and nothing before it does.
func TestWhatStoppedComesAgain(t *testing.T) {
	noLeaks(t)
	dir := t.TempDir()
	sink := &statefulSink{}
	for _, bad := range []string{`{"n":47}`, ""} {
		source := &seekLines{linesSource: newLines(5, numbers(0, 90)...)}
		k := newOne(source, sink, oneOptions{loop: func(l *lineLoop) {
			l.per = func(line []byte) error {
				if string(line) == bad {
					return errBad
				}
				return nil
			}
		}})
		if _, err := run(t, k.p, RunOptions{StateDir: dir}); (err != nil) != (bad != "") {
			t.Fatal(err)
		}
	}
	equalLines(t, sink.lines(), numbers(0, 90))
}

// Each split has its own place, whichever was read last; positions of an earlier run
// are saved again, and not acked again.
func TestPlacesOfSplits(t *testing.T) {
	in := &Input{source: newLines(1), options: SourceOptions{Lines: true}}
	book := placeBook{bySplit: map[string]*place{}}
	book.restore(map[string]SplitState{"old": {Position: json.RawMessage(`7`), Records: 3, Lines: 4}})
	at := map[string]int{}
	for i, split := range []string{"a", "b", "a", "c", "c", "b"} {
		b := &Batch{Split: split, Base: -1, Position: i, Data: []byte("x\n")}
		b.engine.run.counts = []Count{{In: 1}}
		book.of(in, b).advance(in, b)
		at[split] = i
	}
	m := book.snapshot()
	if len(m.splits) != 4 || len(m.positions()) != 3 {
		t.Fatalf("saved %+v, acked %v", m.splits, m.positions())
	}
	for split, i := range at {
		if p := m.splits[split]; p.position != i {
			t.Errorf("%s is at %v, want %d", split, p.position, i)
		}
	}
	if m.splits["a"].lines != 2 || m.splits["c"].lines != 2 || m.splits["old"].lines != 4 {
		t.Errorf("lines %+v", m.splits)
	}
}

// A commit that was not answered sends the program back to what is there.
func TestUnansweredCommitGoesBack(t *testing.T) {
	noLeaks(t)
	for _, fault := range []tableFault{gone, unknown} {
		table := &tableSink{}
		commits := 0
		table.fault = func(call string) tableFault {
			if call == "commit" {
				if commits++; commits == 1 {
					return fault
				}
			}
			return noFault
		}
		source := &seekLines{linesSource: newLines(3, numbers(0, 30)...)}
		k := newOne(source, table, oneOptions{sink: SinkOptions{KeepsCheckpoint: true}})
		_, err := run(t, k.p, RunOptions{})
		var back *RolledBackError
		if !errors.As(err, &back) {
			t.Errorf("fault %d: %v", fault, err)
		}
	}
}

// The checkpoint is not changed by one while another copy has it.
func TestStateIsLocked(t *testing.T) {
	dir := t.TempDir()
	held, err := openStore(t.Context(), StateDir(dir, "test"), false)
	if err != nil {
		t.Fatal(err)
	}
	defer held.close()
	k := newOne(&seekLines{linesSource: newLines(3, numbers(0, 9)...)}, &statefulSink{}, oneOptions{})
	_, err = k.p.OpenState(t.Context(), RunOptions{StateDir: dir}, true)
	var locked *LockedError
	if !errors.As(err, &locked) {
		t.Errorf("%v", err)
	}
}
