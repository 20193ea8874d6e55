package lower

import (
	"strings"

	"github.com/flowc-dev/flowc/compiler/syntax"
	"github.com/flowc-dev/flowc/ir/diag"
)

// connect finds the nodes behind references and an order in which each node
// stands behind those that feed it.
func (w *lowering) connect() {
	w.deadLetters()
	for _, n := range w.nodes {
		if n.Role == syntax.Source {
			continue
		}
		for _, ref := range n.From {
			e := &edge{to: n, ref: ref}
			e.from = w.resolve(e)
			n.from = append(n.from, e)
		}
		if n.FromUnread {
			w.lostRefs++
		}
		w.fed(n)
	}
	w.unknownNodes()
	w.sort()
}

// resolve finds the node that a reference names.
func (w *lowering) resolve(e *edge) *node {
	n, ref := e.to, e.ref
	from := w.byName[ref.Node.Text]
	if whole := w.byName[ref.Node.Text+"."+ref.Port.Text]; whole != nil {
		from = whole // a name with a dot, which was reported
	}
	switch {
	case from == nil:
		w.unknown[ref.Node.Text] = append(w.unknown[ref.Node.Text], e)
		return nil
	case from.Role == syntax.Sink:
		d := w.l.Errorf(diag.NoOutput, ref.Span, "`%s` is a sink, and a sink sends nothing on", from.Name.Text)
		if from == n {
			d.Caret("itself").Helpf("name the node whose records it writes")
			return nil
		}
		d.Caret("read by `%s`", n.Name.Text).NoteAt(from.Name.Span, "`%s` is declared here", from.Name.Text)
		if len(from.From) > 0 {
			d.Helpf("take the same records as the sink: `from: %s`", fromText(from))
		}
		return nil
	}
	return from
}

func fromText(n *node) string {
	var refs []string
	for _, r := range n.From {
		refs = append(refs, r.Span.Text())
	}
	if len(refs) == 1 {
		return refs[0]
	}
	return "[" + strings.Join(refs, ", ") + "]"
}
