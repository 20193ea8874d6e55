// Package live applies jobs of Nomad: each is registered where nobody has changed it
// since the plan was made, and watched until Nomad itself says that it is rolled out.
//
// What was applied is what Nomad has: the job, with the versions before it. So somebody
// who runs `nomad job run` or scales a job is seen in the next plan, and going back is
// Nomad's own way back.
package live

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/hashicorp/nomad/api"

	"github.com/flowc-dev/flowc/backends/deploy"
	"github.com/flowc-dev/flowc/backends/nomad"
	container "github.com/flowc-dev/flowc/backends/oci/live"
)

// The entries of a job's meta that only what is applied has. They are no part of what
// a plan compares.
const (
	metaFolder  = "flowc.dev/folder"  // where the pipeline lies, on the machine that applied it
	metaRelease = "flowc.dev/release" // the job that the release is known by, where it has several
)

// defaultNamespace is where jobs are of which nothing is said.
const defaultNamespace = "default"

// An Engine is a cluster of Nomad's.
type Engine struct {
	client *api.Client
	region string // that the client names, "" for the agent's own
	// containers is the container engine of this machine; it is only asked where it may
	// be the one that runs the jobs.
	containers func() (*container.Engine, error)
	here       func() (*container.Engine, error)
	patience   int

	mu  sync.Mutex
	put map[string]map[string]version // what this engine has put, by the ID of the release and the job
}

// A version is one of a job's.
type version struct{ number, index uint64 }

var _ deploy.Engine = (*Engine)(nil)

// Open makes the client of the cluster that the variables NOMAD_ADDR, NOMAD_TOKEN,
// NOMAD_NAMESPACE, NOMAD_REGION, NOMAD_CACERT and so on name, as Nomad's own command
// takes them; nothing is asked yet. containers opens the container engine of this
// machine.
func Open(containers func() (*container.Engine, error)) (*Engine, error) {
	config := api.DefaultConfig()
	client, err := api.NewClient(config)
	if err != nil {
		return nil, fmt.Errorf("no client of Nomad's for %s: %w\nthe variables NOMAD_ADDR, NOMAD_CACERT, NOMAD_CLIENT_CERT and NOMAD_CLIENT_KEY say where it is and how to trust it", config.Address, err)
	}
	e := &Engine{client: client, region: config.Region, containers: containers, patience: patience, put: map[string]map[string]version{}}
	e.here = sync.OnceValues(e.findHere)
	return e, nil
}

// Place names the cluster.
func (e *Engine) Place() string { return "Nomad at " + e.client.Address() }

// Release is what is applied: the jobs of a program, with the folder that they come
// from. image is that of the program, "" for a binary. Jobs that name no namespace are
// in that of NOMAD_NAMESPACE.
func Release(jobs *nomad.Jobs, folder, image string) (*deploy.Release, error) {
	main, namespace := *jobs.Jobs[0].ID, cmp.Or(api.DefaultConfig().Namespace, defaultNamespace)
	for _, j := range jobs.Jobs {
		if j.Namespace == nil {
			j.Namespace = &namespace
		}
		if j.Meta == nil {
			j.Meta = map[string]string{}
		}
		j.Meta[metaFolder] = folder
		if len(jobs.Jobs) > 1 {
			j.Meta[metaRelease] = main
		}
	}
	manifest, err := json.Marshal(jobs)
	if err != nil {
		return nil, err
	}
	return &deploy.Release{ID: idOf(namespaceOf(jobs.Jobs[0]), main), Pipeline: jobs.Pipeline, Hash: jobs.Hash, Image: image, Folder: folder, Manifest: manifest}, nil
}

// namespaceOf is the namespace that a job names.
func namespaceOf(j *api.Job) string {
	if j.Namespace == nil || *j.Namespace == "" {
		return defaultNamespace
	}
	return *j.Namespace
}

// idOf is the ID of a release by its job, with the namespace where that is not the
// usual one.
func idOf(namespace, job string) string {
	if namespace == defaultNamespace {
		return job
	}
	return namespace + "/" + job
}

// split is the namespace and the job of an ID.
func split(id string) (namespace, job string) {
	if namespace, job, ok := strings.Cut(id, "/"); ok {
		return namespace, job
	}
	return defaultNamespace, id
}

// query and write ask in a namespace.
func query(ctx context.Context, namespace string) *api.QueryOptions {
	return (&api.QueryOptions{Namespace: namespace}).WithContext(ctx)
}

func write(ctx context.Context, namespace string) *api.WriteOptions {
	return (&api.WriteOptions{Namespace: namespace}).WithContext(ctx)
}

// manifest is what was, or is to be, applied.
func manifest(r *deploy.Release) (*nomad.Jobs, error) {
	j := &nomad.Jobs{}
	if err := json.Unmarshal(r.Manifest, j); err != nil {
		return nil, fmt.Errorf("what was applied of %s can't be read: %w", r.Pipeline, err)
	}
	if len(j.Jobs) == 0 {
		return nil, fmt.Errorf("what was applied of %s has no job", r.Pipeline)
	}
	return j, nil
}

// releaseOf is the job that a job's release is known by.
func releaseOf(id string, meta map[string]string) string {
	if of := meta[metaRelease]; of != "" {
		return of
	}
	return id
}

// sorted are the keys of a map in their order.
func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
