package flow

import (
	"slices"
	"sync"
	"sync/atomic"
)

// A ticket follows one batch of a source until all that came of it is durable.
// Only batches whose sender waits, or whose bytes dead letters may need, have
// one; all others cost nothing here.
type ticket struct {
	in     *Input
	onDone func(error)
	// batch is set where its bytes are kept for dead letters.
	batch *Batch
	// pending counts the packets that are not durable yet, and one more until
	// the batch has been handed on. It is raised before the first packet is
	// sent; each of them then costs one operation.
	pending atomic.Int32

	mu  sync.Mutex
	err error

	index    int  // in book.live
	finished bool // under book.mu
}

// fail notes the first error.
func (t *ticket) fail(err error) {
	t.mu.Lock()
	if t.err == nil {
		t.err = err
	}
	t.mu.Unlock()
}

// done takes a packet off.
func (t *ticket) done() {
	if t.pending.Add(-1) == 0 {
		t.in.book.finish(t)
	}
}

// A book holds the tickets of one source that are not finished, in source order.
type book struct {
	mu sync.Mutex
	// ordered books answer in source order, others as tickets finish.
	ordered bool
	live    []*ticket
	head    int // of live, in ordered books
	telling bool
	closed  bool
	pool    []*ticket
	// late is set where senders are answered by a checkpoint: settled wait for the
	// next one, and before are those that the one on its way has. See late.go.
	late            chan struct{}
	settled, before []*ticket
}

// open makes a ticket.
func (k *book) open(in *Input, b *Batch, keep bool) *ticket {
	k.mu.Lock()
	var t *ticket
	if n := len(k.pool); n > 0 {
		t = k.pool[n-1]
		k.pool = k.pool[:n-1]
	} else {
		t = &ticket{in: in}
	}
	t.onDone, t.err, t.finished = b.OnDone, nil, false
	t.pending.Store(1) // the engine's own, until the batch is handed on
	t.batch = nil
	if keep {
		t.batch = b
	}
	if k.ordered && k.head > 0 && len(k.live) == cap(k.live) {
		n := copy(k.live, k.live[k.head:])
		clear(k.live[n:])
		k.live, k.head = k.live[:n], 0
	}
	t.index = len(k.live)
	k.live = append(k.live, t)
	k.mu.Unlock()
	return t
}

// finish answers the sender, and puts the ticket back.
func (k *book) finish(t *ticket) {
	if k.ordered {
		k.finishInOrder(t)
		return
	}
	k.mu.Lock()
	if k.closed {
		k.mu.Unlock()
		return
	}
	last := len(k.live) - 1
	k.live[t.index] = k.live[last]
	k.live[t.index].index = t.index
	k.live[last] = nil
	k.live = k.live[:last]
	if k.late != nil && t.onDone != nil && t.err == nil {
		k.settle(t)
		k.mu.Unlock()
		return
	}
	k.mu.Unlock()
	k.tell(t)
	k.mu.Lock()
	k.pool = append(k.pool, t)
	k.mu.Unlock()
}

// finishInOrder answers this one and those behind it that waited for it. One
// goroutine at a time does the answering, so that answers keep their order.
func (k *book) finishInOrder(t *ticket) {
	k.mu.Lock()
	t.finished = true
	if k.telling || k.closed {
		k.mu.Unlock()
		return
	}
	k.telling = true
	for !k.closed && k.head < len(k.live) && k.live[k.head].finished {
		first := k.live[k.head]
		k.live[k.head] = nil
		k.head++
		k.mu.Unlock()
		k.tell(first)
		k.mu.Lock()
		k.pool = append(k.pool, first)
	}
	if k.head == len(k.live) && !k.closed {
		k.live, k.head = k.live[:0], 0
	}
	k.telling = false
	k.mu.Unlock()
}

func (k *book) tell(t *ticket) {
	if t.onDone != nil {
		t.onDone(t.err)
		t.onDone = nil
	}
}

// abandon answers all that are left, at the very end. Whoever is still at work
// on one of them answers nobody any more.
func (k *book) abandon(err error) {
	k.mu.Lock()
	left := slices.Concat(k.live[k.head:], k.before, k.settled)
	k.live, k.before, k.settled, k.head, k.closed = nil, nil, nil, 0, true
	k.mu.Unlock()
	for _, t := range left {
		if t.onDone != nil {
			t.mu.Lock()
			reason := t.err
			t.mu.Unlock()
			if reason == nil {
				reason = err
			}
			t.onDone(reason)
		}
	}
}

func (k *book) waiting() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.live) - k.head + len(k.before) + len(k.settled)
}
