package flow

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"runtime"
	"sync"
	"testing"
)

// blockSource gives the same block n times.
type blockSource struct {
	block   []byte
	n       int
	waiting func(err error)
}

func (s *blockSource) Open(context.Context) error  { return nil }
func (s *blockSource) Close(context.Context) error { return nil }
func (s *blockSource) Read(_ context.Context, b *Batch) error {
	if s.n == 0 {
		return io.EOF
	}
	s.n--
	b.Data = append(b.Data, s.block...)
	b.OnDone = s.waiting
	return nil
}

// nullSink takes everything.
type nullSink struct{}

func (nullSink) Open(context.Context) error        { return nil }
func (nullSink) Write(context.Context, *Out) error { return nil }
func (nullSink) Sync(context.Context) error        { return nil }
func (nullSink) Close(context.Context, bool) error { return nil }

// blockLoop passes on whole batches, so that what is left is the engine.
type blockLoop struct {
	*Lane
	records int64
}

func (l *blockLoop) Run(b *Batch) {
	for _, o := range l.Outs {
		o.Data = append(o.Data, b.Data...)
		o.Count++
	}
	l.records++
	l.Next = len(b.Data)
}
func (l *blockLoop) Flush() {}
func (l *blockLoop) Settle() {
	l.Pass(nodeIn, l.records, 0)
	l.Pass(nodeWork, l.records, 0)
	l.records = 0
}

func blockProgram(s Source, o SourceOptions, lanes int) *Program {
	p := New(testInfo(nil))
	in := p.Source(nodeIn, s, o)
	out := p.Sink(nodeOut, nullSink{}, SinkOptions{})
	p.Region("r", RegionOptions{From: []*Input{in}, To: []*Target{out}, Lanes: lanes, Nodes: []int{nodeIn, nodeWork}},
		func(l *Lane) (Loop, error) { return &blockLoop{Lane: l}, nil })
	return p
}

// BenchmarkBatch is the engine's own cost of a batch, from Read to Write.
func BenchmarkBatch(b *testing.B) {
	for _, lanes := range []int{1, 2} {
		for _, answered := range []bool{false, true} {
			b.Run(fmt.Sprintf("lanes=%d/answered=%v", lanes, answered), func(b *testing.B) {
				b.ReportAllocs()
				s := &blockSource{block: []byte("x\n"), n: b.N}
				if answered {
					s.waiting = func(error) {}
				}
				if _, err := blockProgram(s, SourceOptions{}, lanes).Run(context.Background(), RunOptions{}); err != nil {
					b.Fatal(err)
				}
			})
		}
	}
}

// BenchmarkBlocks is a full batch that is copied from source to packet.
func BenchmarkBlocks(b *testing.B) {
	for _, lanes := range []int{1, 2} {
		b.Run(fmt.Sprintf("lanes=%d", lanes), func(b *testing.B) {
			b.SetBytes(BlockSize)
			s := &blockSource{block: bytes.Repeat([]byte("x"), BlockSize), n: b.N}
			if _, err := blockProgram(s, SourceOptions{}, lanes).Run(context.Background(), RunOptions{}); err != nil {
				b.Fatal(err)
			}
		})
	}
}

// requests is a source whose batches are what clients wait for, as those of
// an HTTP server are.
type requests struct {
	mu     sync.Mutex
	queue  []*request
	wake   chan struct{}
	closed bool
}

type request struct {
	body   []byte
	done   chan error
	onDone func(error)
}

func newRequest(body []byte) *request {
	r := &request{body: body, done: make(chan error, 1)}
	r.onDone = func(err error) { r.done <- err }
	return r
}

func (s *requests) send(r *request) error {
	s.mu.Lock()
	s.queue = append(s.queue, r)
	s.mu.Unlock()
	select {
	case s.wake <- struct{}{}:
	default:
	}
	return <-r.done
}

