package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/flowc-dev/flowc/backends/deploy"
	"github.com/flowc-dev/flowc/compiler/driver"
)

type statusCmd struct {
	appliedArg `embed:""`
	clusterArg `embed:""`
	planeArg   `embed:""`
	Target     string        `short:"t" help:"Where: ${applied}." placeholder:"TARGET"`
	Each       bool          `name:"all-pipelines" short:"A" help:"Of all pipelines that were applied there."`
	Watch      bool          `short:"w" help:"Show it again and again, until it ends."`
	Every      time.Duration `help:"How often --watch looks." default:"1s" placeholder:"DURATION"`
}

// A statusResult is what `flowc status` tells.
type statusResult struct {
	Place string          `json:"place"`
	Runs  []statusOfARun  `json:"runs"`
	Idle  []*idleReleases `json:"idle,omitempty"`
}

// A statusOfARun is a run with the word for all of it.
type statusOfARun struct {
	State deploy.State `json:"state"`
	*deploy.Run
}

// An idleReleases is what is left of a pipeline that does not run.
type idleReleases struct {
	ID   string          `json:"id"`
	Kept []deploy.Object `json:"kept"`
}

// Run shows how a run does, or what was applied: one pipeline, or all.
func (c *statusCmd) Run(a *app) error {
	if c.Every <= 0 {
		return usage(fmt.Errorf("--every %s: it is a time, such as 2s", c.Every))
	}
	look, err := c.looker(a)
	if err != nil {
		return err
	}
	if c.Watch {
		return a.watch(c.Every, look)
	}
	res, err := look()
	if err != nil {
		return err
	}
	return a.answer(plural(len(res.Runs), "pipeline")+" at "+res.Place, res, res.show)
}

// looker finds what the command is about, and returns what looks at it: a run of this
// machine, unless a target is named, or something applied.
func (c *statusCmd) looker(a *app) (look func() (*statusResult, error), err error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	if c.ControlPlane != "" {
		return func() (*statusResult, error) { return c.planes(a) }, nil
	}
	if c.Target == "" && !c.Each {
		r, err := a.runMeant(c.What)
		if err != nil {
			return nil, err
		}
		if r != nil {
			return func() (*statusResult, error) {
				run := r.Look(a.ctx)
				return &statusResult{Place: run.Place, Runs: []statusOfARun{{run.State(), run}}}, nil
			}, nil
		}
	}
	var e deploy.Engine
	var compiled *driver.Result
	if c.Each {
		t, failed := deployTo(c.Target, nil)
		if failed != nil {
			return nil, failed
		}
		e, err = t.open(a)
	} else {
		e, compiled, err = a.place(a.targetMeant(c.Target, c.What), c.appliedArg)
	}
	if err != nil {
		return nil, err
	}
	return func() (*statusResult, error) { return c.applied(a, e, compiled) }, nil
}

// planes is how a run does by what a control plane knows: one of a name, or all.
func (c *statusCmd) planes(a *app) (*statusResult, error) {
	all, err := c.runs(a.ctx)
	if err != nil {
		return nil, err
	}
	res := &statusResult{Place: "the control plane at " + c.ControlPlane, Runs: []statusOfARun{}}
	var names []string
	for _, run := range all {
		name, _, _ := strings.Cut(run.ID, "@")
		if c.What == "" || c.What == run.ID || c.What == name {
			res.Runs = append(res.Runs, statusOfARun{run.State(), run})
		}
		names = append(names, run.ID)
	}
	switch {
	case len(res.Runs) > 0:
		return res, nil
	case len(names) == 0:
		return nil, environment(fmt.Errorf("no run has registered with the control plane at %s: `flowc run --control-plane %s FILE` does", c.ControlPlane, c.ControlPlane))
	case c.What != "":
		return nil, environment(fmt.Errorf("no run %s has registered with the control plane at %s: there are %s", c.What, c.ControlPlane, strings.Join(names, ", ")))
	}
	return res, nil
}

// applied is how what was applied to an engine does.
func (c *statusCmd) applied(a *app, e deploy.Engine, compiled *driver.Result) (*statusResult, error) {
	var releases []*deploy.Release
	var err error
	if c.Each {
		if releases, err = e.Releases(a.ctx); err != nil {
			return nil, environment(err)
		}
	} else {
		r, err := a.applied(e, c.appliedArg, compiled)
		if err != nil {
			return nil, err
		}
		releases = []*deploy.Release{r}
	}
	res := &statusResult{Place: e.Place(), Runs: []statusOfARun{}}
	for _, r := range releases {
		run, err := e.Run(a.ctx, r.ID)
		switch {
		case err != nil:
			return nil, environment(err)
		case run == nil:
			res.Idle = append(res.Idle, &idleReleases{r.ID, r.Objects})
		default:
			res.Runs = append(res.Runs, statusOfARun{run.State(), run})
		}
	}
	return res, nil
}

// show prints a line for each instance, and where it is reached.
func (r statusResult) show(w io.Writer) {
	fmt.Fprintln(w, r.Place)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, run := range r.Runs {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", run.ID, run.State, cmp.Or(run.Hash, "-"), run.Image)
		for _, i := range run.Instances {
			line := fmt.Sprintf("  %s\t%s\tsince %s", i.Name, i.State, i.Since.Local().Format(time.DateTime))
			if i.Restarts > 0 {
				line += fmt.Sprintf(", started again %s", times(i.Restarts))
			}
			if i.ExitCode != 0 {
				line += fmt.Sprintf(", exit code %d", i.ExitCode)
			}
			if i.PID > 0 {
				line += fmt.Sprintf(", process %d", i.PID)
			}
			if i.Totals != nil {
				line += ", " + i.Totals.String()
			}
			if i.Says != "" {
				line += ": " + firstLine(i.Says)
			}
			fmt.Fprintln(t, line)
		}
		for _, i := range run.Instances {
			if i.Figures != nil {
				_ = t.Flush()
				showFigures(w, i.Figures)
			}
		}
		for _, port := range slices.Sorted(maps.Keys(run.Ports)) {
			fmt.Fprintf(t, "  port %s\tis at %s\n", port, strings.Join(run.Ports[port], ", "))
		}
	}
	for _, i := range r.Idle {
		fmt.Fprintf(t, "%s\tdoes not run\n", i.ID)
		for _, o := range i.Kept {
			fmt.Fprintf(t, "  %s\tis kept\n", o.ID())
		}
	}
	_ = t.Flush()
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}
