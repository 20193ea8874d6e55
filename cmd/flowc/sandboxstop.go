package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/flowc-dev/flowc/runtime/sandbox"
)

type sandboxStopCmd struct {
	folderArg `embed:""`
	Fresh     bool `help:"Remove what it keeps, too."`
	Force     bool `help:"Kill it, and do not wait for its end in order."`
}

// Run ends a sandbox. One that does not run is as it is to be.
func (c *sandboxStopCmd) Run(a *app) error {
	if err := supportedSandbox(); err != nil {
		return err
	}
	f, plan, state, err := c.planned()
	if err != nil {
		return err
	}
	was := state.PID != 0
	err = f.Alone(func() error {
		if c.Force {
			if _, err := f.Signal(os.Kill); err != nil {
				return err
			}
		}
		if err := a.stopSandbox(f, plan); err != nil {
			return err
		}
		if c.Fresh {
			return a.eraseSandbox(f, plan.ID)
		}
		return nil
	})
	if err != nil {
		return environment(err)
	}
	text := "the sandbox in " + plan.Folder + " is stopped"
	switch {
	case c.Fresh:
		text += ", and nothing is kept of it"
	case !was:
		text = "the sandbox in " + plan.Folder + " did not run"
	}
	return a.answer(text, map[string]any{"folder": plan.Folder, "ran": was, "kept": !c.Fresh}, func(w io.Writer) { fmt.Fprintln(w, text) })
}

// The times that a sandbox has to end: in order, and behind a kill.
const (
	sandboxGrace = 90 * time.Second
	killGrace    = 10 * time.Second
)

// stopSandbox ends a sandbox in order, kills it where it does not end, and removes what one
// that was killed has left.
func (a *app) stopSandbox(f sandbox.Folder, plan *sandbox.Plan) error {
	grace := sandboxGrace
	if plan != nil && plan.Program != nil {
		grace += time.Duration(plan.Program.Grace)
	}
	told, err := f.Signal(syscall.SIGTERM)
	if err != nil {
		return err
	}
	gone, err := f.Gone(grace)
	if err != nil {
		return err
	}
	if !gone {
		fmt.Fprintf(a.stderr, "it does not end within %s, and is killed\n", grace)
		if _, err := f.Signal(os.Kill); err != nil {
			return err
		}
		if gone, err = f.Gone(killGrace); err != nil || !gone {
			return errors.Join(err, errors.New("the sandbox was killed, and does not end"))
		}
	}
	if plan == nil || told && gone && !hasContainers(plan) {
		return nil
	}
	return sandbox.Clear(context.WithoutCancel(a.ctx), plan.ID, false)
}

func hasContainers(plan *sandbox.Plan) bool {
	for _, s := range plan.Services {
		if s.Kind == sandbox.Container {
			return true
		}
	}
	return false
}

// eraseSandbox removes what a sandbox that does not run keeps.
func (a *app) eraseSandbox(f sandbox.Folder, id string) error {
	plan, err := f.Plan()
	if err == nil && plan != nil && hasContainers(plan) {
		if err := sandbox.Clear(context.WithoutCancel(a.ctx), id, true); err != nil {
			return err
		}
	}
	return sandbox.Erase(f)
}

type sandboxUpgradeCmd struct {
	folderArg `embed:""`
}

// Run pulls the images of a sandbox's containers. What it serves itself is of flowc's own
// version, and is built anew with it.
func (c *sandboxUpgradeCmd) Run(a *app) error {
	_, plan, state, err := c.planned()
	if err != nil {
		return err
	}
	var pulled []string
	for _, s := range plan.Services {
		if s.Container == nil {
			continue
		}
		engine, err := sandbox.Engine()
		if err != nil {
			return environment(err)
		}
		cmd := exec.CommandContext(a.ctx, engine, "pull", s.Container.Image)
		cmd.Stdout, cmd.Stderr = a.stderr, a.stderr
		if err := cmd.Run(); err != nil {
			return environment(fmt.Errorf("%s can't be pulled: %w", s.Container.Image, err))
		}
		pulled = append(pulled, s.Container.Image)
	}
	text := "there is nothing to upgrade: all of it is served by flowc itself, in its own version"
	if len(pulled) > 0 {
		text = "pulled " + strings.Join(pulled, ", ")
		if state.PID != 0 {
			text += ": `flowc sandbox stop && flowc sandbox start` runs them"
		}
	}
	return a.answer(text, map[string]any{"pulled": pulled}, func(w io.Writer) { fmt.Fprintln(w, text) })
}
