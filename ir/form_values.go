package ir

import (
	"strconv"
	"strings"

	"github.com/flowc-dev/flowc/ir/source"
)

func (f *form) setting(s *Setting) {
	name(f, "a key", &s.Key)
	f.span(&s.Span)
	f.mark(":")
	f.typ(&s.Type)
	if f.optional("=", s.Value != nil) {
		f.newValue(&s.Value)
	}
}

func (f *form) newValue(p **Value) {
	if !f.writes() {
		*p = &Value{}
	}
	f.value(*p)
}

func (f *form) value(v *Value) {
	f.span(&v.Span)
	f.flag("secret", &v.Secret)
	switch {
	case f.optional("[", v.Kind == "list"):
		v.Kind = "list"
		closed(f, "]", &v.Items, f.newValue)
	case f.optional("{", v.Kind == "map"):
		v.Kind = "map"
		closed(f, "}", &v.Entries, func(e *Entry) {
			name(f, "a key", &e.Key)
			f.span(&e.Span)
			f.mark(":")
			f.newValue(&e.Value)
		})
	default:
		f.scalar(v)
	}
	if !f.writes() {
		for f.in.accept("over") {
			var s source.Span
			f.span(&s)
			v.Overrides = append(v.Overrides, s)
		}
		return
	}
	if f.spans {
		for i := range v.Overrides {
			f.out.word("over")
			f.span(&v.Overrides[i])
		}
	}
}

// scalar is the parts of a value. A literal says its kind by its look, where
// it has the usual one: "text", 5, 0.5, true, null.
func (f *form) scalar(v *Value) {
	plain := len(v.Parts) == 1 && v.Parts[0].Kind == Literal && !v.Secret && v.Kind != "string" && lookOf(v.Parts[0].Text) == v.Kind
	if f.writes() && plain {
		f.out.word(v.Parts[0].Text)
		f.span(&v.Parts[0].Span)
		return
	}
	if !f.writes() && f.in.kind == tokenWord && lookOf(f.in.token) != "" {
		v.Kind = lookOf(f.in.token)
		v.Parts = []Part{{Kind: Literal, Text: f.in.need(tokenWord, "")}}
		f.span(&v.Parts[0].Span)
		return
	}
	if f.optional("as", v.Kind != "string") {
		name(f, "a kind of value", &v.Kind)
	} else {
		v.Kind = "string"
	}
	if f.optional("nothing", len(v.Parts) == 0) {
		return
	}
	if f.writes() {
		for i := range v.Parts {
			if i > 0 {
				f.out.word("+")
			}
			f.part(&v.Parts[i], v.Secret)
		}
		return
	}
	for {
		var part Part
		f.part(&part, v.Secret)
		v.Parts = append(v.Parts, part)
		if !f.in.accept("+") {
			return
		}
	}
}

// lookOf is the kind that a bare word has as a literal, "" for none.
func lookOf(word string) string {
	if !isBare(strings.TrimPrefix(word, "-")) {
		return ""
	}
	switch word {
	case "true", "false":
		return "bool"
	case "null":
		return "null"
	}
	if strings.Trim(word, "0123456789-.eE+") != "" {
		return ""
	}
	if _, err := strconv.ParseInt(word, 10, 64); err == nil {
		return "int"
	}
	if _, err := strconv.ParseFloat(word, 64); err == nil {
		return "float"
	}
	return ""
}

// hidden is what is printed for literal text in a secret.
const hidden = "***"

func (f *form) part(p *Part, secret bool) {
	show := func(v *string) {
		if f.writes() && secret && *v != "" {
			v = &[]string{hidden}[0]
		}
		f.quoted(v)
	}
	switch {
	case f.optional(string(Env), p.Kind == Env):
		p.Kind = Env
		name(f, "a variable", &p.Text)
		if f.optional("or", p.HasDefault) {
			p.HasDefault = true
			show(&p.Default)
		}
	case f.optional(string(FileRef), p.Kind == FileRef):
		p.Kind = FileRef
		f.quoted(&p.Text)
	case f.optional(string(Record), p.Kind == Record):
		p.Kind = Record
		f.mark("(")
		if !f.writes() {
			p.Expr = &Expr{}
		}
		f.expr(p.Expr, false)
		f.mark(")")
	default:
		if !f.writes() && f.in.kind != tokenString {
			f.in.unexpected("a value")
		}
		p.Kind = Literal
		show(&p.Text)
	}
	f.span(&p.Span)
}

func (f *form) let(l *Let) {
	name(f, "a node", &l.Node)
	name(f, "a name", &l.Name)
	f.span(&l.Span)
	f.mark("as")
	name(f, "a Go name", &l.GoName)
	f.typ(&l.Type)
	f.flag("regexp", &l.Regexp)
	if f.optional("=", l.Value != nil) {
		f.newValue(&l.Value)
	}
}
