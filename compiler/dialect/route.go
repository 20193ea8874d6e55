package dialect

import (
	"slices"

	"github.com/flowc-dev/flowc/compiler/parse"
	"github.com/flowc-dev/flowc/compiler/syntax"
	"github.com/flowc-dev/flowc/ir/diag"
)

// route reads the outputs of a route.
func (r *reader) route(n *syntax.Node, v *parse.Node) {
	for _, m := range members(v) {
		g := goNode(m.Value)
		if g == nil {
			continue
		}
		if g.Kind == parse.String && g.Text == "else" {
			if !n.Else.IsZero() {
				r.l.Errorf(diag.RouteElse, g.Place(), "two outputs of `%s` take the rest", n.Name.Text).Also(n.Else.Span, "the first")
				n.Bad = true
				continue
			}
			n.Else = key(m)
			continue
		}
		if !n.Else.IsZero() {
			r.l.Errorf(diag.RouteElse, m.Key.Span, "`%s` stands behind `else`, which has taken all that is left", m.Key.Text).
				Also(n.Else.Span, "the rest goes here").
				Helpf("move `%s` above `%s`", m.Key.Text, n.Else.Text)
			n.Bad = true
		}
		n.Cases = append(n.Cases, syntax.Assign{Name: key(m), Go: g})
	}
	r.elseMeant(n)
}

// elseMeant reads the last output of a route without `else` as it, where its
// condition is a word that means so.
func (r *reader) elseMeant(n *syntax.Node) {
	if !n.Else.IsZero() || len(n.Cases) < 2 {
		return
	}
	last := n.Cases[len(n.Cases)-1]
	word := last.Go.Text
	if !isVariable(word) && word != "*" || diag.Nearest(word, []string{"else"}) == "" && !slices.Contains([]string{"default", "otherwise", "rest", "true", "_", "*"}, word) {
		return
	}
	d := r.l.Errorf(diag.RouteElse, last.Go.Place(), "`%s` does not say where records go that meet none of its conditions", n.Name.Text)
	d.Caret("did you mean `else`?").Replace(last.Go.Place(), "else", "write `else`")
	n.Else, n.Cases, n.Bad = last.Name, n.Cases[:len(n.Cases)-1], true
}