func (s *requests) Open(context.Context) error  { return nil }
func (s *requests) Close(context.Context) error { return nil }
func (s *requests) Read(ctx context.Context, b *Batch) error {
	for {
		s.mu.Lock()
		if n := len(s.queue); n > 0 {
			r := s.queue[0]
			copy(s.queue, s.queue[1:])
			s.queue = s.queue[:n-1]
			s.mu.Unlock()
			b.Data = append(b.Data, r.body...)
			b.OnDone = r.onDone
			return nil
		}
		closed := s.closed
		s.mu.Unlock()
		if closed {
			return io.EOF
		}
		select {
		case <-s.wake:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// BenchmarkAnswers is a request of one record, from the client's send to its
// answer, with so many clients at once.
func BenchmarkAnswers(b *testing.B) {
	for _, clients := range []int{1, 8, 64} {
		b.Run(fmt.Sprintf("clients=%d", clients), func(b *testing.B) {
			b.ReportAllocs()
			s := &requests{wake: make(chan struct{}, 1)}
			var work sync.WaitGroup
			for i := range clients {
				n := b.N / clients
				if i == 0 {
					n += b.N % clients
				}
				work.Go(func() {
					r := newRequest([]byte("x\n"))
					for range n {
						if err := s.send(r); err != nil {
							b.Error(err)
						}
					}
				})
			}
			go func() {
				work.Wait()
				s.mu.Lock()
				s.closed = true
				s.mu.Unlock()
				s.wake <- struct{}{}
			}()
			if _, err := blockProgram(s, SourceOptions{Answers: true}, 0).Run(context.Background(), RunOptions{}); err != nil {
				b.Fatal(err)
			}
		})
	}
}

// In steady state a batch costs no allocation, whichever way it goes.
func TestNoAllocations(t *testing.T) {
	programs := map[string]func(n int) *Program{
		"plain": func(n int) *Program {
			return blockProgram(&blockSource{block: []byte("x\n"), n: n}, SourceOptions{}, 1)
		},
		"lanes": func(n int) *Program {
			return blockProgram(&blockSource{block: []byte("x\n"), n: n}, SourceOptions{}, 3)
		},
		"answered": func(n int) *Program { return answered(n, SourceOptions{}) },
		"answers":  func(n int) *Program { return answered(n, SourceOptions{Answers: true}) },
		"gathered": func(n int) *Program {
			p := New(testInfo(nil))
			in := p.Source(nodeIn, &blockSource{block: []byte("x\n"), n: n}, SourceOptions{Lines: true})
			out := p.Sink(nodeOut, nullSink{}, SinkOptions{Ends: true, Origins: true, Batch: Gather{Count: 20, Bytes: 1000}})
			p.Region("r", RegionOptions{From: []*Input{in}, To: []*Target{out}, Lanes: 1}, plain(func(l *lineLoop) { l.ends = true }))
			return p
		},
		"queue": func(n int) *Program {
			p := New(testInfo(nil))
			in := p.Source(nodeIn, &blockSource{block: []byte("x\n"), n: n}, SourceOptions{Lines: true})
			to, from := p.Queue("q", QueueOptions{})
			out := p.Sink(nodeOut, nullSink{}, SinkOptions{})
			p.Region("r", RegionOptions{From: []*Input{in}, To: []*Target{to}, Lanes: 2}, plain(nil))
			p.Region("s", RegionOptions{From: []*Input{from}, To: []*Target{out}, Lanes: 2, Nodes: []int{nodeMore}}, plain(nil))
			return p
		},
	}
	for name, program := range programs {
		t.Run(name, func(t *testing.T) {
			allocs := func(n int) uint64 {
				p := program(n)
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				if _, err := p.Run(context.Background(), RunOptions{}); err != nil && name != "queue" {
					t.Fatal(err)
				}
				runtime.ReadMemStats(&after)
				return after.Mallocs - before.Mallocs
			}
			few, many := allocs(2_000), allocs(22_000)
			once := uint64(200)
			if name == "gathered" {
				once += 6 * smallBatches // as many as are on their way at the worst moment
			}
			if many > few+once {
				t.Errorf("2,000 batches cost %d allocations, 22,000 cost %d", few, many)
			}
		})
	}
}

func answered(n int, o SourceOptions) *Program {
	return blockProgram(&blockSource{block: []byte("x\n"), n: n, waiting: func(error) {}}, o, 2)
}
