package analyze

import (
	"slices"

	"github.com/flowc-dev/flowc/ir"
)

// A graph is a program's edges by node, without those of records that failed.
type graph struct {
	p       *ir.Program
	nodes   map[string]*ir.Node
	in, out map[string][]*ir.Edge
}

func newGraph(p *ir.Program) *graph {
	g := p.Graph(ir.Data, ir.Late)
	return &graph{p: p, nodes: g.Nodes, in: g.In, out: g.Out}
}

// A way is what lies between a source and a sink that its records reach.
type way struct {
	g            *graph
	source, sink *ir.Node
	// nodes are those on any way from one to the other, both included, in the
	// order in which records pass them; edges lie between them.
	nodes []*ir.Node
	edges []*ir.Edge
}

// stages are the pipeline's names of the nodes.
func (w way) stages() []string {
	var names []string
	for _, n := range w.nodes {
		if !slices.Contains(names, n.YAML) {
			names = append(names, n.YAML)
		}
	}
	return names
}

// ways are those of a program, in the order of its sources and sinks;
// dead-letter sinks have none.
func (g *graph) ways() []way {
	var ways []way
	for _, source := range g.p.Nodes {
		if _, ok := source.Op.(*ir.Source); !ok {
			continue
		}
		reached := g.reach(source.ID, func(e *ir.Edge) string { return e.To }, g.out)
		for _, sink := range g.p.Nodes {
			if _, ok := sink.Op.(*ir.Sink); ok && reached[sink.ID] {
				ways = append(ways, g.way(source, sink, reached))
			}
		}
	}
	return ways
}

func (g *graph) way(source, sink *ir.Node, reached map[string]bool) way {
	reaching := g.reach(sink.ID, func(e *ir.Edge) string { return e.From }, g.in)
	w := way{g: g, source: source, sink: sink}
	seen := map[string]bool{}
	var visit func(id string)
	visit = func(id string) {
		if seen[id] || !reached[id] || !reaching[id] {
			return
		}
		seen[id] = true
		for _, e := range g.in[id] {
			visit(e.From)
			if reached[e.From] && reaching[e.From] {
				w.edges = append(w.edges, e)
			}
		}
		w.nodes = append(w.nodes, g.nodes[id])
	}
	visit(sink.ID)
	return w
}

// reach are the nodes that edges lead to from one, itself included.
func (g *graph) reach(id string, other func(*ir.Edge) string, edges map[string][]*ir.Edge) map[string]bool {
	reached := map[string]bool{}
	var visit func(id string)
	visit = func(id string) {
		if reached[id] {
			return
		}
		reached[id] = true
		for _, e := range edges[id] {
			visit(other(e))
		}
	}
	visit(id)
	return reached
}
