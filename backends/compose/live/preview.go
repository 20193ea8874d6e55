package live

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
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
