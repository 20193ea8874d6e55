package passes

import (
	"slices"

	"github.com/flowc-dev/flowc/ir"
)

// prune removes nodes that no record can reach, and nodes whose output nobody
// takes and that do nothing else: no effect outside, and no record error. A
// `check` on the way to nowhere stays, because it can fail.
func prune(p *ir.Program) {
	for {
		g := newGraph(p)
		reached := g.reached()
		dead := map[string]bool{}
		for _, n := range p.Nodes {
			dead[n.ID] = !reached[n.ID] || len(g.out[n.ID]) == 0 && isSilent(n)
		}
		if !remove(p, dead) {
			return
		}
	}
}

// reached are the nodes behind a source, failed records included.
func (g *graph) reached() map[string]bool {
	reached := map[string]bool{}
	for _, n := range g.forward() {
		_, isSource := n.Op.(*ir.Source)
		reached[n.ID] = isSource || slices.ContainsFunc(g.in[n.ID], func(e *ir.Edge) bool { return reached[e.From] })
	}
	return reached
}

// isSilent tells whether a node does nothing but hand on records.
func isSilent(n *ir.Node) bool {
	quiet := func(e *ir.Expr) bool {
		return e == nil || e.Effect == ir.Pure && !e.Panics && !e.Errs
	}
	switch op := n.Op.(type) {
	case *ir.Route:
		return !slices.ContainsFunc(op.Cases, func(c ir.Case) bool { return !quiet(c.Cond) })
	case *ir.Apply:
		switch op.Verb {
		case ir.VerbFilter, ir.VerbMap, ir.VerbSet, ir.VerbFlatmap:
			return quiet(op.Expr) && !slices.ContainsFunc(op.Assign, func(a ir.Assign) bool { return !quiet(a.Expr) })
		}
	}
	return false
}

// remove takes nodes out with their edges and let values, and tells whether
// there were any.
func remove(p *ir.Program, dead map[string]bool) bool {
	before := len(p.Nodes)
	p.Nodes = slices.DeleteFunc(p.Nodes, func(n *ir.Node) bool { return dead[n.ID] })
	p.Edges = slices.DeleteFunc(p.Edges, func(e *ir.Edge) bool { return dead[e.From] || dead[e.To] })
	p.Lets = slices.DeleteFunc(p.Lets, func(l *ir.Let) bool {
		return !slices.ContainsFunc(p.Nodes, func(n *ir.Node) bool { return n.YAML == l.Node })
	})
	if len(p.Nodes) == before {
		return false
	}
	// Labels of an earlier run are stale now.
	p.Regions, p.Processes = nil, nil
	for _, n := range p.Nodes {
		n.Region, n.Process = "", ""
	}
	return true
}
