package lower

import (
	"slices"

	"github.com/flowc-dev/flowc/compiler/check"
	"github.com/flowc-dev/flowc/compiler/syntax"
	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
)

// filter lowers `filter`.
func (w *lowering) filter(n *node, m *ir.Node) {
	n.out(n.in)
	if n.Go == nil {
		return
	}
	e := w.goOf(n, n.Go, check.Bool("a filter"))
	effects(m, e)
	m.Op = &ir.Apply{Verb: ir.VerbFilter, Expr: e}
}

// mapping lowers `map`.
func (w *lowering) mapping(n *node, m *ir.Node) {
	op := &ir.Apply{Verb: ir.VerbMap}
	m.Op = op
	var out *ir.Type
	if n.Out != nil {
		if out = w.outType(n); out == nil {
			n.out(nil)
			w.fieldsOfUnknown(n)
			return
		}
	}
	switch {
	case n.Go != nil && out != nil:
		op.Expr = w.goOf(n, n.Go, check.Of(out, "this map"))
		effects(m, op.Expr)
	case n.Go != nil:
		op.Expr = w.goOf(n, n.Go, check.Any("a map"))
		effects(m, op.Expr)
		if op.Expr != nil {
			if op.Expr.Optional {
				w.l.Errorf(diag.BadOut, n.Go.Span, "a map gives one record, and this may be none").
					Helpf("for records that may be none use `flatmap`, which gives a slice")
				break
			}
			op.Expr.Type = w.nameType(op.Expr.Type, n, n.Go.Span)
			out = op.Expr.Type
		}
	case out != nil:
		w.mapInto(n, m, op, out)
	default:
		out = w.mapFields(n, m, op)
	}
	n.out(out)
}

// fieldsOfUnknown checks the fields of a map whose type is broken by themselves.
func (w *lowering) fieldsOfUnknown(n *node) {
	for _, a := range n.Assign {
		w.goOf(n, a.Go, check.Any("`"+a.Name.Text+"`"))
	}
}

// mapInto lowers the fields of a map whose type is declared.
func (w *lowering) mapInto(n *node, m *ir.Node, op *ir.Apply, out *ir.Type) {
	if out.Kind != ir.Struct {
		w.l.Errorf(diag.BadOut, n.Out.Span, "`map` makes fields, and %s has none", out)
		return
	}
	var names []string
	for _, f := range out.Fields {
		names = append(names, f.Name)
	}
	given := map[string]bool{}
	var exprs []*ir.Expr
	for _, a := range n.Assign {
		f := out.Field(a.Name.Text)
		if f == nil {
			d := w.noField(a.Name, out)
			if d.Near(a.Name.Text, names) {
				given[d.Fixes[0].Edits[0].New] = true
			}
			w.typeNote(d, out)
			w.goOf(n, a.Go, check.Any("`"+a.Name.Text+"`")) // its Go is right or wrong by itself
			continue
		}
		given[f.Name] = true
		e := w.goOf(n, a.Go, fieldWant(f))
		exprs = append(exprs, e)
		op.Assign = append(op.Assign, ir.Assign{Name: f.Name, Go: f.Go, Span: a.Name.Span, Expr: e})
	}
	for _, f := range out.Fields {
		if !given[f.Name] && !f.Optional && !f.Lenient {
			d := w.l.Errorf(diag.MissingKey, n.KindSpan, "`%s` makes a %s, and does not say what its field `%s` is", n.Name.Text, out, f.Name)
			d.NoteAt(f.Span, "`%s` is declared here", f.Name)
			d.Helpf("give it a value, or make it optional (`%s?`)", f.Name)
		}
	}
	effects(m, exprs...)
}

// noField reports a field that a type does not have.
func (w *lowering) noField(name syntax.Text, t *ir.Type) *diag.Diagnostic {
	d := w.l.Errorf(diag.UnknownKey, name.Span, "%s has no field `%s`", t, name.Text)
	if g := GoName(name.Text); g != "" {
		d.Lacks = t.String() + "." + g
	}
	return d
}

// fieldWant is what the value of a field must be.
func fieldWant(f *ir.Field) check.Want {
	want := check.Of(f.Type, "`"+f.Name+"`")
	want.Optional = f.Optional
	return want
}

