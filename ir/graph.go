package ir

import "slices"

// A Graph is a program's nodes by ID and its edges by node, in the program's
// order. It does not follow changes of the program.
type Graph struct {
	Nodes   map[string]*Node
	In, Out map[string][]*Edge
}

// Graph returns the graph of the edges of some kinds; of none given, all.
func (p *Program) Graph(kinds ...Kind) *Graph {
	size := len(p.Nodes)
	g := &Graph{Nodes: make(map[string]*Node, size), In: make(map[string][]*Edge, size), Out: make(map[string][]*Edge, size)}
	for _, n := range p.Nodes {
		g.Nodes[n.ID] = n
	}
	for _, e := range p.Edges {
		if len(kinds) == 0 || slices.Contains(kinds, e.Kind) {
			g.Out[e.From] = append(g.Out[e.From], e)
			g.In[e.To] = append(g.In[e.To], e)
		}
	}
	return g
}

// SortEdges brings the edges into the order that a program has them in: by the nodes
// that they leave, records before failures, by port, by the node that they come to.
func (p *Program) SortEdges() {
	index := map[string]int{}
	for i, n := range p.Nodes {
		index[n.ID] = i
	}
	ports := map[*Edge]int{}
	for _, e := range p.Edges {
		ports[e] = slices.IndexFunc(p.Nodes[index[e.From]].Out, func(o Port) bool { return o.Name == e.Port })
	}
	slices.SortStableFunc(p.Edges, func(a, b *Edge) int {
		switch {
		case a.From != b.From:
			return index[a.From] - index[b.From]
		case a.Kind != b.Kind && (a.Kind == Error || b.Kind == Error):
			if a.Kind == Error {
				return 1
			}
			return -1
		case ports[a] != ports[b]:
			return ports[a] - ports[b]
		}
		return index[a.To] - index[b.To]
	})
}
