package lower

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/flowc-dev/flowc/compiler/parse"
	"github.com/flowc-dev/flowc/compiler/schema"
	"github.com/flowc-dev/flowc/compiler/syntax"
	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
)

// csvOptions reads {delimiter: ";", quote: "'", columns: [a, b], header: false}
// of a source, a sink, or (as a processor) of `parse`.
func (w *lowering) csvOptions(n *parse.Node, role syntax.Role) []ir.Setting {
	schema.Check("CSV", "`csv`", n, n.Place(), w.l) // what fits is read all the same
	var out []ir.Setting
	add := func(key string, kind ir.TypeKind, v *ir.Value, at source.Span) {
		t := &ir.Type{Kind: kind}
		if kind == ir.List {
			t.Elem = &ir.Type{Kind: ir.String}
		}
		out = append(out, ir.Setting{Key: key, Type: t, Value: v, Span: at})
	}
	for _, m := range n.Members {
		switch m.Key.Text {
		case "delimiter", "quote":
			if m.Value.Kind == parse.String && w.cellSign(m) {
				add(m.Key.Text, ir.String, literal(m.Value, "string"), m.Key.Span)
			}
		case "header":
			if role == syntax.Processor {
				w.l.Errorf(diag.KeyConflict, m.Key.Span, "`parse` reads one row at a time, which has no header").
					Helpf("name the columns: `columns: [id, amount]`; without, they are the fields of the type in their order")
				continue
			}
			v := literal(m.Value, "bool")
			setText(v, strings.ToLower(m.Value.Text))
			add("header", ir.Bool, v, m.Key.Span)
		case "columns":
			if role == syntax.Sink {
				w.l.Errorf(diag.KeyConflict, m.Key.Span, "the columns of a sink are the fields of what it gets").
					Helpf("choose and order them with a `map`")
				continue
			}
			v := &ir.Value{Kind: "list", Span: m.Value.Place()}
			for _, item := range m.Value.Items {
				v.Items = append(v.Items, literal(item, "string"))
			}
			w.twoColumns(m.Value)
			add("columns", ir.List, v, m.Key.Span)
		}
	}
	w.sameSign(n)
	if role == syntax.Source {
		out = w.headerless(n, out)
	}
	return out
}

// literal is a scalar that is written in the file.
func literal(n *parse.Node, kind string) *ir.Value {
	return &ir.Value{Kind: kind, Span: n.Place(), Parts: []ir.Part{{Kind: ir.Literal, Text: n.Text, Span: n.Place()}}}
}

// cellSign checks a sign that separates or surrounds cells.
func (w *lowering) cellSign(m *parse.Member) bool {
	text := m.Value.Text
	switch {
	case utf8.RuneCountInString(text) != 1 || strings.ContainsAny(text, "\r\n"):
		d := w.l.Errorf(diag.BadValue, m.Value.Place(), "`%s` must be one character, not `%s`", m.Key.Text, text)
		if text == `\t` || strings.EqualFold(text, "tab") {
			d.Replace(m.Value.Span, `"\t"`, "for a tab write `\"\\t\"`")
		}
		return false
	case len(text) != 1:
		w.l.Errorf(diag.BadValue, m.Value.Place(), "`%s` must be one character of ASCII, not `%s`", m.Key.Text, text)
		return false
	}
	return true
}

// sameSign reports cells that are separated and surrounded by one sign.
func (w *lowering) sameSign(n *parse.Node) {
	delimiter, quote := n.Get("delimiter"), n.Get("quote")
	sign := func(v *parse.Node, otherwise string) string {
		if v == nil {
			return otherwise
		}
		return v.Text
	}
	if sign(delimiter, ",") != sign(quote, `"`) {
		return
	}
	at := delimiter
	if at == nil {
		at = quote
	}
	w.l.Errorf(diag.BadValue, at.Place(), "`%s` can't stand between cells and around them", at.Text).
		Helpf("choose another `delimiter` or `quote`; without, they are `,` and `\"`")
}

// twoColumns reports columns of one name.
func (w *lowering) twoColumns(columns *parse.Node) {
	for i, c := range columns.Items {
		first := slices.IndexFunc(columns.Items, func(o *parse.Node) bool { return o.Text == c.Text })
		if first < i {
			w.l.Errorf(diag.KeyConflict, c.Place(), "two columns are called `%s`", c.Text).
				Also(columns.Items[first].Place(), "the first").
				Helpf("call a column that nobody reads otherwise")
		}
	}
}

// headerless makes columns that are named mean that no row names them.
func (w *lowering) headerless(n *parse.Node, options []ir.Setting) []ir.Setting {
	columns, header := n.Member("columns"), n.Member("header")
	switch {
	case columns == nil:
	case header == nil:
		at := columns.Key.Span
		no := &ir.Value{Kind: "bool", Span: at, Parts: []ir.Part{{Kind: ir.Literal, Text: "false", Span: at}}}
		options = append(options, ir.Setting{Key: "header", Type: &ir.Type{Kind: ir.Bool}, Value: no, Span: at})
	case header.Value.Kind == parse.Bool && parse.Value(header.Value) == true:
		w.l.Errorf(diag.KeyConflict, columns.Key.Span, "the first row names the columns, and so does `columns`").
			Also(header.Key.Span, "this says so").
			Helpf("remove `columns`; or `header: true`, where no row of the data names them")
	}
	return options
}
