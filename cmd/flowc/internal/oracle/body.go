package oracle

import (
	"fmt"
	"slices"
	"strings"
)

// A body is Go of several statements. Its value is an object for map, a list of
// them for flatmap.
type body struct {
	text string
	expr *expr
}

// write makes the text of a body of lines.
func lines(list ...string) string { return strings.Join(list, "\n") + "\n" }

// literal is a composite literal of a declared struct, with a value for each
// field that needs one; nil where a field's type can't be made here.
func (s *scope) structOf(t *typ, depth int) *expr {
	type part struct {
		goName string
		expr   *expr
	}
	var list []part
	var parts []*expr
	for _, f := range t.fields {
		var e *expr
		if f.optional {
			if e = s.maybe(f.typ); e == nil || s.one(3) {
				continue
			}
		} else if e = s.filling(f.typ, depth); e == nil {
			return nil
		}
		list = append(list, part{f.goName, e})
		parts = append(parts, e)
	}
	text := make([]string, len(list))
	for i, p := range list {
		text[i] = p.goName + ": " + p.expr.bare()
	}
	return from(t, t.name+"{"+strings.Join(text, ", ")+"}", func(v *env) value {
		out := object{}
		for _, p := range list {
			out[p.goName] = p.expr.eval(v)
		}
		return out
	}, parts...)
}

// filling is an expression for a field of a literal.
func (s *scope) filling(t *typ, depth int) *expr {
	if e := s.expr(t, depth); e != nil {
		return e
	}
	switch t.kind {
	case kList:
		return s.literal(t, "nil", []value(nil))
	case kMap:
		return s.literal(t, "nil", map[string]value(nil))
	case kAny:
		return s.literal(t, `"any"`, "any")
	case kBytes:
		return s.literal(t, `[]byte("ab")`, []byte("ab"))
	case kStruct:
		if t.name != "" {
			return s.structOf(t, depth-1)
		}
	}
	return nil
}

// mapBody makes a body that gives a record of a declared type, nil where there
// is none.
func (s *scope) mapBody(t *typ) *body {
	if same(t, s.in) && s.one(2) {
		if b := s.changedCopy(t); b != nil {
			return b
		}
	}
	result := s.structOf(t, 2)
	if result == nil {
		return nil
	}
	before := []string{}
	eval := result.eval
	parts := []*expr{result}
	if e := s.pick(func(l leaf) bool { return !l.optional && l.variable == "" && same(l.typ, tStrings) }); e != nil && s.one(3) {
		// The body sorts what it was given: nobody else may see that.
		before = append(before, "slices.Sort("+e.text+")")
		parts = append(parts, e)
		inner, p := eval, e.reads[0]
		eval = func(v *env) value {
			own := *v
			own.in = copied(v.in)
			holder := own.in
			for _, name := range p[:len(p)-1] {
				holder = holder.(object)[name]
			}
			sortStrings(holder.(object)[p[len(p)-1]])
			return inner(&own)
		}
	}
	cond := s.varying(tBool, 2)
	switch {
	case cond == nil || s.one(3):
		text := lines(append(before, "r := "+result.text, "return r")...)
		return &body{text, from(t, text, eval, parts...)}
	case s.risky && s.one(2):
		text := lines(append(before,
			"if "+cond.bare()+" {",
			"  return "+t.name+`{}, fmt.Errorf("refused: %s", "it's so")`,
			"}",
			"return "+result.text+", nil")...)
		return s.bodyOf(t, text, append(parts, cond), before, func(v *env) value {
			if cond.eval(v).(bool) {
				panic(fault{code: "error", msg: "refused"})
			}
			return nil
		}, eval)
	}
	other := s.structOf(t, 1)
	text := lines(append(before, "if "+cond.bare()+" {", "\treturn "+other.text, "}", "", "return "+result.text)...)
	return s.bodyOf(t, text, append(parts, cond, other), before, func(v *env) value {
		if cond.eval(v).(bool) {
			return other.eval(v)
		}
		return nil
	}, eval)
}

// sortStrings sorts a list of strings where it is.
func sortStrings(v value) {
	list, _ := v.([]value)
	slices.SortFunc(list, func(a, b value) int { return strings.Compare(a.(string), b.(string)) })
}

// bodyOf is a body that asks first, and makes its result where that gives nil.
// Behind a statement that changes the record the answer would be another one, so
// there the result comes first.
func (s *scope) bodyOf(t *typ, text string, parts []*expr, before []string, first, eval func(*env) value) *body {
	if len(before) > 0 {
		return nil
	}
	return &body{text, from(t, text, func(v *env) value {
		if out := first(v); out != nil {
			return out
		}
		return eval(v)
	}, parts...)}
}

// changedCopy copies the record and changes a field of the copy.
func (s *scope) changedCopy(t *typ) *body {
	fields := slices.DeleteFunc(slices.Clone(t.fields), func(f *field) bool { return f.optional || !f.typ.isScalar() })
	if len(fields) == 0 {
		return nil
	}
	f := fields[s.n(len(fields))]
	e := s.varying(f.typ, 2)
	if e == nil {
		return nil
	}
	text := lines("p := in", "p."+f.goName+" = "+e.bare(), "return p")
	out := from(t, text, func(v *env) value {
		o := copied(v.in).(object)
		o[f.goName] = e.eval(v)
		return o
	}, e)
	for _, g := range t.fields {
		out.reads = append(out.reads, path{g.goName})
	}
	return &body{text, out}
}

// flatmapBody makes a body that gives any number of records of a declared type.
func (s *scope) flatmapBody(t *typ) *body {
	list := s.pick(func(l leaf) bool { return l.typ.kind == kList && l.variable == "" })
	inner := *s
	if list != nil && !s.one(4) {
		inner.vars = []variable{{"i", tInt}, {"t", list.typ.elem}}
		item := inner.structOf(t, 2)
		if item == nil {
			return nil
		}
		text := lines(
			"var out []"+t.name,
			"for i, t := range "+list.text+" {",
			"  _, _ = i, t",
			"  out = append(out, "+item.text+")",
			"}",
			"return out")
		return &body{text, from(t, text, func(v *env) value {
			elems, _ := list.eval(v).([]value)
			var out []value
			for i, e := range elems {
				out = append(out, item.eval(&env{in: v.in, meta: v.meta, vars: map[string]value{"i": int64(i), "t": e}}))
			}
			return out
		}, list, item)}
	}
	inner.vars = []variable{{"i", tInt}}
	item, count := inner.structOf(t, 2), s.varying(tInt, 1)
	if item == nil || count == nil {
		return nil
	}
	head := []string{"var out []" + t.name, fmt.Sprintf("for i := range max(0, %s%%4) {", count.text), "  out = append(out, " + item.text + ")", "}", "return out"}
	if s.one(3) { // an iterator
		head = []string{
			"return func(yield func(" + t.name + ") bool) {",
			fmt.Sprintf("  for i := range max(0, %s%%4) {", count.text),
			"    _ = i",
			"    if !yield(" + item.text + ") {",
			"      return",
			"    }",
			"  }",
			"}",
		}
	} else {
		head[2] = "  _ = i\n" + head[2]
	}
	text := lines(head...)
	return &body{text, from(t, text, func(v *env) value {
		var out []value
		for i := range max(0, count.eval(v).(int64)%4) {
			out = append(out, item.eval(&env{in: v.in, meta: v.meta, vars: map[string]value{"i": i}}))
		}
		return out
	}, count, item)}
}
