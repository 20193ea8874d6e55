package nomad

import (
	"encoding/json"
	"fmt"

	"github.com/flowc-dev/flowc/backends"
	"github.com/flowc-dev/flowc/backends/manifest"
)

// options are what a pipeline says under `targets.nomad`; the schema says what each
// of them means.
type options struct {
	As             string             `json:"as"`
	Schedule       string             `json:"schedule"`
	TimeZone       string             `json:"time_zone"`
	Job            string             `json:"job"`
	Datacenters    []string           `json:"datacenters"`
	Region         string             `json:"region"`
	Namespace      string             `json:"namespace"`
	NodePool       string             `json:"node_pool"`
	Priority       int                `json:"priority"`
	Driver         string             `json:"driver"`
	Image          string             `json:"image"`
	Binary         *binary            `json:"binary"`
	WorkDir        string             `json:"work_dir"`
	Env            manifest.Env       `json:"env"`
	Secrets        map[string]secret  `json:"secrets"`
	VaultRole      string             `json:"vault_role"`
	Files          map[string]place   `json:"files"`
	Storage        *storage           `json:"storage"`
	Volumes        map[string]storage `json:"volumes"`
	MaxKillTimeout string             `json:"max_kill_timeout"`
	Ports          map[string]int     `json:"ports"`
	Memory         string             `json:"memory"`
	MemoryReserved string             `json:"memory_reserved"`
	CPU            int                `json:"cpu"`
	Cores          int                `json:"cores"`
	Pids           int                `json:"pids"`
	Replicas       *int               `json:"replicas"`
	Scale          *scale             `json:"scale"`
	Labels         map[string]string  `json:"labels"`
	Annotations    map[string]string  `json:"annotations"`
	Broker         *brokerOptions     `json:"broker"`
	Overlay        json.RawMessage    `json:"overlay"`
}

// A binary is where a client without containers has the program.
type binary struct {
	Path     string `json:"path"`
	URL      string `json:"url"`
	Checksum string `json:"checksum"`
}

// A secret is an item of a variable of Nomad's, or a field of a secret of Vault's.
type secret struct {
	Variable string `json:"variable"`
	Item     string `json:"item"`
	Vault    string `json:"vault"`
	Field    string `json:"field"`
}

// A place is where clients have a file, or get it from.
type place struct {
	Host     string `json:"host"`
	Volume   string `json:"volume"`
	Path     string `json:"path"`
	URL      string `json:"url"`
	Checksum string `json:"checksum"`
}

// ways counts the places that are said.
func (p place) ways() int {
	n := 0
	for _, one := range []string{p.Host, p.Volume, p.URL} {
		if one != "" {
			n++
		}
	}
	return n
}

// A storage is what keeps a folder.
type storage struct {
	Volume         string `json:"volume"`
	Type           string `json:"type"`
	AccessMode     string `json:"access_mode"`
	AttachmentMode string `json:"attachment_mode"`
	Ephemeral      string `json:"ephemeral"`
	// PerAlloc tells that each copy has a volume of its own: NAME[0], NAME[1].
	PerAlloc bool `json:"per_alloc"`
}

// brokerOptions are those of the server that the job brings.
type brokerOptions struct {
	Image   string  `json:"image"`
	Memory  string  `json:"memory"`
	CPU     int     `json:"cpu"`
	Storage storage `json:"storage"`
}

// A scale is the bounds of the number of copies.
type scale struct {
	Min      int             `json:"min"`
	Max      int             `json:"max"`
	CPU      int             `json:"cpu"`
	Target   int             `json:"target"`
	Source   string          `json:"source"`
	Cooldown string          `json:"cooldown"`
	Policy   json.RawMessage `json:"policy"`
}

// The drivers.
const (
	docker  = "docker"
	isolate = "exec"
	raw     = "raw_exec"
)

// defaults are the options of a pipeline that has none.
const defaults = `{"time_zone":"UTC","driver":"docker","cpu":100,"pids":256,"max_kill_timeout":"30s"}`

// decode reads options that the schema has let through.
func decode(given backends.Options) *options {
	o := &options{}
	if len(given) == 0 {
		given = backends.Options(defaults)
	}
	if err := json.Unmarshal(given, o); err != nil {
		panic(fmt.Sprintf("the schema of the target nomad lets options through that are none: %v", err))
	}
	return o
}

// storageOf is what keeps a folder, nil where nothing is said.
func (o *options) storageOf(dir string) *storage {
	if dir == manifest.WorkDir {
		return o.Storage
	}
	if s, ok := o.Volumes[dir]; ok {
		return &s
	}
	return nil
}
