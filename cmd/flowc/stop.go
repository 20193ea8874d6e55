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
	appliedArg `embed:""`
	clusterArg `embed:""`
	Target     string        `short:"t" help:"Where it was applied: ${applied}." placeholder:"TARGET"`
	Timeout    time.Duration `help:"How long the end of a run may take until it is killed (default: its drain and some seconds)." placeholder:"DURATION"`
}

// A stopResult is how a run was ended.
type stopResult struct {
	Name string `json:"name"`
	// Result is stopped or killed, or that it had ended or been killed before.
	Result string    `json:"result"`
	End    *runs.End `json:"end,omitempty"`
}

// Run ends a run, or what was applied, in order: it exits with 7 where that could not be had.
func (c *stopCmd) Run(a *app) error {
	r, err := a.runToChange(c.Target, c.What)
	if err != nil {
		return err
	}
	if r == nil {
		return a.changeApplied(c.Target, c.appliedArg, c.Timeout, "stop", deploy.Stop)
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

// runToChange is the run of this machine that a command means; nil is something applied.
func (a *app) runToChange(target, what string) (*runs.Run, error) {
	if target != "" {
		return nil, nil
	}
	return a.runMeant(what)
}

// changeApplied has an engine stop or start again what was applied to it.
func (a *app) changeApplied(target string, arg appliedArg, timeout time.Duration, verb string, change func(context.Context, deploy.Engine, string, deploy.Options) (*deploy.Run, error)) error {
	e, compiled, err := a.place(a.targetMeant(target, arg.What), arg)
	if err != nil {
		return err
	}
	r, err := a.applied(e, arg, compiled)
	if err != nil {
		return err
	}
	if timeout != 0 {
		return usage(fmt.Errorf("--timeout is for what `flowc run` has started: %s is at %s, which gives it the time that its pipeline may take to drain", r.ID, e.Place()))
	}
	run, err := change(a.ctx, e, r.ID, deploy.Options{Progress: a.progress})
	if err != nil {
		return notChanged(err)
	}
	res := statusResult{Place: e.Place(), Runs: []statusOfARun{}}
	state := deploy.Missing
	if run != nil {
		state = run.State()
		res.Runs = append(res.Runs, statusOfARun{state, run})
	}
	err = a.answer(verb+" "+r.ID+": "+string(state), res, func(w io.Writer) {
		fmt.Fprintf(w, "%s: %s\n", r.ID, state)
		if state == deploy.Failed {
			res.show(w)
		}
	})
	if err == nil && state == deploy.Failed {
		return exit(exitDied)
	}
	return err
}

// notChanged gives an error of an engine its exit code.
func notChanged(err error) error {
	var died *deploy.FailedError
	switch {
	case errors.Is(err, context.Canceled):
		return err
	case errors.As(err, &died):
		return &exitError{code: exitDied, err: err}
	}
	return environment(err)
}
