package flow

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// Of records that are much longer than a block one is read, one waits for the
// sink, or is written: however many blocks there are.
func TestLongRecordsOneAtATime(t *testing.T) {
	noLeaks(t)
	const size = 2*LongBytes + BlockSize
	var lines []string
	for range 8 {
		lines = append(lines, strings.Repeat("x", size-1))
	}
	var read atomic.Int32
	src := newLines(1, lines...)
	src.wait = func(context.Context, int) error { read.Add(1); return nil }
	sink := &memorySink{}
	writing := make(chan struct{})
	first := true
	var waiting []int
	p := New(testInfo(nil))
	in := p.Source(nodeIn, src, SourceOptions{Lines: true, Blocks: 16})
	out := p.Sink(nodeOut, sink, SinkOptions{})
	sink.before = func(*Out) error {
		if first {
			first = false
			<-writing
		}
		waiting = append(waiting, out.queue.held)
		return nil
	}
	p.Region("r", RegionOptions{From: []*Input{in}, To: []*Target{out}, Lanes: 2}, plain(nil))
	go func() {
		// The first is written and the second can't be sent, so no third is read;
		// what would come too much has time to come.
		for read.Load() < 2 {
			time.Sleep(time.Millisecond)
		}
		time.Sleep(50 * time.Millisecond)
		if n := read.Load(); n > 2 {
			t.Errorf("%d records of %d bytes were read while the first was written", n, size)
		}
		close(writing)
	}()
	if _, err := run(t, p, RunOptions{}); err != nil {
		t.Fatal(err)
	}
	equalLines(t, sink.lines(), lines)
	for i, n := range waiting {
		if n > 0 {
			t.Errorf("at write %d a long packet waited beside the one that was written", i)
		}
	}
	if kept := in.long.bytes; kept > LongBytes/2 {
		t.Errorf("idle batches hold %d bytes", kept)
	}
	if kept := out.depot.kept; kept > LongBytes {
		t.Errorf("idle packets hold %d bytes", kept)
	}
}

// Records that are a little longer than a block go through together.
func TestMiddlingRecordsTogether(t *testing.T) {
	noLeaks(t)
	lines := strings.Split(strings.TrimSuffix(strings.Repeat(strings.Repeat("y", BlockSize+BlockSize/8)+"\n", 64), "\n"), "\n")
	src := newLines(1, lines...)
	sink := &memorySink{}
	p := New(testInfo(nil))
	in := p.Source(nodeIn, src, SourceOptions{Lines: true, Blocks: 8})
	out := p.Sink(nodeOut, sink, SinkOptions{})
	p.Region("r", RegionOptions{From: []*Input{in}, To: []*Target{out}, Lanes: 2}, plain(nil))
	if _, err := run(t, p, RunOptions{}); err != nil {
		t.Fatal(err)
	}
	equalLines(t, sink.lines(), lines)
	if in.long.full() != nil {
		t.Errorf("idle batches that hold %d bytes keep others from being read", in.long.bytes)
	}
}
