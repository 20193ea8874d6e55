package flow

import (
	"context"
	"encoding/json"
	"errors"
	"sync/atomic"
	"time"
)

// A sinkRun drives one sink: a goroutine that writes what its queue holds, makes
// it durable when somebody waits for that, and takes part in checkpoints.
type sinkRun struct {
	p       *Program
	node    int
	name    string
	sink    Sink
	options SinkOptions
	target  *Target
	policy  *Policy

	// dead is where records go that fail here.
	dead         *Target
	deadProducer int
	letters      *Out

	// gathered is the write that is being put together, since when.
	gathered *Out
	linger   *time.Timer
	// lingerUntil is when linger fires.
	lingerUntil time.Time

	// unsynced are packets' parts that were written and are not durable yet.
	unsynced []*ticket
	dirty    bool // something was written since the last Sync
	broken   error

	counts struct {
		out, dead, dropped, failed, retried, bytes atomic.Int64
	}
	lost    int64 // records of the present write that failed, for max_dead
	scratch *Out  // the records of a write that are tried again
}

// run is the sink's goroutine.
func (s *sinkRun) run() {
	var spare []item
	for {
		items, ok := s.target.queue.take(spare, s.lingering())
		if !ok {
			return
		}
		for i := range items {
			it := &items[i]
			switch {
			case it.out != nil:
				s.accept(it.out)
			case it.barrier != nil:
				s.atBarrier(it.barrier)
			case it.end:
				s.atEnd()
				return
			}
			*it = item{}
		}
		s.settle()
		spare = items
	}
}

// lingering fires when the gathered write has waited long enough.
func (s *sinkRun) lingering() <-chan time.Time {
	if s.gathered == nil || s.gathered.Count == 0 || s.options.Batch.Linger <= 0 {
		return nil
	}
	return s.linger.C
}

// settle is called when all that had come is dealt with: what somebody waits
// for becomes durable now.
func (s *sinkRun) settle() {
	if s.due() {
		s.flush()
	}
	if len(s.unsynced) > 0 {
		s.sync()
	}
}

// accept writes a packet, or adds it to the write that is being gathered.
func (s *sinkRun) accept(o *Out) {
	if s.broken != nil {
		s.target.drop(o, s.broken)
		return
	}
	if s.options.Batch == (Gather{}) {
		s.write(o)
		s.written(o)
		s.target.depot.put(o)
		return
	}
	s.add(o)
}

// written ends a packet's hold on its originals and notes who waits for Sync.
func (s *sinkRun) written(o *Out) {
	if s.p.shares[s.node] != nil {
		s.p.watch(s.node, int64(o.Count), s.lost)
		s.lost = 0
	}
	s.sendLetters(o)
	s.target.freeOriginals(o.engine.parts)
	for _, p := range o.engine.parts {
		if p.ticket.onDone != nil && s.broken == nil {
			s.unsynced = append(s.unsynced, p.ticket)
		} else {
			p.ticket.done(1)
		}
	}
}

// sync makes what was written durable and tells those who wait.
func (s *sinkRun) sync() {
	var err error
	if s.dirty && s.broken == nil {
		err = s.insistOn("sync", s.sink.Sync)
		s.dirty = false
	}
	if err == nil {
		err = s.broken
	}
	for i, t := range s.unsynced {
		if err != nil {
			t.fail(err)
		}
		t.done(1)
		s.unsynced[i] = nil
	}
	s.unsynced = s.unsynced[:0]
}

// insistOn calls Sync or the like, again as the policy says. An error that
// remains breaks the sink, unless those who wait can be told of it.
func (s *sinkRun) insistOn(op string, call func(context.Context) error) error {
	for attempt := 0; ; attempt++ {
		err := s.p.guardCtx(s.p.hard, s.node, call)
		if err == nil {
			s.p.health.well(s.node)
			return nil
		}
		switch {
		case unavailable(err) && s.p.hard.Err() == nil:
			s.p.health.gone(s.node, err)
			attempt--
			s.policy.pause(s.p.hard, 1+attempt)
			continue
		case s.policy.covers(ClassOf(err)) && attempt < s.policy.Retry && s.policy.pause(s.p.hard, attempt+1):
			s.counts.retried.Add(1)
			continue
		}
		err = s.errorOf(op, err)
		if s.policy.Then != Reject || ClassOf(err) == Fatal {
			s.breakDown(err)
		}
		return err
	}
}

