package lower

import (
	"github.com/flowc-dev/flowc/compiler/check"
	"github.com/flowc-dev/flowc/compiler/syntax"
	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
)

// node lowers one node; all that feed it are done.
func (w *lowering) node(n *node) {
	switch {
	case n.Kind == syntax.External:
		w.foreignNode(n)
	case n.Role == syntax.Source:
		w.source(n)
	case n.Role == syntax.Processor:
		known := w.attach(n)
		w.step(n, known)
	default:
		known := w.attach(n)
		w.sink(n, known)
	}
	n.policy = w.errorPolicy(n)
	w.was(n)
}

// was checks that a former name is nobody's name now.
func (w *lowering) was(n *node) {
	other := w.byName[n.Was.Text]
	if n.Was.IsZero() || other == nil {
		return
	}
	d := w.l.Errorf(diag.WasConflict, n.Was.Span, "`%s` can't have been `%s`: there is a node of that name", n.Name.Text, n.Was.Text)
	d.NoteAt(other.Name.Span, "this one")
	d.Helpf("remove `was`, which takes over the checkpoint of a node that was renamed")
}

// step lowers a processor; known tells that the type of what it gets is known.
func (w *lowering) step(n *node, known bool) {
	if n.Kind == syntax.Broken {
		n.broken()
		return
	}
	if !known {
		// What its own Go says about an unknown record follows from the mistake
		// before; its outputs are known where they are those of a route.
		w.unknownStep(n)
		return
	}
	w.readLets(n)
	m := w.newNode(n, n.Name.Text)
	n.main = m
	w.key(n, m)
	switch n.Kind {
	case syntax.Filter:
		w.filter(n, m)
	case syntax.Map:
		w.mapping(n, m)
	case syntax.Set:
		w.set(n, m)
	case syntax.Check:
		w.conditions(n, m)
	case syntax.Flatmap:
		w.flatmap(n, m)
	case syntax.Route:
		w.route(n, m)
	case syntax.Parse:
		w.parse(n, m)
	case syntax.Events:
		w.events(n, m)
	case syntax.Use:
		w.component(n, m)
	}
}

// unknownStep gives outputs to a processor whose records are of no known type.
func (w *lowering) unknownStep(n *node) {
	n.in = nil
	switch {
	case n.Kind == syntax.Use && !n.vague: // a component says by itself what it gives
		n.main = w.newNode(n, n.Name.Text)
		w.component(n, n.main)
	case n.Kind == syntax.Route && !n.vague:
		w.routePorts(n, nil)
	case n.Out != nil && n.Out.Type != nil && !n.vague:
		n.out(w.outType(n))
	case n.Kind != syntax.Use && !n.vague:
		n.out(nil)
	default:
		n.broken()
	}
}

// newNode makes a node of the program.
func (w *lowering) newNode(n *node, id string) *ir.Node {
	return &ir.Node{
		ID: id, YAML: n.Name.Text, Span: n.Name.Span,
		Parallel: n.Parallel, Unordered: n.Unordered, Was: n.Was.Text,
		Replicas: n.Replicas, ScaleSpan: n.ScaleSpan, Elastic: n.Elastic,
	}
}

// key checks the key of a node's lanes.
func (w *lowering) key(n *node, m *ir.Node) {
	if n.Key == nil {
		return
	}
	e := w.goOf(n, n.Key, check.Any("a key"))
	if e == nil {
		return
	}
	if !keyable(e.Type) || e.Optional {
		d := w.l.Errorf(diag.BadValue, n.Key.Span, "a key must be a value that can be compared, and `%s` is %s", e.Text, article(e.Type.String()))
		if e.Optional {
			d.Message = "a key must be there, and `" + e.Text + "` may be missing"
			d.Helpf("say what stands for a missing one: `or(%s, …)`", e.Text)
		}
		return
	}
	m.Key = e
}

// effects notes on a node what its expressions do.
func effects(m *ir.Node, exprs ...*ir.Expr) {
	m.Pure = true
	for _, e := range exprs {
		if e == nil {
			continue
		}
		m.Pure = m.Pure && e.Effect == ir.Pure
		m.Keeps = m.Keeps || e.Keeps
	}
}

// outType is the type that `out:` names for a processor; nil after an error.
func (w *lowering) outType(n *node) *ir.Type {
	if n.Out.Type.Form == syntax.TypeName {
		if t, ok := w.plainOut(n.Out.Type.Name); ok {
			return t
		}
	}
	if n.Out.Type.Form == syntax.TypeChange {
		return w.change(n.Out.Type, "")
	}
	t := w.typ(n.Out.Type)
	return w.nameType(t, n, n.Out.Span)
}

// plainOut are the words that only `out:` knows.
func (w *lowering) plainOut(name string) (*ir.Type, bool) {
	switch name {
	case "text":
		return &ir.Type{Kind: ir.String}, true
	}
	return nil, false
}
