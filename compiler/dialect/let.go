package dialect

import (
	"github.com/flowc-dev/flowc/compiler/parse"
	"github.com/flowc-dev/flowc/compiler/syntax"
	"github.com/flowc-dev/flowc/ir/diag"
)

// lets reads {limit: 100, card: {regexp: '\d{16}'}}.
func (r *reader) lets(n *parse.Node) []syntax.Let {
	var out []syntax.Let
	for _, m := range members(n) {
		l := syntax.Let{Name: key(m), Node: m.Value}
		if m.Value.Kind == parse.Mapping {
			if len(m.Value.Members) != 1 {
				r.l.Errorf(diag.BadLet, m.Value.Place(), "`%s` must be a value, or one type and its value", m.Key.Text).
					Helpf("write `%s: {decimal: \"100.50\"}`", m.Key.Text)
				out = append(out, syntax.Let{Name: l.Name, Node: m.Value})
				continue
			}
			only := m.Value.Members[0]
			l.Type, l.Node = key(only), only.Value
			if l.Type.Text != "regexp" && l.Type.Text != "set" {
				l.TypeExpr = r.typeExpr(only.Key, "the type of `"+m.Key.Text+"`")
			}
		}
		l.Default = r.isDefaultLet(m)
		if l.Node.Broken() {
			out = append(out, syntax.Let{Name: l.Name, Node: l.Node})
			continue
		}
		if l.Node.Kind == parse.Null {
			d := r.l.Errorf(diag.MissingValue, l.Node.Place(), "the value of `%s` is missing", m.Key.Text)
			d.Span = lastWord(l.Node.Place())
			out = append(out, syntax.Let{Name: l.Name, Node: l.Node})
			continue
		}
		l.Value = r.value(l.Node)
		out = append(out, l)
	}
	return out
}
