package dialect

import (
	"github.com/flowc-dev/flowc/compiler/parse"
	"github.com/flowc-dev/flowc/compiler/schema"
	"github.com/flowc-dev/flowc/compiler/syntax"
	"github.com/flowc-dev/flowc/ir"
)

// node reads one node.
func (r *reader) node(role syntax.Role, m *parse.Member) *syntax.Node {
	n := &syntax.Node{Name: key(m), Role: role, Body: m.Value}
	if n.Body.Kind != parse.Mapping {
		n.Bad, n.FromUnread, n.ThenUnread = true, role != syntax.Source, true
		return n // the definition of the block says so
	}
	f, ok := r.form(n)
	if !ok {
		n.Bad = true
		r.readFrom(n, n.Body)
		n.OnError = r.onError(n, n.Body.Get("on_error"))
		return n
	}
	n.Kind = f.kind
	if k := n.Body.Member(f.key); k != nil {
		n.KindSpan = k.Key.Span
	} else {
		n.KindSpan = n.Name.Span
	}
	// What `defaults` gives has been checked there.
	if !schema.Check(f.definition, f.who, n.Body, n.Name.Span, r.l) {
		n.Bad = true
	}
	r.read(n, r.withDefaults(n.Body, f.definition))
	return n
}

// read reads the keys of a node of a known kind.
func (r *reader) read(n *syntax.Node, body *parse.Node) {
	r.readFrom(n, body)
	n.Key = goNode(body.Get("key"))
	n.Let = r.lets(body.Get("let"))
	n.LetUnread = body.Get("let") != nil && body.Get("let").Kind != parse.Mapping
	n.Drop = drop(body.Member("drop"), n.Bad)
	n.Was = text(body.Get("was"))
	n.DependsOn = oneOrMore(body.Get("depends_on"))
	n.Guarantee = text(body.Get("guarantee"))
	n.Validate = text(body.Get("validate"))
	n.Unordered = text(body.Get("order")).Text == "none"
	if order := text(body.Get("order")); order.Text == "kept" {
		n.OrderKept = order.Span
	}
	n.Range = r.rangeOf(body.Member("range"))
	if p := body.Get("parallel"); p != nil {
		n.Parallel, n.ParallelSpan = r.count(p, 0), p.Place()
	}
	r.scale(n, body.Member("scale"))
	n.OnError = r.onError(n, body.Get("on_error"))
	r.batch(n, body.Get("batch"))
	if n.Kind == syntax.Use {
		r.use(n, body)
	}
	if n.Kind == syntax.External {
		r.foreign(n, body)
	}
	switch value := body.Get(string(n.Kind)); n.Kind {
	case syntax.Filter, syntax.Flatmap:
		n.Go = goNode(value)
	case syntax.Map:
		if value != nil && value.Kind == parse.Mapping {
			n.Assign = assigns(value)
		} else {
			n.Go = goNode(value)
		}
	case syntax.Set:
		n.Assign = assigns(value)
		n.Unset = texts(body.Get("unset"))
	case syntax.Check:
		n.Assign = assigns(value)
	case syntax.Route:
		r.route(n, value)
	case syntax.Parse:
		n.Parse = r.parseVerb(value)
	}
	if out := body.Get("out"); out != nil {
		n.Out = r.out(n, out)
	}
}

// rangeOf reads a `range`.
func (r *reader) rangeOf(m *parse.Member) *syntax.Range {
	if m == nil || m.Value.Kind != parse.Mapping {
		return nil
	}
	out := &syntax.Range{Key: m.Key.Span, Span: m.Value.Place()}
	for _, end := range []struct {
		key string
		at  **ir.Value
	}{{"from", &out.From}, {"to", &out.To}} {
		if v := m.Value.Get(end.key); v != nil && v.Kind != parse.Mapping && v.Kind != parse.Sequence && v.Kind != parse.Null {
			*end.at = r.value(v)
		}
	}
	if p := m.Value.Get("parallel"); p != nil {
		out.Parallel, out.ParallelSpan = r.count(p, 0), p.Place()
	}
	return out
}

// goNode is a scalar that holds Go, nil for anything else.
func goNode(n *parse.Node) *parse.Node {
	if n == nil || n.Kind == parse.Null || n.Kind == parse.Sequence || n.Kind == parse.Mapping {
		return nil
	}
	return n
}

func assigns(n *parse.Node) []syntax.Assign {
	var out []syntax.Assign
	for _, m := range members(n) {
		if g := goNode(m.Value); g != nil {
			out = append(out, syntax.Assign{Name: key(m), Go: g})
		}
	}
	return out
}

func texts(n *parse.Node) []syntax.Text {
	var out []syntax.Text
	if n == nil {
		return nil
	}
	for _, item := range n.Items {
		if t := text(item); !t.IsZero() {
			out = append(out, t)
		}
	}
	return out
}

// drop reads `drop: true` and `drop: [a, b]`.
func drop(m *parse.Member, bad bool) syntax.Drop {
	if m == nil {
		return syntax.Drop{}
	}
	d := syntax.Drop{Span: m.Value.Place(), Ports: texts(m.Value)}
	d.All = m.Value.Kind == parse.Bool && parse.Value(m.Value) == true ||
		bad && m.Value.Kind != parse.Bool && len(d.Ports) < max(1, len(m.Value.Items)) // meant, whatever was written
	return d
}
