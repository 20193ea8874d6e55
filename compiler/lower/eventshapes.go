package lower

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/flowc-dev/flowc/compiler/check"
	"github.com/flowc-dev/flowc/compiler/parse"
	"github.com/flowc-dev/flowc/compiler/syntax"
	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
)

// An entry of `types` may be called as an event type is, such as stellar.ledger.v1: it says
// what the payloads of these events hold. A component that gives events of one such type
// gives records of it, and `from: ledgers.stellar.ledger.v1` takes those of one type from a
// component that gives several. A name without dots, `from: ledgers`, is all of them as they
// came.

// eventName is how event types are called: words with dots between them. No other type has a
// dot in its name.
var eventName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)+$`)

// shapes gives types to events, and makes the nodes that take those of one type apart. It
// works on the text, before nodes and types have their meaning.
func (w *lowering) shapes() {
	shaped := w.eventDecls()
	branches := map[string]*syntax.Node{}
	plain := map[string]bool{} // nodes of which somebody takes all events
	taken := map[string][]string{}
	byName := map[string]*syntax.Node{}
	for _, n := range w.p.Nodes {
		byName[n.Name.Text] = n
	}
	for _, n := range slices.Clone(w.p.Nodes) {
		for i, ref := range n.From {
			from := byName[ref.Node.Text]
			if from == nil || !givesEvents(from) {
				continue
			}
			event := ref.Port.Text
			if event == "" {
				plain[from.Name.Text] = true
				continue
			}
			shape, typeName := shaped.find(event)
			if typeName != "" {
				event = typeName
			}
			if len(from.Foreign.Gives) > 0 && !slices.ContainsFunc(from.Foreign.Gives, func(t syntax.Text) bool { return t.Text == event }) {
				w.notGiven(from, ref)
				n.Bad, n.FromUnread, n.From = true, true, nil
				plain[from.Name.Text] = true
				break
			}
			if shape == nil && !eventName.MatchString(event) && len(from.Foreign.Gives) == 0 {
				continue // no event type, as far as anybody can tell: an output that is not there
			}
			taken[from.Name.Text] = append(taken[from.Name.Text], event)
			if n.Kind == syntax.External {
				shape = nil // a component gets payloads as they are
			}
			n.From[i] = syntax.Ref{Node: syntax.Text{Text: w.branch(branches, byName, from, event, shape, ref).Name.Text, Span: ref.Span}, Span: ref.Span}
		}
	}
	for _, n := range w.p.Nodes {
		if !givesEvents(n) {
			continue
		}
		if !plain[n.Name.Text] && len(taken[n.Name.Text]) > 0 {
			w.nobodyTakes(n, taken[n.Name.Text])
		}
		if len(n.Foreign.Gives) == 1 && n.Out == nil && len(taken[n.Name.Text]) == 0 {
			if d := shaped[n.Foreign.Gives[0].Text]; d != nil {
				n.Out = &syntax.Out{Span: n.Foreign.Gives[0].Span, Type: d}
			}
		}
	}
}

// givesEvents tells whether a node is a component whose events have types, and whose records
// have no declared one.
func givesEvents(n *syntax.Node) bool {
	return n.Role != syntax.Sink && n.Out == nil && serves(n)
}

// serves tells whether a node is a component that speaks gRPC: lines have no types.
func serves(n *syntax.Node) bool {
	s := n.Foreign
	if n.Kind != syntax.External || s == nil {
		return false
	}
	if s.Protocol.Text != "" {
		return s.Protocol.Text == string(ir.GRPC)
	}
	return !byLines(n)
}

// eventShapes are the types of events, by their names.
type eventShapes map[string]*syntax.TypeExpr

// find is the type of the events that a reference names, by the event type or by the name of
// its Go type alone.
func (s eventShapes) find(name string) (t *syntax.TypeExpr, event string) {
	if t := s[name]; t != nil {
		return t, name
	}
	for event, t := range s {
		if t.Form == syntax.TypeName && t.Name == name || t.Form == syntax.TypeGo && strings.HasSuffix(t.Name, "."+name) {
			return t, event
		}
	}
	return nil, ""
}

// eventDecls takes the entries of `types` that are called as events are out of the declared
// types. What is written there as fields becomes a declared type, whose name in Go follows
// from the event's.
func (w *lowering) eventDecls() eventShapes {
	shaped := eventShapes{}
	var rest []*syntax.TypeDecl
	for _, d := range w.p.Types {
		if !eventName.MatchString(d.Name.Text) {
			rest = append(rest, d)
			continue
		}
		shape := d.Type
		switch shape.Form {
		case syntax.TypeName, syntax.TypeGo, syntax.TypeBad:
		default:
			name := GoName(d.Name.Text)
			if name == "" {
				w.l.Errorf(diag.TypeName, d.Name.Span, "`%s` makes no name in Go", d.Name.Text).Helpf("declare its fields under a name of their own, and write `%s: ThatName`", d.Name.Text)
				continue
			}
			if slices.ContainsFunc(slices.Concat(rest, w.p.Types), func(o *syntax.TypeDecl) bool { return o != d && o.Name.Text == name }) {
				w.l.Errorf(diag.TypeName, d.Name.Span, "the type of `%s` would be called `%s` in Go, and there is another one of that name", d.Name.Text, name).
					Helpf("name that one here, `%s: %s`, or call one of them otherwise", d.Name.Text, name)
				continue
			}
			rest = append(rest, &syntax.TypeDecl{Name: syntax.Text{Text: name, Span: d.Name.Span}, Type: d.Type})
			shape = &syntax.TypeExpr{Form: syntax.TypeName, Name: name, Span: d.Type.Span}
		}
		shaped[d.Name.Text] = shape
		w.eventTypeUsed(d)
	}
	w.p.Types = rest
	return shaped
}

// eventTypeUsed warns of the type of an event that no component gives or takes: it is
// probably misspelt in one of the two places.
func (w *lowering) eventTypeUsed(d *syntax.TypeDecl) {
	var names []string
	for _, n := range w.p.Nodes {
		if !serves(n) {
			continue
		}
		if n.Foreign.Metadata.Text != "" || !n.Foreign.Reference.IsZero() || len(n.Foreign.Gives) == 0 && n.Role != syntax.Sink {
			return // what it gives is not said here
		}
		for _, t := range slices.Concat(n.Foreign.Gives, n.Foreign.Takes) {
			names = append(names, t.Text)
		}
	}
	if slices.Contains(names, d.Name.Text) {
		return
	}
	warning := w.l.Warningf(diag.EventType, d.Name.Span, "no component gives events of the type `%s`", d.Name.Text)
	if !warning.Near(d.Name.Text, names) {
		warning.Helpf("name it in the `gives` of the component that does, or remove it")
	}
}

// notGiven reports a reference to events that a component does not give.
func (w *lowering) notGiven(from *syntax.Node, ref syntax.Ref) {
	var given []string
	for _, t := range from.Foreign.Gives {
		given = append(given, t.Text)
	}
	d := w.l.Errorf(diag.EventType, ref.Port.Span, "`%s` gives no events of the type `%s`", from.Name.Text, ref.Port.Text).
		Also(from.Foreign.Gives[0].Span, "what it gives")
	if !d.Near(ref.Port.Text, given) {
		d.Helpf("take one of these: `%s.%s`, or all of its events: `%s`", from.Name.Text, strings.Join(given, "`, `"+from.Name.Text+"."), from.Name.Text)
	}
}

// nobodyTakes warns of events that a component gives and that no node behind it takes.
func (w *lowering) nobodyTakes(n *syntax.Node, taken []string) {
	if n.Drop.All {
		return
	}
	for _, t := range n.Foreign.Gives {
		if !slices.Contains(taken, t.Text) {
			w.l.Warningf(diag.EventType, t.Span, "nobody takes the events `%s` of `%s`: they are filtered out, and counted", t.Text, n.Name.Text).
				Helpf("take them with `from: %s.%s`, or leave the type out", n.Name.Text, t.Text)
		}
	}
}

// branch is the node that lets the events of one type pass, and decodes them where shape says
// what they hold. Those who take the same share one.
func (w *lowering) branch(branches, byName map[string]*syntax.Node, from *syntax.Node, event string, shape *syntax.TypeExpr, ref syntax.Ref) *syntax.Node {
	key := from.Name.Text + "." + event
	if shape == nil {
		key += " as it came"
	}
	if n := branches[key]; n != nil {
		return n
	}
	word := strings.NewReplacer(".", "-").Replace(event)
	name := from.Name.Text + "-" + word
	if len(name) > 55 {
		name = name[:55]
	}
	for own := name; byName[name] != nil; own = name {
		name = own + "-events"
	}
	n := &syntax.Node{
		Name: syntax.Text{Text: name, Span: ref.Span}, Role: syntax.Processor, Kind: syntax.Events, KindSpan: ref.Span, EventType: event,
		Body: &parse.Node{Kind: parse.Mapping, Span: ref.Span}, From: []syntax.Ref{{Node: from.Name, Span: ref.Span}}, FromSpan: ref.Span,
		OnError: from.OnError, ThenUnread: from.ThenUnread,
	}
	if shape != nil {
		n.Out = &syntax.Out{Span: ref.Span, Type: shape}
	}
	branches[key], byName[name] = n, n
	w.p.Nodes = append(w.p.Nodes, n)
	return n
}

// events lowers a node that lets the events of one type pass: it stands in front of those who
// take them.
func (w *lowering) events(n *node, m *ir.Node) {
	cond := w.check(n, "meta.Type == "+strconv.Quote(n.EventType), spanPlace(n.KindSpan), check.Bool("the type of an event"))
	m.Op = &ir.Apply{Verb: ir.VerbFilter, Expr: cond}
	effects(m, cond)
	if n.Out == nil {
		n.out(n.in)
		return
	}
	t := w.outType(n)
	switch {
	case t == nil:
		n.out(nil)
	case t.Kind == ir.Bytes && t.Name == "":
		n.out(n.in)
	case t.Kind == ir.JSON && t.Go == nil:
		n.out(t)
		w.decoded(n, m)
	case t.Kind != ir.Struct:
		w.l.Errorf(diag.BadOut, n.Out.Type.Span, "events of the type `%s` are fields, `json` or `bytes`, and not %s", n.EventType, article(t.String()))
		n.out(nil)
	default:
		n.out(t)
		w.decodePayload(n, m, t)
	}
}
