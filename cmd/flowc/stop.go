package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/flowc-dev/flowc/backends/deploy"
	"github.com/flowc-dev/flowc/backends/local/runs"
)

type stopCmd struct {
	What    string        `arg:"" optional:"" help:"The run: its name, its pipeline's, or the file. Without: that of this folder, or the only one."`
	Target  string        `short:"t" help:"Of what was applied there, and not of what runs here." placeholder:"TARGET"`
	Timeout time.Duration `help:"How long its end may take until it is killed (default: its drain and some seconds)." placeholder:"DURATION"`
}

// A stopResult is how a run was ended.
type stopResult struct {
	Name string `json:"name"`
	// Result is stopped or killed, or that it had ended or been killed before.
	Result string    `json:"result"`
	End    *runs.End `json:"end,omitempty"`
}

// Run ends a run in order: it exits with 7 where that could not be had.
func (c *stopCmd) Run(a *app) error {
	if c.Target != "" {
		return a.changeApplied(c.Target, c.What, "stop", func(ctx context.Context, e deploy.Resting, id string) error { return e.Stop(ctx, id) })
	}
	r, err := a.theRunOrApplied(c.What)
	if err != nil {
		return err
	}
	if r == nil {
		return a.changeApplied("local", c.What, "stop", func(ctx context.Context, e deploy.Resting, id string) error { return e.Stop(ctx, id) })
	}
	res, err := a.stop(r, c.Timeout)
	if err != nil {
		return err
	}
	err = a.answer(r.Name+": "+res.Result, res, func(w io.Writer) { fmt.Fprintln(w, res) })
	if err == nil && (res.Result == stopKilled || res.End != nil && res.End.Code == exitDied) {
		return exit(exitDied)
	}
	return err
}

// What becomes of a run that is told to end.
const (
	stopOrdered = "stopped"
	stopKilled  = "killed"
	stopBefore  = "had ended"
	stopGone    = "had been killed"
)

// String is it for people.
func (r *stopResult) String() string {
	text := r.Name + ": " + r.Result
	if r.Result == stopKilled {
		return text + ": it did not end in time; the next run goes on from its last checkpoint"
	}
	if r.End != nil {
		if t := r.End.Totals; t != nil {
			text += ", " + t.String()
		}
		if r.End.Code != exitOK {
			text += fmt.Sprintf(", exit code %d", r.End.Code)
		}
	}
	return text
}

// stop ends a run of this machine; timeout 0 is what it may take by itself.
func (a *app) stop(r *runs.Run, timeout time.Duration) (*stopResult, error) {
	res := &stopResult{Name: r.Name, Result: stopBefore}
	if !r.Alive() {
		if res.End = r.Ended(); res.End == nil {
			res.Result = stopGone
		}
		return res, nil
	}
	if timeout == 0 {
		timeout = r.Grace
	}
	begun := time.Now() //nolint:forbidigo // how long somebody waits is no part of what is compiled
	inOrder, err := r.Stop(a.ctx, timeout, func() {
		says := ""
		for _, i := range r.Look(a.ctx).Instances {
			if i.Figures != nil && i.Figures.Says != "" {
				says = ": " + firstLine(i.Figures.Says)
			}
		}
		a.progress(fmt.Sprintf("%s ends%s, for %s of %s", r.Name, says, time.Since(begun).Round(time.Second), timeout)) //nolint:forbidigo // as above
	})
	if err != nil {
		if errors.Is(err, context.Canceled) {
			return nil, err
		}
		return nil, environment(err)
	}
	res.Result = stopKilled
	if inOrder {
		res.Result, res.End = stopOrdered, r.Ended()
	}
	return res, nil
}

// theRunOrApplied is the run of a word; nil is one that was applied to this machine.
func (a *app) theRunOrApplied(word string) (*runs.Run, error) {
	r, err := a.theRun(word)
	if err == nil || word == "" {
		return r, err
	}
	if a.appliedHere(word) {
		return nil, nil
	}
	return nil, err
}

// changeApplied has an engine stop or start again what was applied to it.
func (a *app) changeApplied(target, what, verb string, change func(context.Context, deploy.Resting, string) error) error {
	arg := appliedArg{What: what}
	e, compiled, err := a.place(target, arg)
	if err != nil {
		return err
	}
	r, err := a.applied(e, arg, compiled)
	if err != nil {
		return err
	}
	rests, ok := e.(deploy.Resting)
	if !ok {
		return environment(fmt.Errorf("%s is at %s, which keeps what was applied running: `flowc delete %s --target %s` ends it, and `flowc apply` starts it again", r.ID, e.Place(), r.ID, target))
	}
	if err := change(a.ctx, rests, r.ID); err != nil {
		if errors.Is(err, context.Canceled) {
			return err
		}
		return environment(err)
	}
	run, err := e.Run(a.ctx, r.ID)
	if err != nil {
		return environment(err)
	}
	res := statusResult{Place: e.Place(), Runs: []statusOfARun{}}
	if run != nil {
		res.Runs = append(res.Runs, statusOfARun{run.State(), run})
	}
	return a.answer(verb+" "+r.ID, res, res.show)
}
