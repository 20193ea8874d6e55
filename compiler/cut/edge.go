package cut

import (
	"strconv"
	"strings"
	"time"

	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/runtime/catalog"
)

// edgeNames gives the two ends of each cut edge one name, which is also that of its
// node in reports: READER-from-WRITER.
type edgeNames struct {
	p     *ir.Program
	byKey map[string]string
	taken map[string]bool
}

func newEdgeNames(p *ir.Program) *edgeNames {
	n := &edgeNames{p: p, byKey: map[string]string{}, taken: map[string]bool{}}
	for _, node := range p.Nodes {
		n.taken[node.YAML] = true
	}
	return n
}

func (n *edgeNames) of(e *ir.Edge, from, to string) string {
	key := e.From + " " + e.Port + " " + e.To
	if name := n.byKey[key]; name != "" {
		return name
	}
	name := to + "-from-" + from
	if e.Port != "" {
		name += "-" + e.Port
	}
	name = free(name[:min(len(name), 60)], func(name string) bool { return n.taken[name] })
	n.taken[name], n.byKey[key] = true, name
	return name
}

// free is a name that is not taken.
func free(name string, taken func(string) bool) string {
	for i, plain := 2, name; taken(name); i++ {
		name = plain + strconv.Itoa(i)
	}
	return name
}

// label makes a part of a DNS label of a node's name.
func label(name string) string { return strings.ReplaceAll(strings.ToLower(name), "_", "-") }

// policy is what the ends of edges do with a record that fails: nothing of it may be
// lost, so the process stops.
func policy() *ir.ErrorPolicy {
	return &ir.ErrorPolicy{Retry: 5, Backoff: int64(100 * time.Millisecond), MaxBackoff: int64(30 * time.Second), Then: ir.ThenStop}
}

// begin makes the end of an edge that the group feeds: an encoder and a sink.
func (c *cutting) begin(e *ir.Edge) {
	from, to := c.node[e.From], c.node[e.To]
	name := c.names.of(e, from.YAML, to.YAML)
	reader := c.of[to.YAML]
	carrier, _ := catalog.Lookup("edge-" + c.p.Carrier.Connector)
	sink := &ir.Sink{Connector: carrier.Name, Facts: ir.Facts{Ordered: true, Memory: carrier.Sink.Facts.Memory, Gathers: carrier.Sink.Facts.Gathers}}
	meta, reads := c.carried(e)
	sink.Config = c.config(carrier.Sink, e, name, reader, schemaOf(e.Type, meta, nil))
	if c.mayEnd(c.group) {
		sink.Config = append(sink.Config, flag("ends", e))
	}
	if key := to.Key; key != nil && reader.head == to {
		sink.Config = append(sink.Config, ir.Setting{
			Key: "key", Type: key.Type, Span: key.Span,
			Value: &ir.Value{Kind: "string", Span: key.Span, Parts: []ir.Part{{Kind: ir.Record, Text: key.Text, Expr: key, Span: key.Span}}},
		})
	}
	if meta != nil {
		carry(sink, e, meta, reads)
	}
	if c.exactly(to.YAML) {
		sink.Guarantee = ir.EffectivelyOnce
	}
	encode := &ir.Node{ID: name + ".encode", YAML: name, Span: e.Span, Op: &ir.Encode{Codec: codecOf(e.Type)}, Pure: true, OnError: policy()}
	encode.Out = []ir.Port{{Type: &ir.Type{Kind: ir.Bytes}, Span: e.Span}}
	c.made.Program.Nodes = append(c.made.Program.Nodes, encode, &ir.Node{ID: name, YAML: name, Span: e.Span, Op: sink, OnError: policy()})
	c.made.Program.Edges = append(c.made.Program.Edges,
		&ir.Edge{From: e.From, Port: e.Port, To: encode.ID, Kind: ir.Data, Type: e.Type, Span: e.Span},
		&ir.Edge{From: encode.ID, To: name, Kind: ir.Data, Type: &ir.Type{Kind: ir.Bytes}, Span: e.Span})
	c.made.Outputs = append(c.made.Outputs, ir.CutEdge{Node: name, From: from.YAML, Port: e.Port, To: to.YAML, Peer: reader.name})
}

