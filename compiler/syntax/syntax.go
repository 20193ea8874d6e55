// Package syntax is the tree between the spellings of the language and the
// compiler: what a pipeline says, with the place of every word, and nothing of
// what it means.
//
// Each spelling is read into this tree by package dialect; package lower gives
// it meaning. Names are not resolved here, and inline Go is still text (a
// [parse.Node], which follows every byte back to the file).
package syntax

import (
	"github.com/flowc-dev/flowc/compiler/parse"
	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/source"
)

// A Text is a word and its place.
type Text struct {
	Text string
	Span source.Span
}

// IsZero tells whether nothing was written.
func (t Text) IsZero() bool { return t.Text == "" && t.Span.IsZero() }

// A Pipeline is a whole pipeline, its included files and overlays merged.
type Pipeline struct {
	// Name is the pipeline's name; its span is zero where it comes from the
	// name of the file.
	Name Text
	// File is the root file.
	File    *source.File
	Imports []Import
	Types   []*TypeDecl
	Nodes   []*Node
	// Jobs are nodes of no records: their name, what they start, and what they wait for.
	Jobs                []*Node
	Delivery            Delivery
	Telemetry           Telemetry
	Edges               Edges
	Labels, Annotations []Label
	Targets             []Target
	// Registry is where references of components without a host are.
	Registry Text
	// Namespace is for targets that have namespaces.
	Namespace Text
	// Overrides are the values that overlays replaced, in their order.
	Overrides []ir.Override
	// Unread are the blocks ("types", "sinks") that hold nothing that could be
	// read, which was reported: what would have stood there is not known.
	Unread []string
	// Configs are the configs of connectors in `defaults`. They are part of the
	// nodes already; what is here is for connectors that no node uses.
	Configs []ConnectorDefaults
}

// ConnectorDefaults are the keys that `defaults` gives to all nodes of a
// connector.
type ConnectorDefaults struct {
	Name Text
	Keys []Text
}

// An Import is an entry of `imports`.
type Import struct {
	Name Text // zero for the package's own name
	Path Text // local paths are relative to the root pipeline
}

// A Label is a word about the pipeline for those who run it.
type Label struct{ Key, Value Text }

// A Target is the block of one backend under `targets`, not looked into yet.
type Target struct {
	Name  Text
	Value *parse.Node
}

// Delivery is the block `delivery`. Durations are nanoseconds, 0 where nothing
// is said.
type Delivery struct {
	Guarantee Text
	Drain     int64
	Every     int64
	Store     Text
	// StoreConfig are the keys beside `store`, with the defaults of the connector
	// that it names.
	StoreConfig []ConfigKey
	Span        source.Span
}

// Edges is the block `edges`: what carries records between processes, and its keys with
// the defaults of the connector. Its name is zero where there is none.
type Edges struct {
	Carrier Text
	Config  []ConfigKey
	// Body is the mapping of the keys.
	Body *parse.Node
}

// Telemetry is the block `telemetry`.
type Telemetry struct {
	HTTP                 *ir.Value
	Log, Level, Progress Text
}

// A Role is the block that a node stands in.
type Role string

// The roles.
const (
	Source    Role = "source"
	Processor Role = "processor"
	Sink      Role = "sink"
	// Job is the role of what runs to its end beside the nodes.
	Job Role = "job"
)

// A Kind is what makes a node the node that it is.
type Kind string

// The kinds: the key that says it.
const (
	Use     Kind = "use"
	Filter  Kind = "filter"
	Map     Kind = "map"
	Set     Kind = "set" // also unset alone
	Check   Kind = "check"
	Parse   Kind = "parse"
	Flatmap Kind = "flatmap"
	Route   Kind = "route"
	// External is a component in a process or a container of its own: `command`, `image`
	// or `endpoint`.
	External Kind = "foreign"
	// Events is a node that nobody wrote: it takes the events of one type from a component,
	// where a reference names them.
	Events Kind = "events"
	// Broken is a node whose kind is not known; that has been reported.
	Broken Kind = ""
)

