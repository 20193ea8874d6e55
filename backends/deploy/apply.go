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

// Apply carries a plan out. A release that can't start is refused before what runs is
// touched, a [*Refused]. One that does not become ready is taken back, a [*FailedError]:
// then what ran before runs again. A context that ends while it waits leaves the new
// release as it is.
func Apply(ctx context.Context, e Engine, p *Plan, o Options) (*Outcome, error) {
	return newApplying(e, p, o).apply(ctx)
}

func newApplying(e Engine, p *Plan, o Options) *applying {
	if o.Timeout == 0 {
		o.Timeout = DefaultTimeout
	}
	return &applying{engine: e, plan: p, options: o}
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
		a.say("delivering %s", p.Want.Image)
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
