package flow

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

// A sink that gathers gets its number also of records that come one by one and
// are kept for dead letters, however few blocks there are.
func TestSmallBatchesAreGathered(t *testing.T) {
	noLeaks(t)
	const count = smallBatches / 4
	lines := numbers(0, 4*count+10)
	src, sink, dead := newLines(1, lines...), &memorySink{}, &memorySink{}
	p := New(testInfo(func(nodes []Node) { nodes[nodeOut].Policy = Policy{Then: Dead, Dead: nodeDead} }))
	in := p.Source(nodeIn, src, SourceOptions{Lines: true, Blocks: 3})
	out := p.Sink(nodeOut, sink, SinkOptions{Ends: true, Origins: true, Batch: Gather{Count: count, Linger: time.Hour}})
	src.wait = func(_ context.Context, n int) error { // a stream that is slower than the sink
		for out.received.Load() < int64(n) || !out.queue.empty() {
			time.Sleep(10 * time.Microsecond)
		}
		return nil
	}
	p.Sink(nodeDead, dead, SinkOptions{DeadLetter: true})
	p.Region("r", RegionOptions{From: []*Input{in}, To: []*Target{out}, Lanes: 2}, plain(func(l *lineLoop) { l.ends = true }))
	sink.before = func(o *Out) error { // the last record of each write fails
		return &PartialError{Failed: map[int]error{o.Count - 1: errors.New("bad")}}
	}
	if _, err := run(t, p, RunOptions{}); err != nil {
		t.Fatal(err)
	}
	var want, failed []string
	for i, line := range lines {
		if (i+1)%count == 0 || i == len(lines)-1 {
			failed = append(failed, line)
		} else {
			want = append(want, line)
		}
	}
	equalLines(t, sink.lines(), want)
	letters := dead.lines()
	if len(letters) != len(failed) {
		t.Fatalf("%d dead letters, want %d", len(letters), len(failed))
	}
	for i, line := range failed {
		if !strings.Contains(letters[i], `"record":`+line) {
			t.Errorf("letter %d is not of %s: %s", i, line, letters[i])
		}
	}
	if n := len(in.small.free); n != in.small.made || slices.Contains(in.small.free, nil) {
		t.Errorf("%d of %d small batches are back", n, in.small.made)
	}
}