// mapFields lowers a map of fields whose type is inferred.
func (w *lowering) mapFields(n *node, m *ir.Node, op *ir.Apply) *ir.Type {
	out := &ir.Type{Kind: ir.Struct}
	ok := len(n.Assign) > 0 && !n.Bad
	goNames := map[string]syntax.Text{}
	var exprs []*ir.Expr
	for _, a := range n.Assign {
		f, e := w.inferred(n, a, goNames)
		if f == nil {
			ok = false
			continue
		}
		out.Fields = append(out.Fields, f)
		exprs = append(exprs, e)
		op.Assign = append(op.Assign, ir.Assign{Name: f.Name, Go: f.Go, Span: a.Name.Span, Expr: e})
	}
	if len(n.Assign) == 0 && !n.Bad {
		w.l.Errorf(diag.MissingValue, n.KindSpan, "`map` of `%s` makes no field", n.Name.Text).Helpf("write `map: {id: in.ID}`")
	}
	effects(m, exprs...)
	if !ok {
		return nil
	}
	return w.nameType(out, n, n.KindSpan)
}

// inferred is a field whose type is that of its value.
func (w *lowering) inferred(n *node, a syntax.Assign, goNames map[string]syntax.Text) (*ir.Field, *ir.Expr) {
	e := w.goOf(n, a.Go, check.Any("`"+a.Name.Text+"`"))
	g, ok := w.fieldName(a.Name, goNames)
	if e == nil || !ok {
		return nil, nil
	}
	if e.Type.Kind == ir.Struct && e.Type.Name == "" && e.Type.Go == nil && len(e.Type.Fields) == 0 {
		return nil, nil
	}
	return &ir.Field{Name: a.Name.Text, Go: g, Type: e.Type, Optional: e.Optional, Span: a.Name.Span}, e
}

// set lowers `set` and `unset`: the record stays, some of its fields change.
func (w *lowering) set(n *node, m *ir.Node) {
	op := &ir.Apply{Verb: ir.VerbSet}
	m.Op = op
	if n.in.Kind != ir.Struct {
		d := w.l.Errorf(diag.BadOut, n.KindSpan, "`%s` changes fields, and a record of %s has none", n.KindSpan.Text(), n.in)
		w.typeNote(d, n.in)
		d.Helpf("declare the fields with `out:` on the source, or use `map`")
		n.out(nil)
		return
	}
	if len(n.Assign)+len(n.Unset) == 0 && !n.Bad {
		w.l.Errorf(diag.MissingValue, n.KindSpan, "`%s` of `%s` names no field", n.KindSpan.Text(), n.Name.Text).Helpf("write `set: {tier: '\"gold\"'}`")
	}
	ok := !n.Bad
	out := &ir.Type{Kind: ir.Struct}
	goNames := map[string]syntax.Text{}
	removed := map[string]bool{}
	changed := false
	for _, u := range n.Unset {
		if slices.ContainsFunc(n.Assign, func(a syntax.Assign) bool { return a.Name.Text == u.Text }) {
			w.l.Errorf(diag.KeyConflict, u.Span, "`%s` is set and unset", u.Text).Helpf("remove one of the two")
			ok = false
		}
		removed[u.Text] = true
		op.Unset = append(op.Unset, u.Text)
	}
	for _, f := range n.in.Fields {
		if removed[f.Name] {
			changed = true
			continue
		}
		goNames[f.Go] = syntax.Text{Text: f.Name, Span: f.Span}
		if n.in.Go != nil { // in a type of ours a field is its own
			f = &ir.Field{Name: f.Name, Go: f.Go, Type: f.Type, Optional: f.Optional, OmitEmpty: f.OmitEmpty, Span: f.Span}
		}
		out.Fields = append(out.Fields, f)
	}
	var exprs []*ir.Expr
	for _, a := range n.Assign {
		var e *ir.Expr
		f := n.in.Field(a.Name.Text)
		if f != nil {
			e = w.goOf(n, a.Go, fieldWant(f))
		} else if f, e = w.inferred(n, a, goNames); f != nil {
			out.Fields = append(out.Fields, f)
			changed = true
		}
		if e == nil {
			ok = false
			continue
		}
		exprs = append(exprs, e)
		op.Assign = append(op.Assign, ir.Assign{Name: f.Name, Go: f.Go, Span: a.Name.Span, Expr: e})
	}
	effects(m, exprs...)
	switch {
	case !ok:
		n.out(nil)
	case !changed:
		n.out(n.in)
	default:
		n.out(w.nameType(out, n, n.KindSpan))
	}
}

