package gocode

import (
	"slices"

	"github.com/flowc-dev/flowc/ir"
)

// findTargets lists where the region's packets go, in the order of the program's
// nodes. Dead letters are no packets of a loop: the engine writes them.
func (l *loop) findTargets() {
	want := map[string]bool{}
	for _, id := range l.members() {
		for _, e := range l.out[id] {
			if e.Kind == ir.Data && !l.inside(e) {
				want[e.To] = true
			}
		}
	}
	for _, n := range l.p.Nodes {
		if want[n.ID] {
			l.targets = append(l.targets, n.ID)
		}
	}
	// What a record has put into packets before it failed is cut off again; where
	// there is one packet, and it is written last, there is nothing to cut.
	l.mark = slices.ContainsFunc(l.targets, func(id string) bool { return l.valuesPerRecord(id) })
}

// valuesPerRecord tells whether a consumer gets values beside the record that
// the user's code computes.
func (l *loop) valuesPerRecord(id string) bool {
	n := l.nodes[id]
	sink, ok := n.Op.(*ir.Sink)
	if !ok {
		return n.Key != nil
	}
	return len(sink.Meta) > 0 || slices.ContainsFunc(sink.Config, func(s ir.Setting) bool { return s.Value != nil && s.Value.PerRecord() })
}

// mayPanic tells whether code of the user's that runs for a record on an edge,
// inside of this loop, may panic. Behind a queue that is what goes into the packet
// beside the record.
func (l *loop) mayPanic(e *ir.Edge, seen map[string]bool) bool {
	n := l.nodes[e.To]
	switch _, sink := n.Op.(*ir.Sink); {
	case e.Kind != ir.Data:
		return false
	case l.inside(e):
		return l.panicsIn(n, seen)
	case sink:
		return slices.ContainsFunc(n.Exprs(), panics)
	}
	return n.Key != nil && panics(n.Key)
}

// panicsIn tells that of a node of this loop, and all that is behind it.
func (l *loop) panicsIn(n *ir.Node, seen map[string]bool) bool {
	if seen[n.ID] {
		return false
	}
	seen[n.ID] = true
	return n.Component() != nil || n.Foreign() != nil || slices.ContainsFunc(n.Exprs(), panics) ||
		slices.ContainsFunc(l.out[n.ID], func(e *ir.Edge) bool { return l.mayPanic(e, seen) })
}

// panics tells whether an expression may panic, as far as the compiler sees.
func panics(e *ir.Expr) bool { return e.Panics || e.Effect == ir.Unknown }

// target is the index of a packet.
func (l *loop) target(id string) int { return slices.Index(l.targets, id) }
