package lower

import (
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/ir/diag"
)

// sort orders nodes after those that feed them, and reports cycles.
func (w *lowering) sort() {
	const open, done = 1, 2
	state := map[*node]int{}
	var path []*edge
	var visit func(n *node)
	visit = func(n *node) {
		state[n] = open
		for _, e := range n.from {
			if e.from == nil {
				continue
			}
			path = append(path, e)
			switch state[e.from] {
			case open:
				w.cycle(e.from, path)
			case 0:
				visit(e.from)
			}
			path = path[:len(path)-1]
		}
		state[n] = done
		w.order = append(w.order, n)
	}
	for _, n := range w.nodes {
		if state[n] == 0 {
			visit(n)
		}
	}
}

// cycle reports the edges from a node back to itself, which are the last of a
// path, and breaks them.
func (w *lowering) cycle(n *node, path []*edge) {
	start := len(path) - 1
	for start > 0 && path[start].to != n {
		start--
	}
	hops := slices.Clone(path[start:])
	if slices.ContainsFunc(hops, func(e *edge) bool { return e.to.vague }) {
		return // part of a cycle that was reported
	}
	slices.Reverse(hops) // in the direction of the records
	// Begin with what stands first in the file, so that the words do not depend
	// on where the search began.
	first := 0
	for i, e := range hops {
		if e.from.index < hops[first].from.index {
			first = i
		}
	}
	hops = append(hops[first:], hops[:first]...)
	names := []string{"`" + hops[0].from.Name.Text + "`"}
	for _, e := range hops {
		names = append(names, "`"+e.to.Name.Text+"`")
		e.to.vague = true
	}
	last := hops[len(hops)-1]
	d := w.l.Errorf(diag.Cycle, last.ref.Span, "records would go round in a circle: %s", strings.Join(names, " → "))
	if len(hops) == 1 {
		d.Message = "`" + last.to.Name.Text + "` takes its own records"
	}
	d.Caret("`%s` takes from `%s`, which closes the circle", last.to.Name.Text, last.from.Name.Text)
	for _, e := range hops[:len(hops)-1] {
		d.Also(e.ref.Span, "`%s` takes from `%s`", e.to.Name.Text, e.from.Name.Text)
	}
	d.Helpf("take one of these references away; a pipeline has a direction, from sources to sinks")
}
