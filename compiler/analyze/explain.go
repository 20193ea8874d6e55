// Package analyze says what a program promises and how it will run. It changes
// nothing.
//
// [Guarantee] runs before the passes and refuses what a pipeline can't have;
// [Explain] runs after them and tells a reader, in words and as JSON, what the
// compiler decided and why; [Hash] names a program by what it means.
package analyze

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/flowc-dev/flowc/compiler/passes"
	"github.com/flowc-dev/flowc/ir"
)

// An Explanation is what `flowc explain FILE` tells. Names of nodes are those of
// the pipeline; a port stands behind a dot.
type Explanation struct {
	Pipeline string `json:"pipeline"`
	// Paths are the promises, one for each source and sink that it feeds.
	Paths []Path `json:"paths"`
	// Loops are what runs together.
	Loops []Loop `json:"loops"`
	Nodes []Node `json:"nodes"`
	Edges []Edge `json:"edges"`
	// Memory bounds what the program may hold at once.
	Memory Memory `json:"memory"`
	// Overrides are values that overlays replaced or took away.
	Overrides []Override `json:"overrides"`
}

// A Path is what holds between a source and a sink.
type Path struct {
	Source    string       `json:"source"`
	Sink      string       `json:"sink"`
	Guarantee ir.Guarantee `json:"guarantee"`
	Reason    string       `json:"reason"`
	// Stages are the nodes between and the two ends, in the order of records.
	Stages []string `json:"stages"`
	// Order is "source", "key" or "none", with a reason where it is not source.
	Order       string `json:"order"`
	OrderReason string `json:"orderReason,omitempty"`
}

// A Loop is nodes that run as one, in one or several goroutines.
type Loop struct {
	Name  string   `json:"name"`
	Nodes []string `json:"nodes"`
	// Lanes is how many run at once; 0 is one for each processor, to MaxLanes.
	Lanes    int    `json:"lanes"`
	MaxLanes int    `json:"maxLanes"`
	Why      string `json:"why"`
}

// A Node is one node of the pipeline.
type Node struct {
	Name string `json:"name"`
	// Kind is source, processor or sink; Does says what it does in a few words.
	Kind string `json:"kind"`
	Does string `json:"does"`
	// Place is file:line, "" where the program has no spans.
	Place string `json:"place,omitempty"`
	Loop  string `json:"loop"`
	// Reads are the fields that it looks at, by their names on the wire; for a
	// source those that it decodes, by port where it has several. ["*"] is all.
	Reads []Read `json:"reads,omitempty"`
	// Meta are the fields of `meta` that it reads.
	Meta []string `json:"meta,omitempty"`
	// Pushed are filters that a source's scan evaluates.
	Pushed []string `json:"pushed,omitempty"`
	// PushedInto is the source whose scan evaluates this filter.
	PushedInto string `json:"pushedInto,omitempty"`
	// Decided tells what the compiler knows of a condition.
	Decided string `json:"decided,omitempty"`
	// Writes says how a sink's records become bytes, one entry each way.
	Writes []Write `json:"writes,omitempty"`
	// OnError says what happens to a record that fails, in words.
	OnError string `json:"onError"`
}

// A Read is fields that are read of records of a type.
type Read struct {
	Port   string   `json:"port,omitempty"`
	Type   string   `json:"type,omitempty"`
	Fields []string `json:"fields"`
	// Of is how many fields the type has, 0 where it has none.
	Of int `json:"of,omitempty"`
}

// A Write is how records that come by some way become bytes.
type Write struct {
	// From are the nodes that they come from.
	From []string `json:"from"`
	// AsIs tells that they are written byte for byte as they were read (with
	// what `set` and `unset` spliced).
	AsIs bool   `json:"asIs"`
	Why  string `json:"why"`
}

