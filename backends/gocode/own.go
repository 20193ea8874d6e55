package gocode

import (
	"fmt"
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/ir"
)

// owned is the statement that gives a node's function a record whose lists, maps
// and optional values are its own, where one of its expressions may write to them:
// records share these with the records that they were made of, and nobody else
// may see what one stage does to its input. "" where nothing is written to.
func (w *stageWriter) owned(n *ir.Node, in *ir.Type, exprs ...*ir.Expr) string {
	var paths []ir.Path
	for _, e := range exprs {
		if e != nil && e.Writes {
			paths = append(paths, e.Reads...)
		}
	}
	if name := w.owner(n, in, paths); name != "" {
		return "in = " + name + "(in)\n"
	}
	return ""
}

// owner writes the function that gives a record with copies of what is at some
// paths; "" where nothing there could be shared.
func (w *stageWriter) owner(n *ir.Node, in *ir.Type, paths []ir.Path) string {
	var b strings.Builder
	done := map[string]bool{}
	for _, p := range paths {
		if len(p) == 0 || slices.Equal(p, ir.Whole) || in.Kind != ir.Struct {
			b.Reset()
			w.own(&b, "own", &ir.Field{Type: in})
			break
		}
		target, t := "own", in
		for i, name := range p {
			f := t.GoField(name)
			if f == nil {
				break // a method of what was reached
			}
			target, t = target+"."+name, f.Type
			if !f.Pointer() && i < len(p)-1 && t.Kind == ir.Struct {
				continue
			}
			if !done[target] {
				w.own(&b, target, f)
			}
			done[target] = true
			break
		}
	}
	if b.Len() == 0 {
		return ""
	}
	name, typ := w.unique("own"+w.g.names.upper(n.YAML)), w.typ(in)
	w.decls = append(w.decls, fmt.Sprintf("// %s is a record that `%s` may write to.\nfunc %s(in *%s) *%s {\nown := *in\n%sreturn &own\n}\n", name, n.YAML, name, typ, typ, b.String()))
	return name
}

// own appends statements that give a variable or field what it refers to anew.
func (w *stageWriter) own(b *strings.Builder, target string, f *ir.Field) {
	switch {
	case f.Pointer():
		value := w.copyOf(f.Type, "*"+target)
		fmt.Fprintf(b, "if %s != nil {\nvalue := %s\n%s = &value\n}\n", target, value, target)
	case refersOn(f.Type, nil):
		fmt.Fprintf(b, "%s = %s\n", target, w.copyOf(f.Type, target))
	}
}

// copyOf is an expression for a copy of a value that shares nothing with it. What
// types of the user's hide is shared: nobody but they can copy it.
func (w *stageWriter) copyOf(t *ir.Type, value string) string {
	if !refersOn(t, nil) {
		return value
	}
	switch t.Kind {
	case ir.Bytes, ir.JSON:
		return w.text("@codec.CopyList(" + value + ")")
	case ir.Any:
		return w.text("@codec.CopyAny(" + value + ")")
	case ir.List:
		if !refersOn(t.Elem, nil) {
			return w.text("@codec.CopyList(" + value + ")")
		}
	case ir.Map:
		if !refersOn(t.Elem, nil) {
			return w.text("@maps.Clone(" + value + ")")
		}
	}
	return w.copier(t) + "(" + value + ")"
}

// copier is the function that copies values of a type; it is written the first
// time.
func (w *stageWriter) copier(t *ir.Type) string {
	base := free("copy"+upperFirst(compositeName(t)), func(name string) bool { return w.names[name] })
	name, isNew := w.g.function("copy "+typeText(t), base)
	if !isNew {
		return name
	}
	typ := w.typ(t)
	var b strings.Builder
	switch t.Kind {
	case ir.List:
		fmt.Fprintf(&b, "v = %s\nfor i := range v {\nv[i] = %s\n}\n", w.text("@codec.CopyList(v)"), w.copyOf(t.Elem, "v[i]"))
	case ir.Map:
		fmt.Fprintf(&b, "v = %s\nfor k, e := range v {\nv[k] = %s\n}\n", w.text("@maps.Clone(v)"), w.copyOf(t.Elem, "e"))
	default:
		for _, f := range t.Fields {
			w.own(&b, "v."+f.Go, f)
		}
	}
	w.decls = append(w.decls, fmt.Sprintf("// %s copies a value with all that it refers to.\nfunc %s(v %s) %s {\n%sreturn v\n}\n", name, name, typ, typ, b.String()))
	return name
}

// refersOn tells whether a copy of a value shares memory with it that can be
// copied. around are the types on the way.
func refersOn(t *ir.Type, around []*ir.Type) bool {
	if slices.Contains(around, t) {
		return true
	}
	switch t.Kind {
	case ir.List, ir.Map, ir.JSON, ir.Any, ir.Bytes:
		return t.Go == nil || !t.Go.Custom
	case ir.Struct:
		if t.Go != nil && (t.Go.Pointer || t.Go.Custom) {
			return false
		}
		return slices.ContainsFunc(t.Fields, func(f *ir.Field) bool { return f.Pointer() || refersOn(f.Type, append(around, t)) })
	}
	return false
}

// seenElsewhere tells whether others than a node may hold what the records refer
// to that it gets: other ways that the records take, and records that were made
// of the same one.
func (l *loop) seenElsewhere(n *ir.Node) bool {
	seen := map[string]bool{}
	var look func(id string) bool
	look = func(id string) bool {
		if seen[id] {
			return false
		}
		seen[id] = true
		return slices.ContainsFunc(l.in[id], func(e *ir.Edge) bool {
			if e.Kind != ir.Data {
				return false
			}
			from := l.nodes[e.From]
			op, applies := from.Op.(*ir.Apply)
			_, routes := from.Op.(*ir.Route)
			return e.Own != ir.Move || applies && op.Verb == ir.VerbFlatmap || (applies || routes) && look(from.ID)
		})
	}
	return look(n.ID)
}
