package flow

import "sync/atomic"

// A Target is where a region sends packets to: a sink or a queue.
type Target struct {
	p     *Program
	name  string
	depot depot
	queue *queue
	sink  *sinkRun // nil for queues
	input *Input   // the other end of a queue

	// received counts the records that were put in, lost those of them that
	// came when the program had stopped.
	received, lost atomic.Int64
}

// put gives a packet to the queue. Where the program has stopped, the packet
// ends here.
func (t *Target) put(producer int, o *Out) {
	t.received.Add(int64(o.Count))
	if t.queue.push(producer, o, t.depot.footprint(o)) {
		return
	}
	t.lost.Add(int64(o.Count))
	t.drop(o, ErrStopped)
}

// drop ends a packet that nobody will write.
func (t *Target) drop(o *Out, err error) {
	o.failAll(err)
	t.letGo(o)
	t.depot.put(o)
}

// letGo ends a packet's hold on the batches that its records came from, and
// counts it as done.
func (t *Target) letGo(o *Out) {
	t.freeOriginals(o.engine.parts)
	for _, p := range o.engine.parts {
		p.ticket.done()
	}
}

// freeOriginals tells that the packet's records need their originals no more.
// It comes before the packet is done: a ticket that is done may be used again.
func (t *Target) freeOriginals(parts []part) {
	if !t.depot.origins {
		return
	}
	for _, p := range parts {
		if b := p.ticket.batch; b != nil {
			b.release(p.ticket.in)
		}
	}
}
