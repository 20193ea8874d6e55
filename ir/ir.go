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
	// Targets are the options of backends, as the schema of each backend
	// evaluated them: JSON, by backend name.
	Targets map[string][]byte

	// Regions and Processes partition the nodes; empty before fuse and place.
	Regions   []*Region
	Processes []*Process
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
	// Store is where checkpoints lie: "file" (later others, "sink").
	Store string
	Span  source.Span
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

// A Node is one step of the graph.
type Node struct {
	// ID is unique: the YAML node's name, or that with ".decode" or ".encode".
	// Passes split encoders (see Encode): "store.encode.raw", and
	// "store.encode.ledger" for the one that runs in the region ledger.
	ID string
	// YAML is the name of the node in the pipeline that this one belongs to.
	YAML string
	// Span is that name where it is declared.
	Span source.Span
	// Op is what the node does.
	Op Op
	// Out are the types that leave the node, a port each; a node with one
	// unnamed output has the port "". Sinks have none.
	Out []Port
	// OnError is what happens to a record that fails here, never nil after
	// lowering.
	OnError *ErrorPolicy
	// Parallel is the number of lanes the user asked for, 0 for none said; Key
	// keeps a key in one lane; Unordered is `order: none`.
	Parallel  int
	Key       *Expr
	Unordered bool
	// Was is the node's former name, whose checkpoint it takes over.
	Was string
	// Region and Process are labels of the fuse and place passes.
	Region, Process string
	// Pure tells that the node keeps no state and touches nothing outside, so
	// that several lanes may run it with the order kept by reassembly.
	Pure bool
	// Keeps tells that the node's code may keep what it is given after it
	// returned, so that it must be given copies and not views.
	Keeps bool
}

// A Port is one output of a node.
type Port struct {
	Name string
	Type *Type
	Span source.Span
}

// An Op is what a node does: one of *Source, *Decode, *Apply, *Route, *Encode
// and *Sink.
type Op interface{ op() }

// Source reads from outside.
type Source struct {
	// Connector names a built-in, Go a component of the user's: one of them.
	Connector string
	Go        *GoRef
	Config    []Setting
	// Fields are inline Go that computes fields of a generated record (the
	// generate source).
	Fields []Assign
	// Meta is the type of `meta` that records carry from here, nil for none.
	Meta *Type
	// Bounded sources end by themselves.
	Bounded bool
	Facts   Facts
}

// Facts are what a connector says it can promise.
type Facts struct {
	Acks, Replayable, Ordered, Idempotent, Transactional, PrunesOnAck bool
	// Memory is what the connector itself may hold at once, in bytes.
	Memory int64
	// Answers tells that the source can answer the sender of a record (HTTP).
	Answers bool
}

// A Validate is how much of a record the scanner looks at.
type Validate string

// The policies: Structural delimits everything and checks what is read; Full
// refuses all that encoding/json/v2 refuses; Needed stops when it has what it
// needs.
const (
	Structural Validate = "structural"
	Full       Validate = "full"
	Needed     Validate = "needed"
)

// Decode turns bytes into records. A source has one (unless it is Go and makes
// records itself), and the `parse` verb is one with an Input.
type Decode struct {
	// Codec is ndjson, json, csv, text, bytes, regexp or logfmt; rows is for
	// sources that make typed records themselves.
	Codec string
	// Options are the codec's own (delimiter, quote, columns, regexp, …).
	Options []Setting
	// Input is the expression whose text is parsed; nil for a source's decode.
	Input *Expr
	// By is the wire name of the field that tells event types apart, "" for
	// one type. Variants pair its values with the node's ports.
	By       string
	Variants []Variant
	// Else is the port for records of no listed type, "" where they are record
	// errors.
	Else     string
	Validate Validate
	// Reads is the projection: the fields that somebody downstream reads, set
	// by the push pass, by port. A nil map means all fields.
	Reads map[string][]Path
	// Pushed are filters that the scan evaluates as soon as it can, by node ID,
	// set by the push pass.
	Pushed []string
}

// A Variant is an event type of a source with several.
type Variant struct {
	Value string
	Port  string
	Type  *Type
}

// A Verb is what an Apply node does with a record.
type Verb string

// The verbs of the language that lower to Apply, and VerbGo for components.
const (
	VerbFilter  Verb = "filter"
	VerbMap     Verb = "map"
	VerbSet     Verb = "set" // set and unset, also both in one node
	VerbCheck   Verb = "check"
	VerbFlatmap Verb = "flatmap"
	VerbGo      Verb = "go"
)

// Apply computes on one record, or on a batch of them.
type Apply struct {
	Verb Verb
	// Expr is the code of filter, flatmap and map written as an expression or
	// a body.
	Expr *Expr
	// Assign are the fields of a map written as a mapping, of set, or the named
	// conditions of check, in their order.
	Assign []Assign
	// Unset are wire names that leave the record.
	Unset []string
	// Go is the component, for VerbGo.
	Go     *GoRef
	Config []Setting
	// Batch is how records are gathered for a component that takes a slice.
	Batch *Batch
}

