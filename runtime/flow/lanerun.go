package flow

import "slices"

// laneState is what the engine knows about a lane.
type laneState struct {
	p      *Program
	region *region
	loop   Loop
	holder Holder

	in    *Input
	batch *Batch
	run   *laneRun

	marked bool
	long   bool // the batch, see Lane.Long

	// attempts counts the calls of the current record's failing stage, free
	// those of them that used up no retry.
	attempts, free int
	attemptsAt     int // Next when they were counted

	crash     crash
	crashes   int // panics in this batch
	crashedAt int // Next at the last one
	// held are the tickets of batches whose records the loop still holds.
	held []*ticket
}

// A laneRun is what one lane made of one batch.
type laneRun struct {
	outs   []*Out
	counts []Count
	fails  []failure
	blank  int
	// verdict tells that the last of fails stops the program or answers the
	// sender.
	verdict verdict

	// covers are tickets of earlier batches whose records may be in outs,
	// released those of them of which the loop holds nothing any more.
	covers, released []*ticket
	// holds is how many loops hold back records of this batch; later batches let
	// go of them.
	holds int32
}

type verdict uint8

const (
	goOn verdict = iota
	stopped
	rejected
)

// begin gets a run ready for use by a lane.
func (r *laneRun) begin(g *region) {
	if r.counts == nil {
		r.outs = make([]*Out, len(g.o.To))
		r.counts = make([]Count, len(g.p.info.Nodes))
	}
	for i, o := range r.outs {
		if o == nil {
			r.outs[i] = g.o.To[i].depot.get()
		}
	}
}

// room gets packets ready for what becomes of n bytes. That is mostly about as
// much; to grow with it would take the memory of all sizes on the way.
func (r *laneRun) room(g *region, n int) {
	for i, o := range r.outs {
		g.o.To[i].depot.room(o, n+BlockSize/8)
	}
}

// reset forgets what was in a run; packets that were not sent stay for the next.
func (r *laneRun) reset(g *region) {
	if r.counts == nil {
		return
	}
	for _, n := range g.nodes {
		r.counts[n] = Count{}
	}
	for i, o := range r.outs {
		if o != nil {
			g.o.To[i].depot.empty(o)
		}
	}
	clear(r.fails)
	clear(r.covers)
	clear(r.released)
	r.fails, r.covers, r.released = r.fails[:0], r.covers[:0], r.released[:0]
	r.blank, r.verdict, r.holds = 0, goOn, 0
}

// handle runs the loop over a batch. What it makes is in run.
func (l *Lane) handle(in *Input, b *Batch, run *laneRun) {
	l.enter(in, b, run)
	if b.engine.skipped != nil {
		l.skip(b.engine.skipped)
		l.leave()
		return
	}
	if b.engine.killed > 0 {
		l.quarantine(b)
		l.leave()
		return
	}
	l.resume(b)
	st := &l.engine
	if st.holder != nil {
		if run.verdict != stopped && b.waits() {
			// What is held is all of this batch: where that is refused, it
			// ends here with the rest.
			l.once(st.holder.Release)
		}
		l.account(b)
	}
	st.loop.Settle()
	l.leave()
}

// release makes a holder give out what it holds, into run.
func (l *Lane) release(in *Input, b *Batch, run *laneRun) {
	l.enter(in, b, run)
	l.once(l.engine.holder.Release)
	l.account(b)
	l.engine.loop.Settle()
	l.leave()
}

// flush is the end of the lane's stream.
func (l *Lane) flush(in *Input, b *Batch, run *laneRun) {
	l.enter(in, b, run)
	l.once(l.engine.loop.Flush)
	run.covers = append(run.covers, l.engine.held...)
	run.released = append(run.released, l.engine.held...)
	l.engine.held = l.engine.held[:0]
	l.engine.loop.Settle()
	l.leave()
}

func (l *Lane) enter(in *Input, b *Batch, run *laneRun) {
	run.begin(l.engine.region)
	st := &l.engine
	n := max(len(b.Data), b.engine.weight)
	st.long = n >= spareBytes
	if st.long && l.has(b) {
		run.room(st.region, n)
	}
	st.in, st.batch, st.run = in, b, run
	st.marked, st.crashes = false, 0
	st.attempts, st.free, st.attemptsAt = 0, 0, 0
	l.Outs, l.Counts = run.outs, run.counts
	l.Record, l.Next, l.Blank = Record{}, 0, 0
}

// has tells whether records of a batch are the lane's.
func (l *Lane) has(b *Batch) bool {
	return !b.engine.split || slices.Contains(b.Lanes, uint8(l.Index))
}

func (l *Lane) leave() {
	l.engine.run.blank = l.Blank
	l.engine.batch, l.engine.run = nil, nil
}

// account moves tickets between the lane and the run: what the loop holds back
// keeps the batches that it came from open.
func (l *Lane) account(b *Batch) {
	st := &l.engine
	st.run.covers = append(st.run.covers, st.held...)
	if st.holder.Holding() {
		st.run.holds = 1
		if t := b.engine.ticket; t != nil {
			st.held = append(st.held, t)
		}
		for _, p := range b.engine.parts {
			st.held = append(st.held, p.ticket)
		}
		return
	}
	st.run.released = append(st.run.released, st.held...)
	st.held = st.held[:0]
}

// resume calls Run until it returns without a panic: a panic is the failure of
// the record that was being handled, and the loop goes on behind it.
func (l *Lane) resume(b *Batch) {
	st := &l.engine
	for l.guardedRun(b) {
		if st.crashes > 1 && l.Next == st.crashedAt {
			// Nothing has moved since the last panic: it belongs to no record.
			l.stopWith(st.crash)
			return
		}
		st.crashedAt = l.Next
		if l.failed(st.crash.node, st.crash.err, st.crash.line, nil) {
			return
		}
	}
}

func (l *Lane) guardedRun(b *Batch) (panicked bool) {
	defer l.recovered(&panicked)
	l.engine.loop.Run(b)
	return false
}

// once calls what has no records to go on behind.
func (l *Lane) once(call func()) {
	guarded := func() (panicked bool) {
		defer l.recovered(&panicked)
		call()
		return false
	}
	if guarded() {
		l.stopWith(l.engine.crash)
	}
}

// recovered is deferred around user code.
func (l *Lane) recovered(panicked *bool) {
	if v := recover(); v != nil {
		l.engine.crash = l.engine.p.crashOf(v, l.Node)
		l.engine.crashes++
		*panicked = true
	}
}

// waits tells whether a sender waits for the answer to every record of b.
func (b *Batch) waits() bool {
	if b.engine.ticket != nil {
		return b.engine.ticket.onDone != nil
	}
	for _, p := range b.engine.parts {
		if p.ticket.onDone == nil {
			return false
		}
	}
	return len(b.engine.parts) > 0
}
