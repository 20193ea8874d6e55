package lower

import (
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/compiler/syntax"
	"github.com/flowc-dev/flowc/ir/diag"
)

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
