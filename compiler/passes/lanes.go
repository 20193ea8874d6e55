package passes

import "github.com/flowc-dev/flowc/ir"

// lanes says how many loops of each region run at once, and which edges keep
// the order of their source.
//
// Several lanes keep the order: the engine sends their packets on in the order
// of the batches that they came from. It is given up where the pipeline says
// `order: none`, inside a key's lane only with `key`, and between the ways of a
// source that meet again behind queues.
func lanes(p *ir.Program) {
	g := newGraph(p)
	for _, r := range p.Regions {
		r.Lanes, r.Why = g.lanesOf(g.nodes[r.Head])
	}
	type state struct {
		ordered bool
		sources map[string]bool
	}
	states := map[string]state{}
	for _, n := range g.forward() {
		s := state{ordered: !n.Unordered && n.Key == nil, sources: map[string]bool{}}
		if op, ok := n.Op.(*ir.Source); ok {
			s.ordered = s.ordered && op.Facts.Ordered
			s.sources[n.ID] = true
		}
		queued := map[string]string{} // a source, and the region through which it comes
		for _, e := range data(g.in[n.ID]) {
			s.ordered = s.ordered && e.Ordered
			for source := range states[e.From].sources {
				s.sources[source] = true
				if e.Via == ir.Call {
					continue
				}
				// What one region sends to a node goes into one packet.
				region := g.nodes[e.From].Region
				if other, ok := queued[source]; ok && other != region {
					s.ordered = false
				}
				queued[source] = region
			}
		}
		states[n.ID] = s
		for _, e := range g.out[n.ID] {
			e.Ordered = s.ordered && e.Kind != ir.Error
		}
	}
}
