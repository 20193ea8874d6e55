package supervisor

import (
	"context"
	"fmt"

	"github.com/flowc-dev/flowc/backends/deploy"
	"github.com/flowc-dev/flowc/backends/local/live"
	"github.com/flowc-dev/flowc/backends/local/logfile"
)

// Run reads how the processes of a pipeline do.
func (e *Engine) Run(_ context.Context, id string) (*deploy.Run, error) {
	f := e.folder(id)
	r, digest, err := f.release()
	if err != nil || r == nil {
		return nil, err
	}
	s, err := f.state()
	if err != nil {
		return nil, err
	}
	run := &deploy.Run{ID: id, Pipeline: r.Pipeline, Hash: r.Hash, Image: r.Group.Program, Place: e.Place(), Wanted: len(r.Group.Processes), Ports: map[string][]string{}}
	if s.Release != digest { // the supervisor of it has not begun
		return run, nil
	}
	for _, p := range s.Processes {
		run.Instances = append(run.Instances, s.instance(p))
	}
	for _, p := range r.Group.Processes {
		for port, at := range p.Ports {
			run.Ports[port] = append(run.Ports[port], at)
		}
	}
	return run, nil
}

// instance is a process in the words of all targets.
func (s *state) instance(p processState) deploy.Instance {
	i := deploy.Instance{Name: p.Name, Restarts: p.Restarts, ExitCode: p.Code, Since: p.Since, Says: p.Says}
	switch {
	case p.Phase == live.Over:
		i.State = over(p, s.Stopped)
	case !s.Supervisor.Alive():
		i.State, i.Says = deploy.Failed, s.killed()+": `flowc apply` starts it again, when that has ended"
	case len(s.Orphans) > 0:
		i.State, i.Says = deploy.Starting, fmt.Sprintf("it waits for process %d, whose supervisor was killed", s.Orphans[0].PID)
	default:
		i.State = map[live.Phase]deploy.State{live.Starting: deploy.Starting, live.Ready: deploy.Ready, live.Stopping: deploy.Stopped, live.Pausing: deploy.Dying}[p.Phase]
	}
	return i
}

// over is the state of a process that has ended for good: by itself with all done (which
// nobody but the user knows beforehand, where a source is theirs), by somebody's will, or
// for a reason that no new start mends.
func over(p processState, stopped bool) deploy.State {
	const terminated = 143
	switch {
	case p.Code == 0 && !stopped:
		return deploy.Ended
	case p.Code == terminated, stopped:
		return deploy.Stopped
	}
	return deploy.Failed
}

// Logs reads the log of a pipeline. Who follows gets what comes, across restarts and new
// versions.
func (e *Engine) Logs(ctx context.Context, id string, o deploy.LogOptions, line func(deploy.Line)) error {
	path := e.folder(id).path("log")
	if !is(path) {
		return fmt.Errorf("%s: nothing has run", id)
	}
	return logfile.Read(ctx, path, o, nil, line)
}
