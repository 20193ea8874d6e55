// Package live applies projects of Docker Compose: what is to run is given to the
// user's own `docker compose`, and what runs is read from the engine's API.
//
// What was applied is a label of the containers, so that whoever reaches the engine
// knows it. The state is in volumes, which this package deletes only where it is told
// to.
package live

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/backends/compose"
	"github.com/flowc-dev/flowc/backends/deploy"
	oci "github.com/flowc-dev/flowc/backends/oci/live"
)

// The labels by which what belongs to a pipeline is found: ours, and those that Compose
// gives to what it makes.
const (
	labelPipeline = "dev.flowc.pipeline"
	labelHash     = "dev.flowc.hash"
	labelRelease  = "dev.flowc.release"
	labelProject  = "com.docker.compose.project"
	labelService  = "com.docker.compose.service"
	labelOneOff   = "com.docker.compose.oneoff"
	labelFolder   = "com.docker.compose.project.working_dir"
	labelHashes   = "com.docker.compose.config-hash"
)

// An Engine is Docker's, or one like it, with Docker Compose beside it. It loads images
// as package oci does.
type Engine struct {
	*oci.Engine
	compose Command
}

var _ deploy.Engine = (*Engine)(nil)

// New makes an engine of the client of one and the command of Compose.
func New(engine *oci.Engine, c Command) *Engine { return &Engine{engine, c} }

// Place names the engine.
func (e *Engine) Place() string { return "Docker at " + e.Address }

// Release is a project as something to be applied. The image of the program must be
// one that always means the same; loaded tells that it is given to the engine and that
// no registry has it.
func Release(p *compose.Project, folder, image string, loaded bool) (*deploy.Release, error) {
	project := *p
	project.Services = map[string]any{}
	for _, name := range sorted(p.Services) {
		text, err := json.Marshal(p.Services[name])
		if err != nil {
			return nil, err
		}
		var tree map[string]any
		if err := json.Unmarshal(text, &tree); err != nil {
			return nil, err
		}
		if loaded && tree["image"] == escape(image) {
			tree["pull_policy"] = "never"
		}
		project.Services[name] = tree
	}
	manifest, err := json.Marshal(project)
	return &deploy.Release{ID: idOf(unescape(p.Name), p.Flowc.Pipeline), Pipeline: p.Flowc.Pipeline, Hash: p.Flowc.Hash, Image: image, Folder: folder, Manifest: manifest}, err
}

// idOf is the ID of a pipeline in a project.
func idOf(project, pipeline string) string {
	if project == pipeline {
		return pipeline
	}
	return project + "/" + pipeline
}

// labelsOf are those by which the containers of an ID are found.
func labelsOf(id string) []string {
	project, pipeline, ok := strings.Cut(id, "/")
	if !ok {
		pipeline = project
	}
	return []string{labelProject + "=" + project, labelPipeline + "=" + pipeline}
}

// ask reads what the engine answers to a question.
func (e *Engine) ask(ctx context.Context, path string, query url.Values, to any) error {
	resp, err := e.Do(ctx, http.MethodGet, path+"?"+query.Encode(), nil)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(to); err != nil {
		return fmt.Errorf("the engine at %s does not say what was asked (%s): %w", e.Address, path, err)
	}
	return nil
}

// filters is a query for what has labels.
func filters(labels ...string) url.Values {
	text, err := json.Marshal(map[string][]string{"label": labels})
	if err != nil {
		panic(err) // texts are always JSON
	}
	return url.Values{"filters": {string(text)}}
}

// escape is a text that Compose leaves as it is, and unescape takes that back.
func escape(text string) string   { return strings.ReplaceAll(text, "$", "$$") }
func unescape(text string) string { return strings.ReplaceAll(text, "$$", "$") }

// A service is one of a project, as JSON has it.
type service = map[string]any

// project is a manifest, read, and its services by name.
func project(r *deploy.Release) (*compose.Project, map[string]service, error) {
	p := &compose.Project{}
	if err := json.Unmarshal(r.Manifest, p); err != nil {
		return nil, nil, fmt.Errorf("what was applied of %s can't be read: %w", r.Pipeline, err)
	}
	services := map[string]service{}
	for _, name := range sorted(p.Services) {
		s, ok := p.Services[name].(service)
		if !ok {
			return nil, nil, fmt.Errorf("what was applied of %s can't be read: the service %s is none", r.Pipeline, name)
		}
		services[name] = s
	}
	return p, services, nil
}

// labelled is the file that Compose is given: the manifest, with itself as a label of
// each service.
func labelled(r *deploy.Release) ([]byte, error) {
	p, services, err := project(r)
	if err != nil {
		return nil, err
	}
	for _, name := range sorted(services) {
		labels, _ := services[name]["labels"].(map[string]any)
		if labels[compose.LabelBroker] != nil {
			continue // it goes on as it is, whatever the version of the pipeline
		}
		all := maps.Clone(labels)
		if all == nil {
			all = map[string]any{}
		}
		all[labelPipeline], all[labelHash], all[labelRelease] = escape(r.Pipeline), escape(r.Hash), escape(string(r.Manifest))
		services[name]["labels"] = all
		p.Services[name] = services[name]
	}
	return json.Marshal(p)
}

// sorted are the keys of a map in their order.
func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
