package flowctl

import (
	"strings"

	"github.com/flowc-dev/flowc/compiler/parse"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
)

// Options say how a text is carried.
type Options struct {
	// Native are the keys that nodes have in the short spelling.
	Native []string
	// Name is the pipeline's name where the text gives none.
	Name string
	// Pipeline is the one that is meant where the text has several.
	Pipeline string
	// Through are the components that an intent goes through.
	Through []string
}

// Migrate carries a text in any spelling of flowctl's and its relatives into the
// short one. It is nil where the text is in none of them, or where it must be
// said first which of several pipelines is meant; the list says so.
func Migrate(root *parse.Node, o Options, l *diag.List) (Spelling, *Tree) {
	s := Recognise(root)
	m := &migration{v1: newV1(o.Native, l), o: o}
	m.rewriting = true
	m.first = source.Span{File: root.Span.File, Start: root.Span.Start, End: root.Span.Start}
	if len(root.Members) > 0 {
		m.first = root.Members[0].Key.Span
	}
	ok := false
	switch s.Name {
	case V1, Headless:
		m.pipeline(m.headed(root))
		ok = true
	case Bare:
		whole := mapping(root.Place())
		m.put(whole, "spec", root.Members[0].Key.Span, root)
		m.pipeline(m.headed(whole))
		ok = true
	case Camel:
		m.camel = true
		m.pipeline(root)
		ok = true
	case Flow:
		m.camel = true
		m.pipeline(m.edges(root))
		ok = true
	case Legacy:
		ok = m.legacy(root)
	case Lists:
		ok = m.lists(root)
	case Hosted:
		ok = m.hosted(root)
	case CDP:
		ok = m.cdp(root)
	case Simplified:
		ok = m.simplified(root)
	case Quickstart:
		ok = m.quickstart(root)
	case Intent:
		ok = m.intent(root)
	case Sandbox, Services:
		m.services(root)
		ok = true
	}
	if !ok {
		return s, nil
	}
	m.rename()
	m.complete(s.Name)
	return s, m.Tree
}

// complete gives the tree of flowctl/v1 what was carried beside it, and its version.
func (m *migration) complete(spelling string) {
	if m.V1 == nil {
		return
	}
	root := *m.V1
	root.Members = nil
	for _, e := range m.V1.Members {
		switch {
		case e.Key.Text == "apiVersion" && word(e.Value) != V1:
			e = &parse.Member{Key: e.Key, Value: m.text(V1, e.Value.Place())}
		case e.Key.Text == "metadata" && !oneOf(spelling, V1, Headless, Bare, Camel, Flow):
			metadata := *e.Value
			metadata.Members = []*parse.Member{m.member("name", m.first, m.Root.Get("pipeline"))}
			for _, key := range []string{"namespace", "labels", "annotations"} {
				if carried := m.Root.Member(key); carried != nil {
					metadata.Members = append(metadata.Members, carried)
				}
			}
			e = &parse.Member{Key: e.Key, Value: &metadata}
		case e.Key.Text == "spec" && m.Root.Get("telemetry") != nil && e.Value.Get("telemetry") == nil:
			spec := *e.Value
			spec.Members = append([]*parse.Member{m.Root.Member("telemetry")}, e.Value.Members...)
			e = &parse.Member{Key: e.Key, Value: &spec}
		}
		root.Members = append(root.Members, e)
	}
	m.Lost[&root] = m.Lost[m.Root]
	m.V1 = &root
}

// rename gives the pipeline a name that it can have.
func (m *migration) rename() {
	name := m.Root.Member("pipeline")
	switch {
	case name == nil && m.Root.Get("services") == nil:
		m.put(m.Root, "pipeline", m.first, m.text(Label(m.o.Name), m.first))
		return
	case name != nil && word(name.Value) == "":
		name.Value = m.text(Label(m.o.Name), m.first)
		return
	}
	if name == nil || name.Value.Kind != parse.String || name.Value.Text == Label(name.Value.Text) {
		return
	}
	label := Label(name.Value.Text)
	if !m.Made[name.Value] {
		m.l.Add(diag.Warningf(diag.NodeName, name.Value.Place(), "`%s` can't be the name of a pipeline, so it becomes `%s`", name.Value.Text, label))
	}
	name.Value = m.text(label, name.Value.Place())
}

// A migration carries one text.
type migration struct {
	*v1
	o     Options
	first source.Span // the first key of the text
	// quick tells that the text is a quickstart pipeline.
	quick bool
}

// headed is a pipeline of flowctl/v1 with what its head lacks.
func (m *migration) headed(root *parse.Node) *parse.Node {
	out := *root
	out.Members = append([]*parse.Member{}, root.Members...)
	for _, head := range []struct {
		key   string
		value *parse.Node
	}{{"apiVersion", m.text(V1, m.first)}, {"kind", m.text("Pipeline", m.first)}, {"metadata", m.call("name", m.o.Name)}} {
		if root.Get(head.key) == nil {
			out.Members = append(out.Members, m.member(head.key, m.first, head.value))
		}
	}
	return &out
}

// member is an entry that is not in the file.
func (m *migration) member(key string, at source.Span, value *parse.Node) *parse.Member {
	return &parse.Member{Key: m.text(key, at), Value: value}
}

// call is a mapping of one key.
func (m *migration) call(key, value string) *parse.Node {
	out := mapping(m.first)
	out.Members = []*parse.Member{m.member(key, m.first, m.text(value, m.first))}
	return out
}

