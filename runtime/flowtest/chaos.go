package flowtest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"syscall"
	"time"
)

// A Fault is what is done to a running program.
type Fault string

// The faults.
const (
	// Kill ends it by a signal that it can't see.
	Kill Fault = "kill -9"
	// Terminate asks it to stop and waits until it has.
	Terminate Fault = "SIGTERM"
	// TerminateAndKill asks it to stop, and kills it while it does.
	TerminateAndKill Fault = "SIGTERM then kill -9"
	// Freeze stops it for a while, in which the clock goes on.
	Freeze Fault = "SIGSTOP"
	// Twice starts a second copy beside it, and kills the first where the second
	// has not given up by then.
	Twice Fault = "two copies"
)

// A Chaos runs a program and does harm to it, until its input is done.
type Chaos struct {
	Program Program
	// Seed decides which faults come when; the program decides what they meet.
	Seed uint64
	// Faults are those to choose from, all of AllFaults where there are none; Most is how many
	// come, and Between the time between two on average.
	Faults  []Fault
	Most    int
	Between time.Duration
	// More are faults of what is around the program, beside those: a server that goes
	// away and is back after a pause. They return when it is back.
	More map[Fault]func(pause time.Duration) error
	// Produce sends the input while the program runs, and returns when all of it is
	// accepted; nil where it is there already.
	Produce func(ctx context.Context) error
	// Done tells, when all was sent and the faults are over, whether all has arrived:
	// then the program is asked to stop, and must end with 0 (one that says by 143 that
	// it was cut short is started once more). Nil for a program that ends by itself,
	// with 0, when it has done its input.
	Done func() (bool, error)
	// Patience is how long the program may take to end, and Done to come, without
	// any fault; 0 for two minutes.
	Patience time.Duration
}

// A Result is what was done to a program.
type Result struct {
	Starts int           `json:"starts"`
	Faults map[Fault]int `json:"faults"`
}

// exitLocked is the code of a second copy that finds the first one running.
const exitLocked = 6

// Run returns when the program has done its input and no copy of it runs any more.
// An error is that it did not come to that: it ended by itself or hangs, or Produce
// failed. What is to be thought of its output Judge says.
func (c *Chaos) Run(ctx context.Context) (*Result, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r := &run{Chaos: c, rnd: rand.New(rand.NewPCG(c.Seed, 0xc4a05)), result: &Result{Faults: map[Fault]int{}}}
	if r.kinds = c.Faults; len(r.kinds) == 0 {
		r.kinds = AllFaults()
	}
	r.kinds = slices.Concat(r.kinds, slices.Sorted(maps.Keys(c.More)))
	if r.patience = c.Patience; r.patience == 0 {
		r.patience = 2 * time.Minute
	}
	defer func() {
		if r.now != nil {
			r.now.kill()
		}
	}()
	produced := make(chan error, 1)
	go func() {
		if c.Produce == nil {
			produced <- nil
			return
		}
		produced <- c.Produce(ctx)
	}()
	err := r.harm(ctx)
	if err == nil {
		err = r.finish(ctx, produced)
	}
	return r.result, err
}

// A run is a Chaos at work.
type run struct {
	*Chaos
	rnd      *rand.Rand
	kinds    []Fault
	patience time.Duration
	result   *Result
	now      *process // nil where none runs
	complete bool     // it ended by itself, and well
	cut      bool     // asked to stop, it said that not all it had is safe
}

// start starts the program where it does not run.
func (r *run) start() (err error) {
	if r.now != nil || r.complete {
		return nil
	}
	r.now, err = r.Program.start()
	r.result.Starts++
	return err
}

