package dialect

import (
	"strings"

	"github.com/flowc-dev/flowc/compiler/parse"
	"github.com/flowc-dev/flowc/compiler/syntax"
	"github.com/flowc-dev/flowc/ir/diag"
)

// readFrom reads `from: a`, `from: a.port` and `from: [a, b]`.
func (r *reader) readFrom(n *syntax.Node, body *parse.Node) {
	m := body.Member("from")
	if m == nil {
		n.FromUnread = n.Role == syntax.Processor
		return
	}
	n.FromSpan = m.Key.Span
	list := []*parse.Node{m.Value}
	if m.Value.Kind == parse.Sequence {
		list = m.Value.Items
		if len(list) == 0 {
			r.l.Errorf(diag.MissingValue, m.Value.Place(), "`from` of `%s` is an empty list", n.Name.Text).Helpf("name the nodes whose records it takes")
			n.Bad, n.FromUnread = true, true
		}
	}
	for _, item := range list {
		if item.Kind != parse.String {
			n.Bad, n.FromUnread = true, true
			continue
		}
		ref := syntax.Ref{Span: item.Place()}
		name, port, dot := strings.Cut(item.Text, ".")
		if name == "" || dot && port == "" {
			what := "no node"
			if name != "" {
				what = "a dot, but no output behind it"
			}
			r.l.Errorf(diag.MissingValue, ref.Span, "`from` of `%s` names %s", n.Name.Text, what).
				Helpf("write `NODE`, or `NODE.OUTPUT` where the node has several outputs")
			n.Bad, n.FromUnread = true, true
			continue
		}
		ref.Node = syntax.Text{Text: name, Span: item.SubSpan(0, len(name))}
		if len(name) < len(item.Text) {
			ref.Port = syntax.Text{Text: port, Span: item.SubSpan(len(name)+1, len(item.Text))}
		}
		if !item.Alias.IsZero() {
			ref.Node.Span, ref.Port.Span = ref.Span, ref.Span
		}
		n.From = append(n.From, ref)
	}
}
