package lower

import (
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/flowc-dev/flowc/compiler/syntax"
	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
)

// scalars are the types that have a name of their own.
var scalars = map[string]ir.TypeKind{
	"string": ir.String, "int": ir.Int, "int64": ir.Int64, "uint64": ir.Uint64, "float64": ir.Float64, "bool": ir.Bool, "bytes": ir.Bytes,
	"time": ir.Time, "duration": ir.Duration, "decimal": ir.Decimal, "number": ir.Number, "json": ir.JSON, "any": ir.Any,
}

// A typeTable holds the declared types.
type typeTable struct {
	decls map[string]*typeDecl
	order []*typeDecl
	// usesTime tells that some type holds times or durations, whose Go type has
	// to be read.
	usesTime bool
}

// A typeDecl is a declared type on its way.
type typeDecl struct {
	*syntax.TypeDecl
	// read gives the Type of a declaration in a schema file, nil for others.
	read  func() *syntax.TypeExpr
	typ   *ir.Type // nil where it is broken
	state int      // 0 not begun, 1 on the way, 2 done
}

// declared are the types that have a Go name of their own.
func (t *typeTable) declared() []*ir.Type {
	var out []*ir.Type
	for _, d := range t.order {
		if d.typ != nil && d.typ.Name != "" && !slices.Contains(out, d.typ) {
			out = append(out, d.typ)
		}
	}
	return out
}

// names are the words that can name a type.
func (t *typeTable) names() []string {
	var out []string
	for name := range scalars {
		out = append(out, name)
	}
	for _, d := range t.order {
		out = append(out, d.Name.Text)
	}
	slices.Sort(out)
	return out
}

// declareTypes gives each declared type its type.
func (w *lowering) declareTypes() {
	w.types.decls = map[string]*typeDecl{}
	w.typeNames = map[string]bool{}
	for _, s := range w.p.Types {
		d := &typeDecl{TypeDecl: s}
		if !w.typeName(s.Name) {
			d.state = 2
		}
		w.types.decls[s.Name.Text] = d
		w.types.order = append(w.types.order, d)
		w.typeNames[s.Name.Text] = true
	}
	declared := slices.Clone(w.types.order)
	for _, d := range declared {
		// What the pipeline calls a type of a file goes before what the file does.
		if d.state == 0 && (d.Type.Form == syntax.TypeSchema || d.Type.Form == syntax.TypeCUE) {
			w.schemaDecl(d.Type, d.Name, true)
		}
	}
	for _, d := range declared {
		w.declare(d)
	}
	w.holdThemselves()
}

// typeName checks the name of a type: it is a Go name.
func (w *lowering) typeName(t syntax.Text) bool {
	if _, scalar := scalars[t.Text]; scalar {
		w.l.Errorf(diag.TypeName, t.Span, "`%s` is a type of the language and can't be declared anew", t.Text).Helpf("call it otherwise")
		return false
	}
	ok := t.Text != ""
	for i, c := range t.Text {
		ok = ok && (unicode.IsLetter(c) || i > 0 && (unicode.IsDigit(c) || c == '_'))
		ok = ok && (i > 0 || unicode.IsUpper(c))
	}
	if ok {
		return true
	}
	d := w.l.Errorf(diag.TypeName, t.Span, "`%s` can't be the name of a type: it is one in Go as well, so it begins with a capital", t.Text)
	if used := diag.Nearest(t.Text, w.undeclared()); used != "" {
		d.Caret("did you mean `%s`, as it is called where it is used?", used).Replace(t.Span, used, "call it `%s`", used)
		w.meantTypes[used] = true
		return false
	}
	if near := GoName(t.Text); near != "" {
		d.Fix(diag.Fix{Title: "call it `" + near + "`, here and where it is used", Safe: true, Edits: w.renameType(t, near)})
	}
	return false
}

// undeclared are the names of types that are used and not declared.
func (w *lowering) undeclared() []string {
	var names []string
	w.eachTypeName(func(e *syntax.TypeExpr) {
		_, scalar := scalars[e.Name]
		if !scalar && e.Name != "text" && !slices.ContainsFunc(w.p.Types, func(d *syntax.TypeDecl) bool { return d.Name.Text == e.Name }) {
			names = append(names, e.Name)
		}
	})
	return names
}

// eachTypeName visits the names of types in declarations and in `out`.
func (w *lowering) eachTypeName(visit func(*syntax.TypeExpr)) {
	named := func(e *syntax.TypeExpr) {
		if e.Form == syntax.TypeName {
			visit(e)
		}
	}
	for _, d := range w.p.Types {
		walkType(d.Type, named)
	}
	for _, n := range w.nodes {
		if n.Out != nil {
			outTypes(n.Out, named)
		}
	}
}

// renameType are the edits that call a declared type otherwise. (Inline Go can't
// name it: there it would be no name of a type.)
func (w *lowering) renameType(t syntax.Text, name string) []diag.Edit {
	edits := []diag.Edit{{Span: t.Span, New: name}}
	w.eachTypeName(func(e *syntax.TypeExpr) {
		if e.Name == t.Text && e.Span.Text() == t.Text {
			edits = append(edits, diag.Edit{Span: e.Span, New: name})
		}
	})
	return slices.CompactFunc(edits, func(a, b diag.Edit) bool { return a.Span == b.Span })
}

