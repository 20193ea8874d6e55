// Package live applies the objects of a pipeline to a cluster, server-side and as one
// set, and reads from the same API what becomes of them.
//
// What was applied is a ConfigMap beside the objects: the parent of an ApplySet, as
// kubectl calls that, with the objects in it. Whoever reaches the cluster finds there
// what runs and how to bring it back.
package live

import (
	"encoding/json"
	"strings"

	"github.com/flowc-dev/flowc/backends/deploy"
	"github.com/flowc-dev/flowc/backends/kubernetes"
)

// manager is who the cluster notes down as the owner of the fields that are applied.
const manager = "flowc"

// The labels and annotations by which what belongs to a pipeline is found: those of the
// objects themselves, those of ApplySets, and those of the ConfigMap.
const (
	labelName      = "app.kubernetes.io/name"
	labelVersion   = "app.kubernetes.io/version"
	labelManagedBy = "app.kubernetes.io/managed-by"
	annotationHash = "flowc.dev/pipeline-hash"

	labelSet          = "applyset.kubernetes.io/part-of"
	labelSetID        = "applyset.kubernetes.io/id"
	annotationTooling = "applyset.kubernetes.io/tooling"
	annotationKinds   = "applyset.kubernetes.io/contains-group-kinds"

	annotationPipeline = "flowc.dev/pipeline"
	annotationImage    = "flowc.dev/image"
	annotationFolder   = "flowc.dev/folder"

	labelTry = "flowc.dev/try"

	labelRole  = "app.kubernetes.io/component" // what of the pipeline something is
	roleBroker = "broker"
)

// The kinds that are more than an object among others.
const (
	kindNamespace   = "Namespace"
	kindClaim       = "PersistentVolumeClaim"
	kindDeployment  = "Deployment"
	kindStatefulSet = "StatefulSet"
	kindJob         = "Job"
	kindCronJob     = "CronJob"
)

// workloads are the kinds that run programs, with their versions.
var workloads = map[string]string{kindDeployment: "apps/v1", kindStatefulSet: "apps/v1", kindJob: "batch/v1", kindCronJob: "batch/v1"}

// An Engine is a cluster, seen from a namespace.
type Engine struct {
	place     string
	namespace string // where objects go that name no other
	api       *api
}

var _ deploy.Engine = (*Engine)(nil)

// Place names the cluster.
func (e *Engine) Place() string { return e.place }

// A manifest is what a release is made of.
type manifest struct {
	Name      string `json:"name"`
	Namespace string `json:"namespace,omitempty"`
	Objects   []tree `json:"objects"`
}

// Release is a set of objects as something to be applied. image must be a reference that
// always means the same image.
func Release(s *kubernetes.Set, folder, image string) (*deploy.Release, error) {
	m := manifest{Name: s.Name, Namespace: s.Namespace}
	for _, o := range s.Objects {
		if kindOf(o) == kindJob {
			// A Job that is over stays until another one follows it or it is deleted: it is
			// how one knows that it need not run again.
			o = clone(o)
			delete(sub(o, "spec"), "ttlSecondsAfterFinished")
		}
		m.Objects = append(m.Objects, o)
	}
	data, err := json.Marshal(m)
	return &deploy.Release{ID: idOf(s.Namespace, s.Name), Pipeline: s.Pipeline, Hash: s.Hash, Image: image, Folder: folder, Manifest: data}, err
}

// idOf is the ID of a pipeline's objects; namespace is "" for that of the context.
func idOf(namespace, name string) string {
	if namespace == "" {
		return name
	}
	return namespace + "/" + name
}

// A place is where the objects of a pipeline are.
type place struct{ namespace, name string }

// of is the place that an ID means.
func (e *Engine) of(id string) place {
	namespace, name, ok := strings.Cut(id, "/")
	if !ok {
		return place{e.namespace, id}
	}
	return place{namespace, name}
}

// read reads the manifest of a release, and says where it goes.
func (e *Engine) read(r *deploy.Release) (manifest, place, error) {
	var m manifest
	if err := json.Unmarshal(r.Manifest, &m); err != nil {
		return m, place{}, err
	}
	p := place{m.Namespace, m.Name}
	if p.namespace == "" {
		p.namespace = e.namespace
	}
	return m, p, nil
}

// id is the ID of what is at a place.
func (e *Engine) id(p place) string {
	if p.namespace == e.namespace {
		return p.name
	}
	return idOf(p.namespace, p.name)
}
