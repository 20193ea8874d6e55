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
	Target     string `short:"t" help:"Where: ${applied}." placeholder:"TARGET"`
	Each       bool   `name:"all-pipelines" short:"A" help:"Of all pipelines that were applied there."`
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

// Run shows how what was applied does: one pipeline, or all.
func (c *statusCmd) Run(a *app) error {
	var e deploy.Engine
	var compiled *driver.Result
	var err error
	if c.Each {
		t, failed := deployTo(c.Target, nil)
		if failed != nil {
			return failed
		}
		e, err = t.open(a)
	} else {
		e, compiled, err = a.place(c.Target, c.appliedArg)
	}
	if err != nil {
		return err
	}
	var releases []*deploy.Release
	if c.Each {
		if releases, err = e.Releases(a.ctx); err != nil {
			return environment(err)
		}
	} else {
		r, err := a.applied(e, c.appliedArg, compiled)
		if err != nil {
			return err
		}
		releases = []*deploy.Release{r}
	}
	res := statusResult{Place: e.Place(), Runs: []statusOfARun{}}
	for _, r := range releases {
		run, err := e.Run(a.ctx, r.ID)
		switch {
		case err != nil:
			return environment(err)
		case run == nil:
			res.Idle = append(res.Idle, &idleReleases{r.ID, r.Objects})
		default:
			res.Runs = append(res.Runs, statusOfARun{run.State(), run})
		}
	}
	return a.answer(plural(len(res.Runs), "pipeline")+" at "+res.Place, res, res.show)
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
			if i.Says != "" {
				line += ": " + firstLine(i.Says)
			}
			fmt.Fprintln(t, line)
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
