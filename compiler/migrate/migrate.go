// Package migrate rewrites a pipeline in a spelling of flowctl's or its relatives
// into the short spelling, as text: comments stay where they belong, and what
// can't be carried is reported and stands as a comment.
package migrate

import (
	"github.com/flowc-dev/flowc/compiler/dialect"
	"github.com/flowc-dev/flowc/compiler/flowctl"
	"github.com/flowc-dev/flowc/compiler/parse"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
)

// Options say what is wanted.
type Options struct {
	// Name is the pipeline's name where the text gives none.
	Name string
	// Pipeline is the one that is meant where the file has several.
	Pipeline string
	// V1 asks for flowctl/v1 in the place of the short spelling.
	V1 bool
	// Through are components that an intent goes through.
	Through []string
}

// A Result is a text that was carried.
type Result struct {
	// Spelling is what the text was written in.
	Spelling flowctl.Spelling
	// Text is the new text, nil where there is none: the diagnostics say why.
	Text []byte
	// Compose tells that it is a file of Compose and no pipeline, which a file of
	// services becomes.
	Compose bool
	// Native tells that the text is in the short spelling already.
	Native bool
}

// File rewrites a text. Its diagnostics are warnings where the text was written
// all the same.
func File(f *source.File, o Options, l *diag.List) Result {
	root := parse.File(f, parse.FormatOf(f.Name), l)
	if root == nil {
		return Result{}
	}
	s := flowctl.Recognise(root)
	r := Result{Spelling: s}
	switch {
	case root.Kind != parse.Mapping:
		l.Errorf(diag.NoDialect, root.Place(), "a pipeline is a mapping, and this is %s", root.Kind).
			Helpf("`flowc migrate` reads files of flowctl, cdp and Flow")
		return r
	case s.Name == "":
		r.Native = true
		return r
	case s.Name == flowctl.Unknown, s.Name == flowctl.Descriptor:
		l.Errorf(diag.ForeignDialect, s.At.Place(), "this is %s, and no pipeline", s.What).
			Helpf("`flowc migrate` reads files of flowctl, cdp and Flow")
		return r
	}
	said := diag.List{}
	_, tree := flowctl.Migrate(root, flowctl.Options{Native: dialect.NodeKeys(), Name: o.Name, Pipeline: o.Pipeline, Through: o.Through}, &said)
	for _, d := range said {
		if tree != nil {
			d.Severity = diag.Warning
		}
		l.Add(d)
	}
	if tree == nil {
		return r
	}
	r.Compose = s.Name == flowctl.Sandbox || s.Name == flowctl.Services
	if o.V1 && tree.V1 != nil {
		tree.Root = tree.V1
	}
	r.Text = render(f, root, tree)
	return r
}
