package live

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/nomad/api"

	"github.com/flowc-dev/flowc/backends/deploy"
	"github.com/flowc-dev/flowc/backends/nomad"
)

// Preview has Nomad plan each job. What differs is what its scheduler would see, with
// all that Nomad fills in by itself; what others have changed since is among it.
func (e *Engine) Preview(ctx context.Context, want *deploy.Release) (*deploy.Preview, error) {
	jobs, err := manifest(want)
	if err != nil {
		return nil, err
	}
	namespace, main := split(want.ID)
	if err := e.sameRegion(jobs); err != nil {
		return nil, err
	}
	have, err := e.there(ctx, namespace, main)
	if err != nil {
		return nil, err
	}
	v := &deploy.Preview{Seen: have.seen()}
	if v.Before, err = have.release(namespace, main); err != nil {
		return nil, err
	}
	wanted := map[string]bool{}
	for _, j := range jobs.Jobs {
		wanted[*j.ID] = true
		if err := e.notTaken(ctx, namespace, *j.ID, want.Pipeline); err != nil {
			return nil, err
		}
		old, is, err := e.compare(ctx, namespace, have[*j.ID], j)
		if err != nil {
			return nil, err
		}
		v.Would = append(v.Would, is)
		if old != nil {
			v.Have = append(v.Have, *old)
		}
	}
	for _, id := range sorted(have) {
		if !wanted[id] {
			v.Have = append(v.Have, object(have[id]))
		}
	}
	for _, o := range e.loaded(ctx, want.Pipeline) {
		if o.Name != want.Image {
			v.Have = append(v.Have, o)
		}
	}
	return v, nil
}

// sameRegion refuses a region that is not the client's: a job would go there, and
// nothing that is asked about it.
func (e *Engine) sameRegion(jobs *nomad.Jobs) error {
	for _, j := range jobs.Jobs {
		if j.Version == nil && j.Region != nil && *j.Region != e.region { // of one that is there, the cluster has said so
			return fmt.Errorf("%s is for the region %s, and NOMAD_REGION is %q: set it to that region, for all commands about this pipeline", *j.ID, *j.Region, e.region)
		}
	}
	return nil
}

// notTaken refuses the ID of a job that is no part of the pipeline.
func (e *Engine) notTaken(ctx context.Context, namespace, id, pipeline string) error {
	j, err := e.job(ctx, namespace, id)
	if err != nil || j == nil || j.Meta[nomad.MetaPipeline] == pipeline {
		return err
	}
	whose := "one that flowc has not written"
	if other := j.Meta[nomad.MetaPipeline]; other != "" {
		whose = "of the pipeline " + other
	}
	return fmt.Errorf("%s has a job %s, and it is %s: give that of %s another ID, `targets: {nomad: {job: NAME}}`, or take it away first, with `nomad job stop -purge %s`", e.Place(), id, whose, pipeline, id)
}

// object is a job that is there.
func object(j *api.Job) deploy.Object {
	o := deploy.Object{Kind: "job", Name: *j.ID}
	for _, g := range j.TaskGroups {
		if d := g.EphemeralDisk; d != nil && d.Sticky != nil && *d.Sticky {
			o.Takes = "the disk of its copies, with the state on it,"
		}
	}
	return o
}

// compare has Nomad compare a job with what there is of it, nil for nothing.
func (e *Engine) compare(ctx context.Context, namespace string, have, want *api.Job) (old *deploy.Object, is deploy.Object, err error) {
	is = deploy.Object{Kind: "job", Name: *want.ID}
	want = like(want, have)
	answer, _, err := e.client.Jobs().PlanOpts(want, &api.PlanOptions{Diff: true}, write(ctx, namespace))
	if err != nil {
		return nil, is, e.explain(ctx, err)
	}
	if have == nil {
		is.Spec, err = nomad.Tree(want)
		return nil, is, err
	}
	there := object(have)
	there.Spec, is.Spec = sides(answer.Diff)
	is.Disturbs = disturbs(answer.Annotations, want)
	there.Idle, err = e.idle(ctx, namespace, have)
	return &there, is, err
}

