package flow

import (
	"math/rand/v2"
	"time"
)

// breakerAfter is how many writes must be given up, one behind the other and
// through no fault of their records, before the breaker opens.
const breakerAfter = 3

// A breaker keeps a sink that fails at every write from being hammered. Open, it
// lets one write through now and then, which is tried once: the probe. What comes
// meanwhile waits, or is refused at once where all its senders wait for an answer.
// A write that succeeds closes it.
type breaker struct {
	failures int       // writes that were given up, since one succeeded
	until    time.Time // when the next probe may come
	last     error     // of the last one
	random   func(n int64) int64
}

func (b *breaker) open() bool { return b.failures >= breakerAfter }

// failed notes a write that was given up. The pause before the next probe doubles,
// to the longest of the policy's; half of it is jitter.
func (b *breaker) failed(policy *Policy, err error, now time.Time) (opened bool) {
	b.failures++
	b.last = err
	if !b.open() {
		return false
	}
	random := b.random
	if random == nil {
		random = rand.Int64N
	}
	bound := policy.bound(b.failures - breakerAfter + 1)
	b.until = now.Add(bound/2 + time.Duration(random(int64(bound)/2+1)))
	return b.failures == breakerAfter
}

// succeeded closes the breaker.
func (b *breaker) succeeded() (closed bool) {
	closed = b.open()
	b.failures, b.last = 0, nil
	return closed
}

// admit waits until a write may be tried. It returns the error of a packet that is
// not even to be tried.
func (s *sinkRun) admit(o *Out) error {
	if !s.breaker.open() {
		return nil // without a look at the clock
	}
	wait := time.Until(s.breaker.until)
	if wait <= 0 {
		return nil
	}
	if s.policy.Then == Reject && o.allAwaited() {
		return s.breaker.last
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-s.p.hard.Done():
	case <-s.p.reading.Done(): // a program that drains has no time to wait
	}
	return nil
}

// noteGivenUp tells the breaker of a write of which nothing was written.
func (s *sinkRun) noteGivenUp(err error) {
	if !isAilment(err) || s.policy.Then == Stop {
		return
	}
	if s.breaker.failed(s.policy, err, time.Now()) {
		s.p.log.Warn("every write fails: it is tried now and then only, until one succeeds", "node", s.name, "error", err)
	}
}

// noteWritten tells the breaker of a write that succeeded.
func (s *sinkRun) noteWritten() {
	if s.breaker.failures > 0 && s.breaker.succeeded() {
		s.p.log.Info("writes succeed again", "node", s.name)
	}
}

// allAwaited tells whether a sender waits for each record of the packet.
func (o *Out) allAwaited() bool {
	for _, p := range o.engine.parts {
		if p.ticket.onDone == nil {
			return false
		}
	}
	return len(o.engine.parts) > 0
}
