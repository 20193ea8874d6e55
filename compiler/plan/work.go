package plan

import (
	"fmt"
	"math"
	"slices"

	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/runtime/catalog"
)

// A computation is one plan on its way.
type computation struct {
	Request
	whole *ir.Graph
	sizes map[string]float64 // of records that are made, by type
	plan  *Plan
}

// EnginePart is the part of a program that is of no node.
const EnginePart = "engine/loop"

// lines are the work of a program, the process name, through which cur flows.
func (c *computation) lines(name string, p *ir.Program, cur current) []Line {
	var lines []Line
	for _, n := range cur.order {
		if sink, ok := n.Op.(*ir.Sink); ok && sink.DeadLetter {
			continue // what fails is no part of a plan
		}
		in := cur.in[n.ID]
		part, of, fields := PartOf(p, n)
		l := Line{Process: name, Node: n.YAML, Part: part, Of: of, Rate: in.rate, Size: in.size, Fields: fields, Share: 1, id: n.ID, region: n.Region}
		if _, ok := n.Op.(*ir.Encode); ok {
			l.Size = c.encoded(n, in.size)
		}
		if _, ok := n.Op.(*ir.Sink); ok {
			l.Size = c.encoded(n, in.size)
		}
		if decides(n) {
			l.ShareFrom = "assumed"
			if c.Measured != nil {
				l.ShareFrom = "sample"
			}
			if in.rate > 0 {
				l.Share = cur.out[n.ID].rate / in.rate
			}
		}
		c.price(&l, of)
		c.component(p, n, &l)
		lines = append(lines, l)
		if _, ok := n.Op.(*ir.Source); ok {
			engine := Line{Process: name, Node: n.YAML, Part: "engine", Of: EnginePart, Rate: in.rate, Size: in.size, Share: 1, region: regionBehind(p, n)}
			c.price(&engine, EnginePart)
			lines = append(lines, engine)
		}
	}
	return lines
}

// regionBehind is the region that works on a source's records.
func regionBehind(p *ir.Program, n *ir.Node) string {
	for _, e := range p.Edges {
		if e.From == n.ID {
			for _, to := range p.Nodes {
				if to.ID == e.To {
					return to.Region
				}
			}
		}
	}
	return n.Region
}

// encoded is the size of the records that a sink was given, where that was measured.
func (c *computation) encoded(n *ir.Node, size float64) float64 {
	if c.Measured == nil {
		return size
	}
	var records, bytes int64
	for _, run := range c.Measured.Sources {
		records += run.In[n.YAML]
		bytes += run.SinkBytes[n.YAML]
	}
	if records == 0 || bytes == 0 {
		return size
	}
	return float64(bytes) / float64(records)
}

// PartOf says what a node is, in a word for people and as the table of costs has it, and
// how many fields its work is by.
func PartOf(p *ir.Program, n *ir.Node) (part, of string, fields int) {
	switch op := n.Op.(type) {
	case *ir.Source:
		if op.Foreign != nil {
			return "read", "source/" + wayTo(n), 0
		}
		if op.Go != nil {
			return "read", "source/" + op.Go.Use, 0
		}
		return "read", "source/" + op.Connector, 0
	case *ir.Decode:
		of := "decode/" + op.Codec
		if op.Codec == "json" && messages(p, n) {
			of = "decode/ndjson" // one object, whose end is known
		}
		if op.Codec == "bytes" {
			of = "decode/text" // which looks at them besides
		}
		if op.Validate != "" && op.Validate != ir.Structural {
			of += "-" + string(op.Validate)
		}
		part = "decode"
		if op.Input != nil {
			part = "parse"
		}
		return part, of, decoded(n, op)
	case *ir.Route:
		return "route", "stage/route", len(op.Cases)
	case *ir.Apply:
		switch {
		case op.Foreign != nil:
			return "exchange", "processor/" + wayTo(n), 0
		case op.Go != nil:
			return "call", "stage/go", 0
		case op.Verb == ir.VerbFilter:
			return "filter", "stage/filter", 0
		}
		return string(op.Verb), "stage/" + string(op.Verb), max(len(op.Assign)+len(op.Unset), 1)
	case *ir.Encode:
		if op.Raw || op.Codec == "bytes" || op.Codec == "text" {
			return "copy", "encode/raw", 0
		}
		for _, e := range p.Edges {
			if e.To == n.ID {
				fields = max(fields, leaves(e.Type, 0))
			}
		}
		return "encode", "encode/" + op.Codec, fields
	case *ir.Sink:
		if op.Foreign != nil {
			return "write", "sink/" + wayTo(n), 0
		}
		if op.Go != nil {
			return "write", "sink/" + op.Go.Use, 0
		}
		return "write", "sink/" + op.Connector, 0
	}
	return "", "", 0
}

