package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/flowc-dev/flowc/backends/deploy"
)

type logsCmd struct {
	appliedArg `embed:""`
	clusterArg `embed:""`
	Target     string        `short:"t" help:"Where: ${applied}." placeholder:"TARGET"`
	Follow     bool          `short:"f" help:"Go on with what comes, across restarts and new versions."`
	Tail       int           `help:"Begin with so many of the last lines of each instance; all without it." default:"-1" placeholder:"N"`
	Since      time.Duration `help:"Begin with what is younger than that." placeholder:"DURATION"`
}

// Run prints what a pipeline that was applied says.
func (c *logsCmd) Run(a *app) error {
	if c.Follow && a.format != "text" {
		return usage(errors.New("--format json is one document, and --follow has no end: leave one of them out"))
	}
	e, compiled, err := a.place(c.Target, c.appliedArg)
	if err != nil {
		return err
	}
	r, err := a.applied(e, c.appliedArg, compiled)
	if err != nil {
		return err
	}
	o := deploy.LogOptions{Follow: c.Follow, Tail: c.Tail}
	if c.Since > 0 {
		o.Since = time.Now().Add(-c.Since) //nolint:forbidigo // nothing is compiled from a log
	}
	lines := []deploy.Line{}
	err = e.Logs(a.ctx, r.ID, o, func(l deploy.Line) {
		if a.format == "text" {
			fmt.Fprintf(a.stdout, "%s | %s\n", l.Instance, l.Text)
			return
		}
		lines = append(lines, l)
	})
	switch {
	case errors.Is(err, context.Canceled):
		return err
	case err != nil:
		return environment(err)
	case a.format == "text":
		return nil
	}
	return a.answer(plural(len(lines), "line")+" of "+r.ID, map[string]any{"id": r.ID, "lines": lines}, nil)
}
