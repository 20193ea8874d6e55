package dialect

import (
	"slices"

	"github.com/flowc-dev/flowc/compiler/flowctl"
	"github.com/flowc-dev/flowc/compiler/parse"
	"github.com/flowc-dev/flowc/compiler/schema"
	"github.com/flowc-dev/flowc/ir/diag"
)

// short tells whether a text is in the short spelling, and says what it is
// where it is not.
func short(n *parse.Node, l *diag.List) bool {
	if n.Kind != parse.Mapping {
		notMapping(n, "a pipeline", l)
		return false
	}
	if s := flowctl.Recognise(n); s.Name != "" {
		d := l.Errorf(diag.ForeignDialect, s.At.Place(), "this is %s, which flowc does not compile", s.What)
		switch s.Name {
		case flowctl.Descriptor:
			d.Helpf("the node of the component names it: `metadata: %s`", fileName(n))
		case flowctl.Unknown, flowctl.Services:
			d.Helpf("a pipeline has `pipeline:` with its name, `sources:`, `processors:` and `sinks:`")
		default:
			d.Helpf("`flowc migrate %s` writes it anew in the short spelling, and says what it can't carry", fileName(n))
		}
		return false
	}
	return anyPipeline(n, l)
}

// anyPipeline reports a mapping that has nothing of a pipeline, as a whole: that
// each of its keys is none of ours leads nowhere.
func anyPipeline(n *parse.Node, l *diag.List) bool {
	known := schema.Keys("Pipeline")
	for _, m := range n.Members {
		if slices.Contains(known, m.Key.Text) || diag.Nearest(m.Key.Text, []string{"pipeline", "sources", "processors", "sinks", "jobs"}) != "" {
			return true
		}
	}
	if len(n.Members) < 2 {
		return true // one key may be misspelt, or be a start
	}
	l.Errorf(diag.NoDialect, n.Members[0].Key.Span, "this is no pipeline: it has neither `sources` nor `processors` nor `sinks` nor `jobs`").
		Helpf("a pipeline begins with `pipeline: name` and has `sources:` and `sinks:`")
	return false
}

func notMapping(n *parse.Node, what string, l *diag.List) {
	at := n.Place()
	if line := at.File.Offset(at.Line()+1, 1) - 1; line > at.Start && line < at.End {
		at.End = line
	}
	l.Errorf(diag.NoDialect, at, "%s is a mapping, and this is %s", what, n.Kind).
		Helpf("a pipeline begins with `pipeline: name` and has `sources:` and `sinks:`")
}

// fileName is how a command names the file of a text.
func fileName(n *parse.Node) string {
	if n.Span.File == nil || n.Span.File.Path == "" {
		return "-"
	}
	return n.Span.File.Name
}

// fromFlowctl returns a text in the flowctl/v1 spelling in the short one, and others
// as they are.
func fromFlowctl(n *parse.Node, l *diag.List) *parse.Node {
	if n == nil {
		return nil
	}
	switch flowctl.Recognise(n).Name {
	case flowctl.V1, flowctl.Headless:
		return flowctl.FromV1(n, NodeKeys(), l).Root
	}
	return n
}

// NodeKeys are the keys that nodes have in the short spelling.
func NodeKeys() []string {
	keys := []string{"from"}
	for _, definition := range []string{"Source", "Filter", "Map", "Set", "Check", "Parse", "Flatmap", "Route", "Processor", "Sink", "ForeignSource", "ForeignProcessor", "ForeignSink"} {
		for _, key := range schema.Keys(definition) {
			if !slices.Contains(keys, key) {
				keys = append(keys, key)
			}
		}
	}
	return keys
}