// declare reads a declaration, once.
func (w *lowering) declare(d *typeDecl) *ir.Type {
	switch d.state {
	case 2:
		return d.typ
	case 1:
		// A struct can be named while its fields are read; anything else would be
		// made of itself.
		if d.typ == nil {
			w.l.Errorf(diag.RecursiveType, d.Name.Span, "`%s` is made of itself alone", d.Name.Text).
				Helpf("a type may hold itself in a list, or in an optional field of a mapping")
			d.state = 2
		}
		return d.typ
	}
	d.state = 1
	if d.read != nil {
		d.Type = d.read()
	}
	if d.Type.Form == syntax.TypeStruct || d.Type.Form == syntax.TypeEnum {
		d.typ = &ir.Type{Name: d.Name.Text, Span: d.Name.Span}
		if !w.fill(d.typ, d.Type) {
			d.typ = nil
		}
	} else {
		var t *ir.Type
		if d.Type.Form == syntax.TypeChange {
			t = w.change(d.Type, d.Name.Text)
		} else if d.Type.Form == syntax.TypeSchema || d.Type.Form == syntax.TypeCUE {
			if from := w.schemaDecl(d.Type, d.Name, true); from != nil {
				t = w.declare(from)
			}
		} else {
			t = w.typ(d.Type)
		}
		if d.state != 2 {
			d.typ = t
		}
	}
	d.state = 2
	return d.typ
}

// typ is the type that an expression names; nil after an error.
func (w *lowering) typ(e *syntax.TypeExpr) *ir.Type {
	switch e.Form {
	case syntax.TypeName:
		return w.named(e)
	case syntax.TypeGo:
		return w.loader.Type(e.Name, e.Span, w.l)
	case syntax.TypeSchema, syntax.TypeCUE:
		return w.schemaType(e)
	case syntax.TypeList, syntax.TypeMap:
		elem := w.typ(e.Elem)
		if elem == nil {
			return nil
		}
		kind := ir.List
		if e.Form == syntax.TypeMap {
			kind = ir.Map
		}
		return &ir.Type{Kind: kind, Elem: elem, Span: e.Span}
	case syntax.TypeChange:
		w.l.Errorf(diag.BadChange, e.Span, "`%s` is what a record is, and no part of one", e.Span.Text()).
			Helpf("write it as `out:` of a node, or declare it under `types:` by a name of its own")
		w.typ(e.Elem)
		return nil
	case syntax.TypeStruct, syntax.TypeEnum:
		t := &ir.Type{Span: e.Span}
		if !w.fill(t, e) {
			return nil
		}
		return t
	}
	return nil
}

// named resolves a name.
func (w *lowering) named(e *syntax.TypeExpr) *ir.Type {
	if kind, ok := scalars[e.Name]; ok {
		w.types.usesTime = w.types.usesTime || kind == ir.Time || kind == ir.Duration
		return &ir.Type{Kind: kind}
	}
	if d := w.types.decls[e.Name]; d != nil {
		return w.declare(d)
	}
	if slices.Contains(w.p.Unread, "types") || w.meantTypes[e.Name] {
		return nil // it is declared there, perhaps
	}
	if d := w.unknownTypes[e.Name]; d != nil { // those of one name are one mistake
		d.Again(e.Span, "and here")
		if len(d.Fixes) > 0 {
			d.Fixes[0].Edits = append(d.Fixes[0].Edits, diag.Edit{Span: e.Span, New: d.Fixes[0].Edits[0].New})
		}
		return nil
	}
	d := w.l.Errorf(diag.UnknownType, e.Span, "`%s` is no type", e.Name)
	w.unknownTypes[e.Name] = d
	if other, ok := otherWords[strings.ToLower(e.Name)]; ok {
		return w.instead(d, e, other)
	}
	if d.Near(e.Name, w.types.names()) {
		return nil
	}
	if e.Name == "text" {
		d.Helpf("`text` is for `out:` alone; here write `string`")
		return nil
	}
	d.Helpf("declare it under `types:`, or use one of string int int64 uint64 float64 bool bytes time duration decimal number json any")
	return nil
}

// otherWords are what other languages call types, and ours for them.
var otherWords = map[string]string{
	"str": "string", "varchar": "string", "char": "string", "uuid": "string",
	"integer": "int64", "long": "int64", "int32": "int64", "bigint": "int64", "short": "int64", "uint": "uint64", "uint32": "uint64",
	"float": "float64", "double": "float64", "float32": "float64", "real": "float64",
	"boolean": "bool", "datetime": "time", "timestamp": "time", "date": "time", "instant": "time",
	"bigdecimal": "decimal", "money": "decimal", "numeric": "decimal",
	"object": "json", "raw": "json", "blob": "bytes", "binary": "bytes", "interface": "any",
}

