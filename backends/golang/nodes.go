package golang

import (
	"github.com/dave/jennifer/jen"

	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/source"
)

// nodesFile numbers the YAML nodes and describes them.
func (w *wiring) nodesFile() *jen.File {
	f := w.File()
	shared := w.sharedPolicy()
	var consts, table []jen.Code
	for i, name := range w.yaml {
		c := jen.Id(w.Node(name))
		if i == 0 {
			c.Op("=").Iota()
		}
		consts = append(consts, c)
		table = append(table, w.Gof("%s: ", w.Node(name)).Add(w.describe(name, shared)).Op(","))
	}
	f.Comment("The nodes of the pipeline, in the order of the file.")
	f.Const().Defs(consts...)
	if shared != nil {
		f.Line().Comment("policy is what most of them do with a record that fails.")
		f.Var().Id("policy").Op("=").Add(w.policy(shared))
	}
	f.Line().Comment("nodes describes them to the engine: place and error policy.")
	f.Var().Id("nodes").Op("=").Add(w.Go("[...]@flow.Node")).Values(lines(table)...)
	f.Line().Comment("stages tells which node the code of a generated function belongs to.")
	stages := jen.Dict{}
	prefix := "main." // as the stack of a panic spells it
	if w.l.Package != "main" {
		prefix = w.l.Path + "."
	}
	for _, s := range w.unit.Stages {
		stages[jen.Lit(prefix+s.Func)] = jen.Id(w.Node(s.Node))
	}
	f.Var().Id("stages").Op("=").Map(jen.String()).Int().Values(stages)
	if reach := w.reach(); len(reach) > 0 {
		f.Line().Comment("reach has the sinks behind those nodes that do not feed all: what a dead letter of theirs is replayed into.")
		f.Var().Id("reach").Op("=").Map(jen.Int()).Index().Int().Values(lines(reach)...)
	}
	return f
}

// sharedPolicy is the error policy that most nodes have, nil where no two have the
// same.
func (w *wiring) sharedPolicy() *ir.ErrorPolicy {
	var best *ir.ErrorPolicy
	most := 1
	nodes := map[ir.ErrorPolicy]int{}
	for _, name := range w.yaml {
		if p := w.main[name].OnError; p != nil {
			nodes[said(p)]++
		}
	}
	for _, name := range w.yaml {
		if p := w.main[name].OnError; p != nil && nodes[said(p)] > most {
			best, most = p, nodes[said(p)]
		}
	}
	return best
}

// said is what a policy says, wherever it stands.
func said(p *ir.ErrorPolicy) ir.ErrorPolicy {
	words := *p
	words.Span = source.Span{}
	return words
}

// describe is the literal of one flow.Node.
func (w *wiring) describe(name string, shared *ir.ErrorPolicy) *jen.Statement {
	n := w.main[name]
	kind := "Processor"
	switch n.Op.(type) {
	case *ir.Source:
		kind = "Source"
	case *ir.Sink:
		kind = "Sink"
	}
	s := w.Gof("{Name: %q, Kind: @flow.Kind%s, Place: %q", name, kind, n.Span.Place())
	if n.Was != "" {
		s.Add(w.Gof(", Was: %q", n.Was))
	}
	switch p := n.OnError; {
	case p == nil:
	case shared != nil && said(p) == said(shared):
		s.Op(", Policy: policy")
	default:
		s.Op(", Policy: ").Add(w.policy(p))
	}
	return s.Op("}")
}

func (w *wiring) policy(p *ir.ErrorPolicy) *jen.Statement {
	s := w.Gof("@flow.Policy{Retry: %d", p.Retry)
	if p.Written {
		s.Op(", Written: true")
	}
	if p.Backoff > 0 {
		s.Op(", Backoff: ").Add(w.duration(p.Backoff))
	}
	if p.MaxBackoff > 0 {
		s.Op(", MaxBackoff: ").Add(w.duration(p.MaxBackoff))
	}
	switch p.Then {
	case ir.ThenDrop:
		s.Add(w.Go(", Then: @flow.Drop"))
	case ir.ThenDead:
		s.Add(w.Gof(", Then: @flow.Dead, Dead: %s", w.Node(w.graph.Nodes[p.Dead].YAML)))
	case ir.ThenReject:
		s.Add(w.Go(", Then: @flow.Reject"))
	default:
		s.Add(w.Go(", Then: @flow.Stop"))
	}
	if p.MaxDead > 0 {
		s.Add(w.Gof(", MaxDead: %g", p.MaxDead))
	}
	return s.Op("}")
}
