package live

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/nomad/api"

	"github.com/flowc-dev/flowc/backends/deploy"
)

// errOther is what a release has become whose job somebody else has registered.
var errOther = errors.New("somebody has put another version there since")

// Run reads how the copies of a release do. What this engine has put counts as the
// release, also where Nomad has gone back since.
func (e *Engine) Run(ctx context.Context, id string) (*deploy.Run, error) {
	namespace, main := split(id)
	jobs, err := e.there(ctx, namespace, main)
	if err != nil || len(jobs) == 0 {
		return nil, err
	}
	before, err := jobs.release(namespace, main)
	if err != nil {
		return nil, err
	}
	r := &deploy.Run{ID: id, Pipeline: before.Pipeline, Hash: before.Hash, Image: before.Image, Place: e.Place(), Ports: map[string][]string{}}
	for _, name := range sorted(jobs) {
		if err := e.runOf(ctx, namespace, jobs[name], r); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// runOf adds a job to a run.
func (e *Engine) runOf(ctx context.Context, namespace string, j *api.Job, r *deploy.Run) error {
	switch {
	case j.Periodic != nil:
		return e.runsOf(ctx, namespace, j, r)
	case stopped(j):
		r.Wanted++
		r.Instances = append(r.Instances, deploy.Instance{Name: *j.ID, State: deploy.Stopped, Since: submitted(j), Says: "the job is stopped"})
		return nil
	}
	target := *j.Version
	if put, ok := e.putBy(r.ID, *j.ID); ok {
		target = put.number
	}
	rollout, err := e.rollout(ctx, namespace, j, target)
	if err != nil {
		return err
	}
	if target != *j.Version && (rollout == nil || rollout.Status != api.DeploymentStatusFailed) {
		return fmt.Errorf("%s: %w", *j.ID, errOther)
	}
	copies, err := e.copies(ctx, namespace, j)
	if err != nil {
		return err
	}
	wanted := 0
	for _, g := range j.TaskGroups {
		wanted += *g.Count
	}
	r.Wanted += wanted
	here, why := 0, ""
	var mine []*deploy.Instance
	for _, c := range copies {
		if c.version != target {
			if !c.ended {
				c.Old = true
				r.Instances = append(r.Instances, c.Instance)
			}
			continue
		}
		if c.Says != "" && c.State != deploy.Ready {
			why = c.Says
		}
		if c.replaced {
			continue
		}
		here++
		mine = append(mine, &c.Instance)
	}
	switch {
	case rollout != nil && rollout.Status == api.DeploymentStatusFailed:
		r.Instances = append(r.Instances, deploy.Instance{Name: *j.ID, State: deploy.Failed, Says: strings.Join(nonEmpty("Nomad gives the new version up: "+rollout.StatusDescription, why), "; ")})
		return nil
	case rollout != nil && rolling(rollout):
		watched(mine, rollout)
	}
	for _, i := range mine {
		r.Instances = append(r.Instances, *i)
	}
	if here < wanted {
		if err := e.unplaced(ctx, namespace, j, r); err != nil {
			return err
		}
	}
	return e.ports(ctx, namespace, j, r)
}

func nonEmpty(texts ...string) []string {
	return slices.DeleteFunc(texts, func(s string) bool { return s == "" })
}

// rollout is the deployment of a version of a job, nil where it has none: a batch, or a
// change that needs none.
func (e *Engine) rollout(ctx context.Context, namespace string, j *api.Job, target uint64) (*api.Deployment, error) {
	list, _, err := e.client.Jobs().Deployments(*j.ID, false, query(ctx, namespace))
	if err != nil {
		return nil, e.explain(ctx, err)
	}
	var last *api.Deployment
	for _, d := range list {
		if d.JobVersion == target && (last == nil || d.CreateIndex > last.CreateIndex) {
			last = d
		}
	}
	return last, nil
}

// rolling tells whether a deployment goes on.
func rolling(d *api.Deployment) bool {
	return d.Status != api.DeploymentStatusSuccessful && d.Status != api.DeploymentStatusCancelled && d.Status != api.DeploymentStatusFailed
}

// watched takes from copies that they are ready as long as Nomad itself does not say so:
// it looks at each for some time, and may still go back.
func watched(mine []*deploy.Instance, d *api.Deployment) {
	for i, one := range mine {
		last := i == len(mine)-1 && !slices.ContainsFunc(mine, func(other *deploy.Instance) bool { return other.State != deploy.Ready })
		if one.State == deploy.Ready && last {
			one.State, one.Says = deploy.Starting, "its checks pass, and Nomad watches it: "+d.StatusDescription
		}
	}
}

// unplaced says why copies are missing, where Nomad finds no client for them.
func (e *Engine) unplaced(ctx context.Context, namespace string, j *api.Job, r *deploy.Run) error {
	evals, _, err := e.client.Jobs().Evaluations(*j.ID, query(ctx, namespace))
	if err != nil {
		return e.explain(ctx, err)
	}
	var last *api.Evaluation
	for _, v := range evals {
		if v.JobModifyIndex == *j.JobModifyIndex && len(v.FailedTGAllocs) > 0 && (last == nil || v.CreateIndex > last.CreateIndex) {
			last = v
		}
	}
	if last == nil || !slices.ContainsFunc(evals, func(v *api.Evaluation) bool { return v.Status == api.EvalStatusBlocked }) {
		return nil
	}
	for _, group := range sorted(last.FailedTGAllocs) {
		r.Instances = append(r.Instances, deploy.Instance{Name: group, State: deploy.Missing, Says: "no client can take it: " + unfit(last.FailedTGAllocs[group])})
	}
	return nil
}

// unfit says why no client can take a copy.
func unfit(m *api.AllocationMetric) string {
	var parts []string
	for _, why := range sorted(m.ConstraintFiltered) {
		parts = append(parts, fmt.Sprintf("%d of %d clients lack what it needs (%s)", m.ConstraintFiltered[why], m.NodesEvaluated, why))
	}
	for _, class := range sorted(m.ClassFiltered) {
		parts = append(parts, fmt.Sprintf("%d clients of the class %s are left out", m.ClassFiltered[class], class))
	}
	for _, what := range sorted(m.DimensionExhausted) {
		parts = append(parts, fmt.Sprintf("%d of %d clients have too little of %s left", m.DimensionExhausted[what], m.NodesEvaluated, what))
	}
	for _, quota := range m.QuotaExhausted {
		parts = append(parts, "the quota is used up: "+quota)
	}
	if len(parts) == 0 {
		parts = append(parts, fmt.Sprintf("there are %d in its datacenters and node pool, and none takes jobs of its kind", m.NodesEvaluated))
	}
	return strings.Join(parts, ", ")
}

// runsOf adds a periodic job: when it runs next, and how its last run did. Runs come and
// go, so that none of them makes the release a bad one.
func (e *Engine) runsOf(ctx context.Context, namespace string, j *api.Job, r *deploy.Run) error {
	next, state := "it is stopped", deploy.Stopped
	r.Wanted++
	if !stopped(j) {
		state, next = deploy.Ready, "it runs as its schedule says: "+strings.Join(j.Periodic.Specs, ", ")
		if len(j.Periodic.Specs) == 0 && j.Periodic.Spec != nil {
			next = "it runs as its schedule says: " + *j.Periodic.Spec
		}
	}
	r.Instances = append(r.Instances, deploy.Instance{Name: *j.ID, State: state, Says: next, Since: submitted(j)})
	runs, err := e.children(ctx, namespace, *j.ID)
	if err != nil || len(runs) == 0 {
		return err
	}
	last, err := e.job(ctx, namespace, runs[len(runs)-1])
	if err != nil || last == nil {
		return err
	}
	copies, err := e.copies(ctx, namespace, last)
	if err != nil {
		return err
	}
	for _, c := range copies {
		if !c.replaced {
			c.Old = true
			r.Instances = append(r.Instances, c.Instance)
		}
	}
	return nil
}

// submitted is when a job was registered.
func submitted(j *api.Job) time.Time {
	if j.SubmitTime == nil {
		return time.Time{}
	}
	return time.Unix(0, *j.SubmitTime)
}

// children are the runs of a periodic job that Nomad still knows, the last one last.
func (e *Engine) children(ctx context.Context, namespace, id string) ([]string, error) {
	q := query(ctx, namespace)
	q.Prefix = id + "/periodic-"
	list, _, err := e.client.Jobs().List(q)
	if err != nil {
		return nil, e.explain(ctx, err)
	}
	slices.SortFunc(list, func(a, b *api.JobListStub) int { return int(a.CreateIndex) - int(b.CreateIndex) })
	var ids []string
	for _, s := range list {
		if s.ParentID == id {
			ids = append(ids, s.ID)
		}
	}
	return ids, nil
}

// ports adds where the ports of a job are reached, as its services say.
func (e *Engine) ports(ctx context.Context, namespace string, j *api.Job, r *deploy.Run) error {
	list, _, err := e.client.Jobs().Services(*j.ID, query(ctx, namespace))
	if gone(err) {
		return nil
	}
	if err != nil {
		return e.explain(ctx, err)
	}
	for _, s := range list {
		name := strings.TrimPrefix(s.ServiceName, *j.ID+"-")
		r.Ports[name] = append(r.Ports[name], net.JoinHostPort(s.Address, strconv.Itoa(s.Port)))
	}
	for _, places := range r.Ports {
		slices.Sort(places)
	}
	return nil
}
