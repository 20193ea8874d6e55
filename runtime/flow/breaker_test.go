package flow

import (
	"errors"
	"math/rand/v2"
	"slices"
	"syscall"
	"testing"
	"time"
)

// Pauses are spread over all of what their bound allows, which doubles to the
// longest.
func TestJitter(t *testing.T) {
	p := Policy{Backoff: 100 * time.Millisecond, MaxBackoff: time.Second}
	rng := rand.New(rand.NewPCG(1, 2))
	for attempt, bound := range []time.Duration{1: 100 * time.Millisecond, 200 * time.Millisecond, 400 * time.Millisecond, 800 * time.Millisecond, time.Second, time.Second, 40: time.Second} {
		if bound == 0 {
			continue
		}
		var pauses []time.Duration
		for range 1000 {
			pauses = append(pauses, p.jitter(attempt, rng.Int64N))
		}
		least, most := slices.Min(pauses), slices.Max(pauses)
		if least > bound/50 || most > bound || most < bound*49/50 {
			t.Errorf("attempt %d: from %v to %v, not to %v", attempt, least, most, bound)
		}
	}
}

// The breaker opens at some failures behind one another, its pauses double with
// jitter, and a success closes it.
func TestBreaker(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	p := Policy{Backoff: time.Second, MaxBackoff: 5 * time.Second}
	b := breaker{random: rng.Int64N}
	now := time.Unix(1000, 0)
	fail := func() bool { return b.failed(&p, errBad, now) }
	for i := range 2 * breakerAfter {
		if fail() || b.open() {
			t.Fatalf("open after failure %d", i+1)
		}
		if i%2 == 1 {
			b.succeeded()
		}
	}
	b.succeeded()
	for range breakerAfter - 1 {
		fail()
	}
	if !fail() || !b.open() {
		t.Fatal("not open")
	}
	for _, bound := range []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 5 * time.Second, 5 * time.Second} {
		if pause := b.until.Sub(now); pause < bound/2 || pause > bound {
			t.Errorf("a pause of %v, not of %v to %v", pause, bound/2, bound)
		}
		if fail() {
			t.Error("opened once more")
		}
	}
	if !b.succeeded() || b.open() || b.succeeded() {
		t.Error("it does not close, or twice")
	}
}

// A sink that fails at every write gets one try now and then; all that comes is
// kept, and written when it is well again.
func TestBreakerHoldsBack(t *testing.T) {
	policy := Policy{Written: true, Retry: 2, Backoff: time.Millisecond, MaxBackoff: 4 * time.Millisecond, Then: Dead, Dead: nodeDead}
	sink := &memorySink{}
	source := newLines(1, numbers(0, 100)...)
	writes, well := 0, 20
	sink.before = func(*Out) error {
		if writes++; writes <= well {
			return system("write", syscall.EIO)
		}
		return nil
	}
	k := newOne(source, sink, oneOptions{
		nodes: func(nodes []Node) { nodes[nodeOut].Policy = policy },
		sink:  SinkOptions{Ends: true, Origins: true}, region: RegionOptions{Lanes: 1},
	})
	r, err := k.p.Run(t.Context(), RunOptions{StateDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	c := r.Nodes["out"]
	// Three writes were tried three times each before it opened, the others once.
	lost := int64(breakerAfter + well - breakerAfter*(policy.Retry+1))
	if c.Dead != lost || c.Out != 100-lost || c.Retried != int64(breakerAfter*policy.Retry) {
		t.Errorf("%d dead, not %d; %d out; %d retried", c.Dead, lost, c.Out, c.Retried)
	}
	if ready := k.p.Ready(t.Context()); errors.Is(ready, syscall.EIO) {
		t.Errorf("not ready: %v", ready)
	}
}
