// Package cut divides a checked program among processes, where the pipeline asks for
// that with `scale`: each gets a program of its own, and what crosses from one to the
// other goes over a carrier, a sink in the one and a source in the other. It runs before
// the passes, which prepare each of the programs as any other.
//
//	cut.go      the programs
//	group.go    which nodes share a process
//	edge.go     the ends of a cut edge
//	meta.go     the `meta` that records take along
//	schema.go   what its records look like
//	steady.go   whether a writer sends the same again after a crash
//	check.go    what can't be cut
package cut

import (
	"slices"

	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/source"
)

// Asked tells whether a program is to be cut.
func Asked(p *ir.Program) bool {
	return slices.ContainsFunc(p.Nodes, func(n *ir.Node) bool { return n.Replicas > 0 })
}

// Pieces cuts a program that Check has found nothing wrong with, and leaves it as it
// was. The pieces are in the order of the graph: each follows those that feed it.
func Pieces(p *ir.Program) []*ir.Piece {
	d := divide(p)
	names := newEdgeNames(p)
	var pieces []*ir.Piece
	for _, g := range d.groups {
		piece := (&cutting{division: d, group: g, names: names}).piece()
		pieces = append(pieces, piece)
		for _, out := range piece.Outputs { // those downstream ask
			d.steady[out.Node] = out.Steady
		}
	}
	return pieces
}

// A cutting makes one piece.
type cutting struct {
	*division
	group *group
	names *edgeNames
	made  *ir.Piece
}

// piece makes the program of a group: its nodes, the dead-letter sinks that they name,
// and the ends of the edges that are cut.
func (c *cutting) piece() *ir.Piece {
	g := c.group
	program := *c.p
	program.Nodes, program.Edges, program.Lets = nil, nil, nil
	program.Carrier = nil
	if g.name != c.p.Name {
		program.Name = c.p.Name + "-" + label(g.name)
	}
	c.made = &ir.Piece{Name: g.name, Replicas: max(g.replicas, 1), Program: &program}
	if g.replicas > 0 {
		c.made.Head = g.name
		c.made.Elastic = g.head.Elastic
	}
	inside, dead := map[string]bool{}, c.deadOf(g)
	for _, n := range c.p.Nodes {
		if c.of[n.YAML] == g || dead[n.YAML] {
			inside[n.ID] = true
			program.Nodes = append(program.Nodes, copyOf(n))
		}
	}
	for _, e := range c.p.Edges {
		from, to := inside[e.From], inside[e.To]
		switch {
		case from && to:
			same := *e
			program.Edges = append(program.Edges, &same)
		case from && e.Kind == ir.Data:
			c.begin(e)
		case to && e.Kind == ir.Data:
			c.end(e)
		}
	}
	program.SortEdges()
	for _, let := range c.p.Lets {
		if c.needs(let) {
			program.Lets = append(program.Lets, let)
		}
	}
	keepsCheckpoint := slices.ContainsFunc(program.Nodes, func(n *ir.Node) bool {
		sink, ok := n.Op.(*ir.Sink)
		return ok && sink.Checkpoint
	})
	if program.Delivery.Store == "sink" && !keepsCheckpoint {
		program.Delivery.Store = "file"
	}
	if c.made.Elastic != nil {
		c.keepOutside()
	}
	c.judge()
	return c.made
}

// needs tells whether a node of the piece uses a let value.
func (c *cutting) needs(let *ir.Let) bool {
	for _, n := range c.made.Program.Nodes {
		if n.YAML == let.Node {
			return true
		}
		for _, e := range n.Exprs() {
			if slices.Contains(e.Lets, let.GoName) {
				return true
			}
		}
	}
	return false
}

// copyOf copies a node as far as passes write on it.
func copyOf(n *ir.Node) *ir.Node {
	same := *n
	if n.Replicas > 0 {
		same.Replicas, same.ScaleSpan, same.Elastic = 0, source.Span{}, nil
		if n.Parallel <= 1 {
			// The processes are its lanes, and a lane that sees all that a process gets
			// keeps its order.
			same.Key, same.Unordered = nil, false
		}
	}
	switch op := n.Op.(type) {
	case *ir.Source:
		o := *op
		same.Op = &o
	case *ir.Decode:
		o := *op
		same.Op = &o
	case *ir.Apply:
		o := *op
		same.Op = &o
	case *ir.Route:
		o := *op
		o.Cases = slices.Clone(op.Cases)
		same.Op = &o
	case *ir.Encode:
		o := *op
		same.Op = &o
	case *ir.Sink:
		o := *op
		same.Op = &o
	}
	return &same
}

// Behind notes on the pieces what is read of records behind each cut, as the passes have
// found it on the whole program: so what can't be decoded is found at its source, whichever
// process needs it. It runs before the passes of the pieces.
func Behind(whole *ir.Program, pieces []*ir.Piece) {
	g := whole.Graph(ir.Data)
	for _, piece := range pieces {
		nodes := piece.Program.Graph().Nodes
		for _, out := range piece.Outputs {
			encode := nodes[out.Node+".encode"].Op.(*ir.Encode)
			for _, e := range whole.Edges {
				if e.Kind != ir.Data || e.Port != out.Port || g.Nodes[e.From].YAML != out.From || g.Nodes[e.To].YAML != out.To {
					continue
				}
				if e.Live == nil {
					encode.Checks = []ir.Path{ir.Whole}
					break
				}
				encode.Checks = append(encode.Checks, e.Live...)
			}
		}
	}
}
