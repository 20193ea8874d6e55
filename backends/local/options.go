package local

import (
	"encoding/json"
	"fmt"

	"github.com/flowc-dev/flowc/backends"
	"github.com/flowc-dev/flowc/backends/manifest"
)

// options are what a pipeline says under `targets.local`; the schema says what each of
// them means.
type options struct {
	As       string            `json:"as"`
	Schedule string            `json:"schedule"`
	Binary   string            `json:"binary"`
	User     string            `json:"user"`
	Group    string            `json:"group"`
	Env      manifest.Env      `json:"env"`
	Secrets  secrets           `json:"secrets"`
	Files    map[string]string `json:"files"`
	Memory   string            `json:"memory"`
	CPU      float64           `json:"cpu"`
	Tasks    int               `json:"tasks"`
	Metrics  string            `json:"metrics"`
	// Overlay are directives by section and name.
	Overlay map[string]map[string]json.RawMessage `json:"overlay"`
}

// secrets are where the host has them.
type secrets struct {
	EnvironmentFile string            `json:"environment_file"`
	Names           []string          `json:"names"`
	Files           map[string]string `json:"files"`
}

// defaults are the options of a pipeline that has none.
const defaults = `{"tasks":256}`

// decode reads options that the schema has let through.
func decode(given backends.Options) *options {
	o := &options{}
	if len(given) == 0 {
		given = backends.Options(defaults)
	}
	if err := json.Unmarshal(given, o); err != nil {
		panic(fmt.Sprintf("the schema of the target local lets options through that are none: %v", err))
	}
	return o
}
