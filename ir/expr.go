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
