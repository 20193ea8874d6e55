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

// mayPanic tells whether code of the user's that runs behind an edge, inside of
// this loop, may panic.
func (l *loop) mayPanic(id string, seen map[string]bool) bool {
	if seen[id] {
		return false
	}
	seen[id] = true
	n := l.nodes[id]
	if sink, ok := n.Op.(*ir.Sink); ok {
		return sink.Connector != "" && l.valuesPerRecord(id)
	}
	panics := func(e *ir.Expr) bool { return e.Panics || e.Effect == ir.Unknown }
	if n.Component() != nil || slices.ContainsFunc(n.Exprs(), panics) {
		return true
	}
	for _, e := range l.out[id] {
		if e.Kind == ir.Data && (l.inside(e) || l.isEncode(id)) && l.mayPanic(e.To, seen) {
			return true
		}
	}
	return false
}

// target is the index of a packet.
func (l *loop) target(id string) int { return slices.Index(l.targets, id) }
