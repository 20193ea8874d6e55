package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/flowc-dev/flowc/backends"
	"github.com/flowc-dev/flowc/backends/deploy"
	"github.com/flowc-dev/flowc/compiler/driver"
	"github.com/flowc-dev/flowc/ir/diag"
)

// A step is a plan, and how its image comes to the engine; nil for one that is there.
type step struct {
	plan    *deploy.Plan
	deliver func(context.Context) error
}

// compile compiles all pipelines and checks them for the target; it goes on behind one
// with errors.
func (c *applyCmd) compile(a *app) (all []*driver.Result, folders []string, err error) {
	files, folders, err := c.paths()
	if err != nil {
		return nil, nil, err
	}
	seen := map[string]string{}
	for _, file := range files {
		r, failed := pipelineArg{File: file, Overlay: c.Overlay, Env: c.Env, bringArg: c.bringArg, pins: true}.compile(a)
		if failed == nil {
			failed = c.check(a, r)
		}
		if invalid, ok := errors.AsType[*exitError](failed); ok && invalid.code == exitInvalid {
			err = failed
			continue
		}
		if failed != nil {
			return nil, nil, failed
		}
		if other, twice := seen[r.Program.Name]; twice {
			return nil, nil, usage(fmt.Errorf("%s and %s are both called %s: one would replace the other", other, file, r.Program.Name))
		}
		seen[r.Program.Name] = file
		all = append(all, r)
	}
	return all, folders, err
}

func (c *applyCmd) check(a *app, r *driver.Result) error {
	t, err := deployTo(c.Target, r)
	if err != nil {
		return err
	}
	b, err := target(t.name)
	if err != nil {
		return err
	}
	list := b.Check(r.Program, backends.Options(r.Program.Targets[b.Name()]))
	// Whether the image has the programs of commands is seen when it is built, or is the
	// business of who made the one that is given.
	return a.report(slices.DeleteFunc(list, func(d *diag.Diagnostic) bool {
		return d.Code == diag.TargetComponent && d.Severity == diag.Warning
	}))
}

// plan builds the images and compares; nothing is changed anywhere.
func (c *applyCmd) plan(a *app, t *deployTarget, e deploy.Engine, wanted []*driver.Result, folders []string) ([]step, error) {
	var steps []step
	var names []string
	for _, r := range wanted {
		image, loaded, deliver, err := c.image(a, t, e, r)
		if err != nil {
			return nil, err
		}
		release, err := t.release(r, image, loaded)
		if err != nil {
			return nil, err
		}
		p, err := deploy.NewPlan(a.ctx, e, release, c.Prune)
		if err != nil {
			return nil, environment(err)
		}
		steps, names = append(steps, step{p, deliver}), append(names, r.Program.Name)
	}
	if !c.Prune || len(folders) == 0 {
		return steps, nil
	}
	releases, err := e.Releases(a.ctx)
	if err != nil {
		return nil, environment(err)
	}
	for _, folder := range folders {
		for _, r := range deploy.Orphans(releases, folder, names) {
			steps = append(steps, step{plan: deploy.NewRemoval(e, r, false)})
		}
	}
	return steps, nil
}
