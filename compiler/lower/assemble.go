package lower

import (
	"net"
	"slices"
	"strconv"
	"time"

	"github.com/flowc-dev/flowc/compiler/syntax"
	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
)

// assemble makes the program of the lowered nodes.
func (w *lowering) assemble() *ir.Program {
	p := &ir.Program{Name: w.p.Name.Text, Types: w.programTypes(), Telemetry: w.telemetry(), Delivery: w.delivery(), Carrier: w.carrier()}
	p.Jobs, p.Awaits = w.jobs()
	p.Labels, p.Annotations = labels(w.p.Labels), labels(w.p.Annotations)
	p.Module, p.Requires = w.loader.Module(), w.loader.Requires()
	if p.Module != nil {
		p.Module.Flags, p.Module.Compiled = w.loader.Flags(), w.loader.Compiled()
	}
	for _, n := range w.nodes {
		for _, m := range []*ir.Node{n.encode, n.main, n.decode} {
			if m == nil {
				continue
			}
			m.OnError = n.policy
			p.Nodes = append(p.Nodes, m)
		}
		w.ports(n)
	}
	for _, n := range w.nodes {
		w.edges(p, n)
	}
	p.SortEdges()
	w.keeper(p)
	for _, n := range w.nodes {
		for _, let := range n.lets {
			if slices.Contains(w.lets, let) {
				p.Lets = append(p.Lets, let)
			}
		}
	}
	return p
}

// programTypes are the declared types that the compiler generates.
func (w *lowering) programTypes() []*ir.Type {
	return slices.DeleteFunc(w.types.declared(), func(t *ir.Type) bool { return t.Go != nil })
}

// exit is the node of the program that a YAML node's records leave from.
func (n *node) exit() *ir.Node {
	if n.decode != nil {
		return n.decode
	}
	return n.main
}

// entry is the node of the program that a YAML node's records come to.
func (n *node) entry() *ir.Node {
	if n.encode != nil {
		return n.encode
	}
	return n.main
}

// ports gives a node of the program its outputs.
func (w *lowering) ports(n *node) {
	m := n.exit()
	if m == nil || n.Role == syntax.Sink {
		return
	}
	for _, p := range n.outs {
		m.Out = append(m.Out, ir.Port{Name: p.name, Type: p.typ, Span: p.span})
	}
}

// edges adds the edges inside a YAML node and those that leave it.
func (w *lowering) edges(p *ir.Program, n *node) {
	bytes := &ir.Type{Kind: ir.Bytes}
	if n.decode != nil {
		p.Edges = append(p.Edges, &ir.Edge{From: n.main.ID, To: n.decode.ID, Kind: ir.Data, Type: bytes, Span: n.Name.Span})
	}
	if n.encode != nil {
		p.Edges = append(p.Edges, &ir.Edge{From: n.encode.ID, To: n.main.ID, Kind: ir.Data, Type: bytes, Span: n.Name.Span})
	}
	if n.exit() != nil {
		for _, out := range n.outs {
			for _, e := range out.by {
				if to := e.to.entry(); to != nil {
					p.Edges = append(p.Edges, &ir.Edge{From: n.exit().ID, Port: out.name, To: to.ID, Kind: ir.Data, Type: out.typ, Span: e.ref.Span})
				}
			}
		}
	}
	if n.policy == nil || n.policy.Then != ir.ThenDead {
		return
	}
	dead := w.byName[n.policy.Dead]
	if dead == nil || dead.main == nil {
		return
	}
	for _, m := range []*ir.Node{n.encode, n.main, n.decode} {
		if m != nil {
			p.Edges = append(p.Edges, &ir.Edge{From: m.ID, To: dead.main.ID, Kind: ir.Error, Type: bytes, Span: n.OnError.Then.Span})
		}
	}
}

// Defaults of the blocks of the whole pipeline.
const (
	defaultDrain = int64(30 * time.Second)
	defaultEvery = int64(time.Second)
)

// delivery is what the user asks of the whole pipeline.
func (w *lowering) delivery() ir.Delivery {
	s := w.p.Delivery
	d := ir.Delivery{Guarantee: ir.Guarantee(s.Guarantee.Text), Drain: s.Drain, CheckpointEvery: s.Every, Store: s.Store.Text, StoreConfig: w.store(), StoreSpan: s.Store.Span, Span: s.Span}
	if d.Drain == 0 {
		d.Drain = defaultDrain
	}
	if d.CheckpointEvery == 0 {
		d.CheckpointEvery = defaultEvery
	}
	return d
}

// listenAddress checks an address that is known before the program starts.
func (w *lowering) listenAddress(v *ir.Value) {
	if len(v.Parts) != 1 || v.Parts[0].Kind != ir.Literal {
		return
	}
	text := v.Parts[0].Text
	_, _, err := net.SplitHostPort(text)
	if err == nil {
		return
	}
	d := w.l.Errorf(diag.BadValue, v.Span, "`http` must be an address such as `:9090` or `127.0.0.1:9090`, not `%s`", text)
	if _, err := strconv.ParseUint(text, 10, 16); err == nil {
		d.Replace(v.Span, "':"+text+"'", "write `:%s`", text)
	}
}

// telemetry is what the program tells about itself.
func (w *lowering) telemetry() ir.Telemetry {
	s := w.p.Telemetry
	t := ir.Telemetry{HTTP: s.HTTP, Log: s.Log.Text, Level: s.Level.Text, Progress: s.Progress.Text}
	if s.HTTP != nil {
		w.listenAddress(s.HTTP)
		for _, part := range s.HTTP.Parts {
			if part.Kind == ir.Record {
				w.l.Errorf(diag.NotPerRecord, part.Span, "`http` is set once, and `${%s}` is of one record", part.Text)
			}
		}
	}
	for word, fallback := range map[*string]string{&t.Log: "text", &t.Level: "info", &t.Progress: "auto"} {
		if *word == "" {
			*word = fallback
		}
	}
	return t
}

// labels are what deployments carry.
func labels(list []syntax.Label) []ir.Label {
	var out []ir.Label
	for _, l := range list {
		out = append(out, ir.Label{Key: l.Key.Text, Value: l.Value.Text, Span: l.Key.Span})
	}
	return out
}
