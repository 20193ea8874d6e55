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
