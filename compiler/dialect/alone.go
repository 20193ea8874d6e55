package dialect

import (
	"strings"

	"github.com/flowc-dev/flowc/compiler/parse"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
)

// alone makes a pipeline of one source of another: its records are json, and nobody
// keeps them. So what a source reads can be asked for before anything is known of
// its records, or of the nodes that are to read them. A source that is to give changes
// gives those of a row of which nothing is known either. It is nil where there is no
// such source.
func alone(root *parse.Node, name string, l *diag.List) *parse.Node {
	found := root.Get("sources").Member(name)
	if found == nil {
		var names []string
		for _, m := range members(root.Get("sources")) {
			names = append(names, m.Key.Text)
		}
		at := source.Span{File: root.Span.File, Start: root.Span.Start, End: root.Span.Start}
		if block := root.Member("sources"); block != nil {
			at = block.Key.Span
		}
		d := l.Errorf(diag.UnknownNode, at, "the pipeline has no source `%s`", name)
		if near := diag.Nearest(name, names); near != "" {
			d.Helpf("did you mean `%s`?", near)
		} else if len(names) > 0 {
			d.Notef("it has `%s`", strings.Join(names, "`, `"))
		}
		return nil
	}
	at := found.Key.Span
	text := func(s string) *parse.Node { return &parse.Node{Kind: parse.String, Span: at, Text: s} }
	mapping := func(list ...*parse.Member) *parse.Node {
		return &parse.Node{Kind: parse.Mapping, Style: parse.Block, Span: at, Members: list}
	}
	member := func(key string, value *parse.Node) *parse.Member { return &parse.Member{Key: text(key), Value: value} }
	body := *found.Value
	body.Members = nil
	for _, m := range members(found.Value) {
		switch m.Key.Text {
		case "use", "config", "command", "image", "type", "go":
			body.Members = append(body.Members, m)
		}
	}
	records := "json"
	if saysChanges(root, found.Value.Get("out")) {
		records = "change of Row"
	}
	body.Members = append(body.Members, member("out", text(records)))
	out := *root
	out.Members = nil
	for _, m := range root.Members {
		switch m.Key.Text {
		case "flowc", "pipeline":
			out.Members = append(out.Members, m)
		case "defaults":
			only := *m.Value
			only.Members = nil
			if use := found.Value.Get("use"); use != nil && m.Value.Get(use.Text) != nil {
				only.Members = append(only.Members, m.Value.Member(use.Text))
			}
			out.Members = append(out.Members, &parse.Member{Key: m.Key, Value: &only})
		}
	}
	if records != "json" {
		out.Members = append(out.Members, member("types", mapping(member("Row", mapping(member("row?", text("json")))))))
	}
	out.Members = append(out.Members,
		member("sources", mapping(&parse.Member{Key: found.Key, Value: &body})),
		member("sinks", mapping(member(name+"-sample", mapping(member("from", text(name)), member("use", text("drop")))))))
	return &out
}

// saysChanges tells whether an `out` is a change, or the name of one.
func saysChanges(root, out *parse.Node) bool {
	if out == nil || out.Kind != parse.String {
		return false
	}
	if declared := root.Get("types").Get(out.Text); declared != nil && declared.Kind == parse.String {
		out = declared
	}
	return strings.HasPrefix(out.Text, "change of ")
}
