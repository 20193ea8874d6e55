package ir

import (
	"slices"
)

func (v *verifier) letValues() {
	for _, l := range v.p.Lets {
		if l.GoName == "" || l.Value == nil {
			v.errorf("let %s.%s has no Go name or no value", l.Node, l.Name)
		}
		if v.lets[l.GoName] {
			v.errorf("two let values have the Go name `%s`", l.GoName)
		}
		v.lets[l.GoName] = true
	}
}

// expr checks an expression; want is the kind of its type, "" for any.
func (v *verifier) expr(what string, e *Expr, want TypeKind) {
	v.during(what, func() {
		if e == nil {
			v.errorf("there is no expression")
			return
		}
		if e.Go == "" {
			v.errorf("the expression %q has no lowered text", e.Text)
		}
		if e.Type == nil {
			v.errorf("the expression %q has no type", e.Text)
		} else if want != "" && e.Type.Kind != want {
			v.errorf("the expression %q is a %s, not a %s", e.Text, e.Type, want)
		}
		oneOf(v, "the effect", e.Effect, Pure, Clock, Random, IO, Unknown)
		for _, path := range e.Reads {
			if len(path) == 0 {
				v.errorf("the expression %q reads an empty path", e.Text)
			}
		}
		for _, name := range e.Lets {
			if !v.lets[name] {
				v.errorf("the expression %q uses the let value `%s`, which the program does not have", e.Text, name)
			}
		}
	})
}

func (v *verifier) settings(list []Setting) {
	for i, s := range list {
		if slices.ContainsFunc(list[:i], func(t Setting) bool { return t.Key == s.Key }) {
			v.errorf("the key `%s` is set twice", s.Key)
		}
		if s.Value == nil {
			v.errorf("the key `%s` has no value", s.Key)
			continue
		}
		v.value("config "+s.Key, s.Value)
	}
}

func (v *verifier) value(what string, value *Value) {
	for _, part := range value.Parts {
		switch part.Kind {
		case Literal, Env, FileRef:
			if part.Expr != nil {
				v.errorf("%s: a part from `%s` has an expression", what, part.Kind)
			}
		case Record:
			v.expr(what, part.Expr, "")
		default:
			v.errorf("%s: `%s` is no origin of a value", what, part.Kind)
		}
	}
	for _, item := range value.Items {
		v.value(what, item)
	}
	for _, entry := range value.Entries {
		v.value(what+"."+entry.Key, entry.Value)
	}
}
