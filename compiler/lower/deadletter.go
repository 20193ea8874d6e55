package lower

import (
	"slices"

	"github.com/flowc-dev/flowc/compiler/syntax"
	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
)

// fed reports a node that nothing feeds.
func (w *lowering) fed(n *node) {
	name := n.Name.Text
	if len(n.From) > 0 || n.Bad {
		if fedBy := w.dead[name]; len(fedBy) > 0 && n.Role == syntax.Sink && len(n.From) > 0 {
			by := fedBy[0]
			w.l.Errorf(diag.DeadLetter, n.FromSpan, "`%s` takes records and dead letters: a file would hold both in a mix", name).
				Also(by.OnError.Then.Span, "`%s` sends its dead letters here", by.Name.Text).
				Helpf("make two sinks; the one for dead letters has no `from`")
		}
		return
	}
	if n.Role != syntax.Sink {
		return // its definition demands `from`
	}
	if w.deadLetter(n) {
		return
	}
	w.lostRefs++
	d := w.l.Errorf(diag.NotFed, n.Name.Span, "nothing feeds the sink `%s`", name)
	d.Helpf("say what it writes: `from: …`")
	d.Helpf("or make it a dead-letter sink: `on_error: {then: %s}` on another node", name)
}

// deadLetters finds the sinks that `then:` names.
func (w *lowering) deadLetters() {
	w.dead = map[string][]*node{}
	for _, n := range w.nodes {
		w.perhapsDead = w.perhapsDead || n.ThenUnread
		if n.OnError == nil {
			continue
		}
		then := n.OnError.Then
		switch ir.Then(then.Text) {
		case "", ir.ThenDrop, ir.ThenStop, ir.ThenReject:
			continue
		}
		sink := w.byName[then.Text]
		if sink == n && n.OnError.ThenDefault {
			continue // defaults are for the others
		}
		if sink != nil && sink.Role == syntax.Sink && sink != n {
			w.dead[then.Text] = append(w.dead[then.Text], n)
			continue
		}
		n.OnError.Then.Text = ""
		w.badThen(n, then, sink)
	}
	w.lastResorts()
}

// deadLetter tells whether a sink gets dead letters, or may be meant to.
func (w *lowering) deadLetter(n *node) bool {
	return len(n.From) == 0 && (len(w.dead[n.Name.Text]) > 0 || w.perhapsDead)
}

// lastResorts sees to it that dead letters go no further: a dead-letter sink
// that fails stops the program, or drops what it can't write.
func (w *lowering) lastResorts() {
	for _, n := range w.nodes {
		if len(w.dead[n.Name.Text]) == 0 || n.OnError == nil || w.byName[n.OnError.Then.Text] == nil {
			continue
		}
		if then := n.OnError.Then; !n.OnError.ThenDefault {
			w.l.Errorf(diag.DeadLetter, then.Span, "`%s` takes dead letters itself, so its own can't go to `%s`", n.Name.Text, then.Text).
				Also(w.dead[n.Name.Text][0].OnError.Then.Span, "`%s` sends its dead letters here", w.dead[n.Name.Text][0].Name.Text).
				Helpf("write `then: stop`, or leave it out")
		}
		n.OnError.Then.Text = ""
	}
}

// badThen reports a `then` that names no sink.
func (w *lowering) badThen(n *node, then syntax.Text, other *node) {
	if other == n {
		w.l.Errorf(diag.DeadLetter, then.Span, "`%s` would be its own dead-letter sink", n.Name.Text).
			Helpf("write `stop`, or name another sink")
		return
	}
	if other != nil {
		w.l.Errorf(diag.DeadLetter, then.Span, "`%s` is a %s, and dead letters go to a sink", then.Text, other.Role).
			NoteAt(other.Name.Span, "declared here").
			Helpf("declare a sink without `from` and name it here")
		return
	}
	var sinks []string
	for _, s := range w.nodes {
		if s.Role == syntax.Sink && len(s.From) == 0 {
			sinks = append(sinks, s.Name.Text)
		}
	}
	near := diag.Nearest(then.Text, append(slices.Clone(sinks), "drop", "stop", "reject"))
	switch {
	case near == "" && (w.sinkless || len(w.p.Unread) > 0):
		w.perhapsDead = true
		return
	case near == "":
		w.perhapsDead = true
	case slices.Contains(sinks, near):
		w.dead[near] = append(w.dead[near], n)
	}
	if d := w.unknownDead[then.Text]; d != nil { // those of one name are one mistake
		if then.Span != d.Span { // of `defaults` it is the same for all
			d.Again(then.Span, "so does `%s`", n.Name.Text)
		}
		if near != "" {
			d.Fixes[0].Edits = append(d.Fixes[0].Edits, diag.Edit{Span: then.Span, New: near})
		}
		return
	}
	d := w.l.Errorf(diag.DeadLetter, then.Span, "`%s` is no sink, and neither `drop` nor `stop` nor `reject`", then.Text)
	w.unknownDead[then.Text] = d
	if near != "" {
		d.Caret("did you mean `%s`?", near).Replace(then.Span, near, "write `%s`", near)
		return
	}
	d.Helpf("declare it: `%s: {use: file, config: {path: %s.ndjson}}` under `sinks:`", then.Text, then.Text)
}
