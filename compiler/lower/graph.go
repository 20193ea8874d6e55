package lower

import (
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/compiler/syntax"
	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
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

// attach resolves the outputs that a node takes, finds the type of what it
// gets, and tells whether all of it is known.
func (w *lowering) attach(n *node) bool {
	known := len(n.from) > 0
	n.answers = len(n.from) > 0
	for i, e := range n.from {
		if e.from == nil {
			known, n.answers = false, false
			continue
		}
		n.answers = n.answers && e.from.answers
		if i == 0 {
			n.meta = e.from.meta
		} else if !n.meta.Same(e.from.meta) {
			n.meta = nil
		}
		w.port(e)
		if e.port == nil {
			known = false
			continue
		}
		if slices.ContainsFunc(e.port.by, func(o *edge) bool { return o.to == n }) {
			w.l.Errorf(diag.KeyConflict, e.ref.Span, "`%s` takes from `%s` twice", n.Name.Text, e.ref.Span.Text()).
				Helpf("remove one of the two")
			continue
		}
		e.port.by = append(e.port.by, e)
		known = known && e.port.typ != nil
	}
	if n.vague && n.Role != syntax.Sink {
		known = false
	}
	return w.together(n) && known
}

// port finds the output that a reference names.
func (w *lowering) port(e *edge) {
	from, name := e.from, e.ref.Port.Text
	if from.vague {
		return
	}
	if strings.HasSuffix(from.Name.Text, "."+name) {
		name = "" // see resolve
	}
	if name == "" {
		switch len(from.outs) {
		case 0:
			w.lostRefs++
		case 1:
			e.port = from.outs[0]
		default:
			w.portNeeded(e)
		}
		return
	}
	for _, p := range from.outs {
		if p.name == name || len(from.outs) == 1 && p.name == "" && (p.typ == nil || p.typ.Name == name) {
			e.port = p
			return
		}
	}
	w.unknownPort(e)
}

// portNeeded reports a reference that does not say which of several outputs it
// means.
func (w *lowering) portNeeded(e *edge) {
	from := e.from
	from.meant()
	d := w.l.Errorf(diag.PortNeeded, e.ref.Span, "`%s` has several outputs, and this does not say which", from.Name.Text)
	var refs []string
	for _, p := range from.outs {
		refs = append(refs, from.Name.Text+"."+p.name)
		d.NoteAt(p.span, "`%s.%s`", from.Name.Text, p.name)
	}
	for _, r := range refs {
		d.Fix(diag.Fix{Title: "take `" + r + "`", Edits: []diag.Edit{{Span: e.ref.Span, New: r}}})
	}
	sameType := true
	for _, p := range from.outs {
		sameType = sameType && p.typ.Same(from.outs[0].typ)
	}
	if sameType {
		all := "[" + strings.Join(refs, ", ") + "]"
		d.Fix(diag.Fix{Title: "take all of them: `" + all + "`", Edits: []diag.Edit{{Span: e.ref.Span, New: all}}})
	}
}

// unknownPort reports a reference to an output that a node does not have; those
// to one name are one mistake.
func (w *lowering) unknownPort(e *edge) {
	from, name := e.from, e.ref.Port.Text
	if from.Kind == syntax.Route && (from.Else.IsZero() || from.Body.Get("route").Get(name) != nil) {
		return // it has no `else`, or no condition for this, which was reported
	}
	if d := w.unknownPorts[portName{from, name}]; d != nil {
		d.Again(e.ref.Port.Span, "and here")
		if len(d.Fixes) > 0 {
			edit := d.Fixes[0].Edits[0]
			if edit.Span != d.Span { // the whole reference
				edit.Span = e.ref.Span
			} else {
				edit.Span = e.ref.Port.Span
			}
			d.Fixes[0].Edits = append(d.Fixes[0].Edits, edit)
		}
		return
	}
	d := w.l.Errorf(diag.UnknownPort, e.ref.Port.Span, "`%s` has no output `%s`", from.Name.Text, name)
	w.unknownPorts[portName{from, name}] = d
	var names []string
	for _, p := range from.outs {
		if p.name != "" {
			names = append(names, p.name)
		}
	}
	switch {
	case len(names) == 0:
		d.Caret("it has one output, without a name")
		d.Replace(e.ref.Span, from.Name.Text, "write `%s`", from.Name.Text)
		from.meant()
		return
	case d.Near(name, names):
		from.meant()
		return
	}
	if from.Out != nil {
		for _, v := range from.Out.Variants {
			if v.Value.Text == name {
				d.Caret("this is a value of `%s`, and outputs are called by their types", from.Out.By.Text)
				if v.Type.Form == syntax.TypeName {
					d.Replace(e.ref.Port.Span, v.Type.Name, "write `%s`", v.Type.Name)
				}
				from.meant()
				return
			}
		}
	}
	w.lostRefs++
	for _, p := range from.outs {
		d.NoteAt(p.span, "`%s.%s`", from.Name.Text, p.name)
	}
	if len(from.outs) == 0 {
		d.NoteAt(from.Name.Span, "`%s` is declared here", from.Name.Text)
	}
}

// A portName is an output as references name it.
type portName struct {
	of   *node
	name string
}

// together finds the one type of all that feeds a node, and reports where there
// are several.
func (w *lowering) together(n *node) bool {
	var first *edge
	for _, e := range n.from {
		if e.port == nil || e.port.typ == nil {
			continue
		}
		if first == nil {
			first, n.in = e, e.port.typ
			continue
		}
		if e.port.typ.Same(n.in) {
			continue
		}
		d := w.l.Errorf(diag.EdgeTypes, e.ref.Span, "`%s` would get records of two types, %s and %s", n.Name.Text, n.in, e.port.typ)
		d.Caret("`%s` gives %s", e.ref.Span.Text(), e.port.typ)
		d.Also(first.ref.Span, "`%s` gives %s", first.ref.Span.Text(), n.in)
		w.typeNote(d, n.in)
		w.typeNote(d, e.port.typ)
		d.Helpf("make two nodes, one for each type, or bring them to one type with `map` and `out:`")
		n.in = nil
		return false
	}
	return true
}

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

// insertKey is the edit that adds a key to the mapping of a node.
func insertKey(body, name source.Span, text string) (diag.Edit, bool) {
	file := body.File
	if file == nil || body.End <= body.Start || body.End > len(file.Text) {
		return diag.Edit{}, false
	}
	if file.Text[body.Start] == '{' && file.Text[body.End-1] == '}' {
		at := body.End - 1
		for at > body.Start && file.Text[at-1] == ' ' {
			at--
		}
		if file.Text[at-1] != '{' {
			text = ", " + text
		}
		return diag.Edit{Span: source.Span{File: file, Start: at, End: at}, New: text}, true
	}
	first := body.Pos()
	if name.File != file || first.Line == name.Line() {
		return diag.Edit{}, false
	}
	at := source.Span{File: file, Start: body.Start, End: body.Start}
	return diag.Edit{Span: at, New: text + "\n" + strings.Repeat(" ", first.Column-1)}, true
}
