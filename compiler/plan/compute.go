package plan

import (
	"math"
	"slices"

	"github.com/flowc-dev/flowc/ir"
)

const secondsOfDay = 24 * 60 * 60

// DefaultSize is the size of records of which nobody says one.
const DefaultSize = 1000

// Compute answers a request.
func Compute(r Request) *Plan {
	plan := compute(r, r.Pieces)
	if len(r.Pieces) > 0 {
		plan.Advice = adviseProcesses(r, plan)
	} else {
		plan.Advice = advise(r, plan)
	}
	if slow := plan.slow(); len(slow) > 0 { // no core helps them
		plan.Advice.Enough, plan.Advice.Says = false, slices.Concat(slow, plan.Advice.Says)
	}
	return plan
}

// compute makes the plan of a pipeline in these processes, without advice.
func compute(r Request, pieces []*ir.Piece) *Plan {
	c := &computation{Request: r, whole: r.Program.Graph(ir.Data)}
	c.plan = &Plan{Pipeline: r.Program.Name, Cores: r.Cores, Sources: []Source{}, Components: []Component{}, Edges: []Edge{}, Sinks: []Sink{}, Unknown: []string{}}
	c.jobs()
	c.sizes = c.typeSizes()
	c.sources()
	given := map[string]stream{}
	for _, s := range c.plan.Sources {
		given[s.Name] = stream{s.Rate, s.Size}
	}
	if len(pieces) == 0 {
		pieces = []*ir.Piece{{Name: r.Program.Name, Replicas: 1, Program: r.Program}}
	}
	currents := map[string]current{}
	for _, piece := range pieces { // each behind those that feed it
		cur := c.currents(piece.Program, given)
		currents[piece.Name] = cur
		for _, out := range piece.Outputs { // what one end is given, the other gives
			given[out.Node] = cur.in[out.Node]
		}
		before := len(c.plan.Components)
		lines := c.lines(piece.Name, piece.Program, cur)
		for i := range c.plan.Components[before:] {
			c.plan.Components[before+i].Most *= float64(max(piece.Replicas, 1))
		}
		for _, l := range lines {
			c.plan.Total.add(l)
		}
		c.plan.Lines = append(c.plan.Lines, lines...)
		c.process(piece, lines, cur)
	}
	for _, piece := range pieces {
		for _, out := range piece.Outputs {
			c.edge(pieces, piece, out, currents[piece.Name].in[out.Node])
		}
	}
	c.sinks(pieces, currents)
	c.busiest()
	c.unknownComponents()
	c.origin()
	return c.plan
}

// jobs says that what is no work on records is left out.
func (c *computation) jobs() {
	var names []string
	for _, j := range c.Program.Jobs {
		names = append(names, j.Name)
	}
	if len(names) > 0 {
		c.plan.Unknown = append(c.plan.Unknown, "what the jobs "+quoted(names)+" take: they work on no records")
	}
}

// sources are what comes in.
func (c *computation) sources() {
	for _, name := range Sources(c.Program) {
		s := Source{Name: name, Rate: c.Rates[name], Size: DefaultSize, SizeFrom: "assumed"}
		if size, ok := c.Sizes[name]; ok {
			s.Size, s.SizeFrom = size, "given"
		} else if c.Measured != nil {
			if run := c.Measured.Sources[name]; run != nil && run.Records > 0 {
				s.Size, s.SizeFrom = float64(run.Bytes)/float64(run.Records), "sample"
			}
		}
		c.plan.Sources = append(c.plan.Sources, s)
	}
}

// sinks are what goes out.
func (c *computation) sinks(pieces []*ir.Piece, currents map[string]current) {
	for _, piece := range pieces {
		for _, n := range piece.Program.Nodes {
			op, ok := n.Op.(*ir.Sink)
			if !ok || op.DeadLetter || slices.ContainsFunc(piece.Outputs, func(o ir.CutEdge) bool { return o.Node == n.ID }) {
				continue
			}
			in := currents[piece.Name].in[n.ID]
			s := Sink{Name: n.YAML, Connector: op.Connector, Rate: in.rate, Size: c.encoded(n, in.size), SizeFrom: "estimated"}
			switch {
			case op.Go != nil:
				s.Connector = op.Go.Use
			case op.Foreign != nil:
				s.Connector = wayTo(n)
			}
			switch {
			case c.wasGiven(n):
				s.SizeFrom = "sample"
			case !c.made(n):
				s.SizeFrom = "source"
			}
			s.BytesPerSecond = s.Rate * s.Size
			s.BytesPerDay = s.BytesPerSecond * secondsOfDay
			c.plan.Sinks = append(c.plan.Sinks, s)
		}
	}
}

// wasGiven tells whether the sample came to a sink.
func (c *computation) wasGiven(sink *ir.Node) bool {
	if c.Measured == nil {
		return false
	}
	for _, run := range c.Measured.Sources {
		if run.SinkBytes[sink.YAML] > 0 {
			return true
		}
	}
	return false
}

// made tells whether a sink gets records that were made in the program.
func (c *computation) made(sink *ir.Node) bool {
	for _, e := range c.Program.Edges {
		if to := c.whole.Nodes[e.To]; to.YAML == sink.YAML && e.Type != nil && e.Type.Kind != ir.Bytes && e.Origin != ir.Intact {
			return true
		}
	}
	return false
}

// busiest finds the node with the most work, and the rate at which that is a core.
func (c *computation) busiest() {
	type place struct{ process, node string } // both ends of an edge have one name
	work := map[place]int64{}
	var busiest place
	for _, l := range c.plan.Lines {
		if l.Part == "engine" {
			continue
		}
		at := place{l.Process, l.Node}
		if work[at] += l.MilliCores; work[at] > work[busiest] {
			busiest = at
		}
	}
	if most := work[busiest]; most > 0 {
		c.plan.Busiest = Busiest{Process: busiest.process, Node: busiest.node, MilliCores: most, Rate: c.rate() * 1000 / float64(most)}
	}
}

// rate is that of all sources.
func (c *computation) rate() float64 {
	total := 0.0
	for _, s := range c.plan.Sources {
		total += s.Rate
	}
	return total
}

// origin counts where the costs are from.
func (c *computation) origin() {
	o := &c.plan.Costs
	o.Table, o.When, o.Load = c.Costs.Machine, c.Costs.When, c.Costs.Load
	if c.Measured != nil {
		o.Sampled = &c.Measured.Sampled
	}
	if len(c.plan.Components) > 0 {
		o.Hops = &c.Costs.Hops
	}
	for _, l := range c.plan.Lines {
		switch l.From {
		case "sample":
			o.FromSample++
		case "table":
			o.FromTable++
		case "given":
			o.FromUser++
		default:
			o.FromNothing++
		}
	}
}

// ceil is the least whole number of parts of which none is more than most.
func ceil(whole, most float64) int {
	if whole <= 0 || most <= 0 {
		return 1
	}
	return max(1, int(math.Ceil(whole/most-1e-9)))
}