// An Edge is the way of records between two nodes of the pipeline.
type Edge struct {
	From string  `json:"from"`
	To   string  `json:"to"`
	Kind ir.Kind `json:"kind"`
	Type string  `json:"type,omitempty"`
	// Fused tells that records cross by a call inside a loop; else they wait in
	// a queue, of Depth packets and Bytes bytes at most. Batch is the number of
	// records that the consumer gathers, 0 for as they come.
	Fused bool   `json:"fused"`
	Why   string `json:"why"`
	Batch int    `json:"batch"`
	Depth int    `json:"depth"`
	Bytes int64  `json:"bytes"`
	// SizeWhy is the reason for the bounds of a queue.
	SizeWhy string `json:"sizeWhy,omitempty"`
	// Copied tells that the consumer gets a copy, because it writes to what
	// another still reads.
	Copied bool `json:"copied,omitempty"`
}

// A Memory is a bound in bytes and its parts.
type Memory struct {
	Bytes int64        `json:"bytes"`
	Parts []MemoryPart `json:"parts"`
}

// A MemoryPart is one term.
type MemoryPart struct {
	What  string `json:"what"`
	Bytes int64  `json:"bytes"`
}

// An Override is a value that another file replaced.
type Override struct {
	// Path are the keys from the root, joined by dots.
	Path  string `json:"path"`
	Place string `json:"place"`
	// Replaced are the places of the values before, oldest first.
	Replaced []string `json:"replaced"`
	// Removed tells that nothing took the place of the last of them.
	Removed bool `json:"removed"`
}

// Explain tells what the compiler made of a program, and which values of the
// pipeline overlays replaced. All passes must have run.
func Explain(p *ir.Program, overridden []ir.Override) *Explanation {
	x := &explainer{graph: newGraph(p), order: yamlOrder(p), reads: passes.Reader(p)}
	// Lists are never nil, so that they are never null in JSON.
	e := &Explanation{Pipeline: p.Name, Paths: []Path{}, Loops: []Loop{}, Nodes: []Node{}, Memory: Memory{Parts: []MemoryPart{}}, Overrides: overrides(overridden)}
	for _, w := range x.ways() {
		e.Paths = append(e.Paths, x.pathOf(w))
	}
	for _, r := range p.Regions {
		e.Loops = append(e.Loops, x.loop(r))
	}
	for _, name := range x.order {
		e.Nodes = append(e.Nodes, x.node(name))
	}
	e.Edges = x.edges()
	e.Memory.Bytes = p.Memory.Total
	for _, part := range p.Memory.Parts {
		e.Memory.Parts = append(e.Memory.Parts, MemoryPart{part.What, part.Bytes})
	}
	return e
}

type explainer struct {
	*graph
	order []string // the pipeline's nodes
	reads func(*ir.Node) ([]ir.Path, []string)
}

func yamlOrder(p *ir.Program) []string {
	var names []string
	for _, n := range p.Nodes {
		if !slices.Contains(names, n.YAML) {
			names = append(names, n.YAML)
		}
	}
	return names
}

func (x *explainer) pathOf(w way) Path {
	got := promised(w)
	path := Path{Source: w.source.YAML, Sink: w.sink.YAML, Guarantee: got.class, Reason: got.reason, Stages: w.stages()}
	path.Order, path.OrderReason = x.orderOf(w)
	return path
}

// orderOf says which order a sink sees of a source's records.
func (x *explainer) orderOf(w way) (order, reason string) {
	if !w.source.Op.(*ir.Source).Facts.Ordered {
		return "none", fmt.Sprintf("`%s` promises no order", w.source.YAML)
	}
	for _, n := range w.nodes {
		if n.Unordered {
			return "none", fmt.Sprintf("`%s` says `order: none`", n.YAML)
		}
	}
	for _, n := range w.nodes {
		if n.Key != nil {
			return "key", fmt.Sprintf("`%s` has a lane for each key, and keeps order inside it", n.YAML)
		}
	}
	if behind := x.meets(w); behind != "" {
		return "none", fmt.Sprintf("records take several ways that meet again at `%s`, behind queues", behind)
	}
	return "source", ""
}

