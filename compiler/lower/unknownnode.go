package lower

import (
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/compiler/syntax"
	"github.com/flowc-dev/flowc/ir/diag"
)

// unknownNodes reports references to nodes that are not there: those to one name
// together, since they are one mistake.
func (w *lowering) unknownNodes() {
	for _, n := range w.nodes {
		for _, e := range n.from {
			if refs := w.unknown[e.ref.Node.Text]; len(refs) > 0 && refs[0] == e {
				w.unknownNode(refs)
			}
		}
	}
}

// unknownNode reports the references to one name that no node has.
func (w *lowering) unknownNode(refs []*edge) {
	first, name := refs[0], refs[0].ref.Node.Text
	var names []string
	for _, other := range w.nodes {
		if other != first.to && other.Role != syntax.Sink {
			names = append(names, other.Name.Text)
		}
	}
	near := w.byName[diag.Nearest(name, names)]
	if near == nil {
		w.lostRefs++
		if w.sourceless || len(w.p.Unread) > 0 {
			return
		}
	}
	d := w.l.Errorf(diag.UnknownNode, first.ref.Node.Span, "`%s` takes its records from `%s`, and there is no such node", first.to.Name.Text, name)
	for _, e := range refs[1:] {
		d.Again(e.ref.Node.Span, "so does `%s`", e.to.Name.Text)
	}
	if near != nil {
		w.meantNode(d, near, refs)
		return
	}
	for _, other := range w.nodes {
		if other.Was.Text != "" && other.Was.Text == name {
			d.NoteAt(other.Was.Span, "`%s` was called so", other.Name.Text)
			w.meantNode(d, other, refs)
			return
		}
	}
	if len(names) > 0 {
		d.Helpf("the nodes that send records on are `%s`", strings.Join(names[:min(len(names), 12)], "`, `"))
	}
}

// meantNode proposes a node for references to one that is not there.
func (w *lowering) meantNode(d *diag.Diagnostic, near *node, refs []*edge) {
	taken := slices.ContainsFunc(w.nodes, func(n *node) bool {
		return slices.ContainsFunc(n.from, func(e *edge) bool { return e.from == near })
	})
	name, right := refs[0].ref.Node.Text, near.Name.Text
	if d.Label == "" {
		d.Caret("did you mean `%s`?", right)
	}
	write := diag.Fix{Title: "write `" + right + "`", Safe: true}
	for _, e := range refs {
		write.Edits = append(write.Edits, diag.Edit{Span: e.ref.Node.Span, New: right})
	}
	if !taken && len(refs) > 1 {
		// All who mean it agree on the name, so the slip is in its declaration.
		d.NoteAt(near.Name.Span, "`%s` is declared here, and nothing takes from it", right)
		d.Fix(diag.Fix{Title: "call the node `" + name + "`", Edits: []diag.Edit{{Span: near.Name.Span, New: name}}})
	}
	d.Fix(write)
	if taken {
		w.lostRefs++ // another may be meant
	} else {
		near.meant()
	}
}

// meant marks a node whose outputs somebody probably meant to take.
func (n *node) meant() { n.Drop.All = true }
