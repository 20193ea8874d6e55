package plan

import (
	"fmt"
	"slices"

	"github.com/flowc-dev/flowc/ir"
)

// process adds up a piece: what it needs, how often it has to run, and what in it can't
// be spread over the cores of a machine.
func (c *computation) process(piece *ir.Piece, lines []Line, cur current) {
	p := Process{Name: piece.Name, Replicas: max(piece.Replicas, 1), Memory: piece.Program.Memory.Total}
	if piece.Elastic != nil {
		p.Hosts = piece.Elastic.Min
	}
	ends := map[string]bool{}
	for _, end := range slices.Concat(piece.Inputs, piece.Outputs) {
		ends[end.Node] = true
	}
	for _, n := range piece.Program.Nodes {
		if !ends[n.YAML] && !slices.Contains(p.Nodes, n.YAML) {
			p.Nodes = append(p.Nodes, n.YAML)
		}
	}
	for _, l := range lines {
		p.add(l)
	}
	p.Serial, p.SerialMilli = serial(piece.Program, lines)
	p.Several, p.Why = piece.Head != "", fmt.Sprintf("`%s` is scaled", piece.Head)
	if piece.Head == "" {
		p.Several, p.Why = c.Copies && len(c.Pieces) == 0 && len(piece.Inputs)+len(piece.Outputs) == 0, c.CopiesWhy
		if !p.Several && p.Why == "" || len(piece.Inputs)+len(piece.Outputs) > 0 {
			p.Why = "it has no `scale`"
		}
	}
	p.Needed = max(ceil(float64(p.MilliCores)/1000, Headroom*float64(c.Cores)), ceil(float64(p.SerialMilli)/1000, Headroom))
	input := 0.0
	for _, n := range piece.Program.Nodes {
		if _, ok := n.Op.(*ir.Source); ok {
			input += cur.in[n.ID].rate
		}
	}
	p.Most = most(input, p.MilliCores, c.Cores, p.SerialMilli)
	for _, one := range c.plan.Components { // no core helps those that are waited for
		if one.Process == piece.Name && one.Most > 0 && one.Rate > 0 {
			p.Most = min(p.Most, input*one.Most/float64(p.Replicas)/one.Rate)
		}
	}
	c.plan.Processes = append(c.plan.Processes, p)
	c.plan.Memory += p.Memory * int64(p.Runs())
}

// most is the input that one copy takes: with all cores at Headroom, or with what can't be
// spread at Headroom of one core, whichever is less.
func most(input float64, milli int64, cores int, serial int64) float64 {
	if milli == 0 {
		return 0
	}
	rate := input * Headroom * float64(cores) * 1000 / float64(milli)
	if serial > 0 {
		rate = min(rate, input*Headroom*1000/float64(serial))
	}
	return rate
}

// serial is the part of a program that has the most to do of those that can't be spread
// over cores: a source reads and a sink writes in one goroutine, a loop of so many lanes
// works on so many cores. It is counted for one core.
func serial(p *ir.Program, lines []Line) (node string, milliCores int64) {
	take := func(name string, work int64) {
		if work > milliCores {
			node, milliCores = name, work
		}
	}
	loops := map[string]int64{}
	for _, l := range lines {
		switch l.Part {
		case "read", "write":
			take(l.Node, l.MilliCores)
		default:
			loops[l.region] += l.MilliCores
		}
	}
	for _, r := range p.Regions {
		lanes := int64(r.Lanes)
		if lanes == 0 {
			lanes = ir.AutoLanes
		}
		for _, n := range p.Nodes {
			if n.ID == r.Head {
				take(n.YAML, loops[r.Name]/lanes)
			}
		}
	}
	return node, milliCores
}
