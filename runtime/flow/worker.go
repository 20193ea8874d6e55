package flow

import "runtime"

// A worker that read a small batch handles it before it lets another one read:
// handing over would cost more than the work.
const (
	smallBytes = 16 << 10
	smallCount = 64
)

func isSmall(b *Batch) bool {
	return len(b.Data) < smallBytes && b.Rows == nil && b.Count < smallCount
}

// work is a worker of an input: it reads a batch, runs a lane over it, hands on
// what became of it, and begins anew. Several workers take turns in reading, so
// that a batch is handled by the processor that has it in its cache. lane is
// nil where several inputs share the region's lanes.
func (in *Input) work(lane *Lane) {
	r := in.region
	for {
		in.takeLead()
		if in.ended {
			in.lead.Unlock()
			return
		}
		b := in.obtain()
		if b == nil {
			in.ended = true
			in.lead.Unlock()
			return
		}
		got, mark := in.read(b)
		switch got {
		case gotBatch:
			if in.source != nil {
				in.p.care.enter(in, b)
			}
			b.engine.seq = in.order.reserve()
			in.openTicket(b)
			if in.source != nil {
				in.p.care.entered()
			}
		case gotBarrier:
			in.free <- b
			in.passBarrier(mark)
			in.lead.Unlock()
			continue
		case gotEnd:
			in.free <- b
			in.ended = true
			seq := in.order.reserveEnd()
			in.lead.Unlock()
			in.order.finish(seq, slot{end: true})
			return
		case gotNothing:
			in.free <- b
			in.ended = true
			in.lead.Unlock()
			return
		}
		keepLead := r.o.Lanes == 0 && isSmall(b)
		if !keepLead {
			in.lead.Unlock()
		}
		on := lane
		if on == nil {
			on = <-r.idle
		}
		on.handle(in, b, &b.engine.run)
		if lane == nil {
			r.idle <- on
		}
		in.finish(b)
		if keepLead {
			in.lead.Unlock()
		}
	}
}

// patience is how often a worker that wants to read lets others run before it
// sleeps: several times as long as a read of a block from the page cache takes.
const patience = 2000

// takeLead waits for the turn to read. Mostly it is worth staying awake: to put a
// worker to sleep and wake it costs both processors more than the rest of a read.
func (in *Input) takeLead() {
	for range patience {
		if in.lead.TryLock() {
			return
		}
		runtime.Gosched()
	}
	in.lead.Lock()
}

// openTicket follows the batch where somebody waits for it, or may need its
// bytes.
func (in *Input) openTicket(b *Batch) {
	if in.source != nil && (b.OnDone != nil || in.keeps) {
		b.engine.ticket = in.book.open(in, b, in.keeps)
	}
}

// finish gives a handled batch to the sequencer; where order was given up, its
// packets go on at once.
func (in *Input) finish(b *Batch) {
	if b.engine.split {
		in.gather(b)
	}
	if in.region.o.Unordered && b.engine.run.verdict == goOn && in.order.mayOvertake(b.engine.seq) {
		in.push(b)
	}
	in.order.finish(b.engine.seq, slot{batch: b})
}

// passBarrier puts a barrier behind what has been read so far. It returns false
// when the input had come to its end before.
func (in *Input) passBarrier(mark *barrier) bool {
	if !in.region.holder {
		seq, ok := in.order.reserveBarrier()
		if ok {
			in.order.finish(seq, slot{barrier: mark})
		}
		return ok
	}
	// What the loops hold back belongs before the barrier.
	if !in.order.freeze() {
		return false
	}
	for _, l := range in.region.lanes {
		if b := in.obtain(); b != nil {
			in.blank(b, MarkBarrier)
			l.release(in, b, &b.engine.run)
			in.handOnBatch(b)
		}
	}
	in.order.finish(in.order.thaw(), slot{barrier: mark})
	return true
}

// blank makes a batch without records, for what loops give out between batches.
func (in *Input) blank(b *Batch, mark Mark) {
	b.Split, b.Base, b.Offset, b.Mark = "", -1, -1, mark
	b.Data, b.Ends, b.Count = b.Data[:0], b.Ends[:0], 0
	b.engine.uses.Store(1)
}
