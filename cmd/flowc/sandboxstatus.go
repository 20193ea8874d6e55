package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/flowc-dev/flowc/runtime/sandbox"
)

type sandboxStatusCmd struct {
	folderArg `embed:""`
	Watch     bool `short:"w" help:"Go on, and print it again when something changes."`
}

// A sandboxStatus is what `flowc sandbox status` tells.
type sandboxStatus struct {
	Folder string             `json:"folder"`
	State  *sandbox.State     `json:"state"`
	Env    []sandbox.Variable `json:"env"`
}

// Run shows how a sandbox does. The exit code is 0 where all of it does well.
func (c *sandboxStatusCmd) Run(a *app) error {
	if c.Watch && a.format == "json" {
		return usage(errors.New("--format json is one document, and --watch has no end: leave one of them out"))
	}
	f, plan, state, err := c.planned()
	if err != nil {
		return err
	}
	err = a.answer("the sandbox is "+string(state.Phase), sandboxStatus{plan.Folder, state, plan.Env}, func(w io.Writer) { showState(w, plan.Folder, state) })
	if err != nil {
		return err
	}
	for c.Watch {
		select {
		case <-a.ctx.Done():
			return a.ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
		now, err := sandbox.Look(f)
		if err != nil {
			return environment(err)
		}
		if now != nil && textOf(now) != textOf(state) {
			state = now
			fmt.Fprintln(a.stdout)
			showState(a.stdout, plan.Folder, state)
		}
	}
	if well(state) {
		return nil
	}
	return exit(exitEnv)
}

// textOf is all of a state, to tell another one from it.
func textOf(s *sandbox.State) string {
	text, err := json.Marshal(s)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// well tells whether a sandbox, and all that is in it, runs or has done its work.
func well(s *sandbox.State) bool {
	if s.Phase != sandbox.Ready {
		return false
	}
	for _, one := range s.Services {
		if one.Phase != sandbox.Ready {
			return false
		}
	}
	return s.Program == nil || s.Program.Phase == sandbox.Ready || s.Program.Phase == sandbox.Ended
}

// showState prints a line for each service, and for the pipeline.
func showState(w io.Writer, folder string, s *sandbox.State) {
	head := fmt.Sprintf("sandbox of %s: %s", folder, s.Phase)
	switch s.Phase {
	case sandbox.Killed:
		head += ": its process is gone, and nothing of it runs; `flowc sandbox start` goes on with what it keeps"
	case sandbox.Failed:
		head += ": " + s.Says
	}
	fmt.Fprintln(w, head)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	line := func(one *sandbox.Status) {
		text := fmt.Sprintf("  %s\t%s\t%s\t%s", one.Name, one.Kind, one.Phase, orWord(one.Address, "-"))
		if one.Restarts > 0 {
			text += ", started again " + times(one.Restarts)
		}
		if one.Says != "" {
			text += ", " + firstLine(one.Says)
		}
		fmt.Fprintln(t, text)
	}
	for i := range s.Services {
		line(&s.Services[i])
	}
	if s.Program != nil {
		line(s.Program)
	}
	_ = t.Flush()
}
