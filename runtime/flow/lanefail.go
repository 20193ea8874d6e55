package flow

import (
	"slices"
	"time"
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
	// by is the node whose dead-letter sink gets it, where that is not node.
	by int
}

// stopWith stops the program for an error that belongs to no record: no policy
// can absorb it, and no counter counts it.
func (l *Lane) stopWith(c crash) {
	run := l.engine.run
	run.verdict = stopped
	run.fails = append(run.fails, failure{
		node: c.node, err: c.err, class: ClassOf(c.err), line: c.line,
		attempts: 1, record: l.Record, origin: origin{part: noPart}, then: Stop, at: time.Now(), general: true,
	})
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
	f := failure{
		node: node, err: err, class: ClassOf(err), line: line, attempts: 1,
		record: l.Record, origin: l.originOf(), input: slices.Clone(input), at: time.Now(),
		whole: st.batch.engine.skipped, by: node,
	}
	if st.attempts > 0 && st.attemptsAt == l.Next {
		f.attempts = st.attempts + 1
	}
	st.attempts, st.free = 0, 0
	policy := &st.p.policies[node]
	f.then = policy.Then
	if f.class == Lethal {
		f.attempts = st.batch.engine.killed
		f.then, f.by = st.region.quarantine(node)
	}
	switch {
	case f.class == Fatal && node == st.in.node && f.then != Stop && st.batch.waits() && st.p.hard.Err() == nil:
		// What no record of this batch can get over (a table with a wrong header)
		// says nothing about those of other senders.
		f.then = Reject
	case f.class == Fatal || f.then == Reject && !st.batch.waits() || st.p.hard.Err() != nil:
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
	if !policy.pause(l.Ctx, attempt+1, err) {
		return false
	}
	if gone {
		st.free++
	}
	st.run.counts[node].Retried++
	return true
}
