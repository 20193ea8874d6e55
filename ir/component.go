package ir

import "github.com/flowc-dev/flowc/ir/source"

// A Shape is how a Go component is called.
type Shape string

// The shapes; docs/components.md has the table.
const (
	ShapeFilter      Shape = "filter"       // func(In) bool
	ShapeMap         Shape = "map"          // func(In) Out
	ShapeSlice       Shape = "slice"        // func(In) []Out
	ShapeSeq         Shape = "seq"          // func(In) iter.Seq[Out]
	ShapeEmit        Shape = "emit"         // func(ctx, In, func(Out) error) error
	ShapePorts       Shape = "ports"        // emit with several named functions
	ShapeBatch       Shape = "batch"        // func(ctx, []In) ([]Out, error)
	ShapeSourceSeq   Shape = "source-seq"   // func(ctx) iter.Seq2[Out, error]
	ShapeSourceRead  Shape = "source-read"  // Read(ctx) ([]Out, Position, error)
	ShapeSink        Shape = "sink"         // func(ctx, In) error
	ShapeSinkBatch   Shape = "sink-batch"   // func(ctx, []In) error
	ShapeFlowSource  Shape = "flow-source"  // flowctl: Events(ctx, chan<- E)
	ShapeFlowProcess Shape = "flow-process" // flowctl: Process(ctx, *E) ([]*M, error)
	ShapeFlowSink    Shape = "flow-sink"    // flowctl: Write(ctx, []*M)
)

// A GoRef is a component of the user's, with all that a call needs.
type GoRef struct {
	// Use is what the user wrote, Span where.
	Use  string
	Span source.Span
	// Package and PkgName are the import path and name, Symbol the name in it.
	Package, PkgName, Symbol string
	// Make says how an instance comes to be.
	Make Make
	// TypeName is the name in Package of the component's type; "" for functions,
	// and for a type that can't be written there (a constructor that returns an
	// unexported type, or one of another package): generated code then keeps
	// method values. Pointer tells that an instance is a pointer: what New
	// returns, or what the methods need of a literal.
	TypeName string
	Pointer  bool
	// Method is what is called: "" for a function, else Read, Process, Write, …
	Method string
	Shape  Shape
	// Context, Errs tell of the call's first argument and last result; InPtr,
	// OutPtr of pointers to records.
	Context, Errs, InPtr, OutPtr bool
	// In and Out are the records' types in Go, nil where there is none. An In
	// with Go set is met by structure: generated code copies the fields.
	In, Out *Type
	// Plan says how an event becomes In; nil where the event's type is In.
	Plan []Conv
	// Ports are the emit functions' names and types, for ShapePorts.
	Ports []Port
	// Config is the struct of the constructor or of the exported fields, nil
	// where the component takes none. ConfigPtr tells of a pointer.
	Config    *Type
	ConfigPtr bool
	// Optional methods that it has.
	Open, Flush, Healthy, Close Method
	// Committed tells that a sink has both Committed and Commit.
	Seek, Ack, Committed bool
	// Range and Cut tell that a source can read a part of what it has, and say
	// where chunks of it end.
	Range, Cut bool
	// Idempotent tells that it has the marker method Idempotent.
	Idempotent bool
	// Keep tells that a sink with Committed and Commit wants to know whose checkpoint
	// it keeps.
	Keep bool
	// Position is the source's position type.
	Position *Type
	// Declared is where the component's Go is, for notes.
	Declared source.Span
}

// A Method is the form of an optional method.
type Method struct {
	Has, Context, Errs, Bool, Out bool
}

// A Make is how an instance of a component comes to be.
type Make string

// The ways: a plain function needs none; a constructor func(Config) (*T,
// error); a literal T{…} of exported fields; a function that returns the
// component function.
const (
	MakeNone    Make = "none"
	MakeNew     Make = "new"     // func(Config) *T or func() *T
	MakeNewErr  Make = "new-err" // func(Config) (*T, error)
	MakeLiteral Make = "literal" // T{Field: …}
	MakeFunc    Make = "func"    // func(Config) func(In) Out
	MakeFuncErr Make = "func-err"
)

// Reads are the fields of an event that the component reads: what its parameter
// declares, or the whole record where that is the parameter.
func (c *GoRef) Reads() []Path {
	if len(c.Plan) == 0 {
		return []Path{Whole}
	}
	var paths []Path
	var walk func(prefix Path, plan []Conv)
	walk = func(prefix Path, plan []Conv) {
		for _, conv := range plan {
			path := append(append(Path(nil), prefix...), conv.From...)
			switch {
			// A struct is met field by field, to a depth that stops types which
			// hold themselves.
			case conv.How == HowFields && len(conv.Each) > 0 && len(path) < 8:
				walk(path, conv.Each)
			case len(path) == 0:
				paths = append(paths, Whole)
			default:
				paths = append(paths, path)
			}
		}
	}
	walk(nil, c.Plan)
	return paths
}
