package plan

import (
	"fmt"
	"net"
	"slices"

	"github.com/flowc-dev/flowc/ir"
)

// A Component is one in a process of its own. The lines of the plan have what the program
// works to talk to it; what it works itself nobody knows but who measured it.
type Component struct {
	Process string `json:"process"`
	Node    string `json:"node"`
	// Role is source, processor or sink, Way how it is talked to, as the table calls it:
	// flowc.v1, flowc.v1-grpc, flowctl.v1, flowctl.v1-in-turn or lines.
	Role string  `json:"role"`
	Way  string  `json:"way"`
	Rate float64 `json:"rate"`
	Size float64 `json:"size"`
	// Nanos is what it works for a record, with its side of the hop; From is "given" or
	// "unknown".
	Nanos      float64 `json:"nanos"`
	From       string  `json:"from"`
	MilliCores int64   `json:"milliCores"`
	// HopNanos is what one of Go takes that does nothing with a record; 0 where that is not
	// known.
	HopNanos float64 `json:"hopNanos"`
	// Wait is how long, in nanoseconds, nothing else is given it for the sake of a record;
	// Most is how many records a second that leaves. 0 where it is given many at once.
	Wait float64 `json:"wait"`
	Most float64 `json:"most"`
}

// wayTo is how the program talks to a component, as the table of costs has it. A component
// that the program starts is of its host; of a server that is known where its address says so.
func wayTo(n *ir.Node) string {
	f := n.Foreign()
	_, processor := n.Op.(*ir.Apply)
	switch {
	case f.Protocol != ir.GRPC:
		return "lines"
	case f.Acked && (f.Endpoint == nil || ofThisHost(f.Endpoint)):
		return "flowc.v1"
	case f.Acked:
		return "flowc.v1-grpc"
	case processor && !n.Unordered:
		return "flowctl.v1-in-turn"
	}
	return "flowctl.v1"
}

// ofThisHost tells whether an address is that of the loopback, at which both ends meet at a
// socket.
func ofThisHost(endpoint *ir.Value) bool {
	if !endpoint.IsLiteral() {
		return false
	}
	host, _, err := net.SplitHostPort(endpoint.Text())
	ip := net.ParseIP(host)
	return err == nil && (host == "localhost" || ip != nil && ip.IsLoopback())
}

// component adds the component of a line, where its node is one.
func (c *computation) component(p *ir.Program, n *ir.Node, l *Line) {
	if n.Foreign() == nil {
		return
	}
	one := Component{Process: l.Process, Node: n.YAML, Role: "processor", Way: wayTo(n), Rate: l.Rate, Size: l.Size, From: "unknown"}
	switch n.Op.(type) {
	case *ir.Source:
		one.Role = "source"
	case *ir.Sink:
		one.Role = "sink"
	}
	if cost, ok := c.Costs.Lookup("component/" + one.Role + "-" + one.Way); ok {
		one.HopNanos = cost.Of(l.Size, 0)
	}
	if nanos, ok := c.Given[n.YAML]; ok {
		one.Nanos, one.From, one.MilliCores = nanos, "given", milli(l.Rate, nanos)
	}
	if one.Wait = c.wait(n, one.Way, l.Size); one.Wait > 0 {
		one.Most = 1e9 / one.Wait * float64(lanesOf(p, n))
	}
	c.plan.Components = append(c.plan.Components, one)
}

// unknownComponents notes those of which nobody says what they work.
func (c *computation) unknownComponents() {
	var names []string
	for _, one := range c.plan.Components {
		if one.From == "unknown" {
			names = append(names, one.Node)
		}
	}
	if len(names) == 0 {
		return
	}
	c.plan.Unknown = append(c.plan.Unknown, fmt.Sprintf("what %s work in processes of their own is not in this plan, but what this program works to talk to them is. --cost %s=20us says what one takes for a record", quoted(names), names[0]))
}

// lanesOf is how many processes of a component there are.
func lanesOf(p *ir.Program, n *ir.Node) int {
	for _, r := range p.Regions {
		if r.Name == n.Region && r.Lanes > 1 {
			return r.Lanes
		}
	}
	return 1
}

// linesAtOnce is how many records a processor of lines is given before it is waited for,
// where the pipeline says nothing.
const linesAtOnce = 256

// wait is how long a record holds up those behind it: one event is given at a time, or lines
// are waited for until the process is quiet.
func (c *computation) wait(n *ir.Node, way string, size float64) float64 {
	op, ok := n.Op.(*ir.Apply)
	if !ok {
		return 0
	}
	if f := op.Foreign; way == "lines" && f.Settle > 0 {
		together := linesAtOnce
		if op.Batch != nil && op.Batch.Count > 0 {
			together = op.Batch.Count
		}
		return float64(f.Settle) / float64(together)
	}
	cost, _ := c.Costs.Lookup("wait/" + way)
	return cost.Of(size, 0)
}

// CheckCost says why no cost can be given of a node; nil where one can.
func CheckCost(p *ir.Program, name string) error {
	var can []string
	for _, n := range p.Nodes {
		if !costs(n) {
			continue
		}
		if n.YAML == name {
			return nil
		}
		can = append(can, n.YAML)
	}
	slices.Sort(can)
	switch {
	case len(can) == 0:
		return fmt.Errorf("`%s`: the costs of what flowc makes are in its table, and this pipeline has no component whose cost is not known", name)
	case slices.ContainsFunc(p.Nodes, func(n *ir.Node) bool { return n.YAML == name }):
		return fmt.Errorf("`%s` is none of yours, and its cost is in the table: a cost can be given of %s", name, quoted(can))
	}
	return fmt.Errorf("the pipeline has no node `%s`: a cost can be given of %s", name, quoted(can))
}

// costs tells whether a node is a component, whose cost no table has.
func costs(n *ir.Node) bool {
	switch op := n.Op.(type) {
	case *ir.Source:
		return op.Go != nil || op.Foreign != nil
	case *ir.Sink:
		return op.Go != nil || op.Foreign != nil
	case *ir.Apply:
		return op.Verb == ir.VerbGo || op.Foreign != nil
	}
	return false
}

// slow are those that more records come to than can be given them, in words.
func (p *Plan) slow() []string {
	var says []string
	for _, c := range p.Components {
		if c.Most == 0 || c.Rate <= c.Most {
			continue
		}
		text := fmt.Sprintf("`%s` takes %s records/s at most, and %s come: ", c.Node, count(round(c.Most)), count(c.Rate))
		if c.Way == "lines" {
			text += fmt.Sprintf("its process is waited for until it is quiet, which is %s for each record of a batch. A shorter `settle` or a larger `batch` helps; one that answers each line with one needs none.", inMillis(c.Wait))
		} else {
			text += fmt.Sprintf("by flowctl.v1 it is given one event at a time, which takes %s. One that speaks flowc.v1 (`protocol: acked`), or says max_concurrent=1, is given many at once; so is any where the order is no matter (`order: none`).", inMillis(c.Wait))
		}
		says = append(says, text)
	}
	return says
}