// meets is a node to which several loops of one way send records, "" for none.
func (x *explainer) meets(w way) string {
	loops := map[string]string{}
	for _, e := range w.edges {
		if e.Via == ir.Call {
			continue
		}
		region := x.nodes[e.From].Region
		if other, ok := loops[e.To]; ok && other != region {
			return x.nodes[e.To].YAML
		}
		loops[e.To] = region
	}
	return ""
}

func (x *explainer) loop(r *ir.Region) Loop {
	loop := Loop{Name: x.nodes[r.Head].YAML, Lanes: r.Lanes, MaxLanes: r.Lanes, Why: r.Why}
	if r.Lanes == 0 {
		loop.MaxLanes = ir.AutoLanes
	}
	for _, id := range r.Nodes {
		n := x.nodes[id]
		if _, encodes := n.Op.(*ir.Encode); !encodes && !slices.Contains(loop.Nodes, n.YAML) {
			loop.Nodes = append(loop.Nodes, n.YAML)
		}
	}
	return loop
}

// node explains one node of the pipeline, which is one to several here.
func (x *explainer) node(name string) Node {
	out := Node{Name: name, Kind: "processor"}
	for _, n := range x.p.Nodes {
		if n.YAML != name {
			continue
		}
		if out.Place == "" {
			out.Place = n.Span.Place()
		}
		switch op := n.Op.(type) {
		case *ir.Source:
			out.Kind, out.Does = "source", "reads from "+used(op.Connector, op.Go)
			out.Reads = x.portReads(n, nil)
		case *ir.Decode:
			out.Reads = x.portReads(n, op)
			out.Pushed = op.Pushed
			if op.Input != nil {
				out.Does = "parses " + op.Codec
				out.Meta = sortedUnion(out.Meta, op.Input.MetaReads)
			}
		case *ir.Sink:
			out.Kind, out.Does = "sink", "writes to "+used(op.Connector, op.Go)
			if op.DeadLetter {
				out.Does += ", for records that failed"
			}
			x.ownReads(&out, n)
		case *ir.Encode:
			out.Writes = append(out.Writes, x.write(n, op))
			x.ownReads(&out, n)
			continue // what fails in it belongs to the sink
		default:
			out.Does = does(n)
			x.ownReads(&out, n)
			out.Decided = decided(n)
			out.PushedInto = x.pushedInto(n)
		}
		if out.Loop == "" {
			out.Loop = x.nodes[x.head(n)].YAML
		}
		if out.OnError == "" && n.OnError != nil {
			out.OnError = inWords(n.OnError)
		}
	}
	return out
}

func (x *explainer) head(n *ir.Node) string {
	for _, r := range x.p.Regions {
		if r.Name == n.Region {
			return r.Head
		}
	}
	return n.ID
}

// ownReads adds what a node looks at itself.
func (x *explainer) ownReads(out *Node, n *ir.Node) {
	paths, meta := x.reads(n)
	out.Meta = sortedUnion(out.Meta, meta)
	if len(paths) == 0 || len(x.in[n.ID]) == 0 {
		return
	}
	t := x.in[n.ID][0].Type
	read := Read{Type: t.String(), Fields: wire(t, paths), Of: fieldCount(t)}
	if slices.ContainsFunc(out.Reads, func(r Read) bool { return r.Type == read.Type && slices.Equal(r.Fields, read.Fields) }) {
		return
	}
	out.Reads = append(out.Reads, read)
}

// portReads is the projection of a decoder, or of a source that makes records.
func (x *explainer) portReads(n *ir.Node, op *ir.Decode) []Read {
	if op == nil {
		return nil
	}
	var reads []Read
	for _, port := range n.Out {
		reads = append(reads, Read{Port: port.Name, Type: port.Type.String(), Fields: wire(port.Type, op.Reads[port.Name]), Of: fieldCount(port.Type)})
	}
	return reads
}

func (x *explainer) pushedInto(n *ir.Node) string {
	for _, d := range x.p.Nodes {
		if op, ok := d.Op.(*ir.Decode); ok && slices.Contains(op.Pushed, n.ID) {
			return d.YAML
		}
	}
	return ""
}

