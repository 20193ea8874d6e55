// Package manifest reads off a program what each deployment of it must know, and
// has what manifests are made of: names, quantities and ordered YAML.
//
// A target (compose, Kubernetes, Nomad, local) asks [Of] for the [App] and maps it
// to its own words, so that all of them agree on ports, environment, secrets,
// volumes, memory and grace. What a target lets its users say is its own; [Given]
// is what of that decides the App.
package manifest

import (
	"time"

	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/source"
)

// The paths inside a container. They are the same on every target.
const (
	// Binary is the program, the entry point of its image.
	Binary = "/app"
	// WorkDir is where the program runs: relative paths and `.flowc/state` lie there.
	WorkDir = "/data"
	// InputDir holds a folder for each file that the pipeline reads.
	InputDir = "/input"
	// TempDir can be written to and does not last.
	TempDir = "/tmp"
	// User and Group are the numeric ids that it runs as.
	User, Group = 65532, 65532
)

// What a deployment adds to the drain deadline of a program before it is killed.
const (
	// preStop is how long a program that is called goes on after it was taken out of
	// the balancers' lists, which learn of it late.
	preStop = 5 * time.Second
	// graceMargin covers the start of the stop and the last lines of the log.
	graceMargin = 5 * time.Second
)

// An App is a program as deployments see it.
type App struct {
	// Name is the program's, a DNS label; Hash that of the pipeline's meaning.
	Name, Hash string
	// Pipeline is the name of the pipeline. Process is that of the process which the
	// program is, "" for all of a pipeline, and Replicas how many copies run of which each
	// has a number of its own (see [Part]); 1 for a program that is not cut.
	Pipeline, Process string
	Replicas          int
	// Elastic, where set, says that the copies are hosts that come and go, of which each
	// runs some of the process's parts. Nobody gives them numbers.
	Elastic *Elastic `json:",omitempty"`
	// Image is the reference of its image.
	Image string
	// Labels and Annotations are the pipeline's own.
	Labels, Annotations []ir.Label
	// Bounded programs end by themselves.
	Bounded bool
	// Copies says whether several copies may run at once.
	Copies Copies
	// State says whether the program needs a folder that outlives it.
	State State
	// Env are the variables that it reads, by name, without those that a deployment
	// leaves to their defaults.
	Env []Var
	// SecretFiles are the files that `${file:…}` names, by path.
	SecretFiles []SecretFile
	// Inputs are the files that it reads, by node and key.
	Inputs []Input
	// Dirs are the folders that it writes to, WorkDir first; on the host those of
	// absolute paths alone.
	Dirs []Dir
	// Ports are what it listens on, the pages of telemetry last.
	Ports []Port
	// Endpoints are what it connects to, by node.
	Endpoints []Endpoint
	// Settings are assignments for FLOWC_SET, by key: addresses and paths that are
	// others in a container.
	Settings []Setting
	// Beside are the components that are containers of their own, in the order of the
	// program; Control is the port of the control plane that they register with, 0 for none.
	Beside  []Beside `json:",omitempty"`
	Control int      `json:",omitempty"`
	// Jobs are those of the pipeline that are containers of their own, each behind those that it
	// waits for; the program starts none of them.
	Jobs []Job `json:",omitempty"`
	// Memory is the limit and GoMemory the collector's (GOMEMLIMIT), in bytes. Of a host
	// the latter is that of each process which it starts.
	Memory, GoMemory int64
	// Drain is how long an ordered stop may take, PreStop how long before it the
	// program should still be called, Grace when it may be killed.
	Drain, PreStop, Grace time.Duration
}

// Copies says whether several copies of a program may run at once.
type Copies struct {
	Many bool
	// Why is a sentence.
	Why string
}

// A State says what of a program's folder must outlive it.
type State struct {
	// Lasts tells that the checkpoint, or what sinks write, is in files.
	Lasts bool
	// Why is a sentence.
	Why string
}

// A Var is a variable of the environment.
type Var struct {
	Name string
	// Value is what the target's options give it; secrets have none.
	Value  string
	Secret bool
	// Span is where the pipeline names it first.
	Span source.Span `json:"-"`
}

// A SecretFile is a file whose content the pipeline names by `${file:…}`.
type SecretFile struct {
	Path string
	// Name is its base name, by which secrets have it.
	Name string
	Span source.Span `json:"-"`
}

// An Input is a file, or a pattern of files, that a node reads.
type Input struct {
	// Node and Key are where the pipeline names it: ledger, path; Path is what it
	// says. Without a Key the pipeline does not: the options do, for Go of the user's own.
	Node, Key, Path string
	// Dir is the folder in the container that it is mounted at or into; Base is its
	// name there, which is the end of a pattern where Pattern is set. On the host they
	// are those of Path.
	Dir, Base string
	Pattern   bool
	// Within tells that Dir has more in it than the input, which is mounted alone, at its path.
	Within bool        `json:",omitempty"`
	Span   source.Span `json:"-"`
}

// A Dir is a folder that the program writes to.
type Dir struct {
	// Path is where it is in the container, Name a DNS label for its volume.
	Path, Name string
	// Lasts tells that it must outlive the program.
	Lasts bool
}

// A Port is what the program listens on.
type Port struct {
	// Name is a DNS label of 15 characters at most: the node's, or "metrics".
	Name   string
	Number int
	// Pages tells that it serves /livez, /readyz and /metrics, and no records.
	Pages bool
}

// An Endpoint is a server that a node connects to.
type Endpoint struct {
	Node, Connector string
	// Host is "" and Port 0 where they are known only when the program starts.
	Host string
	Port int
}

// A Setting is an assignment of FLOWC_SET.
type Setting struct{ Key, Value string }

// Given is what a target's options say that decides an App.
type Given struct {
	// Image is the reference of the image, "" for the pipeline's name and hash.
	Image string
	// Env are the values of variables; Secrets the names of those that the target
	// takes from a place for secrets, though no key of the pipeline says so.
	Env     map[string]string
	Secrets []string
	// Placed tells where the target has a file that the pipeline reads; the key is
	// the path as the pipeline has it.
	Placed func(path string) bool
	// Files are the paths of all such places: those that no key of the pipeline names are
	// for Go of the user's own and for commands.
	Files []string
	// Keeps tells that the options say what keeps WorkDir, Ends that they say the program
	// ends by itself: both count where the user alone can know.
	Keeps, Ends bool
	// Place is how the options say such a place, for the line to add: `{bind: PATH}`; ""
	// where there are several ways.
	Place string
	// Memory is the limit instead of the computed one, in bytes; 0 for that.
	Memory int64
	// Children tells that components are processes of the program, and Beside that the target
	// runs them as containers; Apart that each container has an address of its own.
	Children, Beside, Apart bool
	// Host tells that the program runs on the host as it is: paths and addresses
	// stay what they are.
	Host bool
}

// PagesPort is where a deployment has the pages of telemetry, unless the pipeline
// says where.
const PagesPort = 9090
