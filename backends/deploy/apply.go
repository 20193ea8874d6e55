package deploy

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Options say how a plan is carried out.
type Options struct {
	// Deliver brings the image to where the engine finds it; nil for nothing to do.
	Deliver func(context.Context) error
	// NoWait returns as soon as the engine has begun.
	NoWait bool
	// Timeout is how long a release may take to become ready, 0 for [DefaultTimeout].
	Timeout time.Duration
	// Progress hears what is being done; nil for nobody.
	Progress func(string)
}

// DefaultTimeout is how long a release may take to become ready. steady is for how long
// it has to be, and look how often the engine is asked.
const (
	DefaultTimeout = 5 * time.Minute
	steady         = 3 * time.Second
	look           = 500 * time.Millisecond
)

// Result is what became of a plan.
type Result string

// The results.
const (
	Unchanged  Result = "unchanged"
	Applied    Result = "applied"
	RolledBack Result = "rolled back"
	Broken     Result = "failed" // and what ran before does not run again
	Removed    Result = "deleted"
)

// An Outcome is a plan that was carried out.
type Outcome struct {
	Result Result `json:"result"`
	Plan   *Plan  `json:"plan"`
	// Run is how the release does, nil where nobody waited.
	Run *Run `json:"run,omitempty"`
}

// A FailedError is a release that did not become ready.
type FailedError struct {
	// ID is its own, Why says what happened.
	ID, Why string
	// Before is what runs again, nil where nothing ran before. Back is why it does
	// not, nil where it does.
	Before *Release
	Back   error
	// Log is what the release said last.
	Log []Line
	// Died tells that it was started; else what it needs is not there.
	Died bool
	// Untouched tells that it ran already, and that nothing was changed.
	Untouched bool
	err       error
}

func (e *FailedError) Error() string {
	text := fmt.Sprintf("%s: %s", e.ID, e.Why)
	for _, l := range e.Log {
		text += "\n  " + l.Instance + " | " + l.Text
	}
	switch {
	case e.Untouched:
		return text + "\nit is what was asked for, and nothing was changed"
	case e.Back != nil && e.Before != nil:
		return text + fmt.Sprintf("\n%s, which ran before, does not run again: %v", e.Before.Hash, e.Back)
	case e.Back != nil:
		return text + fmt.Sprintf("\nwhat was made for it is still there: %v", e.Back)
	case e.Before != nil:
		return text + fmt.Sprintf("\nrolled back: %s runs again", e.Before.Hash)
	}
	return text + "\nrolled back: nothing ran before, and nothing does"
}

// Result is what became of the plan.
func (e *FailedError) Result() Result {
	switch {
	case e.Untouched:
		return Unchanged
	case e.Back != nil:
		return Broken
	}
	return RolledBack
}

func (e *FailedError) Unwrap() error { return e.err }

// Apply carries a plan out. A release that can't start is refused before what runs is
// touched, a [*Refused]. One that does not become ready is taken back, a [*FailedError]:
// then what ran before runs again. A context that ends while it waits leaves the new
// release as it is.
func Apply(ctx context.Context, e Engine, p *Plan, o Options) (*Outcome, error) {
	a := &applying{engine: e, plan: p, options: o}
	if a.options.Timeout == 0 {
		a.options.Timeout = DefaultTimeout
	}
	return a.apply(ctx)
}

type applying struct {
	engine  Engine
	plan    *Plan
	options Options
	last    string
}

// say tells progress, each thing once.
func (a *applying) say(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if a.options.Progress == nil || text == a.last {
		return
	}
	a.last = text
	a.options.Progress(a.plan.ID + ": " + text)
}

func (a *applying) apply(ctx context.Context) (*Outcome, error) {
	p := a.plan
	if p.Empty() {
		return a.unchanged(ctx)
	}
	out := &Outcome{Result: Applied, Plan: p}
	if p.puts() {
		if err := a.put(ctx, out); err != nil {
			return nil, err
		}
	}
	if gone := p.objects(Delete); len(gone) > 0 {
		for _, o := range gone {
			a.say("deleting %s", o.ID())
		}
		if err := a.engine.Remove(ctx, p.ID, gone); err != nil {
			return nil, err
		}
		if p.Want == nil {
			out.Result = Removed
		}
	}
	return out, nil
}

// unchanged looks how a release does that is what is wanted, and waits where it is not
// ready.
func (a *applying) unchanged(ctx context.Context) (*Outcome, error) {
	out := &Outcome{Result: Unchanged, Plan: a.plan}
	if a.plan.Want == nil {
		return out, nil
	}
	run, err := a.engine.Run(ctx, a.plan.ID)
	if out.Run = run; err != nil || run == nil || run.Well() || a.options.NoWait {
		return out, err
	}
	run, why, err := a.wait(ctx, run.restarts())
	if why != "" {
		err = &FailedError{ID: a.plan.ID, Why: why, Died: true, Log: a.log(ctx), Untouched: true}
	}
	out.Run = run
	return out, err
}