// harm does all the faults.
func (r *run) harm(ctx context.Context) error {
	for n := 0; n < r.Most; n++ {
		if err := r.start(); err != nil {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if r.now != nil && r.now.ended(r.sometime()) {
			if err := r.bySelf(); err != nil {
				return err
			}
		}
		if r.complete {
			return nil
		}
		if r.now == nil {
			continue
		}
		kind := r.kinds[r.rnd.IntN(len(r.kinds))]
		r.result.Faults[kind]++
		if err := r.do(kind); err != nil {
			return fmt.Errorf("%s: %w", kind, err)
		}
	}
	return r.start()
}

// sometime is a time around Between, often short.
func (r *run) sometime() time.Duration {
	return time.Duration(min(r.rnd.ExpFloat64(), 5) * float64(r.Between))
}

// bySelf judges a program that has ended without being asked to.
func (r *run) bySelf() error {
	p := r.now
	r.now = nil
	if p.gaveUp() {
		return nil
	}
	if r.Done != nil || p.code() != 0 {
		return p.fault(fmt.Sprintf("ended by itself, with exit code %d", p.code()))
	}
	r.complete = true
	return nil
}

// do does one fault to the program, which runs.
func (r *run) do(kind Fault) error {
	p := r.now
	switch kind {
	case Kill:
		p.kill()
		return r.killed()
	case Terminate, TerminateAndKill:
		p.signal(syscall.SIGTERM)
		if kind == TerminateAndKill && !p.ended(r.sometime()/4) {
			p.kill()
		}
		return r.stopped()
	case Freeze:
		p.freeze(r.sometime())
	case Twice:
		return r.twice()
	default:
		more := r.More[kind]
		if more == nil {
			return errors.New("there is no such fault")
		}
		return more(r.sometime())
	}
	return nil
}

// killed judges a program that may have ended before it was killed.
func (r *run) killed() error {
	p := r.now
	if p.code() == -1 {
		r.now = nil
		return nil
	}
	return r.bySelf()
}

// stopped waits for a program that was asked to stop.
func (r *run) stopped() error {
	p := r.now
	if !p.ended(r.patience) {
		return p.fault("does not stop")
	}
	r.now, r.cut = nil, false
	switch code := p.code(); {
	case p.gaveUp():
	case code == 0 && r.Done == nil:
		r.complete = true // it had done all by then
	case code == 0:
	case code == 128+int(syscall.SIGTERM): // it was cut short: one that has no end by what is around it
		r.cut = true
	case code == -1: // killed, or so early that nobody had asked for the signal
	default:
		return p.fault(fmt.Sprintf("was asked to stop and ended with exit code %d", code))
	}
	return nil
}

// twice starts a second copy. One of the two must go on.
func (r *run) twice() error {
	first := r.now
	second, err := r.Program.start()
	if err != nil {
		return err
	}
	r.result.Starts++
	first.rival, second.rival = true, true
	if !second.ended(r.sometime()) {
		first.kill()
		if err := r.killed(); err != nil {
			second.kill()
			return err
		}
		// Where the first had done all of it, the second is a run of its own, which may
		// have what the first published in its hands: it comes to its end as well.
		r.complete = false
		r.now = second
		return nil
	}
	switch code := second.code(); {
	case code == exitLocked:
	case code == 0 && r.Done == nil && first.ended(r.patience) && first.gaveUp():
		r.now, r.complete = nil, true // the second did all of it
	case code == 0 && r.Done == nil && first.ended(r.patience) && first.code() == 0:
		r.now, r.complete = nil, true // one behind the other, and nothing was left to do
	default:
		return second.fault(fmt.Sprintf("was started beside another copy, and ended with exit code %d", code))
	}
	return nil
}

// finish lets the program come to its end.
func (r *run) finish(ctx context.Context, produced <-chan error) error {
	for end := time.Now().Add(r.patience); ; {
		if r.now != nil && r.now.ended(0) {
			if err := r.bySelf(); err != nil {
				return err
			}
		}
		if err := r.start(); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-produced:
			if err != nil {
				return fmt.Errorf("producing: %w", err)
			}
			produced = nil
		case <-time.After(10 * time.Millisecond):
		}
		switch {
		case r.complete && produced == nil:
			return nil
		case produced == nil && r.Done != nil:
			done, err := r.Done()
			if err != nil {
				return err
			}
			if done {
				r.now.signal(syscall.SIGTERM)
				if err := r.stopped(); err != nil || !r.cut {
					return err
				}
			}
		}
		if time.Now().After(end) {
			if r.now == nil {
				return errors.New("producing does not come to its end")
			}
			return r.now.fault("does not come to its end")
		}
	}
}