// end makes the end of an edge that feeds the group: a source and a decoder.
func (c *cutting) end(e *ir.Edge) {
	from, to := c.node[e.From], c.node[e.To]
	name := c.names.of(e, from.YAML, to.YAML)
	writer := c.of[from.YAML]
	carrier, _ := catalog.Lookup("edge-" + c.p.Carrier.Connector)
	source := &ir.Source{Connector: carrier.Name, Facts: ir.Facts{Acks: true, Replayable: true, Ordered: true, Memory: carrier.Source.Facts.Memory}}
	meta, reads := c.carried(e)
	source.Meta = meta
	source.Config = c.config(carrier.Source, e, name, c.group, schemaOf(e.Type, meta, reads))
	source.Bounded = c.bounded(writer)
	if c.mayEnd(writer) {
		source.Config = append(source.Config, number("writers", max(writer.replicas, 1), e))
		if !source.Bounded {
			source.Config = append(source.Config, flag("open", e))
		}
	}
	decode := &ir.Node{ID: name + ".decode", YAML: name, Span: e.Span, Op: &ir.Decode{Codec: codecOf(e.Type), Validate: ir.Structural}, Pure: true, OnError: policy()}
	decode.Out = []ir.Port{{Type: e.Type, Span: e.Span}}
	main := &ir.Node{ID: name, YAML: name, Span: e.Span, Op: source, OnError: policy()}
	main.Out = []ir.Port{{Type: &ir.Type{Kind: ir.Bytes}, Span: e.Span}}
	c.made.Program.Nodes = append(c.made.Program.Nodes, main, decode)
	c.made.Program.Edges = append(c.made.Program.Edges,
		&ir.Edge{From: name, To: decode.ID, Kind: ir.Data, Type: &ir.Type{Kind: ir.Bytes}, Span: e.Span},
		&ir.Edge{From: decode.ID, To: e.To, Kind: ir.Data, Type: e.Type, Span: e.Span})
	c.made.Inputs = append(c.made.Inputs, ir.CutEdge{Node: name, From: from.YAML, Port: e.Port, To: to.YAML, Peer: writer.name, Steady: c.steady[name]})
}

// config is that of an end of an edge: where the carrier is, what this edge is, and what
// its records look like.
func (c *cutting) config(side *catalog.Side, e *ir.Edge, name string, reader *group, schema string) []ir.Setting {
	var out []ir.Setting
	for _, s := range c.p.Carrier.Config {
		if side.Key(s.Key) != nil {
			out = append(out, s)
		}
	}
	place := "stream"
	if side.Key("topic") != nil { // as Kafka calls it
		place = "topic"
	}
	return append(out,
		text(place, "flowc-"+c.p.Name+"-"+name, e),
		number("partitions", max(reader.replicas, 1), e),
		text("schema", schema, e))
}

func text(key, value string, e *ir.Edge) ir.Setting {
	return ir.Setting{Key: key, Type: &ir.Type{Kind: ir.String}, Value: literal(value, "string", e), Span: e.Span}
}

func number(key string, value int, e *ir.Edge) ir.Setting {
	return ir.Setting{Key: key, Type: &ir.Type{Kind: ir.Int}, Value: literal(strconv.Itoa(value), "int", e), Span: e.Span}
}

// flag is a key that is true.
func flag(key string, e *ir.Edge) ir.Setting {
	return ir.Setting{Key: key, Type: &ir.Type{Kind: ir.Bool}, Value: literal("true", "bool", e), Span: e.Span}
}

func literal(text, kind string, e *ir.Edge) *ir.Value {
	return &ir.Value{Kind: kind, Span: e.Span, Parts: []ir.Part{{Kind: ir.Literal, Text: text, Span: e.Span}}}
}

// bounded tells whether all sources upstream of a group, and its own, end.
func (d *division) bounded(g *group) bool {
	return d.sources(g, func(s *ir.Source) bool { return s.Bounded })
}

// mayEnd tells whether they end, or may: a component in a process of its own comes to its
// end when it likes, and then all processes behind it have to.
func (d *division) mayEnd(g *group) bool {
	return d.sources(g, func(s *ir.Source) bool { return s.Bounded || s.Foreign != nil })
}

// sources tells whether all sources upstream of a group, and its own, are such.
func (d *division) sources(g *group, such func(*ir.Source) bool) bool {
	for _, n := range d.p.Nodes {
		if source, ok := n.Op.(*ir.Source); ok && !such(source) && d.feeds(d.of[n.YAML], g) {
			return false
		}
	}
	return true
}

// feeds tells whether records of one group may come to another one.
func (d *division) feeds(from, to *group) bool {
	if from == to {
		return true
	}
	for _, e := range d.cut() {
		if d.of[d.node[e.From].YAML] == from && d.feeds(d.of[d.node[e.To].YAML], to) {
			return true
		}
	}
	return false
}

// exactly tells whether a sink downstream of a node asks for effectively once.
func (d *division) exactly(yaml string) bool {
	for _, n := range d.unitOf[yaml].nodes {
		if sink, ok := n.Op.(*ir.Sink); ok {
			return sink.Guarantee == ir.EffectivelyOnce || sink.Guarantee == "" && d.p.Delivery.Guarantee == ir.EffectivelyOnce
		}
	}
	for _, e := range d.p.Edges {
		if from, to := d.node[e.From].YAML, d.node[e.To].YAML; from == yaml && to != yaml && e.Kind == ir.Data && d.exactly(to) {
			return true
		}
	}
	return false
}
