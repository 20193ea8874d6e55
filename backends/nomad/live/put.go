package live

import (
	"context"
	"strings"
	"time"

	"github.com/hashicorp/nomad/api"

	"github.com/flowc-dev/flowc/backends/deploy"
	"github.com/flowc-dev/flowc/backends/nomad"
)

// Put registers the jobs of a release. Nomad takes each only if it is still the one
// that the plan was made for. A job that Nomad has had before is brought back by
// Nomad's own way back, which loses nothing of it.
func (e *Engine) Put(ctx context.Context, want *deploy.Release, seen string) error {
	jobs, err := manifest(want)
	if err != nil {
		return err
	}
	namespace, main := split(want.ID)
	have, err := e.there(ctx, namespace, main)
	if err != nil {
		return err
	}
	if seen != "" && have.seen() != seen {
		return deploy.ErrChanged
	}
	versions := map[string]version{}
	for _, j := range jobs.Jobs {
		v, err := e.putJob(ctx, namespace, j, have[*j.ID], seen != "")
		if err != nil {
			return err
		}
		versions[*j.ID] = v
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.put[want.ID] = versions
	return nil
}

// putJob registers one job over what there is of it, and says which version it is.
func (e *Engine) putJob(ctx context.Context, namespace string, want, have *api.Job, enforce bool) (version, error) {
	if want.Version != nil && have != nil && !stopped(want) {
		return e.revert(ctx, namespace, want, have)
	}
	j := *want
	j.Stop, j.TaskGroups = nil, counted(want, have)
	source, err := nomad.JSON(&j)
	if err != nil {
		return version{}, err
	}
	o := &api.RegisterOptions{EnforceIndex: enforce, Submission: &api.JobSubmission{Source: string(source), Format: "json"}}
	if have != nil {
		o.ModifyIndex = *have.JobModifyIndex
	}
	answer, _, err := e.client.Jobs().RegisterOpts(&j, o, write(ctx, namespace))
	if text, _ := said(err); strings.Contains(text, api.RegisterEnforceIndexErrPrefix) {
		return version{}, deploy.ErrChanged
	}
	if err != nil {
		return version{}, e.explain(ctx, err)
	}
	v, changed, err := e.versionAt(ctx, namespace, *j.ID, answer.JobModifyIndex)
	if err == nil && !changed && j.Periodic == nil {
		err = e.again(ctx, namespace, *j.ID)
	}
	return v, err
}

// again has Nomad try a job once more that is the same, and of which a run has failed. It
// comes back as soon as the scheduler has seen to that: until then the failed run is the
// last one.
func (e *Engine) again(ctx context.Context, namespace, id string) error {
	eval, _, err := e.client.Jobs().EvaluateWithOpts(id, api.EvalOptions{ForceReschedule: true}, write(ctx, namespace))
	if err != nil {
		return e.explain(ctx, err)
	}
	for {
		v, _, err := e.client.Evaluations().Info(eval, query(ctx, namespace))
		switch {
		case gone(err): // it is through, and forgotten already
			return nil
		case err != nil:
			return e.explain(ctx, err)
		case v.Status != api.EvalStatusPending:
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(lookAgain / 5):
		}
	}
}

// revert brings a version of a job back that Nomad has had. Where it is the one that
// is there, that is that.
func (e *Engine) revert(ctx context.Context, namespace string, want, have *api.Job) (version, error) {
	if *want.Version == *have.Version {
		return version{*have.Version, *have.JobModifyIndex}, nil
	}
	answer, _, err := e.client.Jobs().Revert(*want.ID, *want.Version, nil, write(ctx, namespace), "", "")
	if err != nil {
		return version{}, e.explain(ctx, err)
	}
	v, _, err := e.versionAt(ctx, namespace, *want.ID, answer.JobModifyIndex)
	return v, err
}

// versionAt is the version of a job that was registered at an index. Nomad may have
// taken it back by now. Where the job was the same already, changed is false and the
// version is that which is there.
func (e *Engine) versionAt(ctx context.Context, namespace, id string, index uint64) (v version, changed bool, err error) {
	all, _, _, err := e.client.Jobs().Versions(id, false, query(ctx, namespace))
	if err != nil {
		return version{}, false, e.explain(ctx, err)
	}
	for _, j := range all {
		if *j.JobModifyIndex == index {
			return version{*j.Version, index}, true, nil
		}
		if v.index == 0 || *j.Version > v.number {
			v = version{*j.Version, *j.JobModifyIndex}
		}
	}
	return v, false, nil
}

// putBy is the version of a job that this engine has put, if it has.
func (e *Engine) putBy(id, job string) (version, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	v, ok := e.put[id][job]
	return v, ok
}
