package lower

import (
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/compiler/check"
	"github.com/flowc-dev/flowc/compiler/check/component"
	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/runtime/catalog"
)

// sink lowers a sink; known tells that the type of what it gets is known.
func (w *lowering) sink(n *node, known bool) {
	if n.Use.Text == "" {
		return
	}
	if !known && n.in != nil {
		n.in = nil
	}
	dead := w.deadLetter(n)
	w.readLets(n)
	m := w.newNode(n, n.Name.Text)
	n.main = m
	if usesGo(n.Use.Text) {
		w.goSink(n, m, len(n.From) == 0 && len(w.dead[n.Name.Text]) > 0)
		return
	}
	side := w.connector(n)
	if side == nil {
		return
	}
	op := &ir.Sink{
		Connector: n.Use.Text, Batch: n.Batch, Guarantee: ir.Guarantee(n.Guarantee.Text),
		Facts: facts(factsOf(n, side)), DeadLetter: dead,
	}
	m.Op = op
	if dead {
		op.Guarantee = "" // what is promised is promised of records
	}
	if len(side.Formats) == 0 {
		op.Config = w.config(n, side)
		w.sinkMeta(n, op, side)
		return
	}
	op.Config = w.config(n, side, ownKeys(side)...)
	w.sinkMeta(n, op, side)
	if n.Use.Text == "http" {
		w.sends(n, op)
	}
	if dead {
		w.deadFormat(n, side)
		return
	}
	if side.Table {
		w.table(n, op, side)
	}
	lines := n.in != nil && n.in.Kind == ir.String && n.in.Name == ""
	f := w.format(n, side, lines)
	if f.codec == "parquet" {
		w.parquetSink(n, op)
	}
	if n.in == nil || f.codec == "" || !w.holds(n, f, n.in, n.Use.Span) {
		return
	}
	n.encode = w.newNode(n, n.Name.Text+".encode")
	n.encode.Pure = true
	n.encode.Op = &ir.Encode{Codec: f.codec, Options: f.options}
	n.encode.Out = []ir.Port{{Type: &ir.Type{Kind: ir.Bytes}, Span: n.Name.Span}}
}

// deadFormat checks that a dead-letter sink does not ask for another format
// than that of dead letters.
func (w *lowering) deadFormat(n *node, side *catalog.Side) {
	for _, c := range n.Config {
		if side.Table && (c.Key.Text == "key" || c.Key.Text == "mode" && c.Node.Text != "insert") {
			w.l.Errorf(diag.DeadLetter, c.Node.Place(), "a table of dead letters is added to, a row for each").
				Helpf("remove `%s`", c.Key.Text)
		}
		if c.Key.Text == "csv" || c.Key.Text == "format" && c.Node.Text != "ndjson" {
			w.l.Errorf(diag.UnknownFormat, c.Node.Place(), "dead letters are JSON, one object a line").
				Helpf("remove `%s`", c.Key.Text)
		}
	}
}

// sinkMeta lowers what a sink sets beside the record.
func (w *lowering) sinkMeta(n *node, op *ir.Sink, side *catalog.Side) {
	for _, a := range n.Assign {
		i := slices.IndexFunc(side.Meta, func(k catalog.Key) bool { return k.Name == a.Name.Text })
		if i < 0 {
			var names []string
			for _, k := range side.Meta {
				names = append(names, k.Name)
			}
			d := w.l.Errorf(diag.UnknownKey, a.Name.Span, "the sink `%s` has no `%s` to set beside a record", n.Use.Text, a.Name.Text)
			if !d.Near(a.Name.Text, names) {
				if len(names) == 0 {
					d.Helpf("it takes no `meta`")
				} else {
					d.Notef("it has `%s`", strings.Join(names, "`, `"))
				}
			}
			continue
		}
		if n.in == nil {
			continue
		}
		k := side.Meta[i]
		if e := w.goOf(n, a.Go, check.Of(keyType(k.Type), "`"+k.Name+"`")); e != nil {
			op.Meta = append(op.Meta, ir.Assign{Name: k.Name, Go: k.Go, Span: a.Name.Span, Expr: e})
		}
	}
}

// goSink lowers a sink in Go.
func (w *lowering) goSink(n *node, m *ir.Node, dead bool) {
	if dead {
		w.l.Errorf(diag.DeadLetter, n.Use.Span, "a dead-letter sink is a built-in, and `%s` is Go", n.Use.Text).
			Also(w.dead[n.Name.Text][0].OnError.Then.Span, "dead letters are sent here").
			Helpf("write dead letters to a file: `use: file`")
		return
	}
	ref := w.loader.Component(n.Use.Text, n.Use.Span, component.Sink, w.l)
	if ref == nil {
		return
	}
	op := &ir.Sink{
		Go: ref, Config: w.goConfig(n, ref), Guarantee: ir.Guarantee(n.Guarantee.Text),
		Facts: ir.Facts{Idempotent: ref.Idempotent, Keeper: ref.Committed},
	}
	m.Op = op
	m.Keeps = true
	for _, a := range n.Assign {
		w.l.Errorf(diag.UnknownKey, a.Name.Span, "`meta` is for connectors, and `%s` is Go that gets the record alone", n.Use.Text)
		break
	}
	if n.in != nil {
		w.meet(n, ref)
	}
	w.batches(n, ref)
	op.Batch = n.Batch
}