// put delivers, tries, puts, and waits.
func (a *applying) put(ctx context.Context, out *Outcome) error {
	p := a.plan
	if a.options.Deliver != nil {
		a.say("delivering the image %s", p.Want.Image)
		if err := a.options.Deliver(ctx); err != nil {
			return err
		}
	}
	a.say("trying it beside what runs")
	if err := a.engine.Try(ctx, p.Want); err != nil {
		return errors.Join(err, a.untry(ctx))
	}
	a.say("starting %s", p.Want.Hash)
	// Nobody interrupts it where the old one has stopped and the new one has not begun.
	err := a.engine.Put(context.WithoutCancel(ctx), p.Want, p.seen)
	switch {
	case errors.Is(err, ErrChanged):
		return err
	case err != nil:
		return a.back(ctx, &FailedError{ID: p.ID, Why: err.Error(), err: err})
	case a.options.NoWait:
		return nil
	}
	run, why, err := a.wait(ctx, 0)
	switch {
	case ctx.Err() != nil && err != nil:
		a.say("nobody waits any more, and %s goes on starting", p.Want.Hash)
		return err
	case err != nil:
		return err
	case why != "":
		return a.back(ctx, &FailedError{ID: p.ID, Why: why, Died: true, Log: a.log(ctx)})
	}
	out.Run = run
	a.say("%s", run.summary())
	return nil
}

// untry deletes what a try that failed has left: all that was not there before. It is
// empty, for a try writes nothing.
func (a *applying) untry(ctx context.Context) error {
	return a.engine.Remove(context.WithoutCancel(ctx), a.plan.ID, a.plan.objects(Create))
}

// wait waits until the release is ready and stays so for a while. why is why it will
// not become ready; before is how often its instances had been started again when that
// began.
func (a *applying) wait(ctx context.Context, before int) (run *Run, why string, err error) {
	late := time.NewTimer(a.options.Timeout)
	defer late.Stop()
	well, restarts := 0, -1 // how often it was without a break
	for {
		run, err := a.engine.Run(ctx, a.plan.ID)
		switch {
		case err != nil && ctx.Err() == nil:
			return nil, "", fmt.Errorf("%s was started, and how it does can't be seen: %w", a.plan.ID, err)
		case err != nil:
			return nil, "", ctx.Err()
		case run == nil:
			return nil, "it is not there any more: somebody has deleted it", nil
		}
		if why := run.hopeless(before); why != "" {
			return run, why, nil
		}
		a.say("%s", run.summary())
		died := run.restarts()
		switch {
		case !run.Well():
			well = 0
		case run.State() == Ended:
			return run, "", nil
		case died != restarts:
			well = 1
		default:
			if well++; well > int(steady/look) {
				return run, "", nil
			}
		}
		restarts = died
		select {
		case <-late.C:
			return run, fmt.Sprintf("it was not ready after %s: %s", a.options.Timeout, run.summary()), nil
		case <-ctx.Done():
			return nil, "", ctx.Err()
		case <-time.After(look):
		}
	}
}

func (r *Run) restarts() int {
	n := 0
	for _, i := range r.Instances {
		n += i.Restarts
	}
	return n
}

// lastWords is how many lines of a log an error shows.
const lastWords = 10

// log is what the release said last, as far as that can be had.
func (a *applying) log(ctx context.Context) []Line {
	var lines []Line
	if err := a.engine.Logs(ctx, a.plan.ID, LogOptions{Tail: lastWords}, func(l Line) { lines = append(lines, l) }); err != nil {
		return nil
	}
	return lines[max(0, len(lines)-lastWords):]
}

// back brings back what ran before.
func (a *applying) back(ctx context.Context, failed *FailedError) error {
	p := a.plan
	ctx = context.WithoutCancel(ctx) // what has begun is brought to its end
	failed.Before = p.Before
	switch {
	case p.Before == nil:
		a.say("it failed: taking it away again")
		var made []Object
		for _, o := range p.objects(Create) {
			if !o.Data {
				made = append(made, o)
			}
		}
		failed.Back = a.engine.Remove(ctx, p.ID, made)
	case p.Before.Manifest == nil:
		failed.Back = errors.New("flowc did not apply it, and does not know how it was")
	default:
		a.say("it failed: rolling back to %s", p.Before.Hash)
		failed.Back = a.engine.Put(ctx, p.Before, "")
		if failed.Back == nil {
			failed.Back = a.again(ctx)
		}
	}
	return failed
}

// again waits until what ran before runs again.
func (a *applying) again(ctx context.Context) error {
	_, why, err := a.wait(ctx, 0)
	if err == nil && why != "" {
		err = errors.New(why)
	}
	return err
}
