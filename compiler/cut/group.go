package cut

import (
	"slices"

	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/runtime/catalog"
)

// A group is the nodes of one process.
type group struct {
	name string
	// head is the node that is scaled, replicas how often; nil and 0 where none is.
	head     *ir.Node
	replicas int
	// level is how many cuts lie upstream, at most.
	level int
}

// A unit is a node of the pipeline with all that it is in the program.
type unit struct {
	name  string
	nodes []*ir.Node
	in    []*ir.Edge // from other units
	dead  bool
}

// A division says which process each node of the pipeline belongs to.
type division struct {
	p      *ir.Program
	units  []*unit // each after those that feed it
	unitOf map[string]*unit
	node   map[string]*ir.Node
	groups []*group // each after those that feed it
	of     map[string]*group
	steady map[string]bool // of the begins of edges, by their nodes
}

// divide finds the processes.
//
// A node that is scaled has one of its own, with what only it feeds and what several
// copies may run. All others are divided by how many cuts lie upstream of them, so that
// no two processes feed each other, and by what hangs together.
func divide(p *ir.Program) *division {
	d := &division{p: p, unitOf: map[string]*unit{}, node: map[string]*ir.Node{}, of: map[string]*group{}, steady: map[string]bool{}}
	d.findUnits()
	scaled := map[string]*group{}
	level := map[string]int{} // of units that are in no scaled group
	for _, u := range d.units {
		if u.dead {
			continue
		}
		n := u.main()
		if n.Replicas > 0 {
			g := &group{name: u.name, head: n, replicas: n.Replicas, level: 1}
			for _, e := range u.in {
				g.level = max(g.level, d.levelOf(e, scaled, level)+1)
			}
			scaled[u.name] = g
			continue
		}
		if g := d.joins(u, scaled); g != nil {
			scaled[u.name] = g
			continue
		}
		for _, e := range u.in {
			l := d.levelOf(e, scaled, level)
			if scaled[d.node[e.From].YAML] != nil {
				l++
			}
			level[u.name] = max(level[u.name], l)
		}
	}
	d.collect(scaled, level)
	return d
}

// main is the node that bears the unit's name.
func (u *unit) main() *ir.Node {
	for _, n := range u.nodes {
		if n.ID == u.name {
			return n
		}
	}
	return u.nodes[0]
}

// findUnits gathers the nodes of the pipeline, each behind those that feed it.
func (d *division) findUnits() {
	var list []*unit
	for _, n := range d.p.Nodes {
		d.node[n.ID] = n
		u := d.unitOf[n.YAML]
		if u == nil {
			u = &unit{name: n.YAML}
			d.unitOf[n.YAML] = u
			list = append(list, u)
		}
		u.nodes = append(u.nodes, n)
		if sink, ok := n.Op.(*ir.Sink); ok && sink.DeadLetter {
			u.dead = true
		}
	}
	for _, e := range d.p.Edges {
		if from, to := d.node[e.From].YAML, d.node[e.To].YAML; from != to && e.Kind == ir.Data {
			d.unitOf[to].in = append(d.unitOf[to].in, e)
		}
	}
	seen := map[string]bool{}
	var visit func(u *unit)
	visit = func(u *unit) {
		if seen[u.name] {
			return
		}
		seen[u.name] = true
		for _, e := range u.in {
			visit(d.unitOf[d.node[e.From].YAML])
		}
		d.units = append(d.units, u)
	}
	for _, u := range list {
		visit(u)
	}
}

// levelOf is that of the node which an edge comes from.
func (d *division) levelOf(e *ir.Edge, scaled map[string]*group, level map[string]int) int {
	from := d.node[e.From].YAML
	if g := scaled[from]; g != nil {
		return g.level
	}
	return level[from]
}

// joins is the scaled group that a unit belongs to as well: the one that alone feeds
// it, where several copies may run it; nil for none.
func (d *division) joins(u *unit, scaled map[string]*group) *group {
	var only *group
	for i, e := range u.in {
		g := scaled[d.node[e.From].YAML]
		if g == nil || i > 0 && g != only {
			return nil
		}
		only = g
	}
	if only == nil || !d.manyMayRun(u, only) {
		return nil
	}
	return only
}

