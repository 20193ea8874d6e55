package live

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/backends/deploy"
)

// A resolved project is what Compose makes of a file, with the values that it refers to.
type resolved struct {
	Name     string
	Services map[string]struct {
		Environment map[string]*string
		Networks    map[string]any
		Restart     string
	}
	Networks map[string]placed
	Volumes  map[string]placed
}

// A placed network or volume has the name by which the engine knows it.
type placed struct {
	Name     string
	External bool
	Driver   string
}

// Preview compares a project with the containers, networks and volumes that there are.
func (e *Engine) Preview(ctx context.Context, want *deploy.Release) (*deploy.Preview, error) {
	text, err := e.on(ctx, want, "config", "--format", "json")
	if err != nil {
		return nil, fmt.Errorf("docker compose does not take the project of %s: %w", want.Pipeline, err)
	}
	var file resolved
	if err := json.Unmarshal([]byte(text), &file); err != nil {
		return nil, fmt.Errorf("docker compose says something else than JSON: %w", err)
	}
	there, err := e.there(ctx, file.Name, want.Pipeline)
	if err != nil {
		return nil, err
	}
	v := &deploy.Preview{Before: there.release(want.ID, want.Pipeline), Seen: there.seen()}
	if err := there.kept(file, v); err != nil {
		return nil, err
	}
	would, err := wantedServices(want, file)
	if err != nil {
		return nil, err
	}
	have, err := there.services(v.Before)
	if err != nil {
		return nil, err
	}
	if err := e.compareRuns(ctx, want, there, have, would); err != nil {
		return nil, err
	}
	v.Have, v.Would = append(v.Have, have...), append(v.Would, would...)
	images, err := e.loaded(ctx, want.Pipeline)
	for _, o := range images {
		if o.Name != want.Image {
			v.Have = append(v.Have, o)
		}
	}
	return v, err
}

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
	c := t.containers[0]
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

// wantedServices are the services as they would be.
func wantedServices(want *deploy.Release, file resolved) (all []deploy.Object, err error) {
	_, services, err := project(want)
	if err != nil {
		return nil, err
	}
	for _, name := range sorted(services) {
		tree, env := services[name], file.Services[name].Environment
		spec(tree, func(name string) (string, bool) {
			if v := env[name]; v != nil {
				return unescape(*v), true
			}
			return "", false
		})
		grace, _ := tree["stop_grace_period"].(string)
		all = append(all, deploy.Object{Kind: "service", Name: name, Spec: tree, Disturbs: "its container is replaced, after a stop that may take " + grace})
	}
	return all, nil
}

// spec makes the tree of a service what a plan compares: values that the file refers to
// are hidden, and what identifies the release is left out.
func spec(tree service, value func(string) (string, bool)) {
	if env, ok := tree["environment"].(map[string]any); ok {
		env = maps.Clone(env)
		for name, v := range env {
			if text, ok := v.(string); ok && refers(text) {
				is, _ := value(name)
				env[name] = deploy.Hidden{Shown: text, Value: is}
			} else if ok {
				env[name] = unescape(text)
			}
		}
		tree["environment"] = env
	}
	if labels, ok := tree["labels"].(map[string]any); ok {
		labels = maps.Clone(labels)
		delete(labels, labelHash)
		tree["labels"] = labels
	}
}

// refers tells whether Compose puts something into a text.
func refers(text string) bool { return strings.Contains(strings.ReplaceAll(text, "$$", ""), "$") }

// compareRuns finds what differs from what runs and is in no manifest: a name that means
// another image by now, a value that the file refers to outside of the environment,
// containers that somebody else has made.
func (e *Engine) compareRuns(ctx context.Context, want *deploy.Release, t *there, have, would []deploy.Object) error {
	if len(have) == 0 {
		return nil
	}
	hashes, err := e.hashes(ctx, want, would)
	if err != nil {
		return err
	}
	for _, o := range have {
		i := slices.IndexFunc(would, func(w deploy.Object) bool { return w.Name == o.Name })
		if i < 0 || !deploy.Equal(o.Spec, would[i].Spec) {
			continue
		}
		old, is := o.Spec.(service), would[i].Spec.(service) //nolint:forcetypeassert // made as such
		image, _ := is["image"].(string)
		id, err := e.imageID(ctx, unescape(image))
		if err != nil {
			return err
		}
		for _, c := range t.of(o.Name) {
			if id != "" && c.Image != id {
				old["image"], is["image"] = image+" ("+c.Image+")", image+" ("+id+")"
			}
			if was := c.Config.Labels[labelHashes]; was != hashes[o.Name] && hashes[o.Name] != "" {
				old["config-hash"], is["config-hash"] = short(was), short(hashes[o.Name])
			}
		}
	}
	return nil
}

// hashes are those by which Compose knows whether a service is another.
func (e *Engine) hashes(ctx context.Context, want *deploy.Release, services []deploy.Object) (map[string]string, error) {
	var names []string
	for _, o := range services {
		names = append(names, o.Name)
	}
	text, err := e.on(ctx, want, "config", "--hash", strings.Join(names, ","))
	all := map[string]string{}
	for line := range strings.Lines(text) {
		if words := strings.Fields(line); len(words) == 2 {
			all[words[0]] = words[1]
		}
	}
	return all, err
}

func short(hash string) string { return hash[:min(len(hash), 12)] }

// owned tells which of the project's networks are those of a release alone. Containers of
// other services may need its default one.
func (t *there) owned(r *deploy.Release) func(name string) bool {
	if r == nil {
		return func(string) bool { return false }
	}
	if r.Manifest == nil { // nobody knows, but that all is its own
		return func(string) bool { return !t.shared }
	}
	p, _, err := project(r)
	return func(name string) bool {
		if err != nil {
			return false
		}
		key := strings.TrimPrefix(name, unescape(p.Name)+"_")
		if key == "default" {
			return !t.shared
		}
		n, ok := p.Networks[key]
		return ok && !n.External
	}
}

// kept adds networks and volumes: those of the file, and those that are there.
func (t *there) kept(file resolved, v *deploy.Preview) error {
	used := map[string]bool{}
	for _, s := range file.Services {
		for n := range s.Networks {
			used[n] = true
		}
	}
	wanted := map[string]bool{}
	for _, key := range sorted(file.Networks) {
		n := file.Networks[key]
		if !n.External && used[key] {
			wanted[n.Name] = true
			v.Would = append(v.Would, deploy.Object{Kind: "network", Name: n.Name, Spec: map[string]any{}})
		}
	}
	owned := t.owned(v.Before)
	for _, n := range t.networks {
		if wanted[n.Name] || owned(n.Name) {
			v.Have = append(v.Have, deploy.Object{Kind: "network", Name: n.Name, Spec: map[string]any{}})
		}
	}
	for _, key := range sorted(file.Volumes) {
		vol := file.Volumes[key]
		if vol.External {
			continue
		}
		for _, old := range t.vols {
			if driver := cmp.Or(vol.Driver, "local"); old.Name == vol.Name && old.Driver != driver {
				return fmt.Errorf("the volume %s has the driver %s and can't get the driver %s without losing what it holds: give the storage another place, or delete the volume", vol.Name, old.Driver, driver)
			}
		}
		v.Would = append(v.Would, deploy.Object{Kind: "volume", Name: vol.Name, Data: true, Spec: map[string]any{}})
	}
	for _, old := range t.vols {
		v.Have = append(v.Have, deploy.Object{Kind: "volume", Name: old.Name, Data: true, Spec: map[string]any{}})
	}
	return nil
}
