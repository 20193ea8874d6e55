package lower

import (
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/compiler/syntax"
	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
	"github.com/flowc-dev/flowc/runtime/catalog"
)

// change is the type `change of T`, one for each T. name is what a declaration
// calls it, "" where it stands in an `out`; nil after an error.
func (w *lowering) change(e *syntax.TypeExpr, name string) *ir.Type {
	if name == "" {
		if d := w.declaredChange(e); d != nil {
			return w.declare(d)
		}
	}
	if e.Elem.Form == syntax.TypeChange {
		w.l.Errorf(diag.BadChange, e.Span, "a change of a change has no meaning").Helpf("write `change of` once, before the type of the rows")
		return nil
	}
	of := w.typ(e.Elem)
	if of == nil {
		return nil
	}
	if of.Kind != ir.Struct {
		d := w.l.Errorf(diag.BadChange, e.Elem.Span, "what changes is a row with fields, and %s has none", of)
		w.typeNote(d, of)
		d.Helpf("declare the row under `types:` and write `change of` its name")
		return nil
	}
	if of.Change {
		w.l.Errorf(diag.BadChange, e.Span, "a change of a change has no meaning").
			NoteAt(e.Elem.Span, "`%s` is a %s already", e.Elem.Span.Text(), of).Helpf("write `%s` alone", e.Elem.Span.Text())
		return nil
	}
	if t := w.changes[of]; t != nil {
		return t
	}
	made := name == ""
	if made {
		name = of.Name
		if of.Go != nil {
			name = of.Go.Name
		}
		name = w.unusedTypeName(name + "Change")
	}
	t := ir.ChangeOf(of, name)
	t.Span = e.Span
	w.changes[of] = t
	if made {
		t.Span = of.Span
		w.made[t] = e.Span
		w.checker.AddType(t)
	}
	return t
}

// declaredChange is the declaration that gives a change a name of its own, nil for
// none.
func (w *lowering) declaredChange(e *syntax.TypeExpr) *typeDecl {
	i := slices.IndexFunc(w.types.order, func(d *typeDecl) bool {
		return d.Type != nil && d.Type.Form == syntax.TypeChange && d.Type.Elem.Form == e.Elem.Form && d.Type.Elem.Name == e.Elem.Name && d.Type.Elem.Def == e.Elem.Def
	})
	if i < 0 {
		return nil
	}
	return w.types.order[i]
}

// givesChanges tells whether a source of tables is to give changes of rows, and
// reports one that can't. A source of JSON that has changes reads them as it
// reads all objects.
func (w *lowering) givesChanges(n *node, side *catalog.Side) bool {
	if !side.Table || n.Out == nil || n.Out.Type == nil || !w.isChange(n.Out.Type) {
		return false
	}
	if side.Changes != nil {
		n.changes = true
		return true
	}
	var others []string
	for _, c := range w.o.Connectors {
		if c.Source != nil && c.Source.Changes != nil {
			others = append(others, "`"+c.Name+"`")
		}
	}
	w.l.Errorf(diag.BadChange, n.Out.Span, "the source `%s` gives rows as they are, and does not tell what becomes of them", n.Use.Text).
		Helpf("write `out: %s`, or read from %s, which gives changes", n.Out.Type.Elem.Span.Text(), strings.Join(others, " or "))
	return false
}

// isChange tells whether an expression is a change, or the name of one.
func (w *lowering) isChange(e *syntax.TypeExpr) bool {
	if e.Form == syntax.TypeName && w.types.decls[e.Name] != nil {
		t := w.types.decls[e.Name].typ
		return t != nil && t.Change
	}
	return e.Form == syntax.TypeChange
}

// applies tells whether a key means something for what the source gives: rows, or
// changes of them.
func (r *configReader) applies(k *catalog.Key) bool {
	return k.Only == "" || (k.Only == "changes") == r.n.changes
}

