package live

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/nomad/api"

	"github.com/flowc-dev/flowc/backends/deploy"
	"github.com/flowc-dev/flowc/backends/nomad"
)

// there is what a cluster has of a release: its jobs, by their ID.
type there map[string]*api.Job

// stubs are the jobs of pipelines in a namespace, "*" for all that the token sees.
func (e *Engine) stubs(ctx context.Context, namespace string) ([]*api.JobListStub, error) {
	list, _, err := e.client.Jobs().ListOptions(&api.JobListOptions{Fields: &api.JobListFields{Meta: true}}, query(ctx, namespace))
	if err != nil {
		return nil, e.explain(ctx, err)
	}
	return slices.DeleteFunc(list, func(j *api.JobListStub) bool { return j.ParentID != "" || j.Meta[nomad.MetaPipeline] == "" }), nil
}

// job is a job as Nomad has it, nil where there is none.
func (e *Engine) job(ctx context.Context, namespace, id string) (*api.Job, error) {
	j, _, err := e.client.Jobs().Info(id, query(ctx, namespace))
	if gone(err) {
		return nil, nil
	}
	return j, e.explain(ctx, err)
}

// there reads the jobs of a release.
func (e *Engine) there(ctx context.Context, namespace, release string) (there, error) {
	stubs, err := e.stubs(ctx, namespace)
	if err != nil {
		return nil, err
	}
	t := there{}
	for _, s := range stubs {
		if releaseOf(s.ID, s.Meta) != release {
			continue
		}
		j, err := e.job(ctx, namespace, s.ID)
		if err != nil {
			return nil, err
		}
		if j != nil {
			t[s.ID] = j
		}
	}
	return t, nil
}

// seen identifies the jobs of a release, as far as people and tools change them.
func (t there) seen() string {
	var all []string
	for _, id := range sorted(t) {
		all = append(all, fmt.Sprintf("%s=%d", id, *t[id].JobModifyIndex))
	}
	if len(all) == 0 {
		return "nothing"
	}
	return strings.Join(all, " ")
}

// release is what was applied, nil where nothing is there.
func (t there) release(namespace, main string) (*deploy.Release, error) {
	if len(t) == 0 {
		return nil, nil
	}
	known := t[main]
	if known == nil { // somebody has deleted that one
		known = t[sorted(t)[0]]
	}
	jobs := &nomad.Jobs{Pipeline: known.Meta[nomad.MetaPipeline], Hash: known.Meta[nomad.MetaHash]}
	for _, id := range sorted(t) {
		jobs.Jobs = append(jobs.Jobs, t[id])
	}
	manifest, err := json.Marshal(jobs)
	return &deploy.Release{
		ID: idOf(namespace, main), Pipeline: jobs.Pipeline, Hash: jobs.Hash, Image: imageOf(known), Folder: known.Meta[metaFolder], Manifest: manifest,
	}, err
}

// imageOf is the image of a job's first task, "" for a binary.
func imageOf(j *api.Job) string {
	for _, g := range j.TaskGroups {
		for _, t := range g.Tasks {
			image, _ := t.Config["image"].(string)
			return image
		}
	}
	return ""
}

// stopped tells whether somebody has stopped a job.
func stopped(j *api.Job) bool { return j.Stop != nil && *j.Stop }
