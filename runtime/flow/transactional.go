package flow

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// A Transactional sink can keep the program's checkpoint in the transaction that
// its records are in, so that after a crash there are both or neither: each record
// then takes effect once. The engine asks one sink of a program to do so
// (SinkOptions.KeepsCheckpoint); from all others, and without it, it is a sink
// whose Write and Sync have what they were given committed.
type Transactional interface {
	Sink
	// Keep is called before Open: what Write is given from then on becomes visible
	// and durable by Commit alone, and Close rolls back what was not committed. Sync
	// commits without a checkpoint; the engine calls it only where a sender waits.
	Keep(pipeline string)
	// Load reads the checkpoint that was committed last and its generation; 0 and
	// nil for none. It is called after Open.
	Load(ctx context.Context) (generation uint64, checkpoint []byte, err error)
	// Commit makes all that was written since the last Commit and the checkpoint of
	// a generation durable, at once. It replaces the one of generation previous (0
	// for none): where another is there, it commits nothing and returns ErrFenced.
	// Nobody calls Write meanwhile.
	Commit(ctx context.Context, generation, previous uint64, checkpoint []byte) error
	// Forget removes the checkpoint, not the records.
	Forget(ctx context.Context) error
}

// A Paced sink is a Transactional one whose transactions do not last for ever. Pace
// says how often checkpoints are made; it is called after Keep and before Open.
type Paced interface {
	Pace(every time.Duration)
}

// A Claimer is a Transactional sink that can shut other copies of the program out
// before it has anything to commit. Claim is called when a run begins, after Open
// and before Load; commands that look at a checkpoint do not call it. A sink that
// was not told so claims with its first Write or Commit.
type Claimer interface {
	Claim(ctx context.Context) error
}

// ErrFenced is what Transactional.Commit returns where another copy of the program
// has committed.
var ErrFenced = errors.New("another copy of the program has committed")

// A RolledBackError tells that what a transactional sink was given since the last
// checkpoint is not there, or that nobody knows whether it is: its transaction
// went with a connection. The program goes back to the checkpoint that is there;
// running it again does so.
type RolledBackError struct{ Err error }

// Error says what happened, and that nothing is lost.
func (e *RolledBackError) Error() string {
	return fmt.Sprintf("the transaction is gone, so the program goes back to its checkpoint: %v", e.Err)
}

// Fatal tells that neither the records nor the connection are to be tried again
// before that.
func (e *RolledBackError) Fatal() bool { return true }

// Unavailable tells the same of a cause that would be waited for.
func (e *RolledBackError) Unavailable() bool { return false }

// Unwrap is the cause.
func (e *RolledBackError) Unwrap() error { return e.Err }

// A keeper is where a program's checkpoints are.
type keeper interface {
	// load reads the one to go on from; nil for none.
	load(ctx context.Context) (*Checkpoint, error)
	// save publishes c, whose generation follows previous, and nothing where
	// another one than previous is there.
	save(ctx context.Context, c *Checkpoint, previous uint64) error
	// remove forgets the one of a generation, and returns the generation that stands
	// there from then on; 0 for none.
	remove(ctx context.Context, generation uint64) (uint64, error)
	// where is its place, for messages.
	where() string
	// lasts tells that the checkpoint of a complete run stays: where the records
	// are, the next run is to find that there is nothing new.
	lasts() bool
}

// sinkKeeper keeps checkpoints in the transactions of a sink.
type sinkKeeper struct {
	s    *sinkRun
	sink Transactional
}

func (k *sinkKeeper) where() string { return "sink " + k.s.name }

func (k *sinkKeeper) lasts() bool { return true }

func (k *sinkKeeper) load(ctx context.Context) (c *Checkpoint, err error) {
	err = k.s.p.insist(ctx, k.s.node, func(ctx context.Context) error {
		generation, data, err := k.sink.Load(ctx)
		if err != nil || generation == 0 {
			c = nil
			return err
		}
		if c, err = decodeCheckpoint(data); err != nil {
			return &StateError{Path: k.where(), Reason: "the checkpoint can't be used (start with --fresh to begin anew without it)", Err: err}
		}
		if c.Generation != generation {
			return &StateError{Path: k.where(), Reason: fmt.Sprintf("the checkpoint says that it is number %d, and stands as number %d: somebody has changed it", c.Generation, generation)}
		}
		return nil
	})
	if err != nil {
		return nil, k.s.p.nodeError(k.s.node, "load", err)
	}
	return c, nil
}

