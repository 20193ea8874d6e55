package main

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/flowc-dev/flowc/backends/deploy"
)

type applyCmd struct {
	clusterArg `embed:""`
	Paths      []string      `arg:"" optional:"" help:"Pipelines (YAML, JSON or CUE), or a folder of them; - is standard input. Without: the one of this folder."`
	File       []string      `short:"f" help:"The same, as a flag." sep:"none" placeholder:"FILE"`
	Overlay    []string      `help:"Merge this file over each pipeline." placeholder:"FILE"`
	Env        string        `help:"Merge pipeline.NAME.yaml, beside the pipeline, over it." placeholder:"NAME"`
	Target     string        `short:"t" help:"Where to: ${applied}. The default is the one that the pipeline has options for." placeholder:"TARGET"`
	Image      string        `help:"The image's name; with a digest it is taken as it is, and nothing is built." placeholder:"REF"`
	Push       bool          `help:"Push the image to its registry, instead of loading it into the engine."`
	Base       string        `help:"Put the program on this image, instead of on nothing." placeholder:"IMAGE"`
	Platform   []string      `help:"What an image that is pushed is for, as linux/amd64,linux/arm64: the default." placeholder:"PLATFORM"`
	DryRun     bool          `help:"Show the plan, and change nothing."`
	Diff       bool          `help:"Show the plan, change nothing, and exit with 8 if there is something to change."`
	Prune      bool          `help:"Delete what was applied earlier and is no longer wanted; of a folder, its pipelines that are gone too."`
	Wait       bool          `help:"Wait until it is ready, and roll back if it does not become so." default:"true" negatable:""`
	Timeout    time.Duration `help:"How long that may take." default:"5m" placeholder:"DURATION"`
	bringArg   `embed:""`
	Yes        bool `short:"y" help:"Ask nobody."`
}

// An applyResult is what `flowc apply` tells.
type applyResult struct {
	Target    string         `json:"target"`
	Place     string         `json:"place"`
	DryRun    bool           `json:"dry_run"`
	Pipelines []applyOutcome `json:"pipelines"`
}

// An applyOutcome is a plan, and what became of it.
type applyOutcome struct {
	deploy.Outcome
	Error string `json:"error,omitempty"`
}

// Run compiles everything, plans everything, asks once, and applies one after the other.
func (c *applyCmd) Run(a *app) error {
	wanted, folders, err := c.compile(a)
	if err != nil {
		return err
	}
	t, err := deployTo(c.Target, wanted[0])
	if err != nil {
		return err
	}
	e, err := t.open(a)
	if err != nil {
		return err
	}
	steps, err := c.plan(a, t, e, wanted, folders)
	if err != nil {
		return err
	}
	res := &applyResult{Target: t.name, Place: e.Place(), DryRun: c.DryRun || c.Diff}
	changes := 0
	for _, s := range steps {
		res.Pipelines = append(res.Pipelines, applyOutcome{Outcome: deploy.Outcome{Plan: s.plan}})
		if !s.plan.Empty() {
			changes++
		}
	}
	switch {
	case c.Diff && changes > 0:
		summary := fmt.Sprintf("%s differ from what is applied", plural(changes, "pipeline"))
		if err := a.answerNot(summary, res, func(w io.Writer) { a.showPlans(w, steps) }); err != nil {
			return err
		}
		return exit(exitDrift)
	case c.DryRun || c.Diff:
		return a.answer(fmt.Sprintf("%d of %s would change", changes, plural(len(steps), "pipeline")), res, func(w io.Writer) { a.showPlans(w, steps) })
	case changes > 0:
		if a.format != "json" {
			a.showPlans(a.stdout, steps)
		}
		if err := a.confirm("apply", c.Yes); err != nil {
			return err
		}
	}
	return c.apply(a, e, steps, res)
}

// apply carries the plans out, up to the first that fails.
func (c *applyCmd) apply(a *app, e deploy.Engine, steps []step, res *applyResult) error {
	for i, s := range steps {
		out, err := deploy.Apply(a.ctx, e, s.plan, deploy.Options{Deliver: s.deliver, NoWait: !c.Wait, Timeout: c.Timeout, Progress: a.progress})
		if err != nil {
			return a.notApplied(err, res, i)
		}
		res.Pipelines[i].Outcome = *out
	}
	return a.answer("applied to "+res.Place, res, func(w io.Writer) {
		for _, p := range res.Pipelines {
			line := fmt.Sprintf("%s: %s", p.Plan.ID, p.Result)
			if p.Run != nil {
				line += ", " + string(p.Run.State())
			}
			fmt.Fprintln(w, line)
		}
	})
}

// notApplied tells of the pipeline that failed, and gives the error its exit code.
func (a *app) notApplied(err error, res *applyResult, failed int) error {
	if a.ctx.Err() != nil {
		return err
	}
	code := exitEnv
	var died *deploy.FailedError
	if errors.As(err, &died) {
		res.Pipelines[failed].Result = died.Result()
		if died.Died {
			code = exitDied
		}
	}
	if errors.Is(err, deploy.ErrChanged) {
		err = fmt.Errorf("%w: apply again to see the plan for what is there now", err)
	}
	if already, ok := errors.AsType[*exitError](err); ok {
		code = already.code
	}
	text := err.Error()
	res.Pipelines[failed].Error = text
	if a.format == "json" {
		if err := a.envelope(envelope{Summary: text, Result: res, Error: &text}); err != nil {
			return environment(err)
		}
		return exit(code)
	}
	return &exitError{code: code, err: err}
}

// showPlans prints plans, those with nothing to change in a line.
func (a *app) showPlans(w io.Writer, steps []step) {
	for _, s := range steps {
		if s.plan.Empty() {
			fmt.Fprintf(w, "%s at %s: %s\n", s.plan.ID, s.plan.Place, s.plan.Summary())
			continue
		}
		s.plan.Text(w, a.colorOut)
		fmt.Fprintln(w, s.plan.Summary())
	}
}
