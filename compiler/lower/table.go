package lower

import (
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/compiler/syntax"
	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/runtime/catalog"
)

// table checks what the config of a sink of tables says about the records, and
// what it can promise with that.
func (w *lowering) table(n *node, op *ir.Sink, side *catalog.Side) {
	l := literalsOf(op.Config)
	i := slices.IndexFunc(op.Config, func(s ir.Setting) bool { return s.Key == "key" })
	if side.Facts.KeyIdempotent {
		op.Facts.Idempotent = i >= 0 && (l["mode"] != nil || !names(op.Config, "mode")) && l.text("mode") != "insert"
	}
	if i < 0 && l.text("mode") == "upsert" {
		w.l.Errorf(diag.MissingKey, l["mode"].Span, "`mode: upsert` needs a `key`: the fields that tell which row it is").
			Helpf("write `config: {mode: upsert, key: [id]}`")
	}
	w.tableName(n, op)
	if n.in == nil || n.in.Kind != ir.Struct {
		return
	}
	row := n.in
	if of := n.in.Changed(); of != nil {
		w.changesApply(n, op, side)
		row = of
	}
	for _, k := range side.Keys {
		if v := l[k.Name]; v != nil && k.Fields {
			w.fieldNames(row, &k, v)
		}
	}
}

// tableOfRecord is the `table` of a sink that changes with each record; nil where
// there is one for all.
func tableOfRecord(config []ir.Setting) *ir.Value {
	for _, s := range config {
		if s.Key == "table" && s.Value.PerRecord() {
			return s.Value
		}
	}
	return nil
}

// tableName checks a `table` that changes with each record: which schema it is in
// is said before the first value of the record, which can't lead out of it.
func (w *lowering) tableName(n *node, op *ir.Sink) {
	v := tableOfRecord(op.Config)
	if v == nil {
		return
	}
	record := false
	for _, p := range v.Parts {
		record = record || p.Kind == ir.Record
		if record && p.Kind == ir.Literal && strings.Contains(p.Text, ".") {
			w.l.Errorf(diag.BadValue, p.Span, "the `table` of `%s` has a dot behind a value of the record, which would say which schema it is in", n.Name.Text).
				Helpf("name the schema before it, `sales.events_${in.…}`, or route records to several sinks")
			return
		}
	}
}

// tableOrQuery checks that a source of tables says what it reads, once.
func (w *lowering) tableOrQuery(n *node, op *ir.Source) {
	table, query := names(op.Config, "table"), names(op.Config, "query")
	switch at := literalsOf(op.Config)["query"]; {
	case table && query && at != nil:
		w.l.Errorf(diag.KeyConflict, at.Span, "`%s` has a table and a query, and reads one of them", n.Name.Text).
			Helpf("remove one of `table` and `query`")
	case n.changes:
		if !table && !n.ConfigUnread && n.Body.Get("table") == nil {
			w.l.Errorf(diag.MissingKey, n.Use.Span, "the source `%s` needs the `table` whose changes it is to give", n.Use.Text).
				Helpf("write `config: {table: …}`")
		}
	case !table && !query && !n.ConfigUnread && n.Body.Get("table") == nil && n.Body.Get("query") == nil:
		w.l.Errorf(diag.MissingKey, n.Use.Span, "the source `%s` needs a `table` or a `query`", n.Use.Text).
			Helpf("write `config: {table: …, key: …}`")
	}
}

func names(list []ir.Setting, key string) bool {
	return slices.ContainsFunc(list, func(s ir.Setting) bool { return s.Key == key })
}

// fieldNames checks that a key names fields of the records that are always there,
// and are one value.
func (w *lowering) fieldNames(row *ir.Type, k *catalog.Key, v *ir.Value) {
	items := v.Items
	if v.Kind != "list" {
		items = []*ir.Value{v}
	}
	var names []string
	for _, f := range row.Fields {
		names = append(names, f.Name)
	}
	seen := map[string]bool{}
	for _, item := range items {
		name := item.Text()
		f := row.Field(name)
		switch {
		case f == nil:
			d := w.noField(syntax.Text{Text: name, Span: item.Span}, row)
			if !d.Near(name, names) {
				w.typeNote(d, row)
			}
		case f.Optional:
			w.l.Errorf(diag.BadValue, item.Span, "`%s` may be missing, and a row is told by what it always has", name).
				NoteAt(f.Span, "declared here").Helpf("filter the records that have it, and `map` them to a type in which it must be there")
		case !f.Type.IsScalar():
			w.l.Errorf(diag.BadValue, item.Span, "`%s` is %s, and a row is told by single values", name, article(f.Type.String())).
				NoteAt(f.Span, "declared here")
		case seen[name]:
			w.l.Errorf(diag.BadValue, item.Span, "`%s` is named twice in `%s`", name, k.Name)
		}
		seen[name] = true
	}
}