// claim shuts other copies out, where the sink can.
func (k *sinkKeeper) claim(ctx context.Context) error {
	c, ok := k.sink.(Claimer)
	if !ok {
		return nil
	}
	if err := k.s.p.insist(ctx, k.s.node, c.Claim); err != nil {
		return k.s.p.nodeError(k.s.node, "open", err)
	}
	return nil
}

func (k *sinkKeeper) save(ctx context.Context, c *Checkpoint, previous uint64) error {
	data, err := c.encode()
	if err != nil {
		return &StateError{Path: k.where(), Reason: "the checkpoint can't be encoded", Err: err}
	}
	//flowc:point before records and checkpoint are committed
	err = k.s.p.guardCtx(ctx, k.s.node, func(ctx context.Context) error {
		return k.sink.Commit(ctx, c.Generation, previous, data)
	})
	//flowc:point behind the commit of records and checkpoint
	switch {
	case err == nil:
		k.s.dirty = false
		return nil
	case errors.Is(err, ErrFenced):
		return &StateError{Path: k.where(), Reason: "another copy of the program has committed there, so this one commits nothing more", Err: err}
	case unavailable(err):
		// Whether it was committed is not known: who goes back finds out.
		err = &RolledBackError{err}
	}
	return k.s.p.nodeError(k.s.node, "commit", err)
}

func (k *sinkKeeper) remove(ctx context.Context, _ uint64) (uint64, error) {
	if err := k.s.p.insist(ctx, k.s.node, k.sink.Forget); err != nil {
		return 0, k.s.p.nodeError(k.s.node, "forget", err)
	}
	return 0, nil
}

// keeperSink is the sink that keeps the checkpoint; nil for none. There is
// something to keep where a source can go back.
func (p *Program) keeperSink() (*sinkRun, Transactional) {
	for _, s := range p.sinks {
		if sink, ok := s.sink.(Transactional); ok && s.options.KeepsCheckpoint && p.seeks {
			return s, sink
		}
	}
	return nil, nil
}

// checkKeeper finds mistakes of the wiring.
func (p *Program) checkKeeper() {
	first := ""
	for _, s := range p.sinks {
		if !s.options.KeepsCheckpoint {
			continue
		}
		if _, ok := s.sink.(Transactional); !ok {
			p.mistake("sink %s is to keep the checkpoint, and is not transactional", s.name)
		}
		if p.cells != nil {
			p.mistake("sink %s is to keep the checkpoint, and so are cells", s.name)
		}
		if first != "" {
			p.mistake("sinks %s and %s are to keep the checkpoint, and one can", first, s.name)
		}
		first = s.name
	}
}

// keeps tells whether the sink keeps the program's checkpoint.
func (s *sinkRun) keeps() bool { return s.p.store != nil && s.p.store.kept == s }

// atKeptBarrier is atBarrier of the sink that keeps the checkpoint: what it has is
// committed when all the others have made theirs durable, and until then nothing
// that lies behind the barrier may come into the transaction.
func (s *sinkRun) atKeptBarrier(mark *barrier) {
	s.flush()
	s.syncAwaited()
	if s.dead != nil {
		s.dead.queue.pass(s.deadProducer, mark)
	}
	mark.control.mu.Lock()
	mark.byKeeper = true
	mark.control.mu.Unlock()
	mark.answer(s, json.RawMessage(nil), s.broken == nil)
	select {
	case <-mark.done:
		s.p.commit(mark)
		close(mark.over)
	case <-s.p.hard.Done():
	}
}

// syncAwaited makes durable what senders wait for.
func (s *sinkRun) syncAwaited() {
	if len(s.unsynced) > 0 {
		s.sync()
	}
}