// messages tells whether a decoder gets messages of a broker, one record each.
func messages(p *ir.Program, decode *ir.Node) bool {
	for _, n := range p.Nodes {
		if op, ok := n.Op.(*ir.Source); ok && n.YAML == decode.YAML {
			known, ok := catalog.Lookup(op.Connector)
			return ok && known.Source != nil && known.Source.Messages
		}
	}
	return false
}

// decoded is how many fields a decoder gives: those that somebody reads.
func decoded(n *ir.Node, op *ir.Decode) int {
	fields := 0
	for _, port := range n.Out {
		reads, ok := op.Reads[port.Name]
		switch {
		case op.Reads == nil || ok && reads == nil || slices.ContainsFunc(reads, func(p ir.Path) bool { return len(p) == 1 && p[0] == ir.Whole[0] }):
			fields = max(fields, leaves(port.Type, 0))
		default:
			fields = max(fields, len(reads))
		}
	}
	return fields
}

// price sets what a line costs: by the sample where that has it, else by the table.
func (c *computation) price(l *Line, of string) {
	if nanos, ok := c.own(l); ok {
		l.From, l.Nanos, l.Low, l.High = "given", nanos, nanos, nanos
	} else if !c.sampled(l) {
		if cost, ok := c.Costs.Lookup(of); ok {
			l.From, l.Nanos = "table", cost.Of(l.Size, float64(l.Fields))
			l.Low, l.High = l.Nanos*(1-cost.Spread), l.Nanos*(1+cost.Spread)
		} else {
			l.From = "unknown"
			c.unknown(l)
		}
	}
	l.MilliCores, l.MilliLow, l.MilliHigh = milli(l.Rate, l.Nanos), milli(l.Rate, l.Low), milli(l.Rate, l.High)
}

// own is what somebody says that Go of theirs takes. What they say of a component in a
// process of its own is that one's, and not the line's.
func (c *computation) own(l *Line) (nanos float64, ok bool) {
	n := c.whole.Nodes[l.id]
	if n == nil || !costs(n) || n.Foreign() != nil {
		return 0, false
	}
	nanos, ok = c.Given[l.Node]
	return nanos, ok
}

// milli is the work of rate records of so many nanoseconds, in thousandths of a core.
func milli(rate, nanos float64) int64 { return int64(math.Round(rate * nanos / 1e6)) }

// sampled sets a line's cost by the sample, as far as that says it.
func (c *computation) sampled(l *Line) bool {
	if c.Measured == nil {
		return false
	}
	engine := l.Of == EnginePart
	n := c.whole.Nodes[l.id]
	if engine {
		n = c.whole.Nodes[l.Node]
	}
	if n == nil {
		return false // of an edge between processes
	}
	switch op := n.Op.(type) {
	case *ir.Source:
		if !engine && op.Connector != "file" {
			return false // the sample was read from a file
		}
	case *ir.Sink:
		return false // nothing was written
	case *ir.Apply:
		if op.Foreign != nil {
			return false // what talks to it works beside the loops that a profile is divided among
		}
	}
	key := l.id
	if engine {
		key = ""
	}
	var nanos, records, spread, each float64 // each is what one sample of the profile stands for
	var samples int64
	for source, run := range c.Measured.Sources {
		if engine && source != l.Node {
			continue
		}
		weight := 0.0
		if run.Records > 0 {
			weight = c.Rates[source] / float64(run.Records)
		}
		in := float64(run.In[n.YAML])
		if engine || isSource(n) || isDecode(n) {
			if source != n.YAML && !parses(n) {
				continue
			}
			if !parses(n) {
				in = float64(run.Records)
			}
		}
		nanos += weight * run.Nanos[key]
		records += weight * in
		samples += run.Samples[key]
		each = max(each, weight*run.eachSample())
		spread = max(spread, run.Spread)
	}
	if records == 0 {
		return false // none of the sample came here
	}
	l.From, l.Nanos = "sample", nanos/records
	// A part of n samples is known to one in the root of n; one that was never seen is
	// of less than one sample.
	if samples == 0 {
		l.High = each / records
		return true
	}
	chance := 1 / math.Sqrt(float64(samples))
	l.Low, l.High = l.Nanos*(1-chance), l.Nanos*(1+chance)*(1+spread)
	return true
}

func isSource(n *ir.Node) bool { _, ok := n.Op.(*ir.Source); return ok }

func isDecode(n *ir.Node) bool { _, ok := n.Op.(*ir.Decode); return ok }

func parses(n *ir.Node) bool {
	d, ok := n.Op.(*ir.Decode)
	return ok && d.Input != nil
}

// unknown notes a part whose cost nobody knows, once.
func (c *computation) unknown(l *Line) {
	text := fmt.Sprintf("`%s` (%s): the table has no cost of %s, and it counts as nothing", l.Node, l.Part, l.Of)
	if n := c.whole.Nodes[l.id]; n != nil && costs(n) {
		text += fmt.Sprintf("; --cost %s=20us says what it takes", l.Node)
	}
	if !slices.Contains(c.plan.Unknown, text) {
		c.plan.Unknown = append(c.plan.Unknown, text)
	}
}
