package ir

import "github.com/flowc-dev/flowc/ir/source"

// An Effect is what running an expression may do besides giving a value.
type Effect string

// The effects, weakest first. Unknown is code that the compiler can't see
// through: a function of the user's.
const (
	Pure    Effect = "pure"
	Clock   Effect = "clock"
	Random  Effect = "random"
	IO      Effect = "io"
	Unknown Effect = "unknown"
)

// An Expr is Go that a user wrote in a pipeline, checked and lowered.
type Expr struct {
	// Text is what the user wrote, Span where.
	Text string
	Span source.Span
	// Go is the lowered text: an expression, or the statements of a function
	// body where Body is set. `in` is a pointer to the record in it, `meta` one
	// to its metadata, `ctx` the context; decimal operators are calls; let
	// values have their package-level names.
	Go   string
	Body bool
	// Lines maps lines of Go to lines of the file: Lines[i] is the line, from
	// 1, that line i of Go came from. A one-line expression has one entry.
	Lines []int
	// Type is the type of its value (of an element, for flatmap).
	Type *Type
	// Optional tells that the value is a pointer to the Type, nil for missing.
	Optional bool
	// Errs tells that a body returns an error as its second result.
	Errs bool
	// Seq tells that a flatmap's value is an iter.Seq and not a slice.
	Seq bool
	// Const tells that the value is known when the program is compiled.
	Const bool
	// Panics tells that a call in it may panic with a *decimal.Error or another
	// arithmetic error (division, index).
	Panics bool
	// Reads are the paths below `in` that it reads, sorted; [Whole] where the
	// record itself is used. MetaReads are names of fields of `meta`.
	Reads     []Path
	MetaReads []string
	Effect    Effect
	// Keeps tells that what it reads may be kept after it returned.
	Keeps bool
	// Writes tells that it may change what the record refers to (elements of
	// lists and maps, what optional fields point to), so that nobody else may
	// see the same ones. Fields of the record itself it changes in a copy of its
	// own, which is part of Go.
	Writes bool
	// Eq is set where the expression does nothing but compare a field with
	// constants.
	Eq *FieldEq
	// Uses are imports that the lowered text needs.
	Uses []Import
	// Types are the structs of the pipeline that the lowered text names, sorted
	// by name: generated code must declare them.
	Types []*Type
	// Lets are the GoNames of let values that it uses.
	Lets []string
	// Consts are the decimal constants that it uses, sorted by name: variables
	// of the generated package.
	Consts []Const
}

// A FieldEq is a condition that holds where a field of text (a string or an
// enum) has one of some values: `in.Type == "payment"`.
type FieldEq struct {
	Path   Path
	Values []string
}

// A Const is a decimal constant. Its name follows from its text and its form,
// so equal constants of a program are one.
type Const struct {
	Name, Text string
	// Number tells that it is written to JSON as a number.
	Number bool
}

// An Import is a Go import of the lowered text.
type Import struct{ Name, Path string }

// A Let is a named constant of a node.
type Let struct {
	// Node and Name are as written; GoName is the package-level name.
	Node, Name, GoName string
	// Type is nil for an untyped number, whose Text is then a Go constant.
	Type *Type
	// Regexp tells that the value is a compiled *regexp.Regexp.
	Regexp bool
	// Value is where it comes from.
	Value *Value
	Span  source.Span
}

// A Setting is one key of a config with its value.
type Setting struct {
	Key   string // dotted for nested keys: "tls.ca"
	Type  *Type
	Value *Value
	Span  source.Span // the key
}

// A Value is a configuration value with its origin.
type Value struct {
	// Parts make up the value; one literal part is the usual case. A value of
	// a list or map type has Items or Entries instead.
	Parts   []Part
	Items   []*Value
	Entries []Entry
	// Kind of the literal as YAML read it: string, int, float, bool, null,
	// list, map.
	Kind string
	// Secret values are never printed or emitted.
	Secret bool
	Span   source.Span
	// Overrides are places whose values this one replaced, oldest first.
	Overrides []source.Span
}

// An Entry is one entry of a Value that is a map.
type Entry struct {
	Key   string
	Value *Value
	Span  source.Span // the key
}

// A PartKind is the origin of a part of a value.
type PartKind string

// The origins: text, an environment variable, a file's content, and per-record
// expressions on the record or its metadata.
const (
	Literal PartKind = "literal"
	Env     PartKind = "env"
	FileRef PartKind = "file"
	Record  PartKind = "record"
)

// A Part is a piece of a value.
type Part struct {
	Kind PartKind
	// Text is the literal, the variable's name or the path.
	Text string
	// Default and HasDefault are what stands behind `:-`.
	Default    string
	HasDefault bool
	// Expr is the per-record expression.
	Expr *Expr
	Span source.Span
}

// IsLiteral tells whether the value is known at compile time.
func (v *Value) IsLiteral() bool {
	for _, p := range v.Parts {
		if p.Kind != Literal {
			return false
		}
	}
	for _, i := range v.Items {
		if !i.IsLiteral() {
			return false
		}
	}
	for _, e := range v.Entries {
		if !e.Value.IsLiteral() {
			return false
		}
	}
	return true
}

// PerRecord tells whether the value changes with each record.
func (v *Value) PerRecord() bool {
	for _, p := range v.Parts {
		if p.Kind == Record {
			return true
		}
	}
	return false
}

// Text joins the literal parts.
func (v *Value) Text() string {
	s := ""
	for _, p := range v.Parts {
		if p.Kind == Literal {
			s += p.Text
		}
	}
	return s
}

// A Shape is how a Go component is called.
type Shape string

// The shapes of language.md's table.
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
	Seek, Ack, Committed        bool
	// Idempotent tells that it has the marker method Idempotent.
	Idempotent bool
	// Position is the source's position type, or that of a sink's Committed.
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
