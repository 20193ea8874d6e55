package runs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/flowc-dev/flowc/backends/deploy"
	"github.com/flowc-dev/flowc/backends/local/alive"
	"github.com/flowc-dev/flowc/backends/local/live"
)

// Place is where all runs are.
const Place = "this machine, started by `flowc run`"

// A member is how one process of a group does, as who looks after it has seen last.
type member struct {
	live.Status
	Is alive.Process
}

// Changed notes how the processes of a run do; who looks after them calls it.
func (r *Run) Changed(all []live.Status) error {
	members := make([]member, 0, len(all))
	for _, s := range all {
		m := member{Status: s}
		if s.PID > 0 {
			m.Is = alive.Identify(s.PID)
		}
		members = append(members, m)
	}
	return write(r.path(groupFile), members)
}

// members are those that were noted last.
func (r *Run) members() (all []member) {
	text, err := os.ReadFile(r.path(groupFile))
	if err == nil {
		_ = json.Unmarshal(text, &all) // none, where it says nothing
	}
	return all
}

// Look is how the run does, in the model that what was applied has too.
func (r *Run) Look(ctx context.Context) *deploy.Run {
	run := &deploy.Run{ID: r.Name, Pipeline: r.Pipeline, Hash: r.Hash, Place: Place, File: r.File, Wanted: max(1, len(r.Processes))}
	if len(r.Processes) == 0 {
		run.Instances = []deploy.Instance{r.program(ctx)}
		return run
	}
	lives := r.Alive()
	end := r.Ended()
	members := r.members()
	if len(members) == 0 && !lives {
		run.Wanted, run.Instances = 1, []deploy.Instance{r.gone(end)}
	}
	for _, m := range members {
		run.Instances = append(run.Instances, r.instance(ctx, m, end, lives))
	}
	return run
}

// The exit codes of programs that were told to end.
const (
	codeInterrupted = 130
	codeTerminated  = 143
)

// instance is a process of a group; lives tells whether who looks after it does.
func (r *Run) instance(ctx context.Context, m member, end *End, lives bool) deploy.Instance {
	i := deploy.Instance{Name: m.Name, Restarts: m.Restarts, ExitCode: m.Code, Since: m.Since, Says: m.Says, PID: m.PID}
	switch {
	case m.Phase == live.Over && m.Code == 0 && (end == nil || end.Ending == endingComplete):
		i.State = deploy.Ended
	case m.Phase == live.Over && (m.Code == 0 || m.Code == codeTerminated || m.Code == codeInterrupted):
		i.State = deploy.Stopped
	case m.Phase == live.Over:
		i.State = deploy.Failed
	case !lives && m.Is.Alive():
		i.State, i.Says = deploy.Failed, fmt.Sprintf("process %d, which looked after it, was killed, and it is just ending", r.Process.PID)
	case !lives:
		i.State, i.PID, i.Says = deploy.Failed, 0, fmt.Sprintf("process %d, which looked after it, was killed, and it with that", r.Process.PID)
	default:
		i.State = phases[m.Phase]
		if f, err := Ask(ctx, r.path(m.Name)); err == nil && m.Phase != live.Stopping {
			i.Figures = f
			i.State, i.Says = stateOf(f)
		}
	}
	return i
}

// phases are the states of processes that are looked after.
var phases = map[live.Phase]deploy.State{live.Starting: deploy.Starting, live.Ready: deploy.Ready, live.Stopping: deploy.Stopped, live.Pausing: deploy.Dying}

// program is a run of one program.
func (r *Run) program(ctx context.Context) deploy.Instance {
	lives := r.Alive() // asked first: an end is noted before the process has ended
	if end := r.Ended(); end != nil || !lives {
		return r.gone(end)
	}
	i := deploy.Instance{Name: r.Name, Since: r.At, PID: r.Process.PID}
	f, err := Ask(ctx, r.folder)
	switch {
	case err == nil:
		i.Figures = f
		i.State, i.Says = stateOf(f)
	case errors.Is(err, errStarts):
		i.State, i.Says = deploy.Starting, "starting"
	case !r.Alive():
		return r.gone(r.Ended())
	default:
		i.State, i.Says = deploy.Unready, fmt.Sprintf("process %d does not say how it does: %v", r.Process.PID, err)
	}
	return i
}

// stateOf is the state of a program that has said how it does.
func stateOf(f *deploy.Figures) (deploy.State, string) {
	switch {
	case f.Ready:
		return deploy.Ready, ""
	case f.Says == "starting":
		return deploy.Starting, f.Says
	}
	return deploy.Unready, f.Says
}

// gone is a run that has ended; end is nil where nobody noted how.
func (r *Run) gone(end *End) deploy.Instance {
	i := deploy.Instance{Name: r.Name, Since: r.At}
	if end == nil {
		i.State = deploy.Failed
		i.Says = fmt.Sprintf("process %d was killed: it has left no word of its end", r.Process.PID)
		if info, err := os.Stat(filepath.Join(r.folder, logFile)); err == nil {
			i.Since = info.ModTime() // not before that
		}
		return i
	}
	i.Since, i.ExitCode, i.Says, i.Totals = end.At, end.Code, end.Error, end.Totals
	switch {
	case end.Code == 0 && (end.Ending == endingComplete || end.Ending == ""):
		i.State = deploy.Ended
	case end.Code == 0, end.Code == codeInterrupted, end.Code == codeTerminated:
		i.State = deploy.Stopped
	default:
		i.State = deploy.Failed
	}
	return i
}

// Stop tells the run to end, and waits until it has, for as long as grace; told is called
// again and again while it waits. It says whether the run ended in order; where that took
// too long it is killed.
func (r *Run) Stop(ctx context.Context, grace time.Duration, told func()) (inOrder bool, err error) {
	if err := r.Process.Signal(syscall.SIGTERM); err != nil {
		return false, err
	}
	late := time.Now().Add(grace)
	for left := grace; left > 0; left = time.Until(late) {
		if r.Process.Gone(ctx, min(time.Second, left)) {
			return true, nil
		}
		if err := ctx.Err(); err != nil {
			return false, err
		}
		told()
	}
	members := r.members()
	if err := r.Process.Kill(ctx); err != nil {
		return false, err
	}
	for _, m := range members {
		if err := m.Is.Kill(ctx); err != nil {
			return false, err
		}
	}
	return false, nil
}