// A list is one list of components in the making.
type list struct {
	m     *migration
	block string
	at    *parse.Member // the entry of the file that it comes from, nil for none
	items []*parse.Node
}

// compile carries components as if they were of flowctl/v1.
func (m *migration) compile(name *parse.Node, lists ...*list) {
	m.camel = true
	spec := mapping(m.first)
	for _, l := range lists {
		if len(l.items) == 0 {
			continue
		}
		at := m.first
		if l.at != nil {
			at = l.at.Key.Span
		}
		entry := m.member(l.block, at, sequence(at, l.items...))
		if l.at != nil {
			m.From[entry] = l.at.Key
		}
		spec.Members = append(spec.Members, entry)
	}
	metadata := mapping(m.first)
	if name == nil || word(name) == "" {
		name = m.text(m.o.Name, m.first)
	}
	metadata.Members = []*parse.Member{m.member("name", name.Place(), name)}
	root := mapping(m.first)
	root.Members = []*parse.Member{
		m.member("apiVersion", m.first, m.text(V1, m.first)), m.member("kind", m.first, m.text("Pipeline", m.first)),
		m.member("metadata", m.first, metadata), m.member("spec", m.first, spec),
	}
	kept := m.Root
	m.pipeline(root)
	if kept != nil { // what was carried before the nodes
		m.Root.Members = append(m.Root.Members, kept.Members...)
		m.Lost[m.Root] = append(m.Lost[m.Root], m.Lost[kept]...)
	}
}

// root begins the pipeline, for what is carried before its nodes.
func (m *migration) root(n *parse.Node) {
	if m.Root == nil {
		m.Root = mapping(n.Place())
	}
}

// edges turns `spec.flow`, a list of edges, into `inputs`.
func (m *migration) edges(root *parse.Node) *parse.Node {
	spec := *root.Get("spec")
	flow := spec.Member("flow")
	inputs := map[string][]*parse.Node{}
	for _, edge := range items(flow.Value) {
		from, to := edge.Get("from"), edge.Get("to")
		if from == nil || to == nil {
			m.l.Add(diag.Warningf(diag.NotCarried, edge.Place(), "an entry of `flow` has `from` and `to`, and this one has not")).Helpf("write `{from: a, to: b}`")
			continue
		}
		for _, t := range oneOrMore(to) {
			for _, f := range oneOrMore(from) {
				inputs[word(t)] = append(inputs[word(t)], f)
			}
		}
	}
	spec.Members = nil
	seen := map[string]bool{}
	for _, e := range root.Get("spec").Members {
		if e == flow {
			continue
		}
		if e.Value.Kind != parse.Sequence || !oneOf(e.Key.Text, "sources", "processors", "sinks") {
			spec.Members = append(spec.Members, e)
			continue
		}
		list := *e.Value
		list.Items = nil
		for _, c := range e.Value.Items {
			id := word(c.Get("id"))
			if id == "" {
				id = word(c.Get("name"))
			}
			seen[id] = true
			if c.Kind != parse.Mapping || len(inputs[id]) == 0 || c.Get("inputs") != nil {
				list.Items = append(list.Items, c)
				continue
			}
			with := *c
			with.Members = append(append([]*parse.Member{}, c.Members...), m.member("inputs", inputs[id][0].Place(), sequence(inputs[id][0].Place(), inputs[id]...)))
			list.Items = append(list.Items, &with)
		}
		spec.Members = append(spec.Members, &parse.Member{Key: e.Key, Value: &list})
	}
	for _, edge := range items(flow.Value) {
		for _, t := range oneOrMore(edge.Get("to")) {
			if !seen[word(t)] {
				m.l.Add(diag.Warningf(diag.UnknownNode, t.Place(), "`flow` leads to `%s`, and there is no such component", word(t)))
			}
		}
	}
	out := *root
	out.Members = nil
	for _, e := range root.Members {
		if e.Key.Text == "spec" {
			e = &parse.Member{Key: e.Key, Value: &spec}
		}
		out.Members = append(out.Members, e)
	}
	return m.headed(&out)
}

// oneOrMore are the items of a list, or the one value.
func oneOrMore(n *parse.Node) []*parse.Node {
	switch {
	case n == nil:
		return nil
	case n.Kind == parse.Sequence:
		return n.Items
	}
	return []*parse.Node{n}
}

// component is one of flowctl/v1 made of an entry of a list: what it calls `name`
// is the id, and what is no key of a component is its config.
func (m *migration) componentOf(n *parse.Node, id *parse.Node, inputs ...*parse.Node) *parse.Node {
	out := mapping(n.Place())
	out.Members = append(out.Members, m.member("id", id.Place(), id))
	if len(inputs) > 0 {
		out.Members = append(out.Members, m.member("inputs", inputs[0].Place(), sequence(inputs[0].Place(), inputs...)))
	}
	return out
}

// ids gives each component of a linear pipeline a name of its own.
func (m *migration) idOf(seen map[string]int, n *parse.Node, words ...string) *parse.Node {
	for _, key := range words {
		v := n.Get(key)
		if word(v) == "" {
			continue
		}
		base := word(v)
		if key != "id" && key != "name" {
			base = Name(base[strings.LastIndex(base, "/")+1:])
		}
		seen[Name(base)]++
		if k := seen[Name(base)]; k > 1 {
			return m.text(base+"-"+string(rune('0'+min(k, 9))), v.Place())
		}
		if base == word(v) {
			return v
		}
		return m.text(base, v.Place())
	}
	seen["node"]++
	return m.text("node-"+string(rune('0'+min(seen["node"], 9))), n.Place())
}
