package lower

import (
	"slices"

	"github.com/flowc-dev/flowc/compiler/check"
	"github.com/flowc-dev/flowc/compiler/parse"
	"github.com/flowc-dev/flowc/ir"
)

// readLets builds the let values of a node.
func (w *lowering) readLets(n *node) {
	for _, s := range n.Let {
		if s.Default && !n.mentions(s.Name.Text) {
			continue // of a `let` in defaults a node has what it uses
		}
		if s.Value == nil {
			n.badLets = append(n.badLets, s.Name.Text)
			continue
		}
		src := check.LetSource{Node: n.Name.Text, Name: s.Name.Text, Span: s.Name.Span, Value: s.Value}
		switch s.Type.Text {
		case "":
		case "regexp", "set":
			src.As, src.Text, src.At = s.Type.Text, s.Node.Text, s.Node
		default:
			if src.Type = w.typ(s.TypeExpr); src.Type == nil {
				n.badLets = append(n.badLets, s.Name.Text)
				continue
			}
		}
		let := w.checker.Let(src, w.l)
		if let == nil {
			n.badLets = append(n.badLets, s.Name.Text)
			continue
		}
		n.lets = append(n.lets, let)
	}
}

// mentions tells whether a word stands in the Go of a node.
func (n *node) mentions(word string) bool {
	found := false
	n.eachGo(func(g *parse.Node) { found = found || slices.Contains(wordsOf(g.Text), word) })
	return found
}

// wordsOf are the identifiers in a text of Go.
func wordsOf(text string) []string {
	var out []string
	start := -1
	for i := 0; i <= len(text); i++ {
		letter := i < len(text) && (text[i] == '_' || text[i] >= 0x80 || 'a' <= text[i]|0x20 && text[i]|0x20 <= 'z' || start >= 0 && '0' <= text[i] && text[i] <= '9')
		switch {
		case letter && start < 0:
			start = i
		case !letter && start >= 0:
			out = append(out, text[start:i])
			start = -1
		}
	}
	return out
}

// check checks a piece of Go of a node. It is nil after an error, and where a
// mistake elsewhere leaves too little known.
func (w *lowering) check(n *node, text string, at check.Place, want check.Want) *ir.Expr {
	return w.checkWith(n, text, at, want, nil)
}

func (w *lowering) checkWith(n *node, text string, at check.Place, want check.Want, params []check.Param) *ir.Expr {
	if n.LetUnread || len(n.badLets) > 0 && slices.ContainsFunc(wordsOf(text), func(word string) bool { return slices.Contains(n.badLets, word) }) {
		return nil // what it says about that value follows from the mistake in it
	}
	before := len(*w.l)
	e := w.checker.Check(check.Snippet{
		Text: text, At: at, Node: n.Name.Text, In: n.in, Meta: n.meta, Lets: n.lets, Params: params, Want: want,
	}, w.l)
	if e != nil {
		for _, let := range n.lets {
			if slices.Contains(e.Lets, let.GoName) && !slices.Contains(w.lets, let) {
				w.lets = append(w.lets, let)
			}
		}
		return e
	}
	w.explain(at, before)
	return nil
}

// explain puts what YAML did to a piece of Go before what Go says about the
// rest.
func (w *lowering) explain(at check.Place, before int) {
	node, ok := at.(*parse.Node)
	if !ok || before == len(*w.l) {
		return
	}
	if d := parse.GoInYAML(node); d != nil {
		*w.l = append((*w.l)[:before], d)
	}
}

// goOf checks the inline Go of a scalar.
func (w *lowering) goOf(n *node, g *parse.Node, want check.Want) *ir.Expr {
	return w.check(n, g.Text, g, want)
}