// write explains an encoder.
func (x *explainer) write(n *ir.Node, op *ir.Encode) Write {
	w := Write{From: []string{}, AsIs: op.Raw}
	for _, e := range x.in[n.ID] {
		w.From = append(w.From, from(x.nodes[e.From], e.Port))
	}
	if op.Raw {
		w.Why = "nothing on the way makes new records"
		if setters := x.setters(n); len(setters) > 0 {
			w.Why += ", and what " + quoted(setters) + " changes is spliced into them"
		}
		return w
	}
	w.Why = x.whyEncoded(n, op)
	return w
}

func (x *explainer) whyEncoded(n *ir.Node, op *ir.Encode) string {
	for _, e := range x.in[n.ID] {
		switch e.Origin {
		case ir.Made:
			return fmt.Sprintf("`%s` makes new records", x.maker(e).YAML)
		case ir.Mixed:
			return "some of them were made on the way, and they join before the sink"
		}
	}
	for _, e := range x.in[n.ID] {
		for _, codec := range x.codecs(e.From) {
			if codec != op.Codec {
				return fmt.Sprintf("they were read as %s, and are written as %s", codec, op.Codec)
			}
		}
	}
	if op.Codec == "csv" {
		return "a row of CSV means nothing without the header that it was read under"
	}
	return "the sink's format has options of its own"
}

// setters are the nodes that splice something into the records that come to an
// encoder.
func (x *explainer) setters(n *ir.Node) []string {
	var setters []string
	before := x.reach(n.ID, func(e *ir.Edge) string {
		if e.Origin != ir.Intact {
			return e.To // what was before is no part of these records
		}
		return e.From
	}, x.in)
	for _, m := range x.p.Nodes {
		if op, ok := m.Op.(*ir.Apply); ok && op.Verb == ir.VerbSet && before[m.ID] {
			setters = append(setters, m.YAML)
		}
	}
	return setters
}

// maker is the node that made the records on an edge.
func (x *explainer) maker(e *ir.Edge) *ir.Node {
	for {
		n := x.nodes[e.From]
		in := x.in[n.ID]
		if len(in) == 0 || in[0].Origin != ir.Made {
			return n
		}
		if op, ok := n.Op.(*ir.Apply); !n.HandsOn() && !(ok && op.Verb == ir.VerbSet) {
			return n
		}
		e = in[0]
	}
}

// codecs are those of the sources from which untouched records come to a node.
func (x *explainer) codecs(id string) []string {
	var codecs []string
	for reached := range x.reach(id, func(e *ir.Edge) string { return e.From }, x.in) {
		if op, ok := x.nodes[reached].Op.(*ir.Decode); ok && op.Input == nil {
			codecs = append(codecs, op.Codec)
		}
	}
	slices.Sort(codecs)
	return slices.Compact(codecs)
}

// edges are the ways between nodes of the pipeline: those to an encoder and on
// to its sink are one.
func (x *explainer) edges() []Edge {
	edges := []Edge{}
	for _, e := range x.p.Edges {
		a, b := x.nodes[e.From], x.nodes[e.To]
		if a.YAML == b.YAML {
			continue
		}
		out := Edge{
			From: from(a, e.Port), To: b.YAML, Kind: e.Kind, Fused: e.Via == ir.Call, Why: e.Why,
			Batch: e.Batch, Depth: e.Depth, Bytes: e.Bytes, Copied: e.Own == ir.Clone,
		}
		if e.Type != nil {
			out.Type = e.Type.String()
		}
		if _, encodes := b.Op.(*ir.Encode); encodes {
			for _, q := range x.out[b.ID] {
				out.Fused, out.Why = q.Via == ir.Call, q.Why
				out.Batch, out.Depth, out.Bytes = q.Batch, q.Depth, q.Bytes
			}
		}
		if !out.Fused {
			out.SizeWhy = sizeWhy
			if out.Batch > 0 {
				out.SizeWhy += fmt.Sprintf("; the pipeline asks for batches of %d", out.Batch)
			}
		}
		if !slices.Contains(edges, out) {
			edges = append(edges, out)
		}
	}
	slices.SortStableFunc(edges, func(a, b Edge) int {
		node := func(name string) int { n, _, _ := strings.Cut(name, "."); return slices.Index(x.order, n) }
		return cmp.Or(cmp.Compare(node(a.From), node(b.From)), cmp.Compare(node(a.To), node(b.To)))
	})
	return edges
}

