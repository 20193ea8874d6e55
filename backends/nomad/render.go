package nomad

import (
	"encoding/json"

	"github.com/hashicorp/nomad/api"

	"github.com/flowc-dev/flowc/backends"
	"github.com/flowc-dev/flowc/ir"
)

// The entries of a job's meta by which what belongs to a pipeline is found.
const (
	MetaPipeline = "flowc.dev/pipeline"
	MetaHash     = "flowc.dev/hash"
)

// Jobs are what Emit writes of a program, for those who hand it to Nomad themselves.
type Jobs struct {
	// Pipeline is the program's name, Hash that of its meaning.
	Pipeline string `json:"pipeline"`
	Hash     string `json:"hash"`
	// Jobs are those of the program; the first is the one that it is known by.
	Jobs []*api.Job `json:"jobs"`
	// Items are those that variables of Nomad's must have, by the path of the variable.
	Items map[string][]string `json:"items,omitempty"`
}

// MarshalJSON leaves out what nobody said, as files do.
func (j *Jobs) MarshalJSON() ([]byte, error) {
	type plain Jobs
	return encode((*plain)(j))
}

// Render returns the jobs of a program that passed Check.
func Render(p *ir.Program, o backends.Options, l backends.Layout) *Jobs {
	d := newDeployment(p, o, l)
	j := &Jobs{Pipeline: p.Name, Hash: d.units[0].app.Hash, Jobs: []*api.Job{d.job()}}
	j.Items, _ = d.secretItems()
	return j
}

// RunsImage tells whether options have a program run as an image.
func RunsImage(o backends.Options) bool { return decode(o).Driver == docker }

// JSON is a job as files have it: what `nomad job run -json` reads.
func JSON(j *api.Job) ([]byte, error) { return document(j) }

// Tree is what was said of a job, as JSON has it.
func Tree(j *api.Job) (map[string]any, error) {
	text, err := encode(j)
	if err != nil {
		return nil, err
	}
	var tree map[string]any
	err = json.Unmarshal(text, &tree)
	return tree, err
}
