package parse

import (
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
)

// A tree turns goccy's syntax tree into ours.
type tree struct {
	*placement
	list    *diag.List
	anchors map[string]*anchored
	values  int  // nodes so far, those behind aliases counted at each use
	full    bool // the limit of values was reported
}

// An anchored value is what an alias can name.
type anchored struct {
	node *Node // nil while the value itself is being read
	size int   // its nodes, itself included
}

func (t *tree) document(body ast.Node) *Node {
	n := t.node(body, source.Span{File: t.file}, false)
	if t.full {
		return nil
	}
	return n
}

// node converts a value. missing is where a value that is not there would
// stand.
func (t *tree) node(n ast.Node, missing source.Span, inFlow bool) *Node {
	t.values++
	if t.values > MaxValues {
		at := missing
		if s, ok := t.span(n.GetToken()); ok {
			at = s
		}
		t.tooMany(at)
		return &Node{Span: missing}
	}
	switch n := n.(type) {
	case *ast.MappingNode:
		return t.mapping(n, inFlow)
	case *ast.SequenceNode:
		return t.sequence(n, inFlow)
	case *ast.AnchorNode:
		return t.anchor(n, inFlow)
	case *ast.AliasNode:
		return t.alias(n)
	case *ast.TagNode:
		return t.tag(n, missing, inFlow)
	case *ast.LiteralNode:
		return t.scalar(n.Start, missing, inFlow)
	case *ast.MappingValueNode:
		return t.mapping(&ast.MappingNode{Start: n.GetToken(), Values: []*ast.MappingValueNode{n}}, inFlow)
	}
	return t.scalar(n.GetToken(), missing, inFlow)
}

func (t *tree) tooMany(at source.Span) {
	if !t.full {
		t.full = true
		tooMuch(at, t.list, "the file holds more than %d values, those behind aliases counted at each use", MaxValues)
	}
}

// scalar converts the scalar at a token; one the parser made up is missing.
func (t *tree) scalar(tk *token.Token, missing source.Span, inFlow bool) *Node {
	s := t.at[tk].scalar
	if s == nil {
		if at, ok := t.span(tk); ok { // `<<` as a value
			return t.textNode(&scalar{textBuilder: copied(t.file.Text, at), start: at.Start, end: at.End}, inFlow)
		}
		return &Node{Span: missing, InFlow: inFlow}
	}
	return t.textNode(s, inFlow)
}

func copied(src []byte, at source.Span) (b textBuilder) {
	b.copy(src, at.Start, at.End)
	return b
}

func (t *tree) textNode(s *scalar, inFlow bool) *Node {
	n := &Node{
		Kind: String, Style: s.style, Text: string(s.text), runs: s.runs, InFlow: inFlow,
		Span: source.Span{File: t.file, Start: s.start, End: s.end},
	}
	if s.style == Plain {
		n.Kind = resolvePlain(n.Text)
		if !checkPlain(t.file, s, inFlow, t.list) {
			n.Kind, n.Text = Null, "" // nobody is to say more about it
		}
	}
	if s.style != Literal && s.style != Folded {
		n.Comment = commentBehind(t.file, s.end)
	}
	return n
}

// commentBehind is the comment that follows an offset on its line.
func commentBehind(f *source.File, at int) source.Span {
	src, i := f.Text, at
	for i < len(src) && (src[i] == ' ' || src[i] == '\t') {
		i++
	}
	if i == at || i == len(src) || src[i] != '#' {
		return source.Span{}
	}
	return source.Span{File: f, Start: i, End: lineEnd(src, i)}
}

func (t *tree) sequence(n *ast.SequenceNode, inFlow bool) *Node {
	out := &Node{Kind: Sequence, Style: Block, InFlow: inFlow}
	out.Span, _ = t.span(n.Start)
	out.Span.File = t.file
	if n.IsFlowStyle {
		out.Style = Flow
		end, _ := t.span(n.End)
		out.Span = out.Span.Join(end)
	}
	for i, item := range n.Values {
		if t.full || len(*t.list) > maxErrors {
			break
		}
		missing := out.Span.Sub(0, 0)
		if i < len(n.Entries) && n.Entries[i].Start != nil {
			if dash, ok := t.span(n.Entries[i].Start); ok {
				missing = source.Span{File: t.file, Start: dash.End, End: dash.End}
			}
		}
		v := t.node(item, missing, inFlow || n.IsFlowStyle)
		if !n.IsFlowStyle && !inFlow {
			t.checkTabs(missing.Start - 1)
			t.checkIndent(v, missing.Line(), source.Span{File: t.file, Start: missing.Start - 1}.Pos().Column, false)
		}
		out.Items = append(out.Items, v)
		if !n.IsFlowStyle {
			out.Span = out.Span.Join(v.Place())
		}
	}
	return out
}

func (t *tree) mapping(n *ast.MappingNode, inFlow bool) *Node {
	out := &Node{Kind: Mapping, Style: Block, InFlow: inFlow}
	if n.IsFlowStyle {
		out.Style = Flow
		out.Span, _ = t.span(n.Start)
		end, _ := t.span(n.End)
		out.Span = out.Span.Join(end)
		inFlow = true
	}
	if !n.IsFlowStyle {
		out.Span = t.startOf(n)
	}
	var entries []*Member
	isMerge := map[*Member]bool{}
	for _, mv := range n.Values {
		if t.full || len(*t.list) > maxErrors {
			break
		}
		key, merge := t.key(mv.Key, inFlow)
		if key == nil {
			continue
		}
		colon, ok := t.span(mv.Start)
		if !ok || colon.Text() != ":" {
			colon = source.Span{File: t.file, Start: key.Span.End, End: key.Span.End}
		}
		t.checkKey(key, colon, inFlow)
		value := t.node(mv.Value, source.Span{File: t.file, Start: colon.End, End: colon.End}, inFlow)
		if !n.IsFlowStyle {
			out.Span = out.Span.Join(key.Span).Join(value.Place())
		}
		if !inFlow {
			t.checkIndent(value, colon.Line(), key.Span.Pos().Column, value.Kind == Sequence)
		}
		m := &Member{key, value}
		entries = append(entries, m)
		isMerge[m] = merge
	}
	if n.IsFlowStyle {
		entries = t.rejoin(entries)
	}
	t.enter(out, entries, isMerge)
	return out
}

