package passes

import (
	"slices"

	"github.com/flowc-dev/flowc/ir"
)

// A graph is a program's edges by node. It does not follow changes: a pass that
// adds or removes nodes makes it anew.
type graph struct {
	p       *ir.Program
	nodes   map[string]*ir.Node
	in, out map[string][]*ir.Edge
}

func newGraph(p *ir.Program) *graph {
	g := p.Graph()
	return &graph{p: p, nodes: g.Nodes, in: g.In, out: g.Out}
}

// forward returns the nodes so that each follows what feeds it, and otherwise
// in the program's order.
func (g *graph) forward() []*ir.Node {
	order := make([]*ir.Node, 0, len(g.p.Nodes))
	seen := make(map[string]bool, len(g.p.Nodes))
	var visit func(id string)
	visit = func(id string) {
		if seen[id] {
			return
		}
		seen[id] = true
		for _, e := range g.in[id] {
			visit(e.From)
		}
		order = append(order, g.nodes[id])
	}
	for _, n := range g.p.Nodes {
		visit(n.ID)
	}
	return order
}

// backward returns the nodes so that each follows what it feeds.
func (g *graph) backward() []*ir.Node {
	order := g.forward()
	slices.Reverse(order)
	return order
}

// data are the edges that carry records, not failures.
func data(edges []*ir.Edge) []*ir.Edge {
	var out []*ir.Edge
	for _, e := range edges {
		if e.Kind != ir.Error {
			out = append(out, e)
		}
	}
	return out
}

// from are the edges that leave a node by a port.
func (g *graph) from(id, port string) []*ir.Edge {
	var out []*ir.Edge
	for _, e := range data(g.out[id]) {
		if e.Port == port {
			out = append(out, e)
		}
	}
	return out
}

// record is the type of the records that reach a node, nil where none do.
func (g *graph) record(n *ir.Node) *ir.Type {
	if in := data(g.in[n.ID]); len(in) > 0 {
		return in[0].Type
	}
	return nil
}

// sink is the sink that an encoder feeds, nil for none.
func (g *graph) sink(n *ir.Node) *ir.Node {
	for _, e := range data(g.out[n.ID]) {
		if _, ok := g.nodes[e.To].Op.(*ir.Sink); ok {
			return g.nodes[e.To]
		}
	}
	return nil
}

// splitEncoder gives some of the edges into an encoder an encoder of their own,
// which feeds the same sink, and returns it.
func splitEncoder(p *ir.Program, n *ir.Node, id string, edges []*ir.Edge) *ir.Node {
	twin := *n
	op := *n.Op.(*ir.Encode)
	twin.ID, twin.Op = id, &op
	p.Nodes = slices.Insert(p.Nodes, slices.Index(p.Nodes, n)+1, &twin)
	for _, e := range edges {
		e.To = id
	}
	for i := 0; i < len(p.Edges); i++ {
		if e := p.Edges[i]; e.From == n.ID {
			out := *e
			out.From = id
			i++
			p.Edges = slices.Insert(p.Edges, i, &out)
		}
	}
	return &twin
}
