// Package nomad emits a pipeline as a job of Nomad's: one file of JSON that
// `nomad job run -json` takes, and a page that says what the cluster must have.
//
// The job is built of the types of Nomad's own client ([api.Job]), so that a field
// which Nomad does not know can't be written, and printed without the zeros that
// those types have for everything that is not said.
package nomad

import (
	_ "embed"

	"github.com/hashicorp/nomad/api"

	"github.com/flowc-dev/flowc/backends"
	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
)

// Backend emits jobs for Nomad.
type Backend struct{}

//go:embed schema.cue
var schema string

// Name is "nomad".
func (Backend) Name() string { return "nomad" }

// OptionsSchema is what stands under `targets.nomad`.
func (Backend) OptionsSchema() string { return schema }

// Check says what Nomad must be told and was not, and what it would refuse.
func (Backend) Check(p *ir.Program, o backends.Options) diag.List {
	d := newDeployment(p, o, backends.Layout{})
	d.job()
	d.list.Sort()
	return d.list
}

// Shares tells that several pipelines can have their jobs in one folder.
func (Backend) Shares() {}

// Emit returns NAME.nomad.json and NAME.nomad.md.
func (Backend) Emit(p *ir.Program, o backends.Options, l backends.Layout) ([]backends.File, error) {
	d := newDeployment(p, o, l)
	text, err := document(d.job())
	if err != nil {
		return nil, err
	}
	return []backends.File{
		{Path: d.file(), Data: text, Verbatim: true},
		{Path: d.name() + ".nomad.md", Data: d.readme()},
	}, nil
}

// document is a job as files have it, and as `nomad job run -json` reads it.
func document(j *api.Job) ([]byte, error) {
	text, err := encode(struct{ Job *api.Job }{j})
	if err != nil {
		return nil, err
	}
	return append(text, '\n'), nil
}