// startOf is the place of the first key of a mapping, as far as it has one.
func (t *tree) startOf(n *ast.MappingNode) source.Span {
	for _, mv := range n.Values {
		if at, ok := t.span(mv.Key.GetToken()); ok {
			return at
		}
		if at, ok := t.span(mv.Start); ok {
			return at
		}
	}
	return source.Span{File: t.file}
}

// enter makes the entries the members of a mapping: each key once, what is
// merged in the place of `<<`.
func (t *tree) enter(out *Node, entries []*Member, isMerge map[*Member]bool) {
	first := map[string]*Member{}
	var merges []merge
	for _, m := range entries {
		switch before := first[m.Key.Text]; {
		case isMerge[m]:
			merges = append(merges, merge{len(out.Members), m.Key, m.Value})
		case before != nil:
			duplicateKey(before.Key, m.Key, t.list)
		default:
			first[m.Key.Text] = m
			out.Members = append(out.Members, m)
		}
	}
	if len(merges) > 0 {
		t.merge(out, first, merges)
	}
}

// rejoin reports Go that a flow mapping has cut at a comma (`{filter: f(a, b)}`
// has an entry `b)` without a value), and puts the value together again, so that
// one mistake is told once.
func (t *tree) rejoin(entries []*Member) []*Member {
	kept := entries[:0]
	for i := 0; i < len(entries); i++ {
		m := entries[i]
		kept = append(kept, m)
		v := m.Value
		if len(*t.list) > maxErrors || v.Kind != String || v.Style != Plain || i+1 == len(entries) || !bare(entries[i+1]) || !unfinished(v.Text) {
			continue
		}
		d := goInFlow(v)
		if d == nil {
			continue
		}
		t.list.Add(d)
		v.Span = goExtent(t.file, v.Span.Start)
		b := copied(t.file.Text, v.Span)
		v.Text, v.runs = string(b.text), b.runs
		for i+1 < len(entries) && entries[i+1].Key.Span.Start < v.Span.End {
			i++
		}
	}
	return kept
}

// bare tells whether an entry of a flow mapping has no `: value`.
func bare(m *Member) bool {
	return m.Value.Kind == Null && m.Value.Span.Start == m.Key.Span.End && m.Value.Span.End == m.Key.Span.End
}

// duplicateKey reports a key that stands twice in a mapping.
func duplicateKey(before, key *Node, l *diag.List) {
	l.Errorf(diag.DuplicateKey, key.Span, "the key `%s` stands twice in one mapping", key.Text).
		Caret("again here").
		Also(before.Span, "first here").
		Helpf("remove one of them, or rename it")
}

// key converts a key and tells whether it is the merge key `<<`. The result is
// nil for a key that is refused.
func (t *tree) key(k ast.Node, inFlow bool) (key *Node, isMerge bool) {
	switch k := k.(type) {
	case *ast.MergeKeyNode:
		at, _ := t.span(k.GetToken())
		return &Node{Kind: String, Text: "<<", Span: at}, true
	case *ast.AnchorNode:
		if key, isMerge = t.key(k.Value, inFlow); key != nil {
			t.named(k, key, 1)
		}
		return key, isMerge
	case *ast.TagNode:
		return t.key(k.Value, inFlow)
	case *ast.StringNode, *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.NullNode, *ast.InfinityNode, *ast.NanNode, *ast.LiteralNode:
		tk := k.GetToken()
		if lit, ok := k.(*ast.LiteralNode); ok {
			tk = lit.Start
		}
		if at, ok := t.at[tk]; ok && at.scalar != nil {
			n := t.textNode(at.scalar, inFlow)
			n.Kind, n.Text, n.Comment = String, string(at.scalar.text), source.Span{}
			return n, false
		}
	}
	at, ok := t.span(k.GetToken())
	if !ok {
		at = source.Span{File: t.file}
	}
	t.list.Errorf(diag.YAMLKey, at, "a key must be a word or a string").Helpf("write `key: value`")
	return nil, false
}

func (t *tree) tag(n *ast.TagNode, missing source.Span, inFlow bool) *Node {
	var v *Node
	if n.Value == nil {
		v = &Node{Span: missing, InFlow: inFlow}
	} else {
		v = t.node(n.Value, missing, inFlow)
	}
	tag, _ := t.span(n.Start)
	want, ok := map[string][]Kind{
		"!!str": {String, Null, Bool, Int, Float}, "!!int": {Int}, "!!bool": {Bool},
		"!!float": {Float, Int}, "!!null": {Null}, "!!map": {Mapping}, "!!seq": {Sequence},
	}[n.Start.Value]
	for _, k := range want {
		if k != v.Kind {
			continue
		}
		if n.Start.Value == "!!str" {
			v.Kind = String
		}
		return v
	}
	if ok {
		t.list.Errorf(diag.YAMLTag, tag, "the tag `%s` stands before %s", n.Start.Value, v.Kind).Helpf("remove the tag")
	}
	return v
}
