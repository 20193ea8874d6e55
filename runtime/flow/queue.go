package flow

import (
	"sync"
	"time"
)

// A queue is the bounded way into a sink, or from region to region. Several
// producers push, one consumer at a time takes; a full queue makes producers
// wait.
//
// Barriers are aligned here: a producer that has passed one waits until all
// others have, so that what lies before the barrier in the queue is exactly
// what was sent before it.
type queue struct {
	maxPackets, maxBytes int

	mu    sync.Mutex
	room  sync.Cond // producers wait on it
	items []item
	head  int
	held  int // packets in items
	bytes int
	// longest is the largest packet that is larger than the queue, among those
	// that the consumer took last; 0 for none.
	longest int
	closed  bool

	producers []producer
	ready     int // producers that have passed the barrier, or ended
	barrier   *barrier

	wake    chan struct{}
	waiting bool
	nudged  bool
}

type producer struct{ passed, ended bool }

// An item is a packet, or a barrier, or the end of the stream.
type item struct {
	out     *Out
	bytes   int
	barrier *barrier
	end     bool
	// since is when the first of its records came, of a packet that was put back.
	since time.Time
}

const (
	defaultDepth = 8
	defaultBytes = 1 << 20
)

func newQueue(packets, bytes int) *queue {
	if packets <= 0 {
		packets = defaultDepth
	}
	if bytes <= 0 {
		bytes = defaultBytes
	}
	q := &queue{maxPackets: packets, maxBytes: bytes, wake: make(chan struct{}, 1)}
	q.room.L = &q.mu
	return q
}

// join adds a producer and gives its number.
func (q *queue) join() int {
	q.producers = append(q.producers, producer{})
	return len(q.producers) - 1
}

// push waits for room; it returns false when the queue was closed.
func (q *queue) push(from int, o *Out, bytes int) bool {
	q.mu.Lock()
	for !q.closed && (q.producers[from].passed || q.full(bytes)) {
		q.room.Wait()
	}
	if q.closed {
		q.mu.Unlock()
		return false
	}
	q.items = append(q.items, item{out: o, bytes: bytes})
	q.held++
	q.bytes += bytes
	q.signal()
	return true
}

// A packet larger than the queue waits until it is alone, also at the consumer:
// two of the longest records would be beyond the memory bound.
func (q *queue) full(bytes int) bool {
	if bytes > q.maxBytes && q.longest > 0 {
		return true
	}
	return q.held > 0 && (q.held >= q.maxPackets || q.bytes+bytes > q.maxBytes)
}

// signal unlocks the queue and wakes the consumer if it sleeps.
func (q *queue) signal() {
	wake := q.waiting
	q.waiting = false
	q.mu.Unlock()
	if wake {
		q.wake <- struct{}{}
	}
}

// pass is called by a producer at a barrier.
func (q *queue) pass(from int, b *barrier) {
	q.mu.Lock()
	p := &q.producers[from]
	if !p.passed && !p.ended {
		q.ready++
	}
	p.passed = true
	q.barrier = b
	q.align()
	q.signal()
}

// finish is called by a producer that sends no more.
func (q *queue) finish(from int) {
	q.mu.Lock()
	p := &q.producers[from]
	if p.ended {
		q.mu.Unlock()
		return
	}
	if !p.passed {
		q.ready++
	}
	p.ended = true
	q.align()
	q.signal()
}

// align lets the barrier, and then the end, into the queue once every producer
// has come to it.
func (q *queue) align() {
	if q.ready < len(q.producers) {
		return
	}
	if q.barrier != nil {
		q.items = append(q.items, item{barrier: q.barrier})
		q.barrier = nil
		q.ready = 0
		for i := range q.producers {
			q.producers[i].passed = false
			if q.producers[i].ended {
				q.ready++
			}
		}
		q.room.Broadcast()
	}
	if q.ready == len(q.producers) {
		q.items = append(q.items, item{end: true})
	}
}

// take waits for items and takes all of them, in exchange for the empty slice
// spare; it is called when the ones before are dealt with. It returns early, with
// nothing, when after fires or when somebody nudged; ok is false when the queue
// was closed.
func (q *queue) take(spare []item, after <-chan time.Time) (items []item, ok bool) {
	for {
		q.mu.Lock()
		if q.longest > 0 {
			q.longest = 0
			q.room.Broadcast()
		}
		if q.closed {
			q.mu.Unlock()
			return spare[:0], false
		}
		if q.head < len(q.items) {
			// pop and take are not mixed: head is 0 here.
			items = q.items
			q.items = spare[:0]
			if q.bytes > q.maxBytes { // one alone
				q.longest = q.bytes
			}
			q.held, q.bytes = 0, 0
			q.nudged = false
			q.room.Broadcast()
			q.mu.Unlock()
			return items, true
		}
		if q.nudged {
			q.nudged = false
			q.mu.Unlock()
			return spare[:0], true
		}
		q.waiting = true
		q.mu.Unlock()
		select {
		case <-q.wake:
		case <-after:
			q.unwait()
			return spare[:0], true
		}
	}
}

// pop waits for the first item; ok is false when the queue was closed.
func (q *queue) pop() (first item, ok bool) {
	for {
		q.mu.Lock()
		if q.closed {
			q.mu.Unlock()
			return item{}, false
		}
		if q.head < len(q.items) {
			first = q.shift()
			q.mu.Unlock()
			return first, true
		}
		q.waiting = true
		q.mu.Unlock()
		<-q.wake
	}
}

// shift takes the first item off. The caller holds the lock.
func (q *queue) shift() (first item) {
	first = q.items[q.head]
	q.items[q.head] = item{}
	q.head++
	if q.head == len(q.items) {
		q.items, q.head = q.items[:0], 0
	} else if q.head >= cap(q.items)/2 {
		n := copy(q.items, q.items[q.head:])
		clear(q.items[n:])
		q.items, q.head = q.items[:n], 0
	}
	if first.out != nil {
		q.held--
		q.bytes -= first.bytes
		q.room.Broadcast()
	}
	return first
}

// unwait takes back that the consumer sleeps, and a signal that came meanwhile.
func (q *queue) unwait() {
	q.mu.Lock()
	slept := q.waiting
	q.waiting = false
	q.mu.Unlock()
	if !slept {
		<-q.wake
	}
}

// nudge wakes the consumer without an item.
func (q *queue) nudge() {
	q.mu.Lock()
	q.nudged = true
	q.signal()
}

// close makes all that wait give up.
func (q *queue) close() {
	q.mu.Lock()
	q.closed = true
	q.room.Broadcast()
	q.signal()
}

// empty tells that nothing waits.
func (q *queue) empty() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.head == len(q.items)
}

// load is the packets and bytes that wait now.
func (q *queue) load() (packets, bytes int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.held, q.bytes
}

// left takes what nobody consumed, after everything stopped.
func (q *queue) left() []item {
	q.mu.Lock()
	defer q.mu.Unlock()
	left := q.items[q.head:]
	q.items, q.head = nil, 0
	return left
}