// conditions lowers `check`.
func (w *lowering) conditions(n *node, m *ir.Node) {
	op := &ir.Apply{Verb: ir.VerbCheck}
	m.Op = op
	var exprs []*ir.Expr
	for _, a := range n.Assign {
		e := w.goOf(n, a.Go, check.Bool("the condition `"+a.Name.Text+"`"))
		exprs = append(exprs, e)
		op.Assign = append(op.Assign, ir.Assign{Name: a.Name.Text, Span: a.Name.Span, Expr: e})
	}
	if len(n.Assign) == 0 && !n.Bad {
		w.l.Errorf(diag.MissingValue, n.KindSpan, "`check` of `%s` has no condition", n.Name.Text).Helpf("write `check: {amount: in.Amount > 0}`")
	}
	effects(m, exprs...)
	n.out(n.in)
}

// flatmap lowers `flatmap`.
func (w *lowering) flatmap(n *node, m *ir.Node) {
	op := &ir.Apply{Verb: ir.VerbFlatmap}
	m.Op = op
	var out *ir.Type
	if n.Out != nil {
		if out = w.outType(n); out == nil {
			n.out(nil)
			return
		}
	}
	if n.Go != nil {
		if op.Expr = w.goOf(n, n.Go, check.ListOf(out, "a flatmap")); op.Expr != nil {
			op.Expr.Type = w.nameType(op.Expr.Type, n, n.Go.Span)
			out = op.Expr.Type
		}
	}
	effects(m, op.Expr)
	n.out(out)
}

// route lowers `route`.
func (w *lowering) route(n *node, m *ir.Node) {
	op := &ir.Route{}
	m.Op = op
	var exprs []*ir.Expr
	for _, c := range n.Cases {
		e := w.goOf(n, c.Go, check.Bool("the condition of `"+c.Name.Text+"`"))
		exprs = append(exprs, e)
		op.Cases = append(op.Cases, ir.Case{Port: c.Name.Text, Cond: e})
	}
	op.Else = n.Else.Text
	effects(m, exprs...)
	w.routePorts(n, n.in)
}

// routePorts gives a route its outputs.
func (w *lowering) routePorts(n *node, t *ir.Type) {
	if n.Bad && len(n.Cases) == 0 {
		n.broken()
		return
	}
	if !n.Bad {
		switch {
		case len(n.Cases) == 0:
			w.l.Errorf(diag.MissingValue, n.KindSpan, "`route` of `%s` has no condition", n.Name.Text).Helpf("write `route: {big: in.Amount > 10_000, rest: else}`")
		case n.Else.IsZero():
			w.noElse(n)
		}
	}
	for _, c := range n.Cases {
		w.portName(n, c.Name)
		n.outs = append(n.outs, &port{name: c.Name.Text, typ: t, span: c.Name.Span})
	}
	if !n.Else.IsZero() {
		w.portName(n, n.Else)
		n.outs = append(n.outs, &port{name: n.Else.Text, typ: t, span: n.Else.Span})
	} else {
		n.meant()
	}
}

// portName checks the name of an output: it stands in `from` behind a dot.
func (w *lowering) portName(n *node, name syntax.Text) {
	if !isName(name.Text) {
		w.l.Errorf(diag.NodeName, name.Span, "`%s` can't be the name of an output of `%s`", name.Text, n.Name.Text).
			Helpf("a name begins with a letter and has letters, digits, `-` and `_`, 63 at the most")
	}
}

// noElse reports a route that does not say where the rest goes.
func (w *lowering) noElse(n *node) {
	d := w.l.Errorf(diag.RouteElse, n.KindSpan, "`%s` does not say where records go that meet none of its conditions", n.Name.Text)
	value := n.Body.Get("route")
	name := "rest"
	for value.Get(name) != nil {
		name += "_"
	}
	if fix, ok := appendKey(value, name+": else"); ok {
		d.Fix(diag.Fix{Title: "send them to an output of their own: `" + name + ": else`", Edits: []diag.Edit{fix}})
	}
	d.Helpf("to discard them, drop that output: `drop: [%s]`", name)
}
