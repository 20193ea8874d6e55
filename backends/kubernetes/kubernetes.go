// Package kubernetes writes a program down as objects of Kubernetes, in one file
// that `kubectl apply -f` takes as it is.
//
// What the objects say is read off the program: a pipeline that ends is a Job, one
// that keeps its place in files a StatefulSet with a volume, one whose source shares
// its records a Deployment that may have several copies. They are built as the typed
// structs of k8s.io/api, so that a field which does not exist does not compile; what
// a user lays over them is merged by the same code as in the API server and decoded
// strictly again.
package kubernetes

import (
	"fmt"

	"github.com/flowc-dev/flowc/backends"
	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
)

// target is the name of the target, under `targets` and on the command line.
const target = "k8s"

// Backend is the target.
type Backend struct{}

// Name is k8s.
func (Backend) Name() string { return target }

// OptionsSchema is options.cue.
func (Backend) OptionsSchema() string { return optionsSchema }

// Shares says that a folder can hold the files of several pipelines.
func (Backend) Shares() {}

// Check says what of a program, or of the options for it, can't be had in a cluster.
func (Backend) Check(p *ir.Program, o backends.Options) diag.List {
	d, err := build(p, o, backends.Layout{})
	if err != nil {
		return diag.List{diag.Errorf(diag.TargetOption, p.TargetSpans[target], "%v", err)}
	}
	d.list.Sort()
	return d.list
}

// The forms in which the objects are written.
const (
	// FormPlain is one file, for `kubectl apply`.
	FormPlain = ""
	// FormKustomize is that file as a base of kustomize.
	FormKustomize = "kustomize"
	// FormHelm is a chart.
	FormHelm = "helm"
)

// Emit writes the objects into one file, which bears the pipeline's name so that
// several pipelines can share a folder; or as a base of kustomize or a chart of Helm,
// which has its folder to itself.
func (Backend) Emit(p *ir.Program, o backends.Options, l backends.Layout) ([]backends.File, error) {
	d, err := build(p, o, l)
	if err != nil {
		return nil, err
	}
	if d.list.HasErrors() {
		return nil, fmt.Errorf("emitted what was not checked: %w", d.list[0])
	}
	switch l.Form {
	case FormKustomize:
		return d.kustomize()
	case FormHelm:
		return d.helm()
	case FormPlain:
	default:
		return nil, fmt.Errorf("there is no form %q", l.Form)
	}
	data, err := d.file()
	if err != nil {
		return nil, err
	}
	return []backends.File{{Path: d.name + ".yaml", Data: data}}, nil
}
