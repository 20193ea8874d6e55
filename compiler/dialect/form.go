package dialect

import (
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/compiler/schema"
	"github.com/flowc-dev/flowc/compiler/syntax"
	"github.com/flowc-dev/flowc/ir/diag"
)

// A form is a kind of node: the key that gives it away, its definition, and how
// messages call it.
type form struct {
	key, definition, who string
	kind                 syntax.Kind
}

var (
	sourceForm = form{"use", "Source", "a source", syntax.Use}
	sinkForm   = form{"use", "Sink", "a sink", syntax.Use}
	stepForms  = []form{
		{"filter", "Filter", "a filter stage", syntax.Filter},
		{"map", "Map", "a map stage", syntax.Map},
		{"set", "Set", "a set stage", syntax.Set},
		{"unset", "Set", "a set stage", syntax.Set},
		{"check", "Check", "a check stage", syntax.Check},
		{"parse", "Parse", "a parse stage", syntax.Parse},
		{"flatmap", "Flatmap", "a flatmap stage", syntax.Flatmap},
		{"route", "Route", "a route stage", syntax.Route},
		{"use", "Processor", "a processor in Go", syntax.Use},
	}
	// later are kinds of nodes that this version does not compile.
	later = []string{"command", "image", "type", "lookup", "window", "aggregate", "join", "dedupe"}
)

// form finds out what kind a node is, and reports one that is none or several.
func (r *reader) form(n *syntax.Node) (form, bool) {
	for _, name := range later {
		m := n.Body.Member(name)
		if m != nil && name == "type" && !strings.Contains(m.Value.Text, "@") {
			continue // no registry reference, but another word for `use`
		}
		if m != nil && n.Body.Get("use") == nil && (n.Role == syntax.Processor || name == "command" || name == "image" || name == "type") {
			r.l.Errorf(diag.NotYet, m.Key.Span, "this version of flowc does not compile nodes with `%s`", name).
				Helpf("a processor in Go is `use: ./dir.Symbol`; inline Go stands under `filter`, `map`, `set`, `check`, `flatmap` and `route`")
			return form{}, false
		}
	}
	switch n.Role {
	case syntax.Source:
		return sourceForm, true
	case syntax.Sink:
		return sinkForm, true
	}
	var found []form
	for _, f := range stepForms {
		if n.Body.Get(f.key) != nil && !(f.key == "unset" && n.Body.Get("set") != nil) {
			found = append(found, f)
		}
	}
	switch {
	case len(found) == 1:
		return found[0], true
	case len(found) > 1:
		first, second := n.Body.Member(found[0].key), n.Body.Member(found[1].key)
		if second.Key.Span.Compare(first.Key.Span) < 0 {
			first, second = second, first
		}
		r.l.Errorf(diag.NodeKind, second.Key.Span, "`%s` has `%s` and `%s`, and a node does one thing", n.Name.Text, first.Key.Text, second.Key.Text).
			Caret("a second thing to do").
			Also(first.Key.Span, "the first").
			Helpf("make two nodes of it: `%s-2` with `from: %s`", n.Name.Text, n.Name.Text)
		return form{}, false
	}
	if key := r.noKind(n); key != "" {
		n.Bad = true
		return stepForms[slices.IndexFunc(stepForms, func(f form) bool { return f.key == key })], true
	}
	return form{}, false
}

// noKind reports a processor that does not say what it does. Where a misspelt
// key says it, that is read as the key that was meant, which is the result.
func (r *reader) noKind(n *syntax.Node) string {
	var kinds []string
	for _, f := range stepForms {
		kinds = append(kinds, f.key)
	}
	known := slices.Concat(schema.Keys("Filter"), schema.Keys("Map"), schema.Keys("Processor"))
	for _, m := range n.Body.Members {
		if slices.Contains(known, m.Key.Text) {
			continue
		}
		if key := diag.Nearest(m.Key.Text, kinds); key != "" {
			r.unknownKey(m, "a processor").Near(m.Key.Text, kinds)
			m.Rename(key)
			return key
		}
		if key := schema.Meant(m.Key.Text, kinds); key != "" {
			r.unknownKey(m, "a processor").Caret("here it is called `%s`", key).Replace(m.Key.Span, key, "write `%s`", key)
			return ""
		}
	}
	d := r.l.Errorf(diag.NodeKind, n.Name.Span, "`%s` does not say what it does with its records", n.Name.Text)
	d.Helpf("add one of `%s`", strings.Join(kinds, "`, `"))
	for _, m := range n.Body.Members {
		if !slices.Contains(known, m.Key.Text) {
			d.Also(m.Key.Span, "this is no key of a processor")
		}
	}
	return ""
}
