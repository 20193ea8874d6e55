package check

import (
	"go/constant"
	"go/token"
	"go/types"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
)

// A letEntry is a let value as snippets see it.
type letEntry struct {
	let *ir.Let
	obj types.Object
	// number is the text of an untyped number.
	number string
	used   bool
}

// A LetSource is an entry of a node's `let`, read by the caller.
type LetSource struct {
	Node, Name string
	// Span is the name's place.
	Span source.Span
	// As is the word that names the type in `{decimal: "1.5"}`: "regexp", "set",
	// or "" where Type says it all or the value has no type.
	As string
	// Type is the type that was named, nil for none.
	Type *ir.Type
	// Value is the value.
	Value *ir.Value
	// Text and At are the scalar of a regexp, for the places of its mistakes.
	Text string
	At   Place
}

// Let builds a let value and checks what is known of it. It returns nil after
// an error.
//
// A number without a type is an untyped constant, as in Go; so is a string; a
// bool is one; a list without a type is a []string or, of numbers only, a list
// of them as `{list of …}` would be. A set is a map[string]bool.
func (c *Checker) Let(s LetSource, l *diag.List) *ir.Let {
	if !isName(s.Name) {
		d := l.Errorf(diag.BadLet, s.Span, "`%s` is no name in Go", s.Name)
		d.Helpf("names are letters, digits and _, and begin with a letter: they are used as they are in Go")
		return nil
	}
	if reservedNames[s.Name] || token.IsKeyword(s.Name) {
		l.Errorf(diag.BadLet, s.Span, "`%s` has a meaning of its own in Go snippets", s.Name).Helpf("call it otherwise")
		return nil
	}
	let := &ir.Let{Node: s.Node, Name: s.Name, Type: s.Type, Value: s.Value, Span: s.Span}
	e := &letEntry{let: let}
	if !c.letType(s, e, l) {
		return nil
	}
	let.GoName = c.goName(s.Node, s.Name)
	c.lets = append(c.lets, e)
	c.byLet[let] = e
	return let
}

// reservedNames are names that a let value would hide.
var reservedNames = set("in", "meta", "ctx", "or", "decimal", "number", "_", "nil", "true", "false", "iota")

// isName tells whether a word is an identifier of Go.
func isName(s string) bool {
	for i, r := range s {
		if r != '_' && !unicode.IsLetter(r) && (i == 0 || !unicode.IsDigit(r)) {
			return false
		}
	}
	return s != ""
}

// goName is a package-level name that no other let value has.
func (c *Checker) goName(node, name string) string {
	var b strings.Builder
	up := false
	for _, r := range node {
		if r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) || r == '_' {
			up = b.Len() > 0
			continue
		}
		if up {
			r = unicode.ToUpper(r)
			up = false
		}
		b.WriteRune(r)
	}
	first, size := utf8.DecodeRuneInString(name)
	base := b.String() + string(unicode.ToUpper(first)) + name[size:]
	if r, n := utf8.DecodeRuneInString(base); unicode.IsUpper(r) {
		base = string(unicode.ToLower(r)) + base[n:]
	} else if !unicode.IsLetter(r) {
		base = "let" + base
	}
	unique := base
	for n := 2; c.goNames[unique] || token.IsKeyword(unique); n++ {
		unique = base + "_" + strconv.Itoa(n)
	}
	c.goNames[unique] = true
	return unique
}

// letType decides the type and makes the Go object.
func (c *Checker) letType(s LetSource, e *letEntry, l *diag.List) bool {
	u, v := c.universe, s.Value
	variable := func(t types.Type) bool {
		e.obj = types.NewVar(token.NoPos, u.pkg, s.Name, t)
		return t != types.Typ[types.Invalid]
	}
	switch {
	case s.As == "regexp":
		e.let.Regexp = true
		if !c.checkRegexp(s, l) {
			return false
		}
		t := u.imported("regexp", "Regexp")
		if err := u.missing["regexp"]; err != nil {
			delete(u.missing, "regexp")
			l.Errorf(diag.GoPackage, s.Span, "can't read the types of package regexp: %v", err)
			return false
		}
		return variable(types.NewPointer(t))
	case s.As == "set":
		return c.letSet(e, l) && variable(u.goType(e.let.Type))
	case s.Type != nil:
		if !checkValue(s.Type, v, l) {
			return false
		}
		t := u.goType(s.Type)
		if t == types.Typ[types.Invalid] {
			for path, err := range u.missing {
				delete(u.missing, path)
				l.Errorf(diag.GoPackage, s.Span, "can't read the types of package %s: %v", path, err)
			}
			return false
		}
		return variable(t)
	}
	return c.letUntyped(s, e, l, variable)
}

