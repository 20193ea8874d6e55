package gocode

import (
	"github.com/dave/jennifer/jen"

	"github.com/flowc-dev/flowc/backends"
	"github.com/flowc-dev/flowc/ir"
)

// A Writer is what backends write their wiring with: the same quoting, naming
// and types as the generated loops.
type Writer struct{ g *generator }

// NewWriter returns the writer of a program.
func NewWriter(p *ir.Program, l backends.Layout) Writer { return Writer{newGenerator(p, l)} }

// Go quotes a piece of Go; @pkg.Name is a qualified name.
func (w Writer) Go(text string) *jen.Statement { return w.g.Go(text) }

// Gof quotes a piece of Go, formatted as with fmt.Sprintf.
func (w Writer) Gof(format string, args ...any) *jen.Statement { return w.g.Gof(format, args...) }

// File begins a generated file.
func (w Writer) File() *jen.File { return w.g.newFile(w.g.layout) }

// Type is a type in Go.
func (w Writer) Type(t *ir.Type) *jen.Statement { return w.g.typ(t) }

// Name is the Go name of a YAML node: lowerCamel, for a field or a prefix.
func (w Writer) Name(yaml string) string { return w.g.names.lower(yaml) }

// Node is the constant of a YAML node's index.
func (w Writer) Node(yaml string) string { return "node" + w.g.names.upper(yaml) }

// Render formats a file that File began.
func (w Writer) Render(name string, f *jen.File) (backends.File, error) { return w.g.render(name, f) }

// NodeError quotes the failure of a node as a whole: what a constructor
// returns.
func NodeError(n *ir.Node, op, err string) string { return nodeError(n, op, err) }
