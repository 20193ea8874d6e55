package golang

import (
	"github.com/dave/jennifer/jen"

	"github.com/flowc-dev/flowc/ir"
)

// nodesFile numbers the YAML nodes and describes them.
func (w *wiring) nodesFile() *jen.File {
	f := w.file()
	var consts, table []jen.Code
	for i, name := range w.yaml {
		c := jen.Id(w.node(name))
		if i == 0 {
			c.Op("=").Iota()
		}
		consts = append(consts, c)
		table = append(table, w.Gof("%s: ", w.node(name)).Add(w.describe(name)).Op(","))
	}
	f.Comment("The nodes of the pipeline, in the order of the file.")
	f.Const().Defs(consts...)
	f.Line().Comment("nodes describes them to the engine: place and error policy.")
	f.Var().Id("nodes").Op("=").Add(w.Go("[...]@flow.Node")).Values(lines(table)...)
	f.Line().Comment("stages tells which node the code of a generated function belongs to.")
	stages := jen.Dict{}
	prefix := "main." // as the stack of a panic spells it
	if w.l.Package != "main" {
		prefix = w.l.Path + "."
	}
	for _, s := range w.unit.Stages {
		stages[jen.Lit(prefix+s.Func)] = jen.Id(w.node(s.Node))
	}
	f.Var().Id("stages").Op("=").Map(jen.String()).Int().Values(stages)
	return f
}

// describe is the literal of one flow.Node.
func (w *wiring) describe(name string) *jen.Statement {
	n := w.main[name]
	kind := "Processor"
	switch n.Op.(type) {
	case *ir.Source:
		kind = "Source"
	case *ir.Sink:
		kind = "Sink"
	}
	s := w.Gof("{Name: %q, Kind: @flow.Kind%s, Place: %q", name, kind, w.place(n))
	if n.Was != "" {
		s.Add(w.Gof(", Was: %q", n.Was))
	}
	if p := n.OnError; p != nil {
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
		s.Add(w.Gof(", Then: @flow.Dead, Dead: %s", w.node(w.nodeOf(p.Dead).YAML)))
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
