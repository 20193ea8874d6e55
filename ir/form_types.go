package ir

import (
	"slices"
	"strconv"
)

// otherTypes are those that only nodes mention, not the pipeline's types.
func (f *form) otherTypes() {
	if f.writes() {
		// f.others grows on the first walk, whose text is thrown away.
		for i := 0; i < len(f.others); i++ {
			f.line("other type", func() { f.declaration(&f.others[i]) })
		}
		return
	}
	for f.in.is("other") {
		f.line("other", func() {
			f.in.expect("type")
			var t *Type
			f.declaration(&t)
		})
	}
}

// declaration is a type under its label.
func (f *form) declaration(p **Type) {
	var label string
	if f.writes() {
		label = f.labels[*p]
	}
	name(f, "the type's name", &label)
	if !f.writes() {
		n := f.lookup(label)
		if n.declared {
			f.in.fail("the type `%s` is declared twice", label)
		}
		n.declared = true
		*p = n.typ
	}
	t := *p
	// The label is the type's own name where nothing else is said.
	switch {
	case f.optional("unnamed", t.Name == ""):
	case f.optional("named", t.Name != label):
		name(f, "a name", &t.Name)
	default:
		t.Name = label
	}
	f.span(&t.Span)
	f.mark("is")
	f.shape(t, true)
	f.flag("change", &t.Change)
	if f.optional("from", t.Go != nil) {
		if !f.writes() {
			t.Go = &GoType{}
		}
		f.goType(t.Go)
	}
	if t.Kind == Struct {
		f.block(func() { f.fieldLines(&t.Fields) })
	}
}

func (f *form) goType(g *GoType) {
	name(f, "an import path", &g.Package)
	name(f, "a package name", &g.PkgName)
	name(f, "a type name", &g.Name)
	f.flag("pointer", &g.Pointer)
	f.flag("lenient", &g.Lenient)
	f.flag("custom", &g.Custom)
	f.flag("text", &g.Text)
}

func (f *form) fieldLines(v *[]*Field) {
	if f.writes() {
		for _, field := range *v {
			f.out.startLine("")
			mark := len(f.out.text)
			f.field(&field)
			// The first word follows the indent directly.
			f.out.text = slices.Delete(f.out.text, mark, mark+1)
			f.out.endLine()
		}
		return
	}
	for !f.in.is("}") {
		var field *Field
		f.field(&field)
		*v = append(*v, field)
		f.in.need(tokenLine, "")
	}
}

func (f *form) field(p **Field) {
	if !f.writes() {
		*p = &Field{}
	}
	v := *p
	name(f, "a field's name", &v.Name)
	f.span(&v.Span)
	f.flag("?", &v.Optional)
	name(f, "the field's Go name", &v.Go)
	f.typ(&v.Type)
	if f.optional("through", len(v.Embedded) > 0) {
		f.path(&v.Embedded)
	}
	f.flag("lenient", &v.Lenient)
	f.flag("omitempty", &v.OmitEmpty)
	f.flag("required", &v.Required)
	f.text("doc", &v.Doc)
}

var scalarKinds = []TypeKind{String, Int, Int64, Uint64, Float64, Bool, Bytes, Time, Duration, Decimal, Number, JSON, Any, GoNamed}

var typeWords = append([]TypeKind{List, Map, Enum, Struct, "none"}, scalarKinds...)

// typ is a use of a type: its label, or what it is made of.
func (f *form) typ(p **Type) {
	if f.writes() {
		t := *p
		if t == nil {
			f.out.word("none")
			return
		}
		f.collect(t)
		if label := f.labels[t]; label != "" {
			if slices.Contains(typeWords, TypeKind(label)) {
				f.out.word(strconv.Quote(label))
			} else {
				f.out.word(atom(label))
			}
			return
		}
		f.span(&t.Span)
		f.shape(t, false)
		return
	}
	switch {
	case f.in.accept("none"):
	case f.in.kind == tokenSpan, f.in.kind == tokenWord && slices.Contains(typeWords, TypeKind(f.in.token)):
		*p = &Type{}
		f.span(&(*p).Span)
		f.shape(*p, false)
	default:
		*p = f.lookup(f.in.name("a type")).typ
	}
}

// shape is what a type is made of; the fields of a declared struct follow on
// lines of their own.
func (f *form) shape(t *Type, declared bool) {
	if f.writes() {
		name(f, "", &t.Kind)
	} else {
		t.Kind = TypeKind(f.in.need(tokenWord, "a kind of type"))
		if t.Kind == "none" || !slices.Contains(typeWords, t.Kind) {
			f.in.fail("`%s` is no kind of type", t.Kind)
		}
	}
	switch t.Kind {
	case List, Map:
		f.mark("of")
		f.typ(&t.Elem)
	case Enum:
		f.mark("(")
		closed(f, ")", &t.Values, func(v *string) { name(f, "a value", v) })
	case Struct:
		if !declared {
			f.mark("(")
			closed(f, ")", &t.Fields, f.field)
		}
	}
}
