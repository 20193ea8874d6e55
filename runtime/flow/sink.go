package flow

import (
	"context"
	"encoding/json"
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
	// answered is the last barrier that got the sink's state; nil for none.
	answered *barrier
	broken   error
	muted    bool // a replay is not for it
	breaker  breaker
	ails     ailment // what it failed at and has not done since: see ailing.go
	probing  *time.Timer
	probeAt  time.Time // when probing fires
	told     time.Time // when the last such error was logged
	dues     *time.Timer
	dueAt    time.Time // when dues fires, for what a Timed sink has to do

	counts struct {
		out, dead, dropped, failed, retried, bytes atomic.Int64
	}
	lost    int64 // records of the present write that failed, for max_dead
	scratch *Out  // the records of a write that are tried again
}

// tellEvery is how often a sink logs at most what its senders are not told.
const tellEvery = 10 * time.Second

// run is the sink's goroutine.
func (s *sinkRun) run() {
	var spare []item
	s.duty() // what an earlier run has left
	for {
		items, ok := s.target.queue.take(spare, s.alarm())
		if !ok {
			return
		}
		for i := range items {
			it := &items[i]
			switch {
			case it.out != nil:
				s.accept(it.out, i == len(items)-1)
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

// alarm fires when the gathered write has waited long enough, when it is time to try
// a sink that ails, or for what a sink has to do by itself.
func (s *sinkRun) alarm() <-chan time.Time {
	switch {
	case s.gathered != nil && s.gathered.Count > 0 && s.options.Batch.Linger > 0:
		return s.linger.C
	case s.ails != 0 && s.probing != nil:
		return s.probing.C
	case !s.dueAt.IsZero():
		return s.dues.C
	}
	return nil
}

// settle is called when all that had come is dealt with: what somebody waits
// for becomes durable now.
func (s *sinkRun) settle() {
	if s.due() {
		s.flush()
	}
	if len(s.unsynced) > 0 {
		s.sync()
	} else {
		s.idle()
	}
	s.probe()
	s.duty()
}

// accept writes a packet, or adds it to the write that is being gathered. last is
// the last of those that were there.
func (s *sinkRun) accept(o *Out, last bool) {
	if s.broken != nil {
		s.target.drop(o, s.broken)
		return
	}
	switch {
	case s.options.Batch == (Gather{}):
		s.writeNow(o)
	case s.options.Batch.whole:
		s.addWhole(o, last)
	default:
		s.add(o)
	}
}

// writeNow writes a packet as it came.
func (s *sinkRun) writeNow(o *Out) {
	s.write(o)
	//flowc:point between write and dead letters
	s.written(o)
	s.target.depot.put(o)
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
		if p.ticket.onDone != nil && s.broken == nil && p.ticket.in.book.late == nil {
			s.unsynced = append(s.unsynced, p.ticket)
		} else {
			p.ticket.done()
		}
	}
}

// sync makes what was written durable and tells those who wait.
func (s *sinkRun) sync() {
	var err error
	//flowc:point before the sync of a sink
	if s.dirty && s.broken == nil {
		err = s.insistOn("sync", s.sink.Sync)
		s.dirty = false
	}
	if err == nil {
		err = s.broken
	}
	//flowc:point between sync and answer
	for i, t := range s.unsynced {
		if err != nil {
			t.fail(err)
		}
		t.done()
		s.unsynced[i] = nil
	}
	s.unsynced = s.unsynced[:0]
}

// insistOn calls Sync or the like, again as the policy says. An error that
// remains breaks the sink, unless those who wait can be told of it.
func (s *sinkRun) insistOn(op string, call func(context.Context) error) error {
	for attempt, gone := 0, 0; ; {
		err := s.p.guardCtx(s.p.hard, s.node, call)
		if err == nil {
			s.recovered(cantSync)
			return nil
		}
		switch {
		case unavailable(err) && s.p.hard.Err() == nil:
			s.ails |= cantSync
			s.p.health.gone(s.node, err)
			gone++
			s.policy.pause(s.p.hard, gone, err)
			continue
		case s.policy.covers(ClassOf(err)) && attempt < s.policy.Retry && s.policy.pause(s.p.hard, attempt+1, err):
			if attempt++; attempt >= ailingAfter {
				s.ail(cantSync, err)
			}
			s.counts.retried.Add(1)
			continue
		}
		cause := err
		err = s.errorOf(op, cause)
		if s.policy.Then != Reject || ClassOf(cause) == Fatal {
			s.breakDown(err)
			return err
		}
		s.ail(cantSync, cause)
		if now := time.Now(); now.Sub(s.told) >= tellEvery {
			// The senders are told that it failed, and not why.
			s.told = now
			s.p.log.Error("records are not durable, and their senders asked to come again", "node", s.name, "error", err)
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
	if s.keeps() {
		s.atKeptBarrier(mark)
		return
	}
	s.flush()
	s.answered = mark
	state := s.commit()
	//flowc:point a sink is behind a barrier
	if s.dead != nil {
		s.dead.queue.pass(s.deadProducer, mark)
	}
	mark.answer(s, state, s.broken == nil)
}

// atEnd is the end of the stream.
func (s *sinkRun) atEnd() {
	s.flush()
	s.awaitCheckpoint()
	state := s.commit()
	//flowc:point a sink is at its end
	if s.dead != nil {
		s.dead.queue.finish(s.deadProducer)
	}
	s.p.sinkEnded(s, state, s.broken == nil)
}

// awaitCheckpoint waits until the checkpoint that the sink gave its last state for is
// written, or will not be. Nothing waits for the sink meanwhile: what came to it has
// ended, and it has answered.
func (s *sinkRun) awaitCheckpoint() {
	if s.answered == nil {
		return
	}
	select {
	case <-s.answered.settled:
	case <-s.p.hard.Done():
	}
}

// commit is Sync, and the state that is now durable.
func (s *sinkRun) commit() json.RawMessage {
	if s.keeps() {
		s.syncAwaited()
		return nil
	}
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

// state is what the sink wants to find again; nil where it has none. Where there will
// be no more checkpoints it is not asked: it would take that for a sign that the last
// one was written.
func (s *sinkRun) state() (json.RawMessage, error) {
	stateful, ok := s.sink.(Stateful)
	if !ok || !s.p.checkpointing() || s.muted || s.p.tainted.Load() {
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
