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

	"github.com/flowc-dev/flowc/compiler/passes"
	"github.com/flowc-dev/flowc/ir"
)

// Explain tells what the compiler made of a program, and which values of the
// pipeline overlays replaced. All passes must have run.
func Explain(p *ir.Program, overridden []ir.Override) *Explanation {
	x := &explainer{graph: newGraph(p), order: yamlOrder(p), reads: passes.Reader(p)}
	// Lists are never nil, so that they are never null in JSON.
	e := &Explanation{Pipeline: p.Name, Paths: []Path{}, Loops: []Loop{}, Nodes: []Node{}, Memory: Memory{Parts: []MemoryPart{}}, Overrides: overrides(overridden)}
	for _, w := range x.ways() {
		e.Paths = append(e.Paths, x.pathOf(w))
	}
	e.Checkpoint = checkpointOf(p)
	for _, r := range p.Regions {
		e.Loops = append(e.Loops, x.loop(r))
	}
	for _, name := range x.order {
		e.Nodes = append(e.Nodes, x.node(name))
	}
	e.Edges = x.edges()
	e.Jobs = jobsOf(p)
	e.Memory.Bytes = p.Memory.Total
	for _, part := range p.Memory.Parts {
		e.Memory.Parts = append(e.Memory.Parts, MemoryPart{part.What, part.Bytes})
	}
	e.Memory.Advice = advice(p)
	return e
}

// advice says which sizes decide most of the memory bound, "" for none.
func advice(p *ir.Program) string {
	sizes, bound := passes.Smaller(p)
	if len(sizes) == 0 {
		return ""
	}
	var what, with []string
	for i, s := range sizes {
		what = append(what, sizeOf[s.Key]+" "+bytesInWords(s.From))
		say := "`" + s.Key + ": " + s.Text() + "`"
		if i+1 == len(sizes) || !slices.Equal(s.Nodes, sizes[i+1].Nodes) {
			say += " on " + quoted(s.Nodes)
		}
		with = append(with, say)
	}
	return fmt.Sprintf("Most of it is for %s: with %s it is %s.", strings.Join(what, " and "), strings.Join(with, " and "), bytesInWords(bound))
}

// sizeOf says what a size of a source's config is of.
var sizeOf = map[string]string{
	"max_record":  "records of up to",
	"max_body":    "requests of up to",
	"max_waiting": "waiting requests of up to",
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
	if r := w.source.Op.(*ir.Source).Range; r != nil && r.Parallel > 1 {
		return "chunk", fmt.Sprintf("`%s` is read in chunks, %d at once, and order is kept inside each", w.source.YAML, r.Parallel)
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
			out.Kind, out.Does = "source", readsIn(op)
			out.Reads = x.portReads(n, nil)
		case *ir.Decode:
			out.Reads = x.portReads(n, op)
			out.Pushed = op.Pushed
			if op.Input != nil && n.ID == n.YAML {
				out.Does = "parses " + op.Codec
				out.Meta = sortedUnion(out.Meta, op.Input.MetaReads)
			}
		case *ir.Sink:
			out.Kind, out.Does = "sink", "writes to "+used(op.Connector, op.Go, op.Foreign)
			if op.DeadLetter {
				out.Does += ", for records that failed"
			}
			out.Chosen = chosen(op.Config)
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
		if out.Talk == nil {
			out.Talk = talkOf(n)
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