// letUntyped takes a value that names no type.
func (c *Checker) letUntyped(s LetSource, e *letEntry, l *diag.List, variable func(types.Type) bool) bool {
	u, v := c.universe, s.Value
	if v.Kind == "list" {
		t := listOf(v)
		if t == nil {
			l.Errorf(diag.BadLet, v.Span, "the values of a list must all be texts, or all be numbers").
				Helpf("name their type: `{list of decimal: […]}`")
			return false
		}
		e.let.Type = t
		return checkValue(t, v, l) && variable(u.goType(t))
	}
	if v.Kind == "map" {
		l.Errorf(diag.BadLet, v.Span, "a mapping as a let value names its type first, as in `{decimal: \"1.5\"}` or `{map of decimal: {EUR: \"1.1\"}}`")
		return false
	}
	if v.Kind == "null" {
		l.Errorf(diag.BadLet, v.Span, "`%s` has no value", s.Name)
		return false
	}
	if !v.IsLiteral() {
		e.let.Type = &ir.Type{Kind: ir.String}
		return variable(types.Typ[types.String])
	}
	text := v.Text()
	constantOf := func(k types.BasicKind, val constant.Value) bool {
		e.obj = types.NewConst(token.NoPos, u.pkg, s.Name, types.Typ[k], val)
		return true
	}
	switch v.Kind {
	case "int", "float":
		lit, negative := strings.CutPrefix(strings.TrimPrefix(text, "+"), "-")
		kind, tok := types.UntypedInt, token.INT
		if v.Kind == "float" {
			kind, tok = types.UntypedFloat, token.FLOAT
		}
		val := constant.MakeFromLiteral(lit, tok, 0)
		if val.Kind() == constant.Unknown {
			l.Errorf(diag.BadLet, v.Span, "`%s` is no number in Go", text)
			return false
		}
		if negative {
			val = constant.UnaryOp(token.SUB, val, 0)
		}
		e.number = lit
		if negative {
			e.number = "-" + lit
		}
		return constantOf(kind, val)
	case "bool":
		e.let.Type = &ir.Type{Kind: ir.Bool}
		return constantOf(types.UntypedBool, constant.MakeBool(text == "true"))
	}
	e.let.Type = &ir.Type{Kind: ir.String}
	return constantOf(types.UntypedString, constant.MakeString(text))
}

// listOf is the type of a list whose values name none.
func listOf(v *ir.Value) *ir.Type {
	kinds := map[string]int{}
	for _, i := range v.Items {
		kinds[i.Kind]++
	}
	of := func(k ir.TypeKind) *ir.Type { return &ir.Type{Kind: ir.List, Elem: &ir.Type{Kind: k}} }
	switch n := len(v.Items); n {
	case kinds["string"]:
		return of(ir.String)
	case kinds["int"]:
		return of(ir.Int)
	case kinds["int"] + kinds["float"]:
		return of(ir.Float64)
	}
	return nil
}

// letSet makes a list the keys of a map.
func (c *Checker) letSet(e *letEntry, l *diag.List) bool {
	v := e.let.Value
	if v.Kind != "list" {
		l.Errorf(diag.BadLet, v.Span, "a set is written as a list, as in `{set: [EUR, USD]}`")
		return false
	}
	texts := &ir.Type{Kind: ir.List, Elem: &ir.Type{Kind: ir.String}}
	if !checkValue(texts, v, l) {
		return false
	}
	m := &ir.Value{Kind: "map", Span: v.Span, Overrides: v.Overrides}
	for _, i := range v.Items {
		if !i.IsLiteral() {
			l.Errorf(diag.BadLet, i.Span, "the values of a set must be known when the program is compiled")
			return false
		}
		yes := &ir.Value{Kind: "bool", Span: i.Span, Parts: []ir.Part{{Kind: ir.Literal, Text: "true", Span: i.Span}}}
		m.Entries = append(m.Entries, ir.Entry{Key: i.Text(), Value: yes, Span: i.Span})
	}
	e.let.Type, e.let.Value = &ir.Type{Kind: ir.Map, Elem: &ir.Type{Kind: ir.Bool}}, m
	return true
}

// letEntry finds the entry of a let value; one that came from elsewhere (a
// program read from its printed form) gets its own.
func (c *Checker) letEntry(let *ir.Let) *letEntry { return c.byLet[let] }

// UnusedLets warns of let values that no snippet used. Call it when all
// snippets have been checked.
func (c *Checker) UnusedLets(l *diag.List) {
	for _, e := range c.lets {
		if !e.used {
			l.Warningf(diag.UnusedLet, e.let.Span, "`%s` is not used", e.let.Name)
		}
	}
}
