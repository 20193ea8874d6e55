package live

import (
	"context"

	"github.com/flowc-dev/flowc/backends/deploy"
)

// Releases are those of all projects, and those of which only volumes are left.
func (e *Engine) Releases(ctx context.Context) ([]*deploy.Release, error) {
	all, err := e.containers(ctx, labelPipeline)
	if err != nil {
		return nil, err
	}
	volumes, err := e.volumes(ctx, labelPipeline)
	if err != nil {
		return nil, err
	}
	groups := map[string]*there{}
	group := func(labels map[string]string) *there {
		project, pipeline := labels[labelProject], labels[labelPipeline]
		if project == "" { // not made by Compose
			return &there{}
		}
		id := idOf(project, pipeline)
		if groups[id] == nil {
			groups[id] = &there{project: project, pipeline: pipeline}
		}
		return groups[id]
	}
	for _, c := range all {
		g := group(c.Config.Labels)
		g.containers = append(g.containers, c)
	}
	for _, v := range volumes {
		group(v.Labels)
	}
	var releases []*deploy.Release
	for _, id := range sorted(groups) {
		g := groups[id]
		r := g.release(id, g.pipeline)
		if r == nil {
			r = &deploy.Release{ID: id, Pipeline: g.pipeline}
		}
		if r.Objects, err = e.objects(ctx, g.pipeline, g.project); err != nil {
			return nil, err
		}
		releases = append(releases, r)
	}
	return releases, nil
}

// objects are what belongs to a pipeline.
func (e *Engine) objects(ctx context.Context, pipeline, project string) ([]deploy.Object, error) {
	t, err := e.there(ctx, project, pipeline)
	if err != nil {
		return nil, err
	}
	var all []deploy.Object
	services, err := t.services(nil)
	if err != nil {
		return nil, err
	}
	for _, s := range services {
		all = append(all, deploy.Object{Kind: s.Kind, Name: s.Name})
	}
	owned := t.owned(t.release(idOf(project, pipeline), pipeline))
	for _, n := range t.networks {
		if owned(n.Name) {
			all = append(all, deploy.Object{Kind: "network", Name: n.Name})
		}
	}
	for _, v := range t.vols {
		all = append(all, deploy.Object{Kind: "volume", Name: v.Name, Data: true})
	}
	images, err := e.loaded(ctx, pipeline)
	return append(all, images...), err
}
