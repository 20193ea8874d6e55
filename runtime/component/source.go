package component

import (
	"context"
	"sync"

	"github.com/flowc-dev/flowc/runtime/proto"
)

// A reader reads from behind a position, and gives what it reads.
type reader func(ctx context.Context, from string, give func(e *proto.Event, position string) error) error

// Source is a source. read gives events from behind the position from on, "" for the begin,
// each with the position to go on behind it: a text of its own choice. give waits while the
// pipeline has no room, and fails when nobody wants more: read returns then. It returns nil
// when there is no more for good.
//
// After a crash read is called with a position that it gave, and must give what comes behind
// it: that is what makes the pipeline lose nothing. A position of "" can't be gone on from;
// then it is the last one before it that was not.
func Source[U any](read func(ctx context.Context, from string, give func(event U, position string) error) error) Part {
	return Part{role: proto.ComponentType_COMPONENT_TYPE_SOURCE, read: func(ctx context.Context, from string, give func(*proto.Event, string) error) error {
		return guarded(func() error {
			return read(ctx, from, func(event U, position string) error {
				e, err := encode(event)
				if err != nil {
					return err
				}
				return give(e, position)
			})
		})
	}}
}

// WhenSafe has f told up to which position all is safe: read is never called with one before
// it again, so that a source can let go of what it holds until then.
func WhenSafe(source Part, f func(ctx context.Context, position string) error) Part {
	source.safe = f
	return source
}

const (
	// mostWaiting is how many events of a source wait for room in the pipeline.
	mostWaiting = 1024
	// batchEvents and batchBytes are how much goes into a batch.
	batchEvents, batchBytes = 512, 256 << 10
)

// A given is an event of a source.
type given struct {
	event    *proto.Event
	position string
}

// A gathering is what a source has given and the pipeline has not got yet.
type gathering struct {
	mu      sync.Mutex
	changed *sync.Cond
	waiting []given
	credit  int64
	ended   bool  // the source gives no more
	err     error // why it ended
}

func newGathering() *gathering {
	g := &gathering{}
	g.changed = sync.NewCond(&g.mu)
	return g
}

// give adds an event, when there is room.
func (g *gathering) give(ctx context.Context, e *proto.Event, position string) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.waiting) >= mostWaiting {
		stop := context.AfterFunc(ctx, g.wake)
		defer stop()
	}
	for len(g.waiting) >= mostWaiting && ctx.Err() == nil {
		g.changed.Wait()
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	g.waiting = append(g.waiting, given{e, position})
	g.changed.Broadcast()
	return nil
}

// wake has all who wait look again.
func (g *gathering) wake() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.changed.Broadcast()
}

// grant lets so many events more go.
func (g *gathering) grant(n uint32) {
	g.mu.Lock()
	g.credit += int64(n)
	g.mu.Unlock()
	g.changed.Broadcast()
}

// end says that the source gives no more.
func (g *gathering) end(err error) {
	g.mu.Lock()
	g.ended, g.err = true, err
	g.mu.Unlock()
	g.changed.Broadcast()
}

// take waits for events that may go, and returns the next batch; nil at the end.
func (g *gathering) take(gone context.Context) ([]given, error) {
	stop := context.AfterFunc(gone, g.wake)
	defer stop()
	g.mu.Lock()
	defer g.mu.Unlock()
	for {
		switch {
		case gone.Err() != nil:
			return nil, gone.Err()
		case len(g.waiting) == 0 && g.ended:
			return nil, g.err
		case len(g.waiting) > 0 && g.credit > 0:
			n := cut(g.waiting, int(min(g.credit, batchEvents)))
			batch := append([]given(nil), g.waiting[:n]...)
			rest := copy(g.waiting, g.waiting[n:])
			clear(g.waiting[rest:])
			g.waiting = g.waiting[:rest]
			g.credit -= int64(n)
			g.changed.Broadcast()
			return batch, nil
		}
		g.changed.Wait()
	}
}

// cut is how many of the events go into a batch of at most so many: one that ends where a
// source can go on, where there is such a place.
func cut(waiting []given, most int) int {
	n, bytes, last := 0, 0, 0
	for n < len(waiting) && n < most {
		bytes += len(waiting[n].event.GetPayload())
		if n > 0 && bytes > batchBytes {
			break
		}
		n++
		if waiting[n-1].position != "" {
			last = n
		}
	}
	if last > 0 {
		return last
	}
	return n
}
