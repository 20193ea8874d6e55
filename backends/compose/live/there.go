package live

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/backends/compose"
	"github.com/flowc-dev/flowc/backends/deploy"
)

// What is there of a project.
type there struct {
	project, pipeline string
	containers        []*container
	networks          []kept
	vols              []kept
	shared            bool // with containers of other services
}

func (e *Engine) there(ctx context.Context, project, pipeline string) (t *there, err error) {
	t = &there{}
	all, err := e.containers(ctx, labelProject+"="+project)
	if err != nil {
		return nil, err
	}
	for _, c := range all {
		if c.Config.Labels[labelPipeline] == pipeline {
			t.containers = append(t.containers, c)
		} else {
			t.shared = true
		}
	}
	if t.networks, err = e.networks(ctx, labelProject+"="+project); err != nil {
		return nil, err
	}
	t.vols, err = e.volumes(ctx, labelProject+"="+project, labelPipeline+"="+pipeline)
	return t, err
}

// release is what was applied, by the label that it left.
func (t *there) release(id, pipeline string) *deploy.Release {
	if len(t.containers) == 0 {
		return nil
	}
	c := program(t.containers)
	r := &deploy.Release{ID: id, Pipeline: pipeline, Hash: c.Config.Labels[labelHash], Image: c.Config.Image, Folder: c.Config.Labels[labelFolder]}
	text := c.Config.Labels[labelRelease]
	if text == "" {
		return r
	}
	r.Manifest = []byte(text)
	_, services, err := project(r)
	if err != nil {
		r.Manifest = nil
		return r
	}
	r.Secrets = map[string]string{}
	for _, c := range t.containers {
		env, _ := services[c.Config.Labels[labelService]]["environment"].(map[string]any)
		for name, v := range env {
			reference, _ := v.(string)
			if outer := referenced(reference); outer != "" {
				if value, ok := c.env(name); ok {
					r.Secrets[outer] = value
				}
			}
		}
	}
	return r
}

// program is a container that runs the pipeline's own program, of those of a release.
func program(all []*container) *container {
	for _, c := range all {
		if c.Config.Labels[compose.LabelBroker] == "" && c.Config.Labels[compose.LabelComponent] == "" && c.Config.Labels[compose.LabelJob] == "" {
			return c
		}
	}
	return all[0]
}

// referenced is the variable of a value that is one reference and nothing else:
// ${NAME}, ${NAME:?why}, ${NAME:-value}.
func referenced(text string) string {
	inner, ok := strings.CutPrefix(text, "${")
	if !ok || !strings.HasSuffix(inner, "}") || strings.Contains(inner, "${") {
		return ""
	}
	end := strings.IndexAny(inner, ":?-+}")
	return inner[:end]
}

// seen identifies the containers.
func (t *there) seen() string {
	var ids []string
	for _, c := range t.containers {
		ids = append(ids, c.ID)
	}
	return cmp.Or(strings.Join(ids, " "), "nothing")
}

// of are the containers of a service.
func (t *there) of(name string) []*container {
	return slices.DeleteFunc(slices.Clone(t.containers), func(c *container) bool { return c.Config.Labels[labelService] != name })
}

// services are the services that run, as they were applied.
func (t *there) services(before *deploy.Release) (all []deploy.Object, err error) {
	var applied map[string]service
	if before != nil && before.Manifest != nil {
		if _, applied, err = project(before); err != nil {
			return nil, err
		}
	}
	names := map[string]bool{}
	for _, c := range t.containers {
		names[c.Config.Labels[labelService]] = true
	}
	for _, name := range sorted(names) {
		tree, mine := applied[name], t.of(name)
		if tree == nil {
			tree = service{}
		}
		spec(tree, mine[0].env)
		o := deploy.Object{Kind: "service", Name: name, Spec: tree}
		var idle []string
		for _, c := range mine {
			switch s := c.State; {
			case s.Status == "running", s.Status == "restarting", c.ended():
			default:
				idle = append(idle, fmt.Sprintf("%s is %s, exit code %d", c.name(), s.Status, s.ExitCode))
			}
		}
		if want := replicas(tree); len(mine) != want && applied != nil {
			idle = append(idle, fmt.Sprintf("%d of %d containers are there", len(mine), want))
		}
		o.Idle = strings.Join(idle, "; ")
		all = append(all, o)
	}
	return all, nil
}

// replicas is how many containers a service has.
func replicas(s service) int {
	d, _ := s["deploy"].(map[string]any)
	if n, ok := d["replicas"].(float64); ok {
		return int(n)
	}
	return 1
}
