package lower

import (
	"github.com/flowc-dev/flowc/compiler/check/component"
	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
)

// component lowers a processor in Go.
func (w *lowering) component(n *node, m *ir.Node) {
	if n.Use.Text == "" { // its definition says so
		n.broken()
		return
	}
	if !usesGo(n.Use.Text) {
		w.builtInStep(n)
		n.broken()
		return
	}
	ref := w.loader.Component(n.Use.Text, n.Use.Span, component.Processor, w.l)
	if ref == nil {
		n.broken()
		return
	}
	m.Op = &ir.Apply{Verb: ir.VerbGo, Go: ref, Config: w.goConfig(n, ref)}
	m.Keeps = true
	w.meet(n, ref)
	w.batches(n, ref)
	m.Op.(*ir.Apply).Batch = n.Batch
	switch {
	case ref.Shape == ir.ShapeFilter:
		n.out(n.in)
	case len(ref.Ports) > 0:
		for _, p := range ref.Ports {
			at := p.Span
			if at.IsZero() {
				at = n.Use.Span
			}
			n.outs = append(n.outs, &port{name: p.Name, typ: p.Type, span: at})
		}
	default:
		n.out(ref.Out)
	}
}

// builtInStep reports a processor that uses no Go: there are no built-in ones
// besides the verbs.
func (w *lowering) builtInStep(n *node) {
	d := w.l.Errorf(diag.UnknownConnector, n.Use.Span, "`%s` is no Go, and processors have no built-ins", n.Use.Text)
	for _, c := range w.o.Connectors {
		if c.Name != n.Use.Text {
			continue
		}
		d.Code = diag.ConnectorRole
		role := "source"
		if c.Sink != nil {
			role = "sink"
		}
		if c.Source != nil && c.Sink != nil {
			role = "source or a sink"
		}
		d.Message = "`" + n.Use.Text + "` is a " + role + " and can't be a processor"
		d.Helpf("move the node under `sources:` or `sinks:`")
		return
	}
	d.Helpf("name Go of yours, `./dir.Symbol` or an import path, or write inline Go under `filter`, `map`, `set`, `check`, `flatmap` or `route`")
}

// goConfig checks the config of a component.
func (w *lowering) goConfig(n *node, ref *ir.GoRef) []ir.Setting {
	var settings []ir.Setting
	if n.ConfigUnread {
		return nil
	}
	for _, c := range n.Config {
		if c.Bad || !w.perRecord(n, c.Key.Text, false, c.Value) {
			return nil
		}
		settings = append(settings, ir.Setting{Key: c.Key.Text, Value: c.Value, Span: c.Key.Span})
	}
	at := n.ConfigSpan
	if at.IsZero() {
		at = n.Use.Span
	}
	return w.loader.CheckConfig(ref, settings, at, w.l)
}

// meet finds how a node's records become what its component takes.
func (w *lowering) meet(n *node, ref *ir.GoRef) {
	if ref.In == nil || n.in == nil || w.loader.Identical(n.in, ref.In) {
		return
	}
	plan, reasons := w.loader.Meet(n.in, ref.In)
	if len(reasons) > 0 {
		at := n.Use.Span
		if len(n.from) == 1 {
			at = n.from[0].ref.Span
		}
		d := component.ReportMismatch(n.in, ref, reasons, at, w.l)
		if at != n.Use.Span {
			d.Also(n.Use.Span, "takes %s", ref.In)
		}
		w.typeNote(d, n.in)
		return
	}
	ref.Plan = plan
}

// batches takes a `batch` away from a component that takes one record, and
// reports one that was written for it (and not for all nodes, in `defaults`).
func (w *lowering) batches(n *node, ref *ir.GoRef) {
	switch ref.Shape {
	case ir.ShapeBatch, ir.ShapeSinkBatch, ir.ShapeFlowSink:
		return
	}
	if n.Batch == nil {
		return
	}
	n.Batch = nil
	if n.Body.Get("batch") == nil {
		return
	}
	d := w.l.Errorf(diag.KeyConflict, n.BatchSpan, "`batch` is for components that take a slice, and `%s` takes one record", n.Use.Text)
	d.NoteAt(ref.Declared, "%s is declared here", ref.Symbol)
	d.Helpf("remove `batch`, or let it take a slice")
}
