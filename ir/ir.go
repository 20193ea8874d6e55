// Package ir is the program between the language and the backends: a graph of
// typed nodes and edges.
//
// One node of the YAML becomes one to three nodes here: a source is a Source
// and a Decode, a sink is an Encode and a Sink. Nothing is ever merged: the
// fuse and place passes label nodes with the region (one loop) and the process
// they run in, so counters, taps, checkpoints and explanations stay by YAML
// node. README.md teaches the form by its printed text.
package ir

import "github.com/flowc-dev/flowc/ir/source"

// A Program is one pipeline.
type Program struct {
	// Name is the pipeline's name, a DNS label.
	Name string
	// Hash is what the function Hash gave before the passes, "" before them.
	Hash string
	// Files are the texts it was read from, the root pipeline first.
	Files []*source.File
	// Types are the named event types, in the order of their declaration.
	Types []*Type
	// Nodes are in the order of the file, sub-nodes beside their YAML node:
	// order means nothing, except that output keeps it.
	Nodes []*Node
	// Edges are ordered by their From node, port and To node.
	Edges []*Edge
	// Jobs are what runs to its end beside the nodes, in the order of the file; Awaits are
	// those that must have completed before a record is read.
	Jobs   []*Job
	Awaits []Dependency
	// Lets are all let values of all nodes that the program uses.
	Lets []*Let
	// Module is the user's Go module, nil where the pipeline uses no Go of the
	// user's.
	Module *Module
	// Requires are modules outside the user's own and the standard library that
	// the program links, sorted by path.
	Requires []Require

	Delivery  Delivery
	Telemetry Telemetry
	// Carrier is what carries records between processes, nil where nothing is said.
	Carrier *Carrier
	// Labels and Annotations are carried to whatever a target makes of the program,
	// in the order of the file. What a target allows in them it checks itself.
	Labels, Annotations []Label
	// Targets are the options of backends, as the schema of each backend
	// evaluated them: JSON, by backend name.
	Targets map[string][]byte
	// TargetSpans are where those options stand: "k8s", "k8s.files.a" and so on.
	// Never printed.
	TargetSpans map[string]source.Span

	// Regions and Processes partition the nodes; empty before fuse and place.
	Regions   []*Region
	Processes []*Process
	// Pieces are the same pipeline cut into the processes that `scale` asks for, each
	// behind those that feed it; nil for one that runs in a single process. Never printed.
	Pieces []*Piece
	// Memory is the bound in bytes of everything that queues and buffers may
	// hold at once, and how it adds up; set by the buffers pass.
	Memory Bound
}

// A Module is where the user's Go lives.
type Module struct {
	// Path is the module path, Dir its root folder on this machine (never
	// printed, never emitted).
	Path, Dir string
	// Folder is the import path of the root pipeline's folder. Generated
	// packages that use the user's Go lie below it, so that every internal
	// package which the pipeline may name is in their reach.
	Folder string
	// GoVersion is the go line of its go.mod.
	GoVersion string
	// Flags are the -mod and -tags flags with which its packages were found: a
	// build must use the same, or it may see other code. Never printed.
	Flags []string
	// Compiled identifies what the go command compiled the pipeline's Go to, with
	// all that it imports and embeds, for this machine. Never printed.
	Compiled string
}

// A Require is one module that a generated go.mod names.
type Require struct{ Path, Version string }

// Delivery is what the user asks of the whole pipeline.
type Delivery struct {
	Guarantee Guarantee
	// Drain is how long an ordered stop may take, in nanoseconds.
	Drain int64
	// CheckpointEvery is the interval of checkpoints, in nanoseconds.
	CheckpointEvery int64
	// Store is where checkpoints lie: "file"; "sink": with the records of the sink
	// whose Checkpoint is set; or a connector that is a store, with a config.
	Store       string
	StoreConfig []Setting
	// StoreSpan is where the store is named.
	StoreSpan source.Span
	Span      source.Span
}

// A Guarantee is what a path promises.
type Guarantee string

// The guarantees, weakest first. "" is the default: at least once where the
// source can replay or wait, what it can where it cannot.
const (
	AtMostOnce      Guarantee = "at-most-once"
	AtLeastOnce     Guarantee = "at-least-once"
	EffectivelyOnce Guarantee = "effectively-once"
)

// Telemetry is what the program tells about itself while it runs.
type Telemetry struct {
	// HTTP is the address of /livez, /readyz and /metrics, "" for none.
	HTTP *Value
	// Log is "text" or "json", Level a level of log/slog ("info").
	Log, Level string
	// Progress is "auto" (a terminal and a bounded run), "always" or "never".
	Progress string
}

// A Label is a word about the pipeline for those who run it (a team, a cost
// centre), or a note for their tools.
type Label struct {
	Key, Value string
	Span       source.Span // the key
}

// A Region is a set of nodes that run in one loop.
type Region struct {
	Name string
	// Head is the ID of the node that the loop starts with.
	Head  string
	Nodes []string
	// Lanes is the number of loops that run at once; 0 means one for each
	// processor, to AutoLanes at most. Keyed lanes keep a key together.
	Lanes int
	Why   string
}

// A Carrier is what carries the records of cut edges.
type Carrier struct {
	// Connector is its name in `edges`, Config where it is.
	Connector string
	Config    []Setting
	Span      source.Span // the name
}

// A Piece is one process of a pipeline that was cut, with a program of its own.
type Piece struct {
	// Name is how the process is called: by the node that is scaled, or by the first
	// that it has; the one with the sources is called as the pipeline.
	Name string
	// Replicas is how many copies of it run, 1 at the least; Head is the node because
	// of which there are several, "" for one.
	Replicas int
	Head     string
	// Elastic, where set, has hosts come and go that share the copies.
	Elastic *Elastic
	// Inputs and Outputs are the nodes of the program that end and begin edges to
	// other processes, in the order of the program.
	Inputs, Outputs []CutEdge
	Program         *Program
}

// A CutEdge is an end of an edge between two processes.
type CutEdge struct {
	// Node is its node in the program; From and To are the pipeline's nodes that the
	// edge joins, Port is the output of From.
	Node, From, Port, To string
	// Peer is the process at the other end.
	Peer string
	// Steady tells that the writer sends the same records in the same order after a
	// crash, so that the reader can skip those that it has; Why is the reason for
	// either.
	Steady bool
	Why    string
}

// A Process is a set of nodes that share an operating system process.
type Process struct {
	Name  string
	Nodes []string
}

// A Bound is a sum of memory in bytes with its parts.
type Bound struct {
	Total int64
	Parts []BoundPart
}

// A BoundPart is one term of a Bound.
type BoundPart struct {
	What  string
	Bytes int64
}
