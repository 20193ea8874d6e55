package flow

import (
	"context"
	"errors"
	"io"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"
)

// gathering is a source, a queue that gathers, and a region that notes the sizes
// of the batches that it gets.
type gathering struct {
	src   *linesSource
	sink  *memorySink
	limit Gather
	in    SourceOptions
	nodes func([]Node)

	mu    sync.Mutex
	sizes []int
	got   chan struct{} // a batch came
}

type toQueue struct {
	*Lane
	lines int64
}

func (l *toQueue) Run(b *Batch) {
	for range b.Data[l.Next:] {
		if b.Data[l.Next] == '\n' {
			l.lines++
			l.Outs[0].Count++
			l.Outs[0].Ends = append(l.Outs[0].Ends, uint32(l.Next+1))
		}
		l.Outs[0].Data = append(l.Outs[0].Data, b.Data[l.Next])
		l.Next++
	}
}
func (l *toQueue) Flush() {}
func (l *toQueue) Settle() {
	c := &l.Counts[nodeIn]
	c.In, c.Out, c.Emitted = l.lines, l.lines, l.lines
	l.lines = 0
}

type fromQueue struct {
	*Lane
	g       *gathering
	records int64
}

func (l *fromQueue) Run(b *Batch) {
	l.g.mu.Lock()
	l.g.sizes = append(l.g.sizes, b.Count)
	l.g.mu.Unlock()
	out := l.Outs[0]
	out.Data, out.Ends, out.Count = append(out.Data, b.Data...), append(out.Ends, b.Ends...), b.Count
	l.Next, l.records = b.Count, l.records+int64(b.Count)
	if l.g.got != nil {
		l.g.got <- struct{}{}
	}
}
func (l *fromQueue) Flush() {}
func (l *fromQueue) Settle() {
	c := &l.Counts[nodeWork]
	c.In, c.Out, c.Emitted = l.records, l.records, l.records
	l.records = 0
}

func (g *gathering) run(t *testing.T) (*Report, error) {
	t.Helper()
	noLeaks(t)
	g.sink = &memorySink{}
	p := New(testInfo(g.nodes))
	g.in.Lines = true
	in := p.Source(nodeIn, g.src, g.in)
	to, from := p.Queue("work", QueueOptions{Ends: true, Batch: g.limit})
	out := p.Sink(nodeOut, g.sink, SinkOptions{Ends: true})
	p.Region("read", RegionOptions{From: []*Input{in}, To: []*Target{to}, Lanes: 1, Nodes: []int{nodeIn}}, func(l *Lane) (Loop, error) { return &toQueue{Lane: l}, nil })
	p.Region("work", RegionOptions{From: []*Input{from}, To: []*Target{out}, Lanes: 1, Nodes: []int{nodeWork}}, func(l *Lane) (Loop, error) { return &fromQueue{Lane: l, g: g}, nil })
	return run(t, p, RunOptions{})
}

// Records that come one by one are gathered to the number that a call gets.
func TestQueueGathersByCount(t *testing.T) {
	lines := numbers(0, 25)
	g := &gathering{src: newLines(1, lines...), limit: Gather{Count: 10, Linger: time.Hour}}
	if _, err := g.run(t); err != nil {
		t.Fatal(err)
	}
	equalLines(t, g.sink.lines(), lines)
	if !slices.Equal(g.sizes, []int{10, 10, 5}) {
		t.Errorf("batches of %v", g.sizes)
	}
}

// What a packet has beyond a multiple of the number begins the next batch.
func TestQueueGathersMultiples(t *testing.T) {
	lines := numbers(0, 60)
	g := &gathering{src: newLines(7, lines...), limit: Gather{Count: 3, Linger: time.Hour}}
	if _, err := g.run(t); err != nil {
		t.Fatal(err)
	}
	equalLines(t, g.sink.lines(), lines)
	for _, n := range g.sizes[:len(g.sizes)-1] {
		if n%3 != 0 {
			t.Errorf("batches of %v", g.sizes)
			break
		}
	}
}