// A Node is one node of the pipeline.
type Node struct {
	Name Text
	Role Role
	Kind Kind
	// KindSpan is the key that gives the kind.
	KindSpan source.Span
	// Body is the mapping of the node.
	Body *parse.Node
	// Bad tells that a mistake inside the node was reported, so that what
	// follows from it is not.
	Bad bool

	From     []Ref
	FromSpan source.Span // the key, zero where there is none
	// FromUnread tells that it takes records from some node, and that it could
	// not be read from which; that was reported.
	FromUnread bool

	// Use is a built-in or a reference to Go (whose folder is relative to the
	// root pipeline).
	Use Text
	// Config is the config with the defaults of its connector, in the order of
	// the file; ConfigSpan its key. ConfigUnread tells that what stands there is
	// no mapping, which was reported.
	Config       []ConfigKey
	ConfigSpan   source.Span
	ConfigUnread bool

	// Foreign is what the node says of its component, for External.
	Foreign *Foreign

	// EventType is the type of events that pass, for Events.
	EventType string

	// Go is the inline Go of filter and flatmap, and of a map that is written
	// as one expression or body.
	Go *parse.Node
	// Assign are the entries of map, set, check and a sink's meta.
	Assign []Assign
	Unset  []Text
	// Cases are those of a route, Else its `else`.
	Cases []Assign
	Else  Text
	Parse *ParseVerb

	Out *Out
	Let []Let
	// LetUnread tells that the names of `let` could not be read, which was
	// reported.
	LetUnread bool
	Key       *parse.Node
	Drop      Drop

	// Range is the part of a source that is read, nil for all.
	Range *Range

	Parallel     int
	ParallelSpan source.Span
	// Replicas are the processes of `scale`, 0 for none; ScaleSpan is its key.
	Replicas  int
	ScaleSpan source.Span
	// Elastic says that the processes share as many parts as Replicas, nil where each
	// process has one.
	Elastic   *ir.Elastic
	Unordered bool
	// OrderKept is where `order: kept` stands; zero where it does not.
	OrderKept source.Span
	OnError   *OnError
	// ThenUnread tells the same of where its dead letters go.
	ThenUnread bool
	Batch      *ir.Batch
	BatchSpan  source.Span
	Guarantee  Text
	Validate   Text
	Was        Text
	// DependsOn is what must have completed before.
	DependsOn []Text
}

// A Ref is an entry of `from`: a node, or a node and one of its ports or event
// types.
type Ref struct {
	Node Text
	// Port is what stands behind the first dot.
	Port Text
	Span source.Span
}

// A ConfigKey is one key of a config.
type ConfigKey struct {
	Key   Text
	Value *ir.Value
	// Node is the value as it was read.
	Node *parse.Node
	// Bad tells that a mistake inside the value was reported.
	Bad bool
	// Default tells that the key comes from `defaults`, where it is for all nodes
	// of a connector.
	Default bool
}

// An Assign is a name with inline Go.
type Assign struct {
	Name Text
	Go   *parse.Node
}

// A ParseVerb is the value of `parse`.
type ParseVerb struct {
	// Codec is regexp, logfmt, csv or json.
	Codec Text
	// Regexp is the expression for that codec, Options the mapping of others.
	Regexp  *parse.Node
	Options []ConfigKey
	// Text is the inline Go that gives the text, nil for the record itself.
	Text *parse.Node
}

// An Out is the value of `out`.
type Out struct {
	Span source.Span
	// Type is the type of all records, nil where By tells them apart.
	Type *TypeExpr
	// By is the field that tells, Variants its values.
	By       Text
	Variants []Variant
	// Else is "json", or nothing.
	Else Text
}

// A Variant is one event type of a source with several.
type Variant struct {
	Value Text
	Type  *TypeExpr
}

// A Let is a named constant.
type Let struct {
	Name Text
	// Type is the type that is written, zero for none; TypeExpr is it, read, but
	// for "regexp" and "set", which are no types of the language.
	Type     Text
	TypeExpr *TypeExpr
	// Value is nil where it could not be read, which was reported.
	Value *ir.Value
	Node  *parse.Node
	// Default tells that the value comes from `defaults`.
	Default bool
}

// A Range is the value of `range`.
type Range struct {
	Key, Span source.Span // the key, and what stands there
	// From and To are nil where nothing is said, Parallel is 0.
	From, To *ir.Value
	Parallel int
	// ParallelSpan is the place of Parallel.
	ParallelSpan source.Span
}

// A Drop is what a node gives away on purpose.
type Drop struct {
	Span  source.Span // zero where nothing is said
	All   bool
	Ports []Text
}

// An OnError is the value of `on_error`. Durations are nanoseconds; -1 stands
// for what is not said.
type OnError struct {
	Span                source.Span
	Retry               int
	Backoff, MaxBackoff int64
	Then                Text
	MaxDead             float64
	// ThenDefault tells that Then comes from `defaults`.
	ThenDefault bool
}

// A TypeDecl is an entry of `types`.
type TypeDecl struct {
	Name Text
	Type *TypeExpr
}

// A TypeForm is how a type is written.
type TypeForm int

// The forms.
const (
	TypeName   TypeForm = iota // a scalar or a declared type
	TypeList                   // [T], list of T
	TypeMap                    // map of T
	TypeChange                 // change of T
	TypeEnum                   // a | b
	TypeStruct                 // a mapping
	TypeGo                     // ./model.Ledger
	TypeSchema                 // a JSON Schema file
	TypeCUE                    // ./types.cue#Ledger
	TypeBad                    // what could not be read; reported
)

// A TypeExpr is a type as it is written.
type TypeExpr struct {
	Form TypeForm
	Span source.Span
	// Name is the name, the Go reference or the file; Def the definition in a
	// CUE file or JSON Schema.
	Name, Def string
	Elem      *TypeExpr
	Fields    []FieldExpr
	Values    []Text
}

// A FieldExpr is one field of a struct.
type FieldExpr struct {
	Name     Text // without the question mark
	Optional bool
	Type     *TypeExpr
}
