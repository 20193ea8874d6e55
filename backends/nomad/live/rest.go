package live

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/nomad/api"

	"github.com/flowc-dev/flowc/backends/deploy"
	"github.com/flowc-dev/flowc/backends/nomad"
)

// Stop stops the jobs of a release, with the runs that a schedule has begun, and waits
// until none of their copies runs. Nomad keeps the jobs, and what they keep.
func (e *Engine) Stop(ctx context.Context, id string) error {
	namespace, jobs, err := e.mustHave(ctx, id)
	if err != nil {
		return err
	}
	for _, name := range sorted(jobs) {
		if err := mayEnd(jobs[name]); err != nil {
			return err
		}
	}
	for _, name := range sorted(jobs) {
		if stopped(jobs[name]) {
			continue
		}
		if err := e.stopJob(ctx, namespace, name, false); err != nil {
			return err
		}
	}
	return nil
}

// Restart starts jobs again. Of one that runs, each copy is started again in its place, the
// next when that is ready: nothing is moved, and no state is used twice. One that has ended,
// or was stopped, is registered anew.
func (e *Engine) Restart(ctx context.Context, id string) error {
	namespace, jobs, err := e.mustHave(ctx, id)
	if err != nil {
		return err
	}
	versions := map[string]version{}
	for _, name := range sorted(jobs) {
		v, err := e.restartJob(ctx, namespace, jobs[name])
		if err != nil {
			return err
		}
		versions[name] = v
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.put[id] = versions
	return nil
}

// restartJob starts one job again, and says which version it is then.
func (e *Engine) restartJob(ctx context.Context, namespace string, j *api.Job) (version, error) {
	is := version{*j.Version, *j.JobModifyIndex}
	if !stopped(j) {
		if j.Periodic != nil {
			return is, nil // its next run is a new start
		}
		some, err := e.restartCopies(ctx, namespace, j)
		if err != nil || some {
			return is, err
		}
		// All have ended: only of a job that was stopped Nomad starts them once more.
		if err := mayEnd(j); err != nil {
			return is, err
		}
		if err := e.stopJob(ctx, namespace, *j.ID, false); err != nil {
			return is, err
		}
		if j, err = e.job(ctx, namespace, *j.ID); err != nil || j == nil {
			return is, err
		}
	}
	return e.putJob(ctx, namespace, j, j, true)
}

// mayEnd refuses to end the copies of a job whose state would go with them.
func mayEnd(j *api.Job) error {
	if takes := object(j).Takes; takes != "" && !stopped(j) {
		return fmt.Errorf("the job %s was left as it is: %s would be lost. A volume in the place of `ephemeral` outlives a stop; `flowc restart` of one that runs keeps the disk, and `flowc delete` ends it all the same", *j.ID, takes)
	}
	return nil
}

// restartCopies starts those copies of a job again that run, one after the other, and
// tells whether there are any.
func (e *Engine) restartCopies(ctx context.Context, namespace string, j *api.Job) (some bool, err error) {
	copies, err := e.copies(ctx, namespace, j)
	if err != nil {
		return false, err
	}
	for _, c := range copies {
		if c.ended || c.replaced {
			continue
		}
		some = true
		if err := e.restartCopy(ctx, namespace, j, c); err != nil {
			return true, err
		}
	}
	return some, nil
}

// restartCopy has the client of a copy start its programs again, and waits until it is
// ready. What runs beside a program, and is there before it, goes on.
func (e *Engine) restartCopy(ctx context.Context, namespace string, j *api.Job, c *copied) error {
	tasks := mainTasks(j, c.alloc.TaskGroup)
	if len(tasks) == 0 {
		return nil
	}
	for _, task := range tasks {
		if s := c.alloc.TaskStates[task]; s == nil || s.State != "running" {
			continue
		}
		err := e.client.Allocations().Restart(&api.Allocation{ID: c.alloc.ID}, task, query(ctx, namespace))
		if err != nil {
			return fmt.Errorf("%s can't be started again: %w", c.Name, e.explain(ctx, err))
		}
	}
	late := time.NewTimer(deploy.DefaultTimeout)
	defer late.Stop()
	for {
		now, err := e.copyNow(ctx, namespace, j, c.alloc.ID)
		switch {
		case err != nil:
			return err
		case now == nil || now.ended || now.State == deploy.Ready && now.Since.After(c.Since):
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-late.C:
			return fmt.Errorf("%s was started again and is not ready after %s: %s %s; the other copies were left as they are", c.Name, deploy.DefaultTimeout, now.State, now.Says)
		case <-time.After(lookAgain):
		}
	}
}

// copyNow is how a copy does, nil for one that is not there any more.
func (e *Engine) copyNow(ctx context.Context, namespace string, j *api.Job, alloc string) (*copied, error) {
	copies, err := e.copies(ctx, namespace, j)
	for _, c := range copies {
		if c.alloc.ID == alloc {
			return c, err
		}
	}
	return nil, err
}

// mainTasks are those of a group that run programs of the pipeline, and not beside them. A
// broker has none: it goes on, as it does across versions.
func mainTasks(j *api.Job, group string) (names []string) {
	for _, g := range j.TaskGroups {
		if *g.Name != group || nomad.RunsBroker(g) {
			continue
		}
		for _, t := range g.Tasks {
			if t.Lifecycle == nil {
				names = append(names, t.Name)
			}
		}
	}
	return names
}

// mustHave are the jobs of a release, of which there is one at least.
func (e *Engine) mustHave(ctx context.Context, id string) (namespace string, jobs there, err error) {
	namespace, main := split(id)
	jobs, err = e.there(ctx, namespace, main)
	if err == nil && len(jobs) == 0 {
		err = errors.New(id + " has no job at " + e.Place() + ": `flowc apply` makes it")
	}
	return namespace, jobs, err
}
