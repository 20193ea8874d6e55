package lower

import (
	"regexp"
	"strings"

	"github.com/flowc-dev/flowc/compiler/check"
	"github.com/flowc-dev/flowc/compiler/syntax"
	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
)

// parse lowers `parse`: a decoder with an input.
func (w *lowering) parse(n *node, m *ir.Node) {
	op := &ir.Decode{Validate: ir.Structural}
	m.Op = op
	if n.Out == nil {
		n.out(nil) // its definition says so
		return
	}
	t := w.outType(n)
	w.loader.ReportUntagged(t, n.Out.Span, w.l)
	n.out(t)
	op.Input = w.parseInput(n)
	effects(m, op.Input)
	if n.Parse == nil || n.Parse.Codec.IsZero() {
		if !n.Bad {
			w.l.Errorf(diag.MissingKey, n.KindSpan, "`parse` of `%s` does not say how to read its text", n.Name.Text).
				Helpf("write `parse: {regexp: '…'}`, `{logfmt: {}}`, `{csv: {}}` or `{json: {}}`")
		}
		return
	}
	op.Codec = n.Parse.Codec.Text
	if t == nil {
		return
	}
	if t.Kind != ir.Struct && op.Codec != "json" {
		d := w.l.Errorf(diag.BadOut, n.Out.Span, "`parse` fills fields, and %s has none", t)
		w.typeNote(d, t)
		n.outs[0].typ = nil
		return
	}
	switch op.Codec {
	case "regexp":
		w.parseRegexp(n, op, t)
	case "csv":
		w.parseCSV(n, op, t)
	case "logfmt":
		w.holds(n, format{codec: "logfmt", at: n.Parse.Codec.Span}, t, n.Out.Span)
	}
}

// parseInput is the Go that gives the text.
func (w *lowering) parseInput(n *node) *ir.Expr {
	if n.Parse != nil && n.Parse.Text != nil {
		e := w.goOf(n, n.Parse.Text, check.Any("`text`"))
		if e == nil {
			return nil
		}
		if k := e.Type.Kind; k != ir.String && k != ir.Bytes && k != ir.JSON && k != ir.Enum || e.Optional {
			d := w.l.Errorf(diag.BadParse, n.Parse.Text.Span, "`text` must be a string or bytes, and `%s` is %s", e.Text, article(e.Type.String()))
			if e.Optional {
				d.Message = "`text` must be there, and `" + e.Text + "` may be missing"
				d.Helpf("say what stands for a missing one: `or(%s, \"\")`", e.Text)
			}
			return nil
		}
		return e
	}
	if n.Bad {
		return nil // the text may be what was written wrongly
	}
	if k := n.in.Kind; k != ir.String && k != ir.Bytes && k != ir.JSON {
		d := w.l.Errorf(diag.BadParse, n.KindSpan, "`parse` reads text, and a record of `%s` is a %s", n.from[0].ref.Span.Text(), n.in)
		w.typeNote(d, n.in)
		d.Helpf("say which text: `parse: {…, text: in.Line}`")
		return nil
	}
	return w.check(n, "in", spanPlace(n.KindSpan), check.Any("`text`"))
}

// parseRegexp checks that groups and fields are the same names.
func (w *lowering) parseRegexp(n *node, op *ir.Decode, t *ir.Type) {
	g := n.Parse.Regexp
	if g == nil {
		return
	}
	v := &ir.Value{Kind: "string", Span: g.Place(), Parts: []ir.Part{{Kind: ir.Literal, Text: g.Text, Span: g.Place()}}}
	if !check.Regexp(g.Text, check.LetSource{Value: v, Text: g.Text, At: g}, w.l) {
		return
	}
	op.Options = []ir.Setting{{Key: "regexp", Type: &ir.Type{Kind: ir.String}, Value: v, Span: n.Parse.Codec.Span}}
	re := regexp.MustCompile(g.Text)
	groups := map[string]bool{}
	var names []string
	for _, f := range t.Fields {
		names = append(names, f.Name)
	}
	for _, group := range re.SubexpNames() {
		if group == "" {
			continue
		}
		groups[group] = true
		if t.Field(group) != nil {
			continue
		}
		at := g.Place()
		if i := strings.Index(g.Text, "<"+group+">"); i >= 0 {
			at = g.SubSpan(i+1, i+1+len(group))
		}
		d := w.l.Errorf(diag.BadParse, at, "the group `%s` fills no field of %s", group, t)
		if d.Near(group, names) {
			groups[d.Fixes[0].Edits[0].New] = true
		} else {
			d.Helpf("declare the field, or take the name away: `(?:…)`")
		}
		w.typeNote(d, t)
	}
	for _, f := range t.Fields {
		if !groups[f.Name] && !f.Optional && !f.Lenient {
			w.l.Errorf(diag.BadParse, g.Place(), "no group of the expression fills the field `%s` of %s", f.Name, t).
				NoteAt(f.Span, "`%s` is declared here", f.Name).
				Helpf("name a group `(?P<%s>…)`, or make the field optional (`%s?`)", f.Name, f.Name)
		} else if !cell(f.Type) {
			w.parsedField(f, t, g.Place())
		}
	}
}

// parsedField reports a field that no piece of text can fill.
func (w *lowering) parsedField(f *ir.Field, t *ir.Type, at source.Span) {
	w.l.Errorf(diag.BadParse, at, "the field `%s` of %s is %s, and a group gives one value", f.Name, t, article(f.Type.String())).
		NoteAt(f.Span, "`%s` is declared here", f.Name)
}

// parseCSV checks columns against fields.
func (w *lowering) parseCSV(n *node, op *ir.Decode, t *ir.Type) {
	if value := n.Body.Get("parse").Get("csv"); value != nil {
		op.Options = w.csvOptions(value, syntax.Processor)
	}
	if !w.holds(n, format{codec: "csv", at: n.Parse.Codec.Span}, t, n.Out.Span) {
		return
	}
	w.columns(op.Options, t)
}

// columns checks named columns against the fields of a type.
func (w *lowering) columns(options []ir.Setting, t *ir.Type) {
	for _, o := range options {
		if o.Key != "columns" {
			continue
		}
		there := map[string]bool{}
		for _, item := range o.Value.Items {
			there[item.Text()] = true
		}
		for _, f := range t.Fields {
			if !there[f.Name] && !f.Optional && !f.Lenient {
				w.l.Errorf(diag.BadParse, o.Value.Span, "no column fills the field `%s` of %s", f.Name, t).
					NoteAt(f.Span, "`%s` is declared here", f.Name).
					Helpf("name the column, or make the field optional (`%s?`)", f.Name)
			}
		}
	}
}
