package flow

import (
	"slices"
	"time"
)

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

	// covers are tickets of earlier batches whose records may be in outs; the
	// lane's own hold on them ends with this batch where releases says so.
	covers   []*ticket
	releases bool
	// holds tells that the loop holds back records of this batch.
	holds bool
}

type verdict uint8

const (
	goOn verdict = iota
	stopped
	rejected
)

// A failure is a record that failed for good, until its batch is handed on:
// only then are line numbers known and is it certain that no earlier record
// stops the program.
type failure struct {
	node     int
	err      error
	class    Class
	line     string // where the stack of a panic told it
	attempts int
	record   Record
	origin   origin
	input    []byte
	then     Then
	at       time.Time
	// general tells that it belongs to no record.
	general bool
	// whole is set instead where a source skipped the record itself.
	whole *RecordError
}

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
	r.fails, r.covers = r.fails[:0], r.covers[:0]
	r.blank, r.verdict, r.releases, r.holds = 0, goOn, false, false
}

// handle runs the loop over a batch. What it makes is in run.
func (l *Lane) handle(in *Input, b *Batch, run *laneRun) {
	l.enter(in, b, run)
	if b.engine.skipped != nil {
		l.skip(b.engine.skipped)
		l.leave()
		return
	}
	l.resume(b)
	st := &l.engine
	if st.holder != nil {
		if run.verdict == goOn && b.waits() {
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
	run.releases = true
	l.engine.held = l.engine.held[:0]
	l.engine.loop.Settle()
	l.leave()
}

func (l *Lane) enter(in *Input, b *Batch, run *laneRun) {
	run.begin(l.engine.region)
	st := &l.engine
	st.in, st.batch, st.run = in, b, run
	st.marked, st.crashes = false, 0
	st.attempts, st.free, st.attemptsAt = 0, 0, 0
	l.Outs, l.Counts = run.outs, run.counts
	l.Record, l.Next, l.Blank = Record{}, 0, 0
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
		st.run.holds = true
		if t := b.engine.ticket; t != nil {
			st.held = append(st.held, t)
		}
		for _, p := range b.engine.parts {
			st.held = append(st.held, p.ticket)
		}
		return
	}
	st.run.releases = true
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

// stopWith stops the program for an error that belongs to no record: no policy
// can absorb it, and no counter counts it.
func (l *Lane) stopWith(c crash) {
	run := l.engine.run
	run.verdict = stopped
	run.fails = append(run.fails, failure{node: c.node, err: c.err, class: ClassOf(c.err), line: c.line,
		attempts: 1, record: l.Record, origin: origin{part: noPart}, then: Stop, at: time.Now(), general: true})
}

// skip is the failure of a record that the source could not even hand over.
func (l *Lane) skip(e *RecordError) {
	st := &l.engine
	st.run.counts[st.in.node].In++
	l.failed(st.in.node, e.Err, "", nil)
}

func (l *Lane) fail(node int, err error, input []byte) (stop bool) {
	return l.failed(node, err, "", input)
}

func (l *Lane) failed(node int, err error, line string, input []byte) (stop bool) {
	st := &l.engine
	run := st.run
	l.cutBack()
	f := failure{node: node, err: err, class: ClassOf(err), line: line, attempts: 1,
		record: l.Record, origin: l.originOf(), input: slices.Clone(input), at: time.Now(),
		whole: st.batch.engine.skipped}
	if st.attempts > 0 && st.attemptsAt == l.Next {
		f.attempts = st.attempts + 1
	}
	st.attempts, st.free = 0, 0
	policy := &st.p.policies[node]
	f.then = policy.Then
	if f.class == Fatal || f.then == Reject && !st.batch.waits() || st.p.hard.Err() != nil {
		f.then = Stop
	}
	c := &run.counts[node]
	switch f.then {
	case Dead:
		c.Dead++
	case Drop:
		c.Dropped++
	case Stop:
		c.Failed++
		run.verdict = stopped
	case Reject:
		c.Failed++
		run.verdict = rejected
	}
	run.fails = append(run.fails, f)
	return run.verdict != goOn
}

// cutBack removes from the packets what the current record left there.
func (l *Lane) cutBack() {
	if !l.engine.marked {
		return
	}
	for i, o := range l.Outs {
		l.engine.region.o.To[i].depot.cut(o, o.engine.markData, o.engine.markCount)
	}
}

func (l *Lane) mark() {
	l.engine.marked = true
	for _, o := range l.Outs {
		o.engine.markData, o.engine.markCount = len(o.Data), o.Count
	}
}

func (l *Lane) again(node, attempt int, err error) bool {
	st := &l.engine
	if attempt == 0 || st.attemptsAt != l.Next {
		st.attempts, st.free = 0, 0
	}
	st.attemptsAt = l.Next
	st.attempts = attempt
	policy := &st.p.policies[node]
	gone := unavailable(err)
	if !gone {
		if !policy.covers(ClassOf(err)) || attempt-st.free >= policy.Retry {
			return false
		}
	}
	if !policy.pause(l.Ctx, attempt+1) {
		return false
	}
	if gone {
		st.free++
	}
	st.run.counts[node].Retried++
	return true
}

func (l *Lane) origin(o *Out) {
	if o.engine.wantsOrigins {
		o.engine.origins = append(o.engine.origins, l.originOf())
	}
	if o.engine.wantsOrder {
		o.engine.order = append(o.engine.order, uint32(l.Record.Index))
	}
}

// originOf is where the current record lies in its source's batch.
func (l *Lane) originOf() origin {
	st := &l.engine
	b := st.batch
	if st.in.source != nil {
		if b.Mark == MarkEnd || st.holder != nil {
			return origin{part: noPart, index: uint32(l.Record.Index)}
		}
		return origin{start: uint32(l.Record.Start), end: uint32(l.Record.End), index: uint32(l.Record.Index)}
	}
	if i := l.Record.Index; i < len(b.engine.origins) {
		return b.engine.origins[i]
	}
	return origin{part: noPart, index: uint32(l.Record.Index)}
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
