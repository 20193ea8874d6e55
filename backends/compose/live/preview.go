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
	service, err := e.wantedService(want, file)
	if err != nil {
		return nil, err
	}
	if len(there.containers) > 0 {
		old, err := there.service(v.Before)
		if err != nil {
			return nil, err
		}
		if err := e.compareImages(ctx, there.containers, want, old.Spec.(map[string]any), service.Spec.(map[string]any)); err != nil { //nolint:forcetypeassert // they are made as such
			return nil, err
		}
		v.Have = append(v.Have, old)
	}
	hash, err := e.on(ctx, want, "config", "--hash", want.Pipeline)
	if err != nil {
		return nil, err
	}
	there.compareHashes(strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(hash), want.Pipeline)), v, service)
	if err := there.kept(file, v); err != nil {
		return nil, err
	}
	v.Would = append(v.Would, service)
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
		if c.Config.Labels[labelService] == pipeline {
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
	_, service, err := project(r)
	if err != nil {
		r.Manifest = nil
		return r
	}
	env, _ := service["environment"].(map[string]any)
	for _, name := range sorted(env) {
		reference, _ := env[name].(string)
		if outer := referenced(reference); outer != "" {
			if value, ok := c.env(name); ok {
				if r.Secrets == nil {
					r.Secrets = map[string]string{}
				}
				r.Secrets[outer] = value
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

// service is the service that runs, as it was applied.
func (t *there) service(before *deploy.Release) (deploy.Object, error) {
	o := deploy.Object{Kind: "service", Name: before.Pipeline}
	tree := map[string]any{}
	if before.Manifest != nil {
		_, service, err := project(before)
		if err != nil {
			return o, err
		}
		tree = service
	}
	spec(tree, t.containers[0].env)
	o.Spec = tree
	var idle []string
	for _, c := range t.containers {
		switch s := c.State; {
		case s.Status == "running", s.Status == "restarting", c.ended():
		default:
			idle = append(idle, fmt.Sprintf("%s is %s, exit code %d", c.name(), s.Status, s.ExitCode))
		}
	}
	if want := replicas(tree); len(t.containers) != want && before.Manifest != nil {
		idle = append(idle, fmt.Sprintf("%d of %d containers are there", len(t.containers), want))
	}
	o.Idle = strings.Join(idle, "; ")
	return o, nil
}

// replicas is how many containers a service has.
func replicas(service map[string]any) int {
	d, _ := service["deploy"].(map[string]any)
	if n, ok := d["replicas"].(float64); ok {
		return int(n)
	}
	return 1
}

// wantedService is the service as it would be.
func (e *Engine) wantedService(want *deploy.Release, file resolved) (deploy.Object, error) {
	_, tree, err := project(want)
	if err != nil {
		return deploy.Object{}, err
	}
	env := file.Services[want.Pipeline].Environment
	spec(tree, func(name string) (string, bool) {
		if v := env[name]; v != nil {
			return strings.ReplaceAll(*v, "$$", "$"), true
		}
		return "", false
	})
	grace, _ := tree["stop_grace_period"].(string)
	return deploy.Object{Kind: "service", Name: want.Pipeline, Spec: tree, Disturbs: "its container is replaced, after a stop that may take " + grace}, nil
}

// spec makes the tree of a service what a plan compares: values that the file refers to
// are hidden, and what identifies the release is left out.
func spec(tree map[string]any, value func(string) (string, bool)) {
	if env, ok := tree["environment"].(map[string]any); ok {
		env = maps.Clone(env)
		for name, v := range env {
			if text, ok := v.(string); ok && refers(text) {
				is, _ := value(name)
				env[name] = deploy.Hidden{Shown: text, Value: is}
			} else if ok {
				env[name] = strings.ReplaceAll(text, "$$", "$")
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

// compareImages finds a name that means another image than the one that runs.
func (e *Engine) compareImages(ctx context.Context, all []*container, want *deploy.Release, old, would map[string]any) error {
	if old["image"] != would["image"] {
		return nil
	}
	id, err := e.imageID(ctx, want.Image)
	if err != nil {
		return err
	}
	if i := slices.IndexFunc(all, func(c *container) bool { return c.Image != id }); i >= 0 && id != "" {
		old["image"] = fmt.Sprintf("%s (%s)", old["image"], all[i].Image)
		would["image"] = fmt.Sprintf("%s (%s)", would["image"], id)
	}
	return nil
}

// compareHashes finds what differs and is in no field: a value that the file refers to
// outside of the environment, or containers that somebody else has made.
func (t *there) compareHashes(hash string, v *deploy.Preview, service deploy.Object) {
	if len(v.Have) == 0 || hash == "" || !deploy.Equal(v.Have[0].Spec, service.Spec) {
		return
	}
	for _, c := range t.containers {
		if was := c.Config.Labels[labelHashes]; was != hash {
			v.Have[0].Spec.(map[string]any)["config-hash"] = short(was) //nolint:forcetypeassert // made as such
			service.Spec.(map[string]any)["config-hash"] = short(hash)  //nolint:forcetypeassert // made as such
			return
		}
	}
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
		key := strings.TrimPrefix(name, strings.ReplaceAll(p.Name, "$$", "$")+"_")
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
