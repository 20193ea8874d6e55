package lower

import (
	"slices"

	"github.com/flowc-dev/flowc/ir/diag"
)

// consumed reports outputs that nobody takes and nobody dropped on purpose. As
// many as there are references that could not be resolved are taken by these,
// perhaps.
func (w *lowering) consumed() {
	free, count := map[*node][]*port{}, 0
	for _, n := range w.nodes {
		w.drops(n)
		if n.vague || n.Drop.All {
			continue
		}
		for _, p := range n.outs {
			if len(p.by) == 0 && !p.dropped {
				free[n] = append(free[n], p)
				count++
			}
		}
	}
	if w.lost || count <= w.lostRefs {
		return
	}
	for _, n := range w.nodes {
		w.notConsumed(n, free[n])
	}
}

// notConsumed reports outputs of a node that nobody takes.
func (w *lowering) notConsumed(n *node, free []*port) {
	if len(free) == 0 {
		return
	}
	if len(free) == len(n.outs) {
		d := w.l.Errorf(diag.NotConsumed, n.Name.Span, "nothing takes what `%s` sends on", n.Name.Text)
		d.Helpf("name it in the `from` of another node")
		if fix, ok := insertKey(n.Body.Span, n.Name.Span, "drop: true"); ok {
			d.Fix(diag.Fix{Title: "or drop its records on purpose: `drop: true`", Edits: []diag.Edit{fix}})
		}
		return
	}
	for _, p := range free {
		d := w.l.Errorf(diag.NotConsumed, p.span, "nothing takes the output `%s` of `%s`", p.name, n.Name.Text)
		d.Helpf("name it in a `from`: `from: %s.%s`", n.Name.Text, p.name)
		if fix, ok := insertKey(n.Body.Span, n.Name.Span, "drop: ["+p.name+"]"); ok && n.Drop.Span.IsZero() {
			d.Fix(diag.Fix{Title: "or drop it on purpose: `drop: [" + p.name + "]`", Edits: []diag.Edit{fix}})
		}
	}
}

// drops reads `drop` of a node whose outputs are known.
func (w *lowering) drops(n *node) {
	if n.vague {
		return
	}
	for _, t := range n.Drop.Ports {
		i := slices.IndexFunc(n.outs, func(p *port) bool { return p.name == t.Text })
		switch {
		case i < 0 && (n.Body.Get("route").Get(t.Text) != nil || len(n.outs) == 1 && n.outs[0].typ == nil):
			n.meant() // it could not be read what it is, which was reported
		case i < 0:
			d := w.l.Errorf(diag.BadDrop, t.Span, "`%s` has no output `%s` to drop", n.Name.Text, t.Text)
			var names []string
			for _, p := range n.outs {
				if p.name != "" {
					names = append(names, p.name)
				}
			}
			if !d.Near(t.Text, names) && len(names) == 0 {
				d.Helpf("it has one output without a name: write `drop: true`")
			}
			n.meant()
		case len(n.outs[i].by) > 0:
			by := n.outs[i].by[0]
			w.l.Errorf(diag.BadDrop, t.Span, "`%s` drops its output `%s`, and `%s` takes it", n.Name.Text, t.Text, by.to.Name.Text).
				Also(by.ref.Span, "taken here").
				Helpf("remove one of the two")
		default:
			n.outs[i].dropped = true
		}
	}
}