// An Assign is a name and the expression that gives it.
type Assign struct {
	Name string // wire name, or the name of a check
	Go   string // Go name of the field, "" for a check
	Span source.Span
	Expr *Expr
}

// Route sends each record to the first port whose condition holds.
type Route struct {
	Cases []Case
	// Else is the port of what no case takes; "" where it is dropped.
	Else string
	// On is the field that all conditions compare with constants, set by the
	// route pass: the node is then a switch on it. Nil where it is none.
	On Path
}

// A Case is one branch of a Route.
type Case struct {
	Port string
	Cond *Expr
	// Values are the constants of a switch that lead here; see Route.On.
	Values []string
}

// Encode turns records into bytes for a sink. It runs in the loop that makes
// the records, so that bytes cross to the sink: a sink that is fed by several
// loops has an encoder in each, and one that gets both records as they came and
// records made in the program has one for each sort.
type Encode struct {
	Codec   string
	Options []Setting
	// Raw tells that the records are written as they came, all of them; set by
	// the push pass.
	Raw bool
}

// Sink writes to the outside.
type Sink struct {
	Connector string
	Go        *GoRef
	Config    []Setting
	// Meta are settable keys of the connector (`meta: {key: in.ID}`).
	Meta  []Assign
	Batch *Batch
	// Guarantee is what the user asks of this sink, "" for the pipeline's.
	Guarantee Guarantee
	Facts     Facts
	// DeadLetter tells that error edges alone feed it.
	DeadLetter bool
}

func (*Source) op() {}
func (*Decode) op() {}
func (*Apply) op()  {}
func (*Route) op()  {}
func (*Encode) op() {}
func (*Sink) op()   {}

// A Batch says when gathered records go on: at Count records or Bytes bytes or
// Linger nanoseconds after the first; 0 leaves it to the compiler.
type Batch struct {
	Count  int
	Bytes  int64
	Linger int64
}

// A Then is what becomes of a record that failed for good.
type Then string

// What `then:` can say besides a dead-letter sink.
const (
	ThenStop   Then = "stop"
	ThenDrop   Then = "drop"
	ThenReject Then = "reject"
	ThenDead   Then = "dead"
)

// An ErrorPolicy is a node's on_error.
type ErrorPolicy struct {
	// Written tells that the user wrote `retry`, which then covers all errors
	// that are not poison, permanent or fatal; the default covers transient
	// ones only.
	Written bool
	Retry   int
	// Backoff and MaxBackoff are nanoseconds.
	Backoff, MaxBackoff int64
	Then                Then
	// Dead is the ID of the dead-letter sink for ThenDead.
	Dead string
	// MaxDead is the share (0 to 1) of failed records at which the program
	// stops; 0 for no limit.
	MaxDead float64
	Span    source.Span
}

// A Kind tells what an edge carries.
type Kind string

// The kinds of edges: records, records that failed, records that came too late
// for their window.
const (
	Data  Kind = "data"
	Error Kind = "error"
	Late  Kind = "late"
)

// A Via tells how records cross an edge.
type Via string

// Call is a fused edge (the same loop), Queue a bounded queue of batches
// between two regions, Cut an edge between processes.
const (
	Call  Via = "call"
	Queue Via = "queue"
	Cut   Via = "cut"
)

// An Ownership tells what a branch may do with the record it gets.
type Ownership string

// Move hands it over, Share lets several read it, Clone gives a copy because
// somebody writes while another still reads.
const (
	Move  Ownership = "move"
	Share Ownership = "share"
	Clone Ownership = "clone"
)

// An Origin tells where the bytes of a record on an edge are.
type Origin string

// Intact records are what the source read, or that with set and unset spliced
// in: their bytes may be written as they are. Made records came to be in the
// program and have no bytes. On a Mixed edge there are both, behind a node that
// gets both: no bytes come along, and all are encoded from their type.
const (
	Intact Origin = "intact"
	Made   Origin = "made"
	Mixed  Origin = "mixed"
)

// An Edge carries records from a port to a node.
type Edge struct {
	From string // node ID
	Port string // "" for the only output
	To   string // node ID
	Kind Kind
	Type *Type
	// Live are the fields that somebody behind the edge reads; nil before the
	// push pass means all.
	Live []Path
	// Meta are the fields of `meta` that somebody behind the edge reads, by the
	// names of Expr.MetaReads, sorted; nil before the push pass and where there
	// are none.
	Meta []string
	// Raw tells that the record's bytes must come along: somebody behind the
	// edge writes them as they are, or splices them. (Dead letters take the
	// source's original from the engine, which keeps it; they need the bytes on
	// the edge only where set or unset changed them.)
	Raw bool
	// Origin tells where the record's bytes are, set by the push pass.
	Origin Origin
	Own    Ownership
	// Ordered tells that source order holds on this edge.
	Ordered bool
	Via     Via
	// Depth and Bytes bound what waits in a queue, in packets and in bytes (a
	// packet larger than Bytes waits alone). A packet is what one batch of the
	// source became; Batch is the number of records that the consumer gathers
	// from packets before it works, 0 where it takes them as they come.
	Batch, Depth int
	Bytes        int64
	// Why is one sentence for explain: why fused, or why not.
	Why  string
	Span source.Span // the `from` that made it
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
