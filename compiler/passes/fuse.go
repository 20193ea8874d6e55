package passes

import (
	"slices"

	"github.com/flowc-dev/flowc/ir"
)

// fuse labels the nodes with regions, the loops in which they run, and says of
// each edge whether it is a call inside a loop or a queue between two, and why.
//
// A loop begins at a source or where legality.go says that a node can't run in
// the loop before it. An encoder runs in the loop that feeds it, so that bytes
// cross to the sink and not records; one that several loops feed is split.
func fuse(p *ir.Program) {
	p.Regions = nil
	for _, n := range p.Nodes {
		n.Region = ""
	}
	g := newGraph(p)
	for _, n := range g.forward() {
		if _, ok := n.Op.(*ir.Encode); !ok {
			g.assign(n)
		}
	}
	for _, n := range slices.Clone(p.Nodes) {
		if _, ok := n.Op.(*ir.Encode); ok {
			assignEncoder(p, g, n)
		}
	}
	g = newGraph(p)
	g.listRegions()
	for _, e := range p.Edges {
		from, to := g.nodes[e.From], g.nodes[e.To]
		e.Via = ir.Call
		if from.Region != to.Region {
			e.Via = ir.Queue
		} else {
			e.Batch, e.Depth, e.Bytes = 0, 0, 0
		}
		e.Why = g.why(e)
	}
}

// assign gives a node its region: that of what feeds it, or one of its own.
func (g *graph) assign(n *ir.Node) {
	n.Region = n.ID
	if feeders := g.feeders(n); len(feeders) == 1 && g.ownLoop(n) == "" {
		n.Region = feeders[0]
	}
}

// feeders are the regions that feed a node, in the order of its edges.
func (g *graph) feeders(n *ir.Node) []string {
	var regions []string
	for _, e := range g.in[n.ID] {
		if r := g.nodes[e.From].Region; !slices.Contains(regions, r) {
			regions = append(regions, r)
		}
	}
	return regions
}

// assignEncoder gives an encoder the region that feeds it, and each further
// region an encoder of its own. Where there are several, all are named after
// their regions, so that no name hangs on the order of the edges.
func assignEncoder(p *ir.Program, g *graph, n *ir.Node) {
	feeders := g.feeders(n)
	switch len(feeders) {
	case 0:
		n.Region = n.ID
		return
	case 1:
		n.Region = feeders[0]
		return
	}
	in, plain := g.in[n.ID], n.ID
	for i, region := range feeders {
		var edges []*ir.Edge
		for _, e := range in {
			if g.nodes[e.From].Region == region {
				edges = append(edges, e)
			}
		}
		if i > 0 {
			splitEncoder(p, n, plain+"."+region, edges).Region = region
			continue
		}
		n.Region = region
	}
	// The one that is left takes its name last: the others copied its edges.
	renamed := plain + "." + feeders[0]
	for _, e := range p.Edges {
		if e.From == plain {
			e.From = renamed
		}
		if e.To == plain {
			e.To = renamed
		}
	}
	n.ID = renamed
}

// listRegions makes the list of regions from the labels: in the order of the
// program's nodes, the nodes of each as records pass them.
func (g *graph) listRegions() {
	byName := map[string]*ir.Region{}
	for _, n := range g.p.Nodes {
		if n.Region == n.ID {
			r := &ir.Region{Name: n.ID, Head: n.ID}
			byName[r.Name] = r
			g.p.Regions = append(g.p.Regions, r)
		}
	}
	for _, n := range g.forward() {
		r := byName[n.Region]
		r.Nodes = append(r.Nodes, n.ID)
	}
}