// like is a job with what is not compared as it is there: where the pipeline lies on
// some machine, and how many copies an autoscaler, or somebody, has chosen between the
// bounds of the job.
func like(want, have *api.Job) *api.Job {
	c := *want
	c.Meta = map[string]string{}
	for key, value := range want.Meta {
		if key != metaFolder && key != metaRelease {
			c.Meta[key] = value
		}
	}
	if have == nil {
		c.Meta = want.Meta
		return &c
	}
	for _, key := range []string{metaFolder, metaRelease} {
		if value, ok := have.Meta[key]; ok {
			c.Meta[key] = value
		}
	}
	c.TaskGroups = counted(want, have)
	return &c
}

// counted are the groups of a job with the number of copies that was chosen.
func counted(want, have *api.Job) []*api.TaskGroup {
	var groups []*api.TaskGroup
	for _, g := range want.TaskGroups {
		g := *g
		if s := g.Scaling; s != nil && s.Min != nil && s.Max != nil && have != nil {
			for _, old := range have.TaskGroups {
				if *old.Name == *g.Name && old.Count != nil && int64(*old.Count) >= *s.Min && int64(*old.Count) <= *s.Max {
					g.Count = old.Count
				}
			}
		}
		groups = append(groups, &g)
	}
	return groups
}

// disturbs says what a change does to what runs, as Nomad's scheduler has it.
func disturbs(a *api.PlanAnnotations, want *api.Job) string {
	if a == nil {
		return ""
	}
	var all api.DesiredUpdates
	for _, u := range a.DesiredTGUpdates {
		all.Canary += u.Canary
		all.DestructiveUpdate += u.DestructiveUpdate
		all.InPlaceUpdate += u.InPlaceUpdate
		all.Place += u.Place
		all.Stop += u.Stop
	}
	var parts []string
	switch {
	case all.Canary > 0:
		parts = append(parts, "a canary is tried beside its copies, which are then replaced one by one")
	case all.DestructiveUpdate == 1:
		parts = append(parts, "its copy is replaced, after a stop that may take "+grace(want))
	case all.DestructiveUpdate > 1:
		parts = append(parts, fmt.Sprintf("its %d copies are replaced one by one, after stops that may take %s each", all.DestructiveUpdate, grace(want)))
	case all.InPlaceUpdate > 0:
		parts = append(parts, "nothing is started again")
	}
	if all.Place > 0 {
		parts = append(parts, fmt.Sprintf("%d more to run", all.Place))
	}
	if all.Stop > 0 && all.DestructiveUpdate == 0 && all.Canary == 0 {
		parts = append(parts, fmt.Sprintf("%d to stop", all.Stop))
	}
	return strings.Join(parts, "; ")
}

// grace is how long the copies of a job may take to stop.
func grace(j *api.Job) string {
	var longest time.Duration
	for _, g := range j.TaskGroups {
		for _, t := range g.Tasks {
			if t.KillTimeout != nil {
				longest = max(longest, *t.KillTimeout)
			}
		}
	}
	return longest.String()
}

// idle says why a job that is there does not do what it should, "" where it does.
func (e *Engine) idle(ctx context.Context, namespace string, j *api.Job) (string, error) {
	switch {
	case stopped(j):
		return "it is stopped", nil
	case *j.Type != api.JobTypeBatch || j.Periodic != nil:
		return "", nil // Nomad itself goes on trying
	}
	copies, err := e.copies(ctx, namespace, j)
	if err != nil {
		return "", err
	}
	for _, c := range copies {
		if c.State == deploy.Failed {
			return fmt.Sprintf("its run has failed with exit code %d", c.ExitCode), nil
		}
	}
	return "", nil
}
