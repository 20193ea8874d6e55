package main

import (
	"fmt"
	"io"

	"github.com/flowc-dev/flowc/backends/deploy"
)

type deleteCmd struct {
	appliedArg `embed:""`
	clusterArg `embed:""`
	Target     string `short:"t" help:"Where it was applied: ${applied}." placeholder:"TARGET"`
	State      bool   `help:"Delete its volumes too: the state, and what sinks wrote into them."`
	DryRun     bool   `help:"Show what would be deleted, and delete nothing."`
	Yes        bool   `short:"y" help:"Ask nobody."`
}

// Run stops a pipeline that was applied, in order, and deletes what belongs to it.
func (c *deleteCmd) Run(a *app) error {
	e, compiled, err := a.place(c.Target, c.appliedArg)
	if err != nil {
		return err
	}
	r, err := a.applied(e, c.appliedArg, compiled)
	if err != nil {
		return err
	}
	p := deploy.NewRemoval(e, r, c.State)
	steps := []step{{plan: p}}
	if c.DryRun {
		return a.answer(p.Summary(), deploy.Outcome{Plan: p}, func(w io.Writer) { a.showPlans(w, steps) })
	}
	if !p.Empty() {
		if a.format != "json" {
			a.showPlans(a.stdout, steps)
		}
		if err := a.confirm("delete", c.Yes); err != nil {
			return err
		}
	}
	out, err := deploy.Apply(a.ctx, e, p, deploy.Options{Progress: a.progress})
	if err != nil {
		return environment(err)
	}
	return a.answer(string(out.Result)+" "+p.ID, out, func(w io.Writer) { fmt.Fprintf(w, "%s: %s\n", p.ID, out.Result) })
}
