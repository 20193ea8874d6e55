package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/flowc-dev/flowc/backends/deploy"
	"github.com/flowc-dev/flowc/backends/local/runs"
)

// detachTime is how long a run that was left behind may take to be ready until it is left
// to itself, lookAtRun how often it is looked.
const (
	detachTime = 30 * time.Second
	lookAtRun  = 50 * time.Millisecond
)

// A detachedRun is what a command tells that left a run behind.
type detachedRun struct {
	Name  string       `json:"name"`
	PID   int          `json:"pid"`
	State deploy.State `json:"state"`
	Says  string       `json:"says,omitempty"`
	Log   string       `json:"log"`
}

// detach starts a run that nobody looks at, by the arguments of a command, in a folder; it
// waits until that is ready, or has ended.
func (a *app) detach(args []string, folder string, env []string) (*detachedRun, error) {
	if a.getenv(runsVariable) == runsNone {
		return nil, usage(fmt.Errorf("%s=%s: what is left behind has to be listed, or nobody finds it again", runsVariable, runsNone))
	}
	self, err := os.Executable()
	if err != nil {
		return nil, environment(err)
	}
	said, err := os.CreateTemp("", "flowc-detach-")
	if err != nil {
		return nil, environment(err)
	}
	defer os.Remove(said.Name())
	defer said.Close()
	cmd := exec.Command(self, args...)
	cmd.Dir, cmd.Env, cmd.SysProcAttr = folder, append(env, detachedVariable+"=1"), leftBehind()
	cmd.Stdout, cmd.Stderr = said, said
	if err := cmd.Start(); err != nil {
		return nil, environment(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	late := time.After(detachTime)
	for over := false; ; {
		run, err := a.runOf(cmd.Process.Pid)
		if err != nil {
			return nil, err
		}
		if run != nil {
			look := run.Look(a.ctx)
			state := look.State()
			d := &detachedRun{Name: run.Name, PID: run.Process.PID, State: state, Log: run.LogPath()}
			for _, i := range look.Instances {
				if i.Says != "" {
					d.Says = i.Says
				}
			}
			if over || state != deploy.Starting && state != deploy.Missing && state != deploy.Unready {
				return d, nil
			}
			select {
			case <-late:
				return d, nil
			default:
			}
		} else if over {
			text, err := os.ReadFile(said.Name())
			if err != nil {
				return nil, environment(err)
			}
			fmt.Fprint(a.stderr, string(bytes.TrimLeft(text, "\n")))
			return nil, exit(cmd.ProcessState.ExitCode())
		}
		select {
		case <-ended: //nolint:errcheck // its run says how it ended, or its exit code
			over = true // what it has noted since is looked at once more
		case <-a.ctx.Done():
			return nil, a.ctx.Err()
		case <-time.After(lookAtRun):
		}
	}
}

// runOf is the run of a process, nil where it has none yet.
func (a *app) runOf(pid int) (*runs.Run, error) {
	all, err := a.runs()
	for _, r := range all {
		if r.Process.PID == pid {
			return r, nil
		}
	}
	return nil, err
}

// tellDetached says what was left behind, and how to see it. One that has failed has its
// last lines shown, and its exit code is the command's.
func (a *app) tellDetached(d *detachedRun) error {
	failed := d.State == deploy.Failed
	err := a.answer(fmt.Sprintf("%s: %s", d.Name, d.State), d, func(w io.Writer) {
		if failed {
			return
		}
		fmt.Fprintf(w, "%s: %s, process %d", d.Name, d.State, d.PID)
		if d.Says != "" {
			fmt.Fprintf(w, " (%s)", firstLine(d.Says))
		}
		if d.State == deploy.Ended || d.State == deploy.Stopped {
			fmt.Fprintf(w, "\n`flowc logs %s` shows what it said\n", d.Name)
			return
		}
		fmt.Fprintf(w, "\n`flowc status %s` shows how it does, `flowc logs -f %s` what it says, `flowc stop %s` ends it\n", d.Name, d.Name, d.Name)
	})
	if err != nil || !failed {
		return err
	}
	run, err := a.theRun(d.Name)
	if err != nil {
		return err
	}
	if a.format == "text" {
		if err := a.runLog(run, deploy.LogOptions{Tail: lastLines}); err != nil {
			return err
		}
	}
	if end := run.Ended(); end != nil && end.Code != exitOK {
		return exit(end.Code)
	}
	return environment(errors.New(strings.TrimSpace(d.Name + " ended before it was ready: " + d.Says)))
}

// lastLines is how many lines of one that failed are shown.
const lastLines = 20
