package lower

import (
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
)

// eventTypesMeet compares the event types that components take with those that the
// components in front of them give, as far as the text or descriptors say them.
func (w *lowering) eventTypesMeet() {
	for _, n := range w.nodes {
		takes := foreignOf(n)
		if takes == nil || len(takes.Takes) == 0 || takes.Protocol != ir.GRPC {
			continue
		}
		var apart *diag.Diagnostic
		for _, e := range n.from {
			if e.from == nil {
				continue
			}
			gives := foreignOf(e.from)
			if gives == nil || len(gives.Gives) == 0 || gives.Protocol != ir.GRPC {
				continue
			}
			var common, rest []string
			for _, t := range gives.Gives {
				if slices.Contains(takes.Takes, t) {
					common = append(common, t)
					continue
				}
				rest = append(rest, t)
			}
			switch {
			case len(common) == 0 && apart != nil:
				apart.Again(e.ref.Span, "`%s` gives none of them either", e.from.Name.Text)
			case len(common) == 0:
				apart = w.l.Errorf(diag.EventType, e.ref.Span, "`%s` takes %s, and `%s` gives %s: nothing would pass", n.Name.Text, wordList(takes.Takes), e.from.Name.Text, wordList(gives.Gives)).
					Caret("connected here").
					Also(typesPlace(n, true), "what `%s` takes", n.Name.Text).
					Also(typesPlace(e.from, false), "what `%s` gives", e.from.Name.Text)
				w.nearType(n, gives.Gives, apart)
			case len(rest) > 0:
				var refs []string
				for _, t := range common {
					refs = append(refs, e.from.Name.Text+"."+t)
				}
				only := strings.Join(refs, ", ")
				if len(refs) > 1 {
					only = "[" + only + "]"
				}
				w.l.Warningf(diag.EventType, e.ref.Span, "`%s` gives %s as well, which `%s` does not take", e.from.Name.Text, wordList(rest), n.Name.Text).
					Helpf("take what it takes: `from: %s`", only)
			}
		}
	}
}

// nearType offers the event type that was probably meant.
func (w *lowering) nearType(n *node, given []string, d *diag.Diagnostic) {
	for _, t := range n.Node.Foreign.Takes {
		if near := diag.Nearest(t.Text, given); near != "" {
			d.Replace(t.Span, near, "write `%s`", near)
			return
		}
	}
}

// foreignOf is the component that a node is, nil for none.
func foreignOf(n *node) *ir.Foreign {
	if n.main == nil {
		return nil
	}
	return n.main.Foreign()
}

// typesPlace is where the event types of a component stand: in the text, or where its
// descriptor is named.
func typesPlace(n *node, takes bool) source.Span {
	list := n.Node.Foreign.Gives
	if takes {
		list = n.Node.Foreign.Takes
	}
	if len(list) > 0 {
		return list[0].Span
	}
	return n.Node.Foreign.Named()
}

// wordList is words in quotes, as a sentence has them.
func wordList(words []string) string {
	var out []string
	for _, word := range words {
		out = append(out, "`"+word+"`")
	}
	if len(out) > 1 {
		return strings.Join(out[:len(out)-1], ", ") + " and " + out[len(out)-1]
	}
	return strings.Join(out, "")
}