// manyMayRun tells whether copies of a unit that see a part of the records each do what
// one would do that sees all.
func (d *division) manyMayRun(u *unit, g *group) bool {
	n := u.main()
	switch op := n.Op.(type) {
	case *ir.Sink:
		return op.Go == nil && severalWrite(op)
	case *ir.Source:
		return false
	}
	if n.Key != nil { // of the same records, and the same key
		same := g.head.Key != nil && n.Key.Text == g.head.Key.Text
		return same && slices.ContainsFunc(d.unitOf[g.name].in, func(e *ir.Edge) bool { return e.Type == u.in[0].Type })
	}
	return n.Pure && n.Parallel != 1
}

// severalWrite tells whether several processes may write to what a sink writes to. A
// file has one writer, and so has the terminal.
func severalWrite(op *ir.Sink) bool {
	c, ok := catalog.Lookup(op.Connector)
	return ok && op.Connector != "stdout" && !slices.ContainsFunc(c.Sink.Keys, func(k catalog.Key) bool { return k.Reach == "writes" })
}

// collect makes the groups of all units.
func (d *division) collect(scaled map[string]*group, level map[string]int) {
	component := d.components(scaled, level)
	found := map[int]*group{} // by component
	var first *group          // of level 0, which is one
	for _, u := range d.units {
		if u.dead {
			continue
		}
		g := scaled[u.name]
		switch {
		case g != nil:
		case level[u.name] == 0:
			if first == nil {
				first = &group{name: d.p.Name}
			}
			g = first
		default:
			c := component[u.name]
			if found[c] == nil {
				found[c] = &group{name: u.name, level: level[u.name]}
			}
			g = found[c]
		}
		d.of[u.name] = g
		if !slices.Contains(d.groups, g) {
			d.groups = append(d.groups, g)
		}
	}
	if first != nil && d.unitOf[first.name] != nil { // a node bears the pipeline's name
		first.name = free(first.name+"-main", func(name string) bool { return d.unitOf[name] != nil })
	}
	slices.SortStableFunc(d.groups, func(a, b *group) int { return a.level - b.level })
}

// components numbers the units that are not scaled: those that hang together on one
// level have the same number.
func (d *division) components(scaled map[string]*group, level map[string]int) map[string]int {
	number := map[string]int{}
	for i, u := range d.units {
		number[u.name] = i
	}
	for again := true; again; {
		again = false
		for _, u := range d.units {
			for _, e := range u.in {
				from := d.node[e.From].YAML
				if scaled[from] != nil || scaled[u.name] != nil || level[from] != level[u.name] || number[from] == number[u.name] {
					continue
				}
				least := min(number[from], number[u.name])
				number[from], number[u.name], again = least, least, true
			}
		}
	}
	return number
}

// deadOf are the dead-letter sinks that nodes of a group name.
func (d *division) deadOf(g *group) map[string]bool {
	dead := map[string]bool{}
	for _, n := range d.p.Nodes {
		if d.of[n.YAML] == g && n.DeadLetters() {
			dead[d.node[n.OnError.Dead].YAML] = true
		}
	}
	// A dead-letter sink may have one itself.
	for more := true; more; {
		more = false
		for name := range dead {
			for _, n := range d.unitOf[name].nodes {
				if n.DeadLetters() && !dead[d.node[n.OnError.Dead].YAML] {
					dead[d.node[n.OnError.Dead].YAML], more = true, true
				}
			}
		}
	}
	return dead
}

// cut are the edges between groups.
func (d *division) cut() []*ir.Edge {
	var list []*ir.Edge
	for _, e := range d.p.Edges {
		if e.Kind == ir.Data && d.of[d.node[e.From].YAML] != d.of[d.node[e.To].YAML] {
			list = append(list, e)
		}
	}
	return list
}
