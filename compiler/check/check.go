// Package check reads the Go that people write in a pipeline: it type-checks
// it, explains what is wrong in the place where it is written, and lowers it
// to the Go that a generated program contains.
//
// The types of events exist only in the pipeline, so their Go is built here as
// go/types objects, never as text ([universe]). In that universe a decimal is
// a named float64: go/types then knows `+`, `<`, `x += y`, `max` and constants
// of decimals by itself. What it cannot know (a decimal times an integer
// variable, a time minus a time) is rewritten in the syntax tree once the
// operand types are known, and checked again, until nothing is left to
// rewrite. Then the operators of decimals and times, which are calls in the
// generated program, are edited in the text the user wrote.
//
//	check.go want.go value.go     the entry: a snippet in, an ir.Expr out
//	syntax.go slips.go            expression or function body; what does not parse
//	universe.go fromgo.go         types of the language <-> types of Go
//	scope.go std.go packages.go   names, packages, their types
//	solve.go operators.go coerce.go   check, rewrite, check again
//	refuse.go refusecall.go enum.go decimals.go   rules beyond Go's
//	report.go hints.go fixes.go   errors of go/types as diagnostics
//	exact.go                      constants that become decimals
//	lower.go lowerops.go lowerconst.go localnames.go edit.go lines.go   the emitted text
//	analyze.go reads.go effects.go writes.go panics.go   what the passes ask
//	let.go literal.go             values of `let`
package check

import (
	"go/types"

	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
)

// A Place maps ranges of a decoded scalar to the file; *parse.Node is one.
type Place interface {
	// SubSpan converts a range of bytes of the text to the range of the file
	// that holds it.
	SubSpan(from, to int) source.Span
}

// Options are what a Checker needs to know about the compile.
type Options struct {
	// Types are the named event types; [Checker.AddType] adds others later.
	Types []*ir.Type
	// Imports are the pipeline's `imports`.
	Imports []UserImport
	// Importer gives the types of packages where the pipeline uses Go of the
	// user's; all packages then come from it, standard ones too, so that
	// time.Time is one type. Nil means that there is none.
	Importer types.Importer
	// Std gives the types of standard packages where there is no Importer; nil
	// means [NewStd] with its zero options.
	Std *Std
	// Record reads a struct type of the user's; nil means that the checker
	// reads it itself. Named types that other parts of the compiler know as
	// well should come from here, so that they are one *ir.Type.
	Record func(types.Type) *ir.Type
}

// A UserImport is an entry of the pipeline's `imports`.
type UserImport struct {
	// Name is the name given to it, "" for the package's own.
	Name string
	// Path is the import path, resolved where it was written relative to the
	// pipeline.
	Path string
	Span source.Span
}

// A Checker checks the snippets of one compile. It is not safe for concurrent
// use.
type Checker struct {
	opts     Options
	universe *universe
	types    map[string]*ir.Type
	imports  map[string]*importEntry
	listed   []*importEntry
	broken   map[string]error // packages whose types could not be read
	told     map[string]bool  // those of them that were reported
	goNames  map[string]bool
	lets     []*letEntry
	byLet    map[*ir.Let]*letEntry
}

// New returns a checker for one compile.
func New(o Options) *Checker {
	if o.Std == nil {
		o.Std = NewStd(StdOptions{})
	}
	c := &Checker{
		opts:    o,
		types:   map[string]*ir.Type{},
		broken:  map[string]error{},
		told:    map[string]bool{},
		goNames: map[string]bool{},
		byLet:   map[*ir.Let]*letEntry{},
	}
	c.universe = newUniverse(c.load)
	for _, t := range o.Types {
		c.AddType(t)
	}
	c.addImports(o.Imports)
	return c
}

// AddType makes a named type known to the snippets that are checked from now
// on.
func (c *Checker) AddType(t *ir.Type) {
	if t.Name != "" {
		c.types[t.Name] = t
	}
}

// load returns the types of a package.
func (c *Checker) load(path string) (*types.Package, error) {
	if c.opts.Importer != nil {
		return c.opts.Importer.Import(path)
	}
	return c.opts.Std.Import(path)
}

// A Snippet is one piece of Go in a pipeline.
type Snippet struct {
	// Text is the decoded scalar that holds it, At its place.
	Text string
	At   Place
	// Node is the name of the YAML node.
	Node string
	// In is the type of `in`, nil where there is no record (fields of generate).
	In *ir.Type
	// Meta is the type of `meta`, nil where there is none.
	Meta *ir.Type
	// Lets are the let values in scope.
	Lets []*ir.Let
	// Params are further variables.
	Params []Param
	// Want is what the value must be.
	Want Want
}

// A Param is a variable of a snippet besides `in` and `meta`: i and r of
// generate. It keeps its name in the lowered text.
type Param struct {
	Name string
	// Type is its type; Go types of packages have Go set.
	Type *ir.Type
}

// Check checks and lowers a snippet. It returns nil after an error, which it
// has added to l; it adds no error twice.
func (c *Checker) Check(s Snippet, l *diag.List) *ir.Expr {
	j := &job{c: c, s: s, l: l}
	before := len(*l)
	var e *ir.Expr
	if j.parse() && j.declare() && j.solve() {
		e = j.lower()
	}
	j.spellFixes((*l)[before:])
	return e
}