func (w *lowering) instead(d *diag.Diagnostic, e *syntax.TypeExpr, word string) *ir.Type {
	d.Caret("here it is called `%s`", word)
	d.Replace(e.Span, word, "write `%s`", word)
	return nil
}

// fill makes a struct or an enum.
func (w *lowering) fill(t *ir.Type, e *syntax.TypeExpr) bool {
	if e.Form == syntax.TypeEnum {
		t.Kind = ir.Enum
		for _, v := range e.Values {
			t.Values = append(t.Values, v.Text)
		}
		return true
	}
	t.Kind = ir.Struct
	ok := true
	goNames := map[string]syntax.Text{}
	for _, f := range e.Fields {
		typ := w.typ(f.Type)
		name, fine := w.fieldName(f.Name, goNames)
		if typ == nil || !fine {
			ok = false
			continue
		}
		t.Fields = append(t.Fields, &ir.Field{Name: f.Name.Text, Go: name, Type: typ, Optional: f.Optional, Span: f.Name.Span})
	}
	return ok
}

// fieldName is the Go name of a field, and reports one that has none or that of
// another.
func (w *lowering) fieldName(name syntax.Text, taken map[string]syntax.Text) (string, bool) {
	g := GoName(name.Text)
	if g == "" {
		w.l.Errorf(diag.FieldName, name.Span, "the field `%s` gives no name in Go", name.Text).
			Helpf("declare the type in Go, with the name in a tag (Value string `json:%s`), and use it as `./model.T`", strconv.Quote(name.Text))
		return "", false
	}
	if before, clash := taken[g]; clash {
		w.l.Errorf(diag.FieldName, name.Span, "the fields `%s` and `%s` are both called %s in Go", before.Text, name.Text, g).
			Also(before.Span, "the other one").
			Helpf("declare the type in Go, with both names in tags, and use it as `./model.T`")
		return "", false
	}
	taken[g] = name
	return g, true
}

// holdThemselves reports structs that hold themselves in a field that is always
// there: such a value would have no end.
func (w *lowering) holdThemselves() {
	const open, done = 1, 2
	state := map[*ir.Type]int{}
	var path []*ir.Field
	var visit func(t *ir.Type) bool
	visit = func(t *ir.Type) bool {
		if t == nil || t.Kind != ir.Struct || t.Go != nil || state[t] == done {
			return true
		}
		if state[t] == open {
			last := path[len(path)-1]
			w.l.Errorf(diag.RecursiveType, last.Span, "`%s` holds a %s, which holds `%s` …: such a record has no end", last.Name, t, last.Name).
				NoteAt(t.Span, "%s is declared here", t).
				Helpf("make the field optional (`%s?:`), or a list", last.Name)
			return false
		}
		state[t] = open
		ok := true
		for _, f := range t.Fields {
			if f.Optional {
				continue
			}
			path = append(path, f)
			ok = visit(f.Type) && ok
			path = path[:len(path)-1]
		}
		state[t] = done
		return ok
	}
	for _, d := range w.types.order {
		if d.typ != nil && !visit(d.typ) {
			d.typ = nil
		}
	}
}

// walkType visits a type expression and its parts.
func walkType(e *syntax.TypeExpr, visit func(*syntax.TypeExpr)) {
	if e == nil {
		return
	}
	visit(e)
	walkType(e.Elem, visit)
	for _, f := range e.Fields {
		walkType(f.Type, visit)
	}
}

func outTypes(o *syntax.Out, visit func(*syntax.TypeExpr)) {
	walkType(o.Type, visit)
	for _, v := range o.Variants {
		walkType(v.Type, visit)
	}
}

// madeName is the name of a type that a node makes: the node's, or with a number
// behind where a type has that.
func (w *lowering) madeName(n *node) string {
	base := GoName(n.Name.Text)
	if base == "" {
		base = "Record"
	}
	return w.unusedTypeName(base)
}

// entry is what an emitted package exports beside its types: the function that
// runs the pipeline.
const entry = "Run"

// unusedTypeName is a name that no type has so far, and takes it.
func (w *lowering) unusedTypeName(base string) string {
	name := base
	for i := 2; w.typeNames[name] || name == entry; i++ {
		name = base + strconv.Itoa(i)
	}
	w.typeNames[name] = true
	return name
}

// nameType gives a struct without a name that of its node, and makes it known.
func (w *lowering) nameType(t *ir.Type, n *node, at source.Span) *ir.Type {
	if t == nil || t.Kind != ir.Struct || t.Name != "" || t.Go != nil {
		return t
	}
	named := *t
	named.Name = w.madeName(n)
	named.Span = source.Span{}
	w.made[&named] = at
	w.checker.AddType(&named)
	return &named
}

// typeNote says where a type is declared or made.
func (w *lowering) typeNote(d *diag.Diagnostic, t *ir.Type) {
	if t == nil {
		return
	}
	if at := w.made[t]; !at.IsZero() {
		d.NoteAt(at, "%s is made here", t)
	} else if t.Name != "" && !t.Span.IsZero() {
		d.NoteAt(t.Span, "%s is declared here", t)
	}
}