func TestQueueGathersByBytes(t *testing.T) {
	var lines []string
	for i := range 20 {
		lines = append(lines, strconv.Itoa(1000+i)) // five bytes with the line end
	}
	g := &gathering{src: newLines(1, lines...), limit: Gather{Bytes: 20, Linger: time.Hour}}
	if _, err := g.run(t); err != nil {
		t.Fatal(err)
	}
	equalLines(t, g.sink.lines(), lines)
	if !slices.Equal(g.sizes, []int{4, 4, 4, 4, 4}) {
		t.Errorf("batches of %v", g.sizes)
	}
}

// A batch goes on when its first record has waited long enough.
func TestQueueGathersUntilLinger(t *testing.T) {
	g := &gathering{src: newLines(1, numbers(0, 3)...), limit: Gather{Count: 10, Linger: 20 * time.Millisecond}, got: make(chan struct{}, 10)}
	g.src.wait = func(ctx context.Context, n int) error {
		if n < 2 {
			return nil
		}
		select { // the third comes after the first two have gone on
		case <-g.got:
			g.src.wait = nil
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if _, err := g.run(t); err != nil {
		t.Fatal(err)
	}
	equalLines(t, g.sink.lines(), numbers(0, 3))
	if n := g.sizes[0]; n > 2 {
		t.Errorf("batches of %v", g.sizes)
	}
}

// Nobody waits for more where a sender waits for the answer.
func TestQueueGathersNotForSenders(t *testing.T) {
	answered := make(chan error, 3)
	g := &gathering{src: newLines(1, numbers(0, 3)...), limit: Gather{Count: 10, Linger: time.Hour}, in: SourceOptions{Answers: true}}
	g.src.done = func(_ int, err error) { answered <- err }
	g.src.wait = func(ctx context.Context, n int) error {
		if n == 0 {
			return nil
		}
		select {
		case err := <-answered:
			if n == 3 {
				return io.EOF
			}
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if _, err := g.run(t); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(g.sizes, []int{1, 1, 1}) {
		t.Errorf("batches of %v", g.sizes)
	}
}

// Checkpoints come through, so that a source that waits is acknowledged.
func TestQueueGathersToTheBarrier(t *testing.T) {
	src := &seekLines{linesSource: newLines(1, numbers(0, 5)...)}
	g := &gathering{limit: Gather{Count: 100, Linger: time.Hour}}
	g.sink = &memorySink{}
	src.wait = func(ctx context.Context, n int) error {
		for n == 5 { // the end comes when all have been acknowledged
			src.mu.Lock()
			done := slices.Contains(src.acked, 5)
			src.mu.Unlock()
			if done {
				return nil
			}
			select {
			case <-time.After(time.Millisecond):
			case <-ctx.Done():
				return errors.New("cut short")
			}
		}
		return nil
	}
	noLeaks(t)
	p := New(testInfo(nil))
	in := p.Source(nodeIn, src, SourceOptions{Lines: true})
	to, from := p.Queue("work", QueueOptions{Ends: true, Batch: g.limit})
	out := p.Sink(nodeOut, g.sink, SinkOptions{Ends: true})
	p.Region("read", RegionOptions{From: []*Input{in}, To: []*Target{to}, Lanes: 1, Nodes: []int{nodeIn}}, func(l *Lane) (Loop, error) { return &toQueue{Lane: l}, nil })
	p.Region("work", RegionOptions{From: []*Input{from}, To: []*Target{out}, Lanes: 1, Nodes: []int{nodeWork}}, func(l *Lane) (Loop, error) { return &fromQueue{Lane: l, g: g}, nil })
	if _, err := run(t, p, RunOptions{}); err != nil {
		t.Fatal(err)
	}
	equalLines(t, g.sink.lines(), numbers(0, 5))
}
