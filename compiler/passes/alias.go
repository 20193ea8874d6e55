package passes

import (
	"slices"

	"github.com/flowc-dev/flowc/ir"
)

// alias says who owns the record on each edge. A record that goes one way moves
// along. Where several ways leave one port, they share it, and only a way on
// which somebody may write to what the record holds gets a copy.
//
// Who writes: function bodies that assign to `in` or take its address, and code
// of the user's that gets a list, a map or the record itself. `set` makes a new
// record, which shares its lists and maps with the old one.
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
	if passesOn(n) || isSet(n) {
		return true
	}
	op, ok := n.Op.(*ir.Apply)
	if !ok || op.Go != nil {
		return false // bytes, or a component, which gets copies
	}
	exprs := []*ir.Expr{op.Expr}
	for _, a := range op.Assign {
		exprs = append(exprs, a.Expr)
	}
	return slices.ContainsFunc(exprs, func(e *ir.Expr) bool {
		return e != nil && slices.ContainsFunc(e.Reads, func(p ir.Path) bool { return sharesAt(t, p) })
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
		return op.Go.Shape != ir.ShapeFilter && slices.ContainsFunc(component(op.Go), func(p ir.Path) bool { return sharesAt(t, p) })
	}
	exprs := []*ir.Expr{op.Expr}
	for _, a := range op.Assign {
		exprs = append(exprs, a.Expr)
	}
	return slices.ContainsFunc(exprs, func(e *ir.Expr) bool { return e != nil && exprWrites(e, t) })
}
