package live

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/flowc-dev/flowc/backends/deploy"
)

// killDelay is how long Compose may take to end when it is told to.
const killDelay = 30 * time.Second

// Try runs `/app check` in a container of its own, as each service would be run: the
// image is there, what is mounted is, and the program takes its settings. It writes
// nothing, so that it does no harm to the state that another container uses.
func (e *Engine) Try(ctx context.Context, want *deploy.Release) error {
	_, services, err := project(want)
	if err != nil {
		return err
	}
	for _, name := range sorted(services) {
		if services[name]["image"] != escape(want.Image) {
			continue // none of ours, and without such a question
		}
		if _, err := e.on(ctx, want, "run", "--rm", "--no-deps", "-T", "--quiet-pull", name, "check"); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return &deploy.Refused{Why: fmt.Sprintf("%s %s can't start, and what runs was not touched:\n%v", want.ID, want.Hash, err)}
		}
	}
	return nil
}

// Put has Compose bring the services to what the file says. A container that is replaced
// is stopped first, since one alone may use the state.
func (e *Engine) Put(ctx context.Context, want *deploy.Release, seen string) error {
	p, services, err := project(want)
	if err != nil {
		return err
	}
	if seen != "" {
		now, err := e.there(ctx, p.Name, want.Pipeline)
		if err != nil {
			return err
		}
		if now.seen() != seen {
			return deploy.ErrChanged
		}
	}
	_, err = e.on(ctx, want, append([]string{"up", "-d", "--no-build", "--no-deps", "--quiet-pull"}, sorted(services)...)...)
	return err
}

// Remove stops and deletes. What others still use stays: a network that containers of
// other pipelines are on, an image that they run.
func (e *Engine) Remove(ctx context.Context, id string, objects []deploy.Object) error {
	for _, o := range objects { // containers first: they use the rest
		if o.Kind == "service" {
			if err := e.removeService(ctx, id, o.Name); err != nil {
				return err
			}
		}
	}
	for _, o := range objects {
		var err error
		switch o.Kind {
		case "network":
			err = e.send(ctx, http.MethodDelete, "/networks/"+url.PathEscape(o.Name))
		case "volume":
			err = e.send(ctx, http.MethodDelete, "/volumes/"+url.PathEscape(o.Name))
		case "image":
			err = e.send(ctx, http.MethodDelete, "/images/"+(&url.URL{Path: o.Name}).EscapedPath())
		}
		switch {
		case err == nil, gone(err):
		case busy(err) && o.Kind != "volume":
		default:
			return err
		}
	}
	return nil
}

// removeService stops the containers of a service in order, and deletes them.
func (e *Engine) removeService(ctx context.Context, id, name string) error {
	all, err := e.containers(ctx, append(labelsOf(id), labelService+"="+name)...)
	if err != nil {
		return err
	}
	for _, c := range all {
		if err := e.send(ctx, http.MethodPost, "/containers/"+c.ID+"/stop"); err != nil && !gone(err) && !stopped(err) {
			return err
		}
		if err := e.send(ctx, http.MethodDelete, "/containers/"+c.ID+"?v=1"); err != nil && !gone(err) && !busy(err) {
			return err
		}
	}
	return nil
}

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

// loaded are the images of a pipeline that were loaded to be applied: their tags have
// the pipeline's hash and their own.
func (e *Engine) loaded(ctx context.Context, pipeline string) ([]deploy.Object, error) {
	var list []struct {
		RepoTags []string
		Labels   map[string]string
	}
	if err := e.ask(ctx, "/images/json", filters(labelPipeline+"="+pipeline), &list); err != nil {
		return nil, err
	}
	var all []deploy.Object
	for _, image := range list {
		for _, tag := range image.RepoTags {
			if IsTag(tag, image.Labels[labelHash]) {
				all = append(all, deploy.Object{Kind: "image", Name: tag, Spare: true})
			}
		}
	}
	return all, nil
}

// Tag is the tag of an image that is loaded to be applied: the pipeline's hash, and
// enough of the image's digest for the tag to mean one image.
func Tag(hash, digest string) string {
	_, hex, _ := strings.Cut(digest, ":")
	return hash + "-" + short(hex)
}

// IsTag tells whether a reference has a tag like [Tag] makes them for a hash.
func IsTag(reference, hash string) bool {
	_, tag, _ := strings.Cut(reference[strings.LastIndex(reference, "/")+1:], ":")
	rest, ok := strings.CutPrefix(tag, hash+"-")
	return ok && hash != "" && len(rest) == 12 && strings.Trim(rest, "0123456789abcdef") == ""
}

// errNoLogs is what a pipeline has that is not there.
var errNoLogs = errors.New("it has no container")
