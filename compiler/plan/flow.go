package plan

import (
	"slices"

	"github.com/flowc-dev/flowc/ir"
)

// A stream is records a second of a size in bytes.
type stream struct{ rate, size float64 }

func (s stream) plus(t stream) stream {
	rate := s.rate + t.rate
	if rate == 0 {
		return stream{}
	}
	return stream{rate, (s.rate*s.size + t.rate*t.size) / rate}
}

// A current is what flows through a program.
type current struct {
	in, out map[string]stream // by node ID; out is of all ports
	order   []*ir.Node        // each behind those that feed it
}

// currents follows records through a program from what its sources give, by their IDs.
func (c *computation) currents(p *ir.Program, given map[string]stream) current {
	g := p.Graph(ir.Data)
	cur := current{in: map[string]stream{}, out: map[string]stream{}}
	waits := map[string]int{}
	var ready []string
	for _, n := range p.Nodes {
		if waits[n.ID] = len(g.In[n.ID]); waits[n.ID] == 0 {
			ready = append(ready, n.ID)
		}
	}
	for len(ready) > 0 {
		n := g.Nodes[ready[0]]
		ready = ready[1:]
		cur.order = append(cur.order, n)
		in := cur.in[n.ID]
		if _, ok := n.Op.(*ir.Source); ok {
			in = given[n.ID]
			cur.in[n.ID] = in
		}
		told := map[string]bool{} // ports that count into what leaves the node
		for _, e := range g.Out[n.ID] {
			out := stream{in.rate * c.share(n, e.Port), c.sizeBehind(n, e, typeInto(g, n), in.size)}
			cur.in[e.To] = cur.in[e.To].plus(out)
			if !told[e.Port] {
				told[e.Port] = true
				cur.out[n.ID] = cur.out[n.ID].plus(out)
			}
			if waits[e.To]--; waits[e.To] == 0 {
				ready = append(ready, e.To)
			}
		}
	}
	return cur
}

// typeInto is the type of the records that come to a node, nil for a source.
func typeInto(g *ir.Graph, n *ir.Node) *ir.Type {
	if in := g.In[n.ID]; len(in) > 0 {
		return in[0].Type
	}
	return nil
}

// decides tells whether a node may let through other than one record for each.
func decides(n *ir.Node) bool {
	switch op := n.Op.(type) {
	case *ir.Route:
		return true
	case *ir.Decode:
		return len(op.Variants) > 0
	case *ir.Apply:
		switch op.Verb {
		case ir.VerbFilter, ir.VerbCheck, ir.VerbFlatmap:
			return true
		case ir.VerbGo:
			return op.Go.Shape != ir.ShapeMap
		}
	}
	return false
}

// share is how many records leave a node by a port for each that comes to it.
func (c *computation) share(n *ir.Node, port string) float64 {
	if !decides(n) || c.Measured == nil {
		return 1
	}
	in, out := c.weighed(n.YAML)
	if in == 0 {
		return 1
	}
	if len(n.Out) < 2 {
		return out / in
	}
	g := c.whole
	for _, e := range g.Out[n.ID] {
		to := g.Nodes[e.To]
		if e.Port != port || slices.ContainsFunc(c.Program.Edges, func(other *ir.Edge) bool {
			return other != e && other.Kind == ir.Data && g.Nodes[other.To].YAML == to.YAML && g.Nodes[other.From].YAML != to.YAML
		}) {
			continue
		}
		if there, _ := c.weighed(to.YAML); there > 0 {
			return there / in
		}
		return 0
	}
	return out / in / float64(len(n.Out))
}

// weighed is how many records come to a node and leave it in a second, by the samples of
// all sources and their rates.
func (c *computation) weighed(yaml string) (in, out float64) {
	for source, run := range c.Measured.Sources {
		if run.Records > 0 {
			weight := c.Rates[source] / float64(run.Records)
			in += weight * float64(run.In[yaml])
			out += weight * float64(run.Out[yaml])
		}
	}
	return in, out
}

// sizeBehind is the size of records on an edge: as they came; as sinks were given records
// of that type; or by how many fields they have of how many.
func (c *computation) sizeBehind(n *ir.Node, e *ir.Edge, from *ir.Type, size float64) float64 {
	switch op := n.Op.(type) {
	case *ir.Source, *ir.Route, *ir.Encode:
		return size
	case *ir.Decode:
		if op.Input == nil || from != nil && from.Kind == ir.Bytes { // a payload as it is
			return size
		}
	case *ir.Apply:
		if n.HandsOn() || op.Foreign != nil { // what a component makes of a record nobody knows
			return size
		}
	}
	if e.Type != nil && e.Origin == ir.Made {
		if known, ok := c.sizes[e.Type.String()]; ok {
			return known
		}
	}
	if before, after := leaves(from, 0), leaves(e.Type, 0); before > 0 && after > 0 {
		return size * float64(after) / float64(before)
	}
	return size
}

// leaves counts the values of a record as far as its type says; a list or a map counts
// as one of its elements.
func leaves(t *ir.Type, depth int) int {
	switch {
	case t == nil:
		return 0
	case depth > 8: // a type that has itself in it
		return 1
	case len(t.Fields) > 0:
		n := 0
		for _, f := range t.Fields {
			n += leaves(f.Type, depth+1)
		}
		return n
	case t.Elem != nil:
		return leaves(t.Elem, depth+1)
	}
	return 1
}

// typeSizes are the sizes that the sinks' records had, by the text of their type, where
// records of that type were made in the program.
func (c *computation) typeSizes() map[string]float64 {
	sizes := map[string]float64{}
	if c.Measured == nil {
		return sizes
	}
	for _, e := range c.Program.Edges {
		to := c.whole.Nodes[e.To]
		if _, ok := to.Op.(*ir.Encode); !ok || e.Type == nil || e.Origin != ir.Made {
			continue
		}
		var records, bytes int64
		for _, run := range c.Measured.Sources {
			records += run.In[to.YAML]
			bytes += run.SinkBytes[to.YAML]
		}
		if records > 0 && bytes > 0 {
			sizes[e.Type.String()] = float64(bytes) / float64(records)
		}
	}
	return sizes
}
