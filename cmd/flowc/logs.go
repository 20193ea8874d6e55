package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/flowc-dev/flowc/backends/deploy"
	"github.com/flowc-dev/flowc/backends/local/logfile"
	"github.com/flowc-dev/flowc/backends/local/runs"
)

type logsCmd struct {
	appliedArg `embed:""`
	clusterArg `embed:""`
	Target     string        `short:"t" help:"Where: ${applied}." placeholder:"TARGET"`
	Follow     bool          `short:"f" help:"Go on with what comes, across restarts and new versions."`
	Tail       int           `help:"Begin with so many of the last lines of each instance; all without it." default:"-1" placeholder:"N"`
	Since      time.Duration `help:"Begin with what is younger than that." placeholder:"DURATION"`
}

// Run prints what a pipeline says that runs here or was applied.
func (c *logsCmd) Run(a *app) error {
	if c.Follow && a.format != "text" {
		return usage(errors.New("--format json is one document, and --follow has no end: leave one of them out"))
	}
	if c.Target == "" {
		r, err := a.runMeant(c.What)
		if err != nil {
			return err
		}
		if r != nil {
			o := deploy.LogOptions{Follow: c.Follow, Tail: c.Tail, Since: r.At}
			if c.Since > 0 {
				o.Since = time.Now().Add(-c.Since) //nolint:forbidigo // nothing is compiled from a log
			}
			return a.runLog(r, o)
		}
	}
	e, compiled, err := a.place(a.targetMeant(c.Target, c.What), c.appliedArg)
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
	return a.printLog(r.ID, func(line func(deploy.Line)) error { return e.Logs(a.ctx, r.ID, o, line) })
}

// runLog prints what a run says, or has said; who follows is let go when it has ended.
func (a *app) runLog(r *runs.Run, o deploy.LogOptions) error {
	return a.printLog(r.Name, func(line func(deploy.Line)) error {
		return logfile.Read(a.ctx, r.LogPath(), o, func() bool { return !r.Alive() }, line)
	})
}

// printLog prints lines as they come, or all of them as one document.
func (a *app) printLog(id string, read func(line func(deploy.Line)) error) error {
	lines := []deploy.Line{}
	err := read(func(l deploy.Line) {
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
	return a.answer(plural(len(lines), "line")+" of "+id, map[string]any{"id": id, "lines": lines}, nil)
}