func (s *sinkRun) errorOf(op string, err error) error {
	return &NodeError{Node: s.name, Line: s.p.info.Nodes[s.node].Place, Op: op, Err: err}
}

// breakDown stops the program because of this sink. From here on it drops what
// comes, so that nobody waits for it.
func (s *sinkRun) breakDown(err error) {
	if s.broken != nil {
		return
	}
	s.broken = err
	s.p.taint()
	s.p.stop(err)
}

// atBarrier makes everything before the barrier durable.
func (s *sinkRun) atBarrier(mark *barrier) {
	s.flush()
	state := s.commit()
	if s.dead != nil {
		s.dead.queue.pass(s.deadProducer, mark)
	}
	mark.answer(s, state, s.broken == nil)
}

// atEnd is the end of the stream.
func (s *sinkRun) atEnd() {
	s.flush()
	state := s.commit()
	if s.dead != nil {
		s.dead.queue.finish(s.deadProducer)
	}
	s.p.sinkEnded(s, state, s.broken == nil)
}

// commit is Sync, and the state that is now durable.
func (s *sinkRun) commit() json.RawMessage {
	s.sync()
	if s.broken != nil {
		return nil
	}
	state, err := s.state()
	if err != nil {
		s.breakDown(err)
	}
	return state
}

// state is what the sink wants to find again; nil where it has none.
func (s *sinkRun) state() (json.RawMessage, error) {
	stateful, ok := s.sink.(Stateful)
	if !ok || !s.p.checkpointing() {
		return nil, nil
	}
	var state any
	err := s.p.guard(s.node, func() (err error) {
		state, err = stateful.State()
		return err
	})
	if err != nil {
		return nil, s.errorOf("state", err)
	}
	encoded, err := json.Marshal(state)
	if err != nil {
		return nil, s.errorOf("state", err)
	}
	return encoded, nil
}

// write writes all records of a packet, or has them end as the policy says.
func (s *sinkRun) write(o *Out) {
	if s.broken != nil {
		o.failAll(s.broken)
		return
	}
	err := s.writeOnce(o)
	if err != nil {
		s.rewrite(o, err)
		return
	}
	s.counts.out.Add(int64(o.Count))
	s.counts.bytes.Add(int64(len(o.Data)))
}

func (s *sinkRun) writeOnce(o *Out) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = s.p.crashOf(v, s.node).err
		}
	}()
	s.dirty = true
	return s.sink.Write(s.p.hard, o)
}

// rewrite deals with a write that failed.
func (s *sinkRun) rewrite(o *Out, err error) {
	now := o
	var index []int // of now's records in o; nil while now is o
	retries, pauses := 0, 0
	for ; ; err = s.writeOnce(now) {
		var partial *PartialError
		switch {
		case err == nil:
			s.p.health.well(s.node)
			s.counts.out.Add(int64(now.Count))
			s.counts.bytes.Add(int64(len(now.Data)))
			return
		case errors.As(err, &partial):
			if !s.target.depot.divisible() {
				s.failAll(o, index, now, errIndivisible, retries+1)
				return
			}
			var again []int
			again, err = s.sort(o, index, now, partial, retries)
			if len(again) == 0 {
				return
			}
			index = again
			now = s.pick(o, index)
		case !unavailable(err) && (!s.policy.covers(ClassOf(err)) || retries >= s.policy.Retry):
			s.failAll(o, index, now, err, retries+1)
			return
		}
		if unavailable(err) {
			s.p.health.gone(s.node, err)
		} else {
			retries++
			s.counts.retried.Add(int64(now.Count))
		}
		pauses++
		if !s.policy.pause(s.p.hard, pauses) {
			s.failAll(o, index, now, err, retries+1)
			return
		}
	}
}

var errIndivisible = errors.New("the sink reports single records, but its packets don't tell where they end (SinkOptions.Ends)")

