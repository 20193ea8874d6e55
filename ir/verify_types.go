package ir

import (
	"fmt"
	"slices"
	"strings"
)

func (v *verifier) types() {
	seen := map[string]bool{}
	for _, t := range v.p.Types {
		switch {
		case t.Name == "":
			v.errorf("an event type has no name")
		case seen[t.Name]:
			v.errorf("two event types have the name `%s`", t.Name)
		}
		seen[t.Name] = true
	}
	checked := map[*Type]bool{}
	for _, t := range v.p.Types {
		v.typ("type "+t.String(), t, checked, nil)
	}
	for _, n := range v.p.Nodes {
		for _, port := range n.Out {
			v.typ(fmt.Sprintf("node %s: port `%s`", n.ID, port.Name), port.Type, checked, nil)
		}
	}
}

// typ checks a type and what it is made of; anonymous are the types around it
// that have no name, in which it must not be.
func (v *verifier) typ(at string, t *Type, checked map[*Type]bool, anonymous []*Type) {
	v.during(at, func() {
		if t == nil {
			v.errorf("there is no type")
			return
		}
		if slices.Contains(anonymous, t) {
			v.errorf("a type without a name holds itself")
			return
		}
		if checked[t] {
			return
		}
		if anonymous = append(anonymous, t); t.Name != "" || t.Go != nil {
			anonymous = nil
			checked[t] = true
		}
		if (t.Kind == List || t.Kind == Map) != (t.Elem != nil) {
			v.errorf("a %s and its element do not go together", t.Kind)
		}
		if t.Kind != Struct && len(t.Fields) > 0 {
			v.errorf("a %s has fields", t.Kind)
		}
		if t.Kind != Enum && len(t.Values) > 0 {
			v.errorf("a %s has values", t.Kind)
		}
		if t.Change {
			v.change(t)
		}
		switch t.Kind {
		case Enum:
			if len(t.Values) == 0 {
				v.errorf("an enum has no values")
			}
			for i, value := range t.Values {
				if slices.Contains(t.Values[:i], value) {
					v.errorf("an enum has the value %q twice", value)
				}
			}
		case List, Map:
			if t.Elem != nil {
				v.typ("element", t.Elem, checked, anonymous)
			}
		case Struct:
			v.fields(t, checked, anonymous)
		case GoNamed:
			if t.Go == nil {
				v.errorf("a Go type does not say which")
			}
		default:
			if !slices.Contains(scalarKinds, t.Kind) {
				v.errorf("`%s` is no kind of type", t.Kind)
			}
		}
	})
}

func (v *verifier) fields(t *Type, checked map[*Type]bool, anonymous []*Type) {
	names, goNames := map[string]bool{}, map[string]bool{}
	for _, f := range t.Fields {
		if f.Name == "" && t.Go == nil || f.Go == "" {
			v.errorf("a field lacks a name: wire %q, Go %q", f.Name, f.Go)
		}
		path := strings.Join(append(slices.Clone(f.Embedded), f.Go), ".")
		if names[f.Name] || goNames[path] {
			v.errorf("two fields have the name %q or %q", f.Name, path)
		}
		names[f.Name], goNames[path] = true, true
		v.typ("field "+f.Name, f.Type, checked, anonymous)
	}
}

// change checks that a change of a type has the fields of one.
func (v *verifier) change(t *Type) {
	of := t.Changed()
	if of == nil || t.Name == "" {
		v.errorf("a change does not say what it is a change of")
		return
	}
	if want := ChangeOf(of, t.Name); !t.Same(want) {
		v.errorf("a change has other fields than op, before, after and unchanged")
	}
}