// sizeWhy is the reason for the usual bounds of a queue.
const sizeWhy = "enough to ride out a pause of either side; when it is full, the loop before it waits"

func from(n *ir.Node, port string) string {
	if port == "" {
		return n.YAML
	}
	return n.YAML + "." + port
}

// ---- words

func used(connector string, g *ir.GoRef) string {
	if g != nil {
		return "`" + g.Use + "`"
	}
	return "`" + connector + "`"
}

func does(n *ir.Node) string {
	switch op := n.Op.(type) {
	case *ir.Route:
		if op.On != nil {
			return "routes by a switch on `" + strings.Join(op.On, ".") + "`"
		}
		return "routes"
	case *ir.Apply:
		if op.Go != nil {
			return "calls `" + op.Go.Use + "`"
		}
		if op.Expr != nil && !strings.Contains(op.Expr.Text, "\n") && len(op.Expr.Text) <= 60 {
			return string(op.Verb) + " `" + op.Expr.Text + "`"
		}
		return string(op.Verb)
	}
	return ""
}

func decided(n *ir.Node) string {
	op, ok := n.Op.(*ir.Apply)
	if !ok || op.Verb != ir.VerbFilter || !op.Expr.Const {
		return ""
	}
	if op.Expr.Go == "true" {
		return "keeps every record: what is before it decides that"
	}
	return "keeps no record: what is before it decides that"
}

// inWords says an error policy as one would to a colleague.
func inWords(e *ir.ErrorPolicy) string {
	what := "transient errors are"
	if e.Written {
		what = "all errors but poison, permanent and fatal ones are"
	}
	again := ""
	if e.Retry > 0 {
		again = fmt.Sprintf("%s tried %s more, then ", what, times(e.Retry))
		if e.Backoff > 0 {
			again = fmt.Sprintf("%s tried %s more (after %s, later up to %s), then ", what, times(e.Retry), time.Duration(e.Backoff), time.Duration(max(e.Backoff, e.MaxBackoff)))
		}
	}
	then := ""
	switch e.Then {
	case ir.ThenStop:
		then = "the program stops with exit code 7"
	case ir.ThenDrop:
		then = "the record is dropped and counted"
	case ir.ThenReject:
		then = "the sender gets an error, and nothing of its request is taken"
	case ir.ThenDead:
		then = fmt.Sprintf("the record goes to `%s`", e.Dead)
	}
	if e.MaxDead > 0 {
		then += fmt.Sprintf("; the program stops when %g %% have failed", e.MaxDead*100)
	}
	return again + then
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

// wire is paths by the names that fields have on the wire.
func wire(t *ir.Type, paths []ir.Path) []string {
	names := []string{}
	for _, path := range paths {
		var parts []string
		in := t
		for _, name := range path {
			part := name
			if in != nil {
				if f := in.GoField(name); f != nil {
					part, in = f.Name, f.Type
				}
			}
			parts = append(parts, part)
		}
		names = append(names, strings.Join(parts, "."))
	}
	return names
}

func fieldCount(t *ir.Type) int {
	if t == nil {
		return 0
	}
	return len(t.Fields)
}

func sortedUnion(a, b []string) []string {
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}

// overrides are the places of the values that overlays replaced.
func overrides(list []ir.Override) []Override {
	out := []Override{}
	for _, o := range list {
		one := Override{Path: o.Path, Place: o.At.Place(), Removed: o.Removed}
		for _, s := range o.Replaced {
			one.Replaced = append(one.Replaced, s.Place())
		}
		out = append(out, one)
	}
	return out
}
