package dialect

import (
	"github.com/flowc-dev/flowc/compiler/parse"
	"github.com/flowc-dev/flowc/compiler/syntax"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
)

// by is the entry that names the field by which event types are told apart, nil
// where there is one type. An `else` is for several, so that the entry is missed.
func (r *reader) by(n *syntax.Node, v *parse.Node) *parse.Member {
	by := v.Member("by")
	if by != nil || v.Get("else") == nil {
		return by
	}
	n.Bad = true
	d := r.l.Errorf(diag.BadOut, v.Member("else").Key.Span, "`out` lists event types, and does not say which field tells them apart")
	for _, m := range v.Members {
		if diag.Nearest(m.Key.Text, []string{"by"}) != "" {
			d.Span = m.Key.Span
			d.Caret("did you mean `by`?").Replace(m.Key.Span, "by", "write `by`")
			m.Rename("by")
			return m
		}
	}
	d.Helpf("name it: `out: {by: type, …}`")
	return nil
}

// out reads the type of a node's records.
func (r *reader) out(n *syntax.Node, v *parse.Node) *syntax.Out {
	o := &syntax.Out{Span: v.Place()}
	by := r.by(n, v)
	if by == nil && n.Bad && v.Get("else") != nil {
		return o
	}
	if by == nil || v.Kind != parse.Mapping {
		o.Type = r.checkedType(v, "`out`")
		return o
	}
	o.By = text(by.Value)
	if o.By.Text == "" || by.Value.Kind != parse.String {
		r.l.Errorf(diag.BadOut, by.Value.Place(), "`by` names the field that tells event types apart, and this is %s", by.Value.Kind).
			Helpf("for one type with a field `by`, declare it under `types:` and write its name here")
		n.Bad = true
	}
	for _, m := range v.Members {
		switch {
		case m == by:
		case m.Key.Text == "else":
			o.Else = text(m.Value)
			if o.Else.Text != "json" {
				r.l.Errorf(diag.BadOut, m.Value.Place(), "records of no listed type can only be taken as `json`").
					Replace(m.Value.Span, "json", "write `json`")
				o.Else = syntax.Text{Text: "json", Span: m.Value.Place()}
				n.Bad = true
			}
		default:
			o.Variants = append(o.Variants, syntax.Variant{Value: key(m), Type: r.typeExpr(m.Value, "the type of `"+m.Key.Text+"`")})
		}
	}
	if len(o.Variants) == 0 {
		r.l.Errorf(diag.BadOut, source.Span.Join(by.Key.Span, by.Value.Place()), "no event type is listed beside `by`").
			Helpf("write `{by: %s, payment: Payment}`: the values of the field, and their types", o.By.Text)
		n.Bad = true
	}
	return o
}
