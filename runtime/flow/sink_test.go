package flow

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// quickRetry retries without waiting.
func quickRetry(t Then) func([]Node) {
	return func(nodes []Node) {
		nodes[nodeOut].Policy = Policy{Retry: 3, Backoff: 1, MaxBackoff: 1, Then: t, Dead: nodeDead}
	}
}

// failTimes fails a write so many times.
func failTimes(n int64, err error) func(*Out) error {
	var left atomic.Int64
	left.Store(n)
	return func(*Out) error {
		if left.Add(-1) >= 0 {
			return err
		}
		return nil
	}
}

func TestSinkRetriesWrites(t *testing.T) {
	noLeaks(t)
	for name, test := range map[string]struct {
		err   error
		times int64
		ok    bool
	}{
		"transient":             {testError{temporary: true}, 3, true},
		"transient too often":   {testError{temporary: true}, 99, false},
		"unclassed":             {errBad, 1, false},
		"unavailable":           {testError{unavailable: true}, 20, true},
		"unavailable and fatal": {testError{fatal: true}, 1, false},
	} {
		t.Run(name, func(t *testing.T) {
			sink := &memorySink{before: failTimes(test.times, test.err)}
			k := newOne(newLines(4, numbers(0, 20)...), sink, oneOptions{nodes: quickRetry(Stop)})
			r, err := run(t, k.p, RunOptions{})
			if test.ok {
				if err != nil {
					t.Fatal(err)
				}
				equalLines(t, sink.lines(), numbers(0, 20))
				return
			}
			var e *NodeError
			if !errors.As(err, &e) || e.Node != "out" || e.Op != "write" || !errors.Is(err, test.err) {
				t.Fatal(err)
			}
			if c := r.Nodes["out"]; c.Failed != 4 || c.Pending != c.In-4 || sink.done {
				t.Errorf("out is %+v, done %v", c, sink.done)
			}
		})
	}
}

func TestSinkPanics(t *testing.T) {
	noLeaks(t)
	sink := &memorySink{before: func(*Out) error { panic("in write") }}
	k := newOne(newLines(4, numbers(0, 20)...), sink, oneOptions{})
	_, err := run(t, k.p, RunOptions{})
	var p *PanicError
	if !errors.As(err, &p) {
		t.Fatal(err)
	}
}

// failing is a sink's answer for single records: by text, how often it fails.
type failing struct {
	mu    sync.Mutex
	times map[string]int
	err   error
}

func (f *failing) before(o *Out) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	failed := map[int]error{}
	start := uint32(0)
	for i, end := range o.Ends {
		line := strings.TrimSuffix(string(o.Data[start:end]), "\n")
		if f.times[line] > 0 {
			f.times[line]--
			failed[i] = f.err
		}
		start = end
	}
	if len(failed) == 0 {
		return nil
	}
	return &PartialError{failed}
}

func TestSinkPartialRetry(t *testing.T) {
	noLeaks(t)
	f := &failing{times: map[string]int{`{"n":3}`: 2, `{"n":5}`: 1, `{"n":17}`: 3}, err: testError{temporary: true}}
	sink := &memorySink{before: f.before}
	k := newOne(newLines(10, numbers(0, 20)...), sink, oneOptions{nodes: quickRetry(Stop), sink: SinkOptions{Ends: true}})
	r, err := run(t, k.p, RunOptions{})
	if err != nil {
		t.Fatal(err)
	}
	got := sink.lines()
	slices.Sort(got)
	want := numbers(0, 20)
	slices.Sort(want)
	equalLines(t, got, want)
	if c := r.Nodes["out"]; c.Out != 20 || c.Retried != 2+1+3 {
		t.Errorf("out is %+v", c)
	}
}

