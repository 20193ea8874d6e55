package parse

import (
	"slices"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
)

// anchor converts `&name value`.
func (t *tree) anchor(n *ast.AnchorNode, inFlow bool) *Node {
	name, at := t.anchorName(n.Name)
	a := &anchored{}
	t.anchors[name] = a
	before := t.values
	behind := source.Span{File: t.file, Start: at.End, End: at.End}
	if n.Value == nil {
		a.node = &Node{Span: behind, InFlow: inFlow}
	} else {
		a.node = t.node(n.Value, behind, inFlow)
	}
	a.size = t.values - before
	a.node.Anchor, a.node.AnchorSpan = name, t.withSign(n.Start, at)
	return a.node
}

// named registers an anchor on a key.
func (t *tree) named(n *ast.AnchorNode, key *Node, size int) {
	name, at := t.anchorName(n.Name)
	key.Anchor, key.AnchorSpan = name, t.withSign(n.Start, at)
	t.anchors[name] = &anchored{node: key, size: size}
}

// alias converts `*name`: a copy of the node it names that knows both places.
// The parts below are shared, so memory stays small however often aliases name
// aliases; their number is bounded for those who walk the tree.
func (t *tree) alias(n *ast.AliasNode) *Node {
	name, at := t.anchorName(n.Value)
	at = t.withSign(n.Start, at)
	a := t.anchors[name]
	switch {
	case a == nil:
		if d := goInYAMLAt(t.file, at.Start, "YAML reads `*%s` as an alias, not as Go", name); d != nil {
			t.list.Add(d)
			return &Node{Span: at}
		}
		d := t.list.Errorf(diag.YAMLAlias, at, "no anchor `&%s` stands before this alias", name)
		var names []string
		for other := range t.anchors {
			names = append(names, "*"+other)
		}
		slices.Sort(names)
		if !d.Near("*"+name, names) {
			d.Helpf("write `&%s` before the value that is meant, or quote the text: `'*%s'`", name, name)
		}
		return &Node{Span: at}
	case a.node == nil:
		t.list.Errorf(diag.YAMLAlias, at, "`*%s` stands inside the value that it names", name).Helpf("write the value out")
		return &Node{Span: at}
	}
	if t.values += a.size - 1; t.values > MaxValues {
		t.tooMany(at)
	}
	a.node.Aliased = true
	out := *a.node
	out.Alias = at
	return &out
}

// A merge is a `<<` entry: where among the members it stands, and its value.
type merge struct {
	index int
	key   *Node
	value *Node
}

// merge adds the entries of `<<: *base` or `<<: [*a, *b]`: what stands in the
// mapping itself wins, then the earlier base.
func (t *tree) merge(out *Node, first map[string]*Member, merges []merge) {
	if len(merges) > 1 {
		duplicateKey(merges[0].key, merges[1].key, t.list)
	}
	m := merges[0]
	bases := []*Node{m.value}
	if m.value.Kind == Sequence {
		bases = m.value.Items
	}
	var add []*Member
	for _, base := range bases {
		if base.Kind != Mapping {
			t.list.Errorf(diag.YAMLAlias, base.Place(), "`<<` merges mappings, this is %s", base.Kind).
				Helpf("write `<<: *name` where `&name` stands before a mapping")
			continue
		}
		for _, member := range base.Members {
			if first[member.Key.Text] != nil {
				continue
			}
			value := *member.Value
			if value.Alias.IsZero() {
				value.Alias = base.Alias
			}
			merged := &Member{member.Key, &value}
			first[member.Key.Text] = merged
			add = append(add, merged)
		}
	}
	out.Members = slices.Insert(out.Members, m.index, add...)
}

// anchorName is the name behind `&` or `*`, and its place.
func (t *tree) anchorName(n ast.Node) (string, source.Span) {
	at, ok := t.span(n.GetToken())
	if !ok {
		return n.GetToken().Value, source.Span{File: t.file}
	}
	return at.Text(), at
}

// withSign joins a name with the sign before it.
func (t *tree) withSign(sign *token.Token, name source.Span) source.Span {
	at, ok := t.span(sign)
	if !ok {
		return name
	}
	return at.Join(name)
}
