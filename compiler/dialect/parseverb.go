package dialect

import (
	"github.com/flowc-dev/flowc/compiler/parse"
	"github.com/flowc-dev/flowc/compiler/syntax"
	"github.com/flowc-dev/flowc/ir/diag"
)

// parseVerb reads {regexp: '…', text: in.Line}.
func (r *reader) parseVerb(v *parse.Node) *syntax.ParseVerb {
	p := &syntax.ParseVerb{}
	for _, m := range members(v) {
		switch m.Key.Text {
		case "text":
			p.Text = goNode(m.Value)
			continue
		case "regexp":
			if m.Value.Kind == parse.String {
				p.Regexp = m.Value
			}
		case "csv":
			p.Options = r.config(m.Value)
		case "logfmt", "json":
		default:
			continue
		}
		if !p.Codec.IsZero() {
			r.l.Errorf(diag.KeyConflict, m.Key.Span, "`parse` reads one form, and this names `%s` and `%s`", p.Codec.Text, m.Key.Text).Also(p.Codec.Span, "the first")
			continue
		}
		p.Codec = key(m)
	}
	return p
}
