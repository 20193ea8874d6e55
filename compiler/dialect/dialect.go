// Package dialect reads the spellings of the language into one syntax tree
// (package syntax).
//
// The short spelling is what people write; it is read here. Files in flowctl/v1
// become trees of the short spelling first (package flowctl); other spellings are
// recognised (foreign.go), so that a file of another tool is told from a broken
// one. The way of a text: included files are merged in, then overlays
// (merge.go), then `defaults` go into the nodes (defaults.go), then each block
// and each node is held against its definition (package schema) and read.
// Reading is tolerant: what a definition refused has been reported, and is left
// out in silence.
package dialect

import (
	"github.com/flowc-dev/flowc/compiler/flowctl"
	"github.com/flowc-dev/flowc/compiler/parse"
	"github.com/flowc-dev/flowc/compiler/syntax"
	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
)

// An Input is the text of a pipeline, parsed.
type Input struct {
	// Root is the root file's tree, Overlays those that are laid over it in this
	// order.
	Root     *parse.Node
	Overlays []*parse.Node
	// Include reads a file that an `include` names, by its path relative to the
	// root pipeline; it is nil where the file can't be read, which Include
	// reports at the given place.
	Include func(path string, at source.Span, l *diag.List) *parse.Node
	// Name is the pipeline's name where the text gives none.
	Name string
	// Alone is a source that is read alone, see [alone]; "" for the whole pipeline.
	Alone string
	// IsConnector tells whether a name is that of a built-in; Connectors are all
	// their names.
	IsConnector func(name string) bool
	Connectors  []string
}

// Read reads a pipeline. It is nil where nothing can be said about the text
// (another dialect); otherwise the tree is as whole as the text.
func Read(in Input, l *diag.List) *syntax.Pipeline {
	in.Root = fromFlowctl(in.Root, l)
	if in.Root == nil || !short(in.Root, l) {
		return nil
	}
	r := &reader{in: in, l: l, overrides: map[*parse.Node][]source.Span{}}
	root := r.withIncludes(in.Root)
	for _, o := range in.Overlays {
		if o == nil {
			continue
		}
		if o.Kind != parse.Mapping {
			notMapping(o, "an overlay", l)
			continue
		}
		if s := flowctl.Recognise(o); s.Name != "" {
			l.Errorf(diag.ForeignDialect, s.At.Place(), "an overlay is in the short spelling, and this is %s", s.What).
				Helpf("write what it changes by name: `processors: {large: {filter: …}}`")
			continue
		}
		before := root
		root = r.overlay(before, r.changed(before, r.withIncludes(o)), "")
	}
	if in.Alone != "" {
		if root = alone(root, in.Alone, l); root == nil {
			return nil
		}
	}
	p := r.pipeline(root)
	p.Overrides = r.overrideList
	return p
}

// A reader reads one pipeline.
type reader struct {
	in Input
	l  *diag.List
	// overrides are the places of the values that a value replaced.
	overrides    map[*parse.Node][]source.Span
	overrideList []ir.Override
	defaults     defaults
}

// text is a string as a word, zero for what is none.
func text(n *parse.Node) syntax.Text {
	if n == nil || n.Kind != parse.String {
		return syntax.Text{}
	}
	return syntax.Text{Text: n.Text, Span: n.Place()}
}

func key(m *parse.Member) syntax.Text { return syntax.Text{Text: m.Key.Text, Span: m.Key.Span} }

// members are the entries of a mapping, none for anything else.
func members(n *parse.Node) []*parse.Member {
	if n == nil || n.Kind != parse.Mapping {
		return nil
	}
	return n.Members
}