// notFor reports a key that contradicts the `out` of its source.
func (r *configReader) notFor(k *catalog.Key, at source.Span) {
	if k.Only == "changes" {
		d := r.w.l.Errorf(diag.KeyConflict, at, "`%s` is for changes, and `%s` gives rows", k.Name, r.n.Name.Text)
		if r.n.Out != nil {
			d.Also(r.n.Out.Span, "said here")
		}
		d.Helpf("remove it, or say `out: change of T`")
		return
	}
	r.w.l.Errorf(diag.KeyConflict, at, "`%s` says how rows are read, and `%s` gives changes of a table", k.Name, r.n.Name.Text).
		Also(r.n.Out.Span, "said here").
		Helpf("remove it: changes come in the order of their commits, for as long as the program runs")
}

// changesApply checks that a sink of tables can apply the changes that it gets.
func (w *lowering) changesApply(n *node, op *ir.Sink, side *catalog.Side) {
	l := literalsOf(op.Config)
	at := n.Use.Span
	if n.From != nil {
		at = n.From[0].Span
	}
	switch {
	case side.Changes == nil:
		w.l.Errorf(diag.BadChange, at, "the sink `%s` can't apply changes, and `%s` gets %s", n.Use.Text, n.Name.Text, n.in).
			Helpf("make records of them: `map: {op: in.Op, row: in.After}`")
	case l.text("mode") == "insert":
		w.l.Errorf(diag.BadChange, l["mode"].Span, "`mode: insert` puts rows and takes none away, and `%s` gets %s", n.Name.Text, n.in).
			Also(at, "from here").
			Helpf("remove it; to keep the changes themselves make records of them: `map: {op: in.Op, row: in.After}`")
	case tableOfRecord(op.Config) != nil:
		w.l.Errorf(diag.BadChange, tableOfRecord(op.Config).Span, "`%s` applies changes, which are of the rows of one table, and its `table` changes with each record", n.Name.Text).
			Also(at, "from here").
			Helpf("name one table; for several, route the changes to a sink each")
	case !names(op.Config, "key") && !n.ConfigUnread && n.Body.Get("key") == nil:
		w.l.Errorf(diag.BadChange, at, "`%s` gets %s, and has no `key` that tells which row one is of", n.Name.Text, n.in).
			Helpf("write `config: {key: …}`: the fields that tell rows apart; to keep the changes themselves make records of them: `map: {op: in.Op, row: in.After}`")
	}
	if other := n.unordered(map[*node]bool{}); other != nil {
		member := other.Body.Member("order")
		w.l.Errorf(diag.BadChange, at, "`%s` applies changes, which only their order gives a meaning, and `%s` gives it up", n.Name.Text, other.Name.Text).
			Also(member.Value.Place(), "`order: none` stands here").
			Helpf("remove `order: none`, or give `%s` the `key` of the rows", other.Name.Text)
	}
}

// unordered is a node before this one that gives up the order of records, nil for
// none.
func (n *node) unordered(seen map[*node]bool) *node {
	if seen[n] {
		return nil
	}
	seen[n] = true
	if n.Unordered && n.Body.Member("order") != nil {
		return n
	}
	for _, e := range n.from {
		if e.from == nil {
			continue
		}
		if other := e.from.unordered(seen); other != nil {
			return other
		}
	}
	return nil
}

// sharedSlots reports sources of changes that read by one slot: it serves one reader,
// and the other would wait for ever.
func (w *lowering) sharedSlots() {
	before := map[string]*ir.Value{}
	for _, n := range w.nodes {
		if !n.changes || n.main == nil {
			continue
		}
		op, ok := n.main.Op.(*ir.Source)
		if !ok {
			continue
		}
		slot := literalsOf(op.Config)["slot"]
		if slot == nil {
			continue
		}
		if other := before[slot.Text()]; other != nil {
			w.l.Errorf(diag.KeyConflict, slot.Span, "the slot `%s` serves one source, and another reads by it", slot.Text()).
				Also(other.Span, "here").
				Helpf("give each a slot of its own, or leave `slot` out")
			continue
		}
		before[slot.Text()] = slot
	}
}