// sort deals with a write in which only some records failed: it gives those
// that are to be tried again, and an error of one of them.
func (s *sinkRun) sort(o *Out, index []int, now *Out, partial *PartialError, retries int) (again []int, why error) {
	failed := 0
	for _, i := range partial.indexes() {
		if i < 0 || i >= now.Count {
			continue
		}
		failed++
		err := partial.Failed[i]
		at := i
		if index != nil {
			at = index[i]
		}
		gone := unavailable(err)
		if gone || s.policy.covers(ClassOf(err)) && retries < s.policy.Retry {
			again = append(again, at)
			if why == nil || gone {
				why = err
			}
			continue
		}
		s.failRecord(o, at, err, retries+1)
	}
	s.counts.out.Add(int64(now.Count - failed))
	s.counts.bytes.Add(int64(len(now.Data)))
	return again, why
}

// pick makes a packet of some records of another.
func (s *sinkRun) pick(o *Out, index []int) *Out {
	d := &s.target.depot
	picked := d.get()
	base := d.base(picked, o)
	for _, i := range index {
		d.append(picked, o, i, i+1, base)
	}
	if s.scratch != nil {
		d.put(s.scratch)
	}
	s.scratch = picked
	return picked
}

// failAll ends all records of now, which are those of o at index.
func (s *sinkRun) failAll(o *Out, index []int, now *Out, err error, attempts int) {
	then := s.thenFor(err)
	if then == Stop {
		s.breakDown(s.errorOf("write", err))
		s.counts.failed.Add(int64(now.Count))
		o.failAll(s.broken)
		return
	}
	if then == Dead && !s.target.depot.divisible() && !s.divideByLines(o) {
		s.breakDown(s.errorOf("write", err))
		s.counts.failed.Add(int64(now.Count))
		return
	}
	for i := range now.Count {
		at := i
		if index != nil {
			at = index[i]
		}
		s.failRecord(o, at, err, attempts)
	}
}

// thenFor is what becomes of records that failed with err.
func (s *sinkRun) thenFor(err error) Then {
	if s.broken != nil || s.p.hard.Err() != nil || ClassOf(err) == Fatal {
		return Stop
	}
	return s.policy.Then
}

// failRecord ends one record.
func (s *sinkRun) failRecord(o *Out, at int, err error, attempts int) {
	then := s.thenFor(err)
	if then == Reject && !o.answerable(at) {
		then = Stop
	}
	e := s.describe(o, at, err, attempts, then)
	s.p.noteRecordError(s.node, e)
	switch then {
	case Drop:
		s.lost++
		s.counts.dropped.Add(1)
	case Dead:
		s.lost++
		s.counts.dead.Add(1)
		if s.letters == nil {
			s.letters = s.dead.depot.get()
		}
		s.p.appendLetter(s.dead, s.letters, e, time.Now())
	case Reject:
		s.counts.failed.Add(1)
		o.failRecord(at, e)
	case Stop:
		s.counts.failed.Add(1)
		o.failAll(e)
		s.breakDown(e)
	}
}

// describe makes the error of a record that failed in this sink.
func (s *sinkRun) describe(o *Out, at int, err error, attempts int, then Then) *RecordError {
	class := ClassOf(err)
	e := &RecordError{
		Class: class, Code: codeOf(err, class), Attempts: attempts,
		Number: -1, TextLine: -1, Offset: -1, Then: then, Err: err,
	}
	s.p.nameNode(e, s.node, "")
	where := origin{part: noPart}
	if at < len(o.engine.origins) {
		where = o.engine.origins[at]
	}
	s.p.trace(e, o.ticketOf(at), where)
	got := s.encoded(o, at)
	if len(e.Record) == 0 {
		e.Record = got
	} else if then == Dead {
		e.Input = got
	}
	return e
}

// sendLetters sends the dead letters of a packet's records, which count in the
// same tickets.
func (s *sinkRun) sendLetters(o *Out) {
	letters := s.letters
	if letters == nil || letters.Count == 0 {
		return
	}
	s.letters = nil
	for _, p := range o.engine.parts {
		p.ticket.pending.Add(1)
		letters.engine.parts = append(letters.engine.parts, part{p.ticket, 0, letters.Count})
	}
	s.dead.put(s.deadProducer, letters)
}
