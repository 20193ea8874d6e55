package passes

import (
	"slices"

	"github.com/flowc-dev/flowc/ir"
)

// alias says who owns the record on each edge. A record that goes one way moves
// along. Where several ways leave one port, they share it, and only a way on
// which somebody may write to what the record holds gets a copy.
//
// A record goes by value from stage to stage, so what is shared is what it
// refers to: elements of lists and maps, and what optional fields point to. Who
// writes to these: expressions of which the checker says so (Expr.Writes), and
// components that get them. `set` makes a new record, which shares them with
// the old one.
func alias(p *ir.Program) {
	g := newGraph(p)
	writes := g.writers()
	for _, n := range p.Nodes {
		for _, port := range n.Out {
			edges := g.from(n.ID, port.Name)
			for _, e := range edges {
				switch {
				case len(edges) == 1:
					e.Own = ir.Move
				case writes[e.To]:
					e.Own = ir.Clone
				default:
					e.Own = ir.Share
				}
			}
		}
		for _, e := range g.out[n.ID] {
			if e.Kind == ir.Error {
				e.Own = ir.Move // a failed record goes nowhere else
			}
		}
	}
}

// writers finds the nodes that may write to what they get, themselves or by
// handing it on.
func (g *graph) writers() map[string]bool {
	writes := map[string]bool{}
	for _, n := range g.backward() {
		w := writesTo(n, g.record(n))
		if !w && handsOnParts(n, g.record(n)) {
			w = slices.ContainsFunc(data(g.out[n.ID]), func(e *ir.Edge) bool { return writes[e.To] })
		}
		writes[n.ID] = w
	}
	return writes
}

// handsOnParts tells whether what leaves a node may share memory with a record
// that it got.
func handsOnParts(n *ir.Node, t *ir.Type) bool {
	if n.HandsOn() || isSet(n) {
		return true
	}
	op, ok := n.Op.(*ir.Apply)
	if !ok || op.Go != nil {
		return false // bytes, or a component, which gets copies
	}
	return slices.ContainsFunc(exprsOf(op), func(e *ir.Expr) bool {
		return slices.ContainsFunc(e.Reads, func(p ir.Path) bool { return sharesAt(t, p) })
	})
}

// writesTo tells whether a node's own code may write to its input.
func writesTo(n *ir.Node, t *ir.Type) bool {
	op, ok := n.Op.(*ir.Apply)
	if !ok {
		return false
	}
	if op.Go != nil {
		// What a component takes is built for it, of the record's own lists and
		// maps; one that only answers yes or no is taken to leave them alone.
		return op.Go.Shape != ir.ShapeFilter && slices.ContainsFunc(op.Go.Reads(), func(p ir.Path) bool { return sharesAt(t, p) })
	}
	return slices.ContainsFunc(exprsOf(op), func(e *ir.Expr) bool { return e.Writes })
}

// exprsOf are the expressions of a node.
func exprsOf(op *ir.Apply) []*ir.Expr {
	var exprs []*ir.Expr
	if op.Expr != nil {
		exprs = append(exprs, op.Expr)
	}
	for _, a := range op.Assign {
		exprs = append(exprs, a.Expr)
	}
	return exprs
}

// sharesAt tells whether a copy of what is at a path below records of a type
// shares memory with the record that somebody could write to.
func sharesAt(t *ir.Type, path ir.Path) bool {
	if isWhole(path) {
		return refers(t, nil)
	}
	for _, name := range path {
		if t == nil || t.Kind != ir.Struct {
			return t == nil || !t.IsScalar() // a method, of a list or of a scalar
		}
		f := t.GoField(name)
		if f == nil || f.Pointer() {
			return true
		}
		t = f.Type
	}
	return refers(t, nil)
}

// refers tells whether a copy of a value shares memory that can be written to
// with it; types that are not known do. around are the types on the way.
func refers(t *ir.Type, around []*ir.Type) bool {
	if t == nil || slices.Contains(around, t) {
		return true
	}
	switch t.Kind {
	case ir.List, ir.Map, ir.JSON, ir.Any, ir.Bytes, ir.GoNamed:
		return true
	case ir.Struct:
		around = append(around, t)
		return t.Go != nil && (t.Go.Pointer || t.Go.Custom) ||
			slices.ContainsFunc(t.Fields, func(f *ir.Field) bool { return f.Pointer() || refers(f.Type, around) })
	}
	return false
}