func TestSinkPartialDead(t *testing.T) {
	noLeaks(t)
	for _, gather := range []Gather{{}, {Count: 7}} {
		f := &failing{times: map[string]int{`{"n":3}`: 99, `{"n":12}`: 99, `{"n":13}`: 1}, err: testError{temporary: true}}
		sink := &memorySink{before: f.before}
		lines := append([]string{"", ""}, numbers(0, 20)...)
		k := newOne(newLines(10, lines...), sink, oneOptions{nodes: quickRetry(Dead), sink: SinkOptions{Ends: true, Origins: true, Batch: gather}})
		r, err := run(t, k.p, RunOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if c := r.Nodes["out"]; c.In != 20 || c.Out != 18 || c.Dead != 2 || c.Retried != 7 {
			t.Errorf("out is %+v", c)
		}
		letters := parseLetters(t, k.letters)
		if len(letters) != 2 {
			t.Fatal(letters)
		}
		for i, line := range []float64{6, 15} {
			m := letters[i]
			position, _ := m["position"].(map[string]any)
			if m["node"] != "out" || m["attempts"] != 4.0 || m["source"] != "in" || position["line"] != line || m["record"] == nil || m["input"] != nil {
				t.Errorf("letter %d: %v", i, m)
			}
		}
	}
}

func TestSinkDropAndWholeDead(t *testing.T) {
	noLeaks(t)
	for _, then := range []Then{Drop, Dead} {
		sink := &memorySink{before: failTimes(1, errBad)}
		// Without Ends the engine takes lines for records.
		k := newOne(newLines(5, numbers(0, 20)...), sink, oneOptions{nodes: quickRetry(then)})
		r, err := run(t, k.p, RunOptions{})
		if err != nil {
			t.Fatal(err)
		}
		equalLines(t, sink.lines(), numbers(5, 20))
		c := r.Nodes["out"]
		if then == Drop && c.Dropped != 5 || then == Dead && c.Dead != 5 {
			t.Errorf("out is %+v", c)
		}
		if then == Dead {
			if m := parseLetters(t, k.letters); len(m) != 5 || fmt.Sprint(m[4]["record"]) != "map[n:4]" {
				t.Errorf("letters %v", m)
			}
		}
	}
}

func TestSinkPartialNeedsEnds(t *testing.T) {
	sink := &memorySink{before: failTimes(1, &PartialError{map[int]error{0: errBad}})}
	k := newOne(newLines(5, numbers(0, 20)...), sink, oneOptions{nodes: quickRetry(Stop)})
	if _, err := run(t, k.p, RunOptions{}); !errors.Is(err, errIndivisible) {
		t.Fatal(err)
	}
}

func TestSyncFails(t *testing.T) {
	noLeaks(t)
	calls := 0
	sink := &memorySink{onSync: func() error {
		if calls++; calls < 3 {
			return testError{temporary: true}
		}
		return nil
	}}
	k := newOne(newLines(5, numbers(0, 20)...), sink, oneOptions{nodes: quickRetry(Stop)})
	if _, err := run(t, k.p, RunOptions{}); err != nil || calls != 3 {
		t.Fatal(err, calls)
	}
	full := errors.New("no space left on device")
	sink = &memorySink{onSync: func() error { return full }}
	k = newOne(newLines(5, numbers(0, 20)...), sink, oneOptions{})
	r, err := run(t, k.p, RunOptions{})
	var e *NodeError
	if !errors.As(err, &e) || e.Op != "sync" || r.OK || sink.done {
		t.Fatal(err, r)
	}
}

func TestGatherByCount(t *testing.T) {
	noLeaks(t)
	sink := &memorySink{}
	k := newOne(newLines(10, numbers(0, 95)...), sink, oneOptions{sink: SinkOptions{Ends: true, Batch: Gather{Count: 7, Linger: time.Hour}}})
	if _, err := run(t, k.p, RunOptions{}); err != nil {
		t.Fatal(err)
	}
	equalLines(t, sink.lines(), numbers(0, 95))
	for i, n := range sink.sizes {
		if want := 7; n != want && i < len(sink.sizes)-1 || i == len(sink.sizes)-1 && n != 95%7 {
			t.Errorf("write %d has %d records", i, n)
		}
	}
}

func TestGatherByBytes(t *testing.T) {
	noLeaks(t)
	lines := []string{"12345", "123", "1234567890123456789012345", "1", "22", "333", "4444", "55555"}
	sink := &memorySink{}
	k := newOne(newLines(3, lines...), sink, oneOptions{sink: SinkOptions{Ends: true, Batch: Gather{Bytes: 12, Linger: time.Hour}}})
	if _, err := run(t, k.p, RunOptions{}); err != nil {
		t.Fatal(err)
	}
	equalLines(t, sink.lines(), lines)
	// 12345\n123\n is 10, the long one stands alone, 1\n22\n333\n is 9, …
	if want := []int{2, 1, 3, 2}; !slices.Equal(sink.sizes, want) {
		t.Errorf("sizes %v, want %v", sink.sizes, want)
	}
}

// Without linger a write waits only while more is there.
func TestGatherWithoutLinger(t *testing.T) {
	noLeaks(t)
	sink := &memorySink{}
	source := newLines(1, numbers(0, 3)...)
	source.wait = func(_ context.Context, n int) error {
		for n > 0 {
			sink.mu.Lock()
			written := sink.writes
			sink.mu.Unlock()
			if written == n {
				return nil
			}
			time.Sleep(time.Millisecond)
		}
		return nil
	}
	k := newOne(source, sink, oneOptions{sink: SinkOptions{Ends: true, Batch: Gather{Count: 100}}})
	if _, err := run(t, k.p, RunOptions{}); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(sink.sizes, []int{1, 1, 1}) {
		t.Errorf("sizes %v", sink.sizes)
	}
}

// What waits is written as one, up to so many bytes: no packet is taken apart, and
// none waits for another.
func TestGathersWhatWaits(t *testing.T) {
	noLeaks(t)
	const limit = 100 // bytes: four packets of three short records
	lines := numbers(0, 60)
	lines[30] = `{"n":30,"long":"` + strings.Repeat("x", limit) + `"}`
	source := newLines(3, lines...)
	read := make(chan struct{}, 100)
	source.wait = func(context.Context, int) error { read <- struct{}{}; return nil }
	sink := &memorySink{}
	var written []int // bytes of each write
	sink.before = func(o *Out) error {
		if len(written) == 0 { // until so many others are read that some must wait
			for range 6 {
				<-read
			}
		}
		written = append(written, len(o.Data))
		return nil
	}
	k := newOne(source, sink, oneOptions{nodes: quickRetry(Stop), sink: SinkOptions{Ends: true, Gathers: limit}})
	r, err := run(t, k.p, RunOptions{})
	if err != nil {
		t.Fatal(err)
	}
	equalLines(t, sink.lines(), lines)
	several := false
	for i, n := range sink.sizes {
		if n%3 != 0 {
			t.Errorf("write %d has %d records: a packet was taken apart", i, n)
		}
		if several = several || n > 3; n > 3 && written[i] > limit {
			t.Errorf("write %d has %d bytes", i, written[i])
		}
	}
	if !several || len(sink.sizes) >= 20 {
		t.Errorf("20 packets were written as %v", sink.sizes)
	}
	if c := r.Nodes["out"]; c.In != 60 || c.Out != 60 {
		t.Errorf("out is %+v", c)
	}
}

// A record that fails in what was gathered is its sender's alone.
func TestGatheredRecordFailsAlone(t *testing.T) {
	noLeaks(t)
	a := newAnswers(t)
	source := newLines(2, numbers(0, 40)...)
	source.done = a.done
	sink := &memorySink{before: (&failing{times: map[string]int{`{"n":7}`: 1, `{"n":22}`: 1}, err: errBad}).before}
	k := newOne(source, sink, oneOptions{
		nodes:  func(nodes []Node) { nodes[nodeOut].Policy.Then = Reject },
		source: SourceOptions{Answers: true}, sink: SinkOptions{Ends: true, Origins: true, Gathers: 1 << 10},
	})
	if _, err := run(t, k.p, RunOptions{}); err != nil {
		t.Fatal(err)
	}
	for n, err := range a.errs {
		if bad := n == 3 || n == 11; (err != nil) != bad {
			t.Errorf("batch %d: %v", n, err)
		}
	}
	if len(a.errs) != 20 {
		t.Errorf("%d answers", len(a.errs))
	}
}

// A sink that gathers must not starve a source whose batches it needs for dead
// letters.
func TestGatherLetsGoOfBatches(t *testing.T) {
	noLeaks(t)
	sink := &memorySink{}
	k := newOne(newLines(1, numbers(0, 50)...), sink, oneOptions{
		nodes:  quickRetry(Dead),
		source: SourceOptions{Blocks: 3},
		sink:   SinkOptions{Ends: true, Origins: true, Batch: Gather{Count: 1000, Linger: time.Hour}},
	})
	if _, err := run(t, k.p, RunOptions{}); err != nil {
		t.Fatal(err)
	}
	equalLines(t, sink.lines(), numbers(0, 50))
}

func TestLinger(t *testing.T) {
	noLeaks(t)
	sink := &memorySink{}
	source := newLines(1, numbers(0, 2)...)
	source.wait = func(_ context.Context, n int) error {
		for n == 1 {
			sink.mu.Lock()
			written := sink.writes
			sink.mu.Unlock()
			if written == 1 {
				return nil
			}
			time.Sleep(time.Millisecond)
		}
		return nil
	}
	k := newOne(source, sink, oneOptions{sink: SinkOptions{Ends: true, Batch: Gather{Count: 100, Linger: time.Millisecond}}})
	if _, err := run(t, k.p, RunOptions{}); err != nil {
		t.Fatal(err)
	}
	equalLines(t, sink.lines(), numbers(0, 2))
}
