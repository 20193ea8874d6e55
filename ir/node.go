package ir

import "github.com/flowc-dev/flowc/ir/source"

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
	// Replicas is how many processes of its own the user asked for, 0 for none said,
	// and ScaleSpan where.
	Replicas  int
	ScaleSpan source.Span
	// Elastic, where set, has the number of processes change while they run: Replicas is
	// then how many there are at the most, and how many parts the records have.
	Elastic *Elastic
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

// An Elastic is how the number of a node's processes changes.
type Elastic struct {
	// Min is how many there are at the least.
	Min int
	// By is what says how many.
	By ScaleBy
}

// A ScaleBy is what decides how many processes there are.
type ScaleBy string

// What the number of processes can follow: what waits to be read, or how much they work.
const (
	ByLag ScaleBy = "lag"
	ByCPU ScaleBy = "cpu"
)

// A Port is one output of a node.
type Port struct {
	Name string
	Type *Type
	Span source.Span
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

// Component is the user's Go that the node calls, nil for none.
func (n *Node) Component() *GoRef {
	switch op := n.Op.(type) {
	case *Source:
		return op.Go
	case *Sink:
		return op.Go
	case *Apply:
		return op.Go
	}
	return nil
}

// Settings are the node's config: a connector's or a component's, or the options
// of a codec.
func (n *Node) Settings() []Setting {
	switch op := n.Op.(type) {
	case *Source:
		return op.Config
	case *Decode:
		return op.Options
	case *Apply:
		return op.Config
	case *Encode:
		return op.Options
	case *Sink:
		return op.Config
	}
	return nil
}

// Exprs are the user's expressions that the node has, those in its config
// included, in the order in which it evaluates them.
func (n *Node) Exprs() []*Expr {
	var list []*Expr
	add := func(e *Expr) {
		if e != nil {
			list = append(list, e)
		}
	}
	assigned := func(assign []Assign) {
		for _, a := range assign {
			add(a.Expr)
		}
	}
	var value func(v *Value)
	value = func(v *Value) {
		if v == nil {
			return
		}
		for _, part := range v.Parts {
			add(part.Expr)
		}
		for _, item := range v.Items {
			value(item)
		}
		for _, entry := range v.Entries {
			value(entry.Value)
		}
	}
	config := func(settings []Setting) {
		for _, s := range settings {
			value(s.Value)
		}
	}
	add(n.Key)
	switch op := n.Op.(type) {
	case *Source:
		assigned(op.Fields)
		config(op.Config)
	case *Decode:
		add(op.Input)
	case *Apply:
		add(op.Expr)
		add(op.Envelope)
		assigned(op.Assign)
		config(op.Config)
	case *Route:
		for _, c := range op.Cases {
			add(c.Cond)
		}
	case *Sink:
		config(op.Config)
		assigned(op.Meta)
	}
	return list
}

// HandsOn tells whether the node hands on the records that it gets, unchanged.
func (n *Node) HandsOn() bool {
	switch op := n.Op.(type) {
	case *Route:
		return true
	case *Apply:
		return op.Verb == VerbFilter || op.Verb == VerbCheck || op.Go != nil && op.Go.Shape == ShapeFilter
	}
	return false
}

// DeadLetters tells whether a record that fails for good at the node becomes a
// dead letter.
func (n *Node) DeadLetters() bool { return n.OnError != nil && n.OnError.Then == ThenDead }
