package oracle

import (
	"slices"
	"strings"
)

// An expr is Go of a pipeline: the text that the compiler gets, and what the
// interpreter does in its place. The two are made together, from one rule of
// the grammar.
type expr struct {
	text string
	typ  *typ
	// optional tells that the value may be nil.
	optional bool
	// reads are the fields that the text names, on their way from the record.
	reads []path
	// constant tells that the compiler may fold it.
	constant bool
	lets     []*let
	eval     func(*env) value
}

// An env is what an expression sees of a record.
type env struct {
	in   value // object, string or raw
	vars map[string]value
	meta meta
}

// meta is what a file says about a record.
type meta struct {
	path         string
	line, offset int64
}

// A let is a constant of a node.
type let struct {
	name  string
	value *doc
}

// from makes an expression of the reads and lets of its parts.
func from(t *typ, text string, eval func(*env) value, parts ...*expr) *expr {
	e := &expr{typ: t, text: text, eval: eval}
	for _, p := range parts {
		e.reads = append(e.reads, p.reads...)
		for _, l := range p.lets {
			if !slices.Contains(e.lets, l) {
				e.lets = append(e.lets, l)
			}
		}
	}
	return e
}

// bare is the text without the brackets around all of it.
func (e *expr) bare() string {
	if !strings.HasPrefix(e.text, "(") || !strings.HasSuffix(e.text, ")") {
		return e.text
	}
	depth := 0
	inString := false
	for i, c := range e.text {
		switch {
		case c == '"' && (i == 0 || e.text[i-1] != '\\'):
			inString = !inString
		case inString:
		case c == '(':
			depth++
		case c == ')':
			depth--
			if depth == 0 && i < len(e.text)-1 {
				return e.text
			}
		}
	}
	return e.text[1 : len(e.text)-1]
}

// The types that expressions have.
var (
	tString   = &typ{kind: kString}
	tInt      = &typ{kind: kInt}
	tInt64    = &typ{kind: kInt64}
	tUint64   = &typ{kind: kUint64}
	tFloat64  = &typ{kind: kFloat64}
	tBool     = &typ{kind: kBool}
	tBytes    = &typ{kind: kBytes}
	tTime     = &typ{kind: kTime}
	tDuration = &typ{kind: kDuration}
	tDecimal  = &typ{kind: kDecimal}
	tNumber   = &typ{kind: kNumber}
	tStrings  = &typ{kind: kList, elem: tString}
)

// A scope is what an expression may name.
type scope struct {
	*random
	in *typ
	// vars are variables of a body, beside the record.
	vars []variable
	// meta tells that the record comes from a file alone; byLines that its
	// lines have numbers.
	meta, byLines bool
	// plain asks for Go as the go command takes it, for a component: no operators
	// of decimals and times, nothing built in.
	plain bool
	// risky allows expressions that may fail.
	risky bool
	// lets are the node's constants so far.
	lets *[]*let
}

// A variable is one that a body declares.
type variable struct {
	name string
	typ  *typ
}

// leaf is an expression that takes a value as it is: a field, a variable.
type leaf struct {
	text     string
	typ      *typ
	optional bool
	path     path
	variable string
}

// leaves are all values that can be named, those inside of optional structs
// aside.
func (s *scope) leaves() []leaf {
	var out []leaf
	var walk func(t *typ, prefix path, text string)
	walk = func(t *typ, prefix path, text string) {
		for _, f := range t.fields {
			p := append(slices.Clone(prefix), f.goName)
			l := leaf{text: text + "." + f.goName, typ: f.typ, optional: f.optional, path: p}
			out = append(out, l)
			if f.typ.kind == kStruct && !f.optional {
				walk(f.typ, p, l.text)
			}
		}
	}
	switch s.in.kind {
	case kStruct:
		walk(s.in, nil, "in")
	default:
		out = append(out, leaf{text: "in", typ: inferred(s.in)})
	}
	for _, v := range s.vars {
		out = append(out, leaf{text: v.name, typ: v.typ, variable: v.name})
		if v.typ.kind == kStruct {
			for _, f := range v.typ.fields {
				if !f.optional {
					out = append(out, leaf{text: v.name + "." + f.goName, typ: f.typ, variable: v.name, path: path{f.goName}})
				}
			}
		}
	}
	return out
}

// pick is a random leaf that a test accepts, nil where there is none.
func (s *scope) pick(ok func(leaf) bool) *expr {
	all := slices.DeleteFunc(s.leaves(), func(l leaf) bool { return !ok(l) })
	if len(all) == 0 {
		return nil
	}
	return s.take(all[s.n(len(all))])
}

// of is a random leaf of a type that is always there.
func (s *scope) of(t *typ) *expr {
	return s.pick(func(l leaf) bool { return !l.optional && same(l.typ, t) })
}

// maybe is a random leaf of a type that may be missing.
func (s *scope) maybe(t *typ) *expr {
	return s.pick(func(l leaf) bool { return l.optional && same(l.typ, t) })
}

func (s *scope) take(l leaf) *expr {
	e := &expr{text: l.text, typ: l.typ, optional: l.optional}
	if l.variable == "" {
		e.reads = []path{l.path}
	}
	e.eval = func(v *env) value {
		cur := v.in
		if l.variable != "" {
			cur = v.vars[l.variable]
		}
		for _, name := range l.path {
			cur = cur.(object)[name]
		}
		return cur
	}
	return e
}

// reads of an expression, as the values of the record that they take.
func (t *typ) reading(exprs ...*expr) []path {
	var out []path
	for _, e := range exprs {
		for _, p := range e.reads {
			out = append(out, t.leaves(p)...)
		}
	}
	return out
}
