package dialect

import (
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/compiler/parse"
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
	// foreignForms are the components in processes of their own, by role.
	foreignForms = map[syntax.Role]form{
		syntax.Source:    {"command", "ForeignSource", "a source in a process of its own", syntax.External},
		syntax.Processor: {"command", "ForeignProcessor", "a processor in a process of its own", syntax.External},
		syntax.Sink:      {"command", "ForeignSink", "a sink in a process of its own", syntax.External},
	}
	// later are kinds of nodes that this version does not compile.
	later = []string{"lookup", "window", "aggregate", "join", "dedupe"}
)

// form finds out what kind a node is, and reports one that is none or several.
func (r *reader) form(n *syntax.Node) (form, bool) {
	if f, is, ok := r.foreignForm(n); is {
		return f, ok
	}
	for _, name := range later {
		m := n.Body.Member(name)
		if m != nil && n.Body.Get("use") == nil && n.Role == syntax.Processor {
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
		if slices.Contains(foreignKeys, key) {
			f, _, ok := r.foreignForm(n)
			return f, ok
		}
		return stepForms[slices.IndexFunc(stepForms, func(f form) bool { return f.key == key })], true
	}
	return form{}, false
}

// foreignForm is the form of a component in a process of its own; is tells that the node
// is one. One that has a verb or a `use` as well does two things.
func (r *reader) foreignForm(n *syntax.Node) (f form, is, ok bool) {
	var own *parse.Member
	for _, key := range foreignKeys {
		if key == "type" && !isReference(n.Body) {
			continue // another word for `use`
		}
		if m := n.Body.Member(key); m != nil && (own == nil || m.Key.Span.Compare(own.Key.Span) < 0) {
			own = m
		}
	}
	if own == nil {
		return form{}, false, false
	}
	for _, step := range stepForms {
		other := n.Body.Member(step.key)
		if other == nil {
			continue
		}
		first, second := own, other
		if second.Key.Span.Compare(first.Key.Span) < 0 {
			first, second = second, first
		}
		r.l.Errorf(diag.NodeKind, second.Key.Span, "`%s` has `%s` and `%s`, and a node does one thing", n.Name.Text, first.Key.Text, second.Key.Text).
			Caret("a second thing to do").
			Also(first.Key.Span, "the first").
			Helpf("make two nodes of it, or remove one of the two keys")
		return form{}, true, false
	}
	f = foreignForms[n.Role]
	f.key = own.Key.Text
	return f, true, true
}

// noKind reports a processor that does not say what it does. Where a misspelt
// key says it, that is read as the key that was meant, which is the result.
func (r *reader) noKind(n *syntax.Node) string {
	var kinds []string
	for _, f := range stepForms {
		kinds = append(kinds, f.key)
	}
	kinds = append(kinds, "command", "image", "endpoint", "go")
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
