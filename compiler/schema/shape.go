package schema

import (
	"math"
	"regexp"
	"strings"

	"cuelang.org/go/cue"
)

// A shape is what a definition says, taken out of CUE once: what values it
// takes and how they are called. It answers two questions faster and better
// than CUE does: whether a value is surely right (then CUE is not asked), and
// what to say about one that CUE refuses.
type shape struct {
	// name is the definition that the shape comes from, "" for none.
	name string
	// is completes "this must be …"; doc is the comment.
	is, doc string
	// any are alternatives; the rest of the shape is then empty.
	any []*shape
	// kind is the kind of values that it takes.
	kind cue.Kind
	// equals is a literal that the value must be: string or int64, else nil.
	equals any
	// matches are expressions that a string must match, with their text.
	matches []*regexp.Regexp
	// min and max bound a number.
	min, max float64
	// fields are those of a struct, in order; rest is the shape of all others,
	// nil where there are no others; open structs take anything.
	fields []*field
	byName map[string]*field
	rest   *shape
	open   bool
	// items is the shape of a list's elements, nil for anything.
	items *shape
	// whole tells that the shape says all that CUE says. Where it does not, CUE
	// is always asked.
	whole bool
	// nodes are definitions of the values of the field, checked one by one by
	// the caller: the attribute @nodes.
	nodes []string
}

// A field is one key of a struct.
type field struct {
	name     string
	required bool
	shape    *shape
}

// A reader takes shapes out of a CUE value; named ones once.
type reader struct{ named map[string]*shape }

// read returns the shape of a value.
func (r *reader) read(v cue.Value) *shape {
	if _, path := v.ReferencePath(); len(path.Selectors()) == 1 && path.Selectors()[0].IsDefinition() {
		name := path.String()
		if s := r.named[name]; s != nil {
			return s
		}
		v = cue.Dereference(v)
		s := &shape{}
		r.named[name] = s
		*s = *r.value(v)
		s.name = name
		return s
	}
	return r.value(v)
}

func (r *reader) value(v cue.Value) *shape {
	s := &shape{min: math.Inf(-1), max: math.Inf(1), whole: true}
	r.fill(s, v)
	s.doc = docOf(v)
	s.is = attribute(v, "is")
	if nodes := attribute(v, "nodes"); nodes != "" {
		s.nodes = strings.Split(nodes, ",")
	}
	return s
}

// fill adds what a value says to a shape.
func (r *reader) fill(s *shape, v cue.Value) {
	switch op, args := v.Expr(); op {
	case cue.OrOp:
		for _, a := range args {
			s.any = append(s.any, r.read(a))
		}
		return
	case cue.AndOp:
		s.kind = v.IncompleteKind()
		if s.kind == cue.StructKind { // one that embeds others
			r.structure(s, v)
			return
		}
		for _, a := range args {
			part := r.read(a)
			if len(part.any) > 0 || part.kind&cue.StructKind != 0 {
				s.whole = false // an intersection that is no list of bounds
				continue
			}
			s.add(part)
		}
		return
	case cue.RegexMatchOp:
		s.kind = cue.StringKind
		text, err := args[0].String()
		re, err2 := regexp.Compile(text)
		if err != nil || err2 != nil {
			s.whole = false
			return
		}
		s.matches = append(s.matches, re)
		return
	case cue.GreaterThanEqualOp, cue.LessThanEqualOp:
		s.kind = v.IncompleteKind()
		n, err := args[0].Float64()
		switch {
		case err != nil:
			s.whole = false
		case op == cue.GreaterThanEqualOp:
			s.min = n
		default:
			s.max = n
		}
		return
	case cue.NoOp, cue.SelectorOp:
		if _, choice := v.Default(); choice && v.IncompleteKind()&(cue.StructKind|cue.ListKind) == 0 && !v.IsConcrete() {
			// A choice with a default, which can't be taken apart.
			s.kind, s.whole = v.IncompleteKind(), false
			return
		}
	default:
		s.kind, s.whole = v.IncompleteKind(), false
		return
	}
	s.kind = v.IncompleteKind()
	switch {
	case s.kind == cue.TopKind:
		s.open = true
	case v.IsConcrete() && s.kind == cue.StringKind:
		s.equals, _ = v.String()
	case v.IsConcrete() && s.kind == cue.IntKind:
		s.equals, _ = v.Int64()
	case v.IsConcrete() && s.kind&^(cue.StructKind|cue.ListKind) != 0:
		s.whole = false // a literal of another kind
	case s.kind == cue.ListKind:
		if e := v.LookupPath(cue.MakePath(cue.AnyIndex)); e.Exists() && e.IncompleteKind() != cue.TopKind {
			s.items = r.read(e)
		}
	case s.kind == cue.StructKind:
		r.structure(s, v)
	}
}

// add intersects a shape with a part that is a kind, bounds or expressions.
func (s *shape) add(part *shape) {
	s.min, s.max = math.Max(s.min, part.min), math.Min(s.max, part.max)
	s.matches = append(s.matches, part.matches...)
	if part.equals != nil {
		s.equals = part.equals
	}
	s.whole = s.whole && part.whole
}

// structure reads the fields of a struct.
func (r *reader) structure(s *shape, v cue.Value) {
	it, err := v.Fields(cue.Optional(true))
	if err != nil {
		s.whole = false
		return
	}
	s.byName = map[string]*field{}
	for it.Next() {
		f := &field{
			name:     it.Selector().Unquoted(),
			required: mustBeGiven(it.Selector(), it.Value()),
			shape:    r.read(it.Value()),
		}
		// A comment on a field stands for the field, not for the definition that it
		// names.
		if doc := docOf(it.Value()); doc != "" && doc != f.shape.doc {
			own := *f.shape
			own.doc = doc
			f.shape = &own
		}
		s.fields = append(s.fields, f)
		s.byName[f.name] = f
	}
	rest := v.LookupPath(cue.MakePath(cue.AnyString))
	switch {
	case rest.Exists() && rest.IncompleteKind() != cue.TopKind:
		s.rest = r.read(rest)
	case rest.Exists() || v.Allows(cue.AnyString):
		s.open = true
	}
}

// mustBeGiven tells whether a field can't be left out: one with `!`, or one
// without any mark that nothing else gives a value.
func mustBeGiven(s cue.Selector, v cue.Value) bool {
	switch s.ConstraintType() {
	case cue.OptionalConstraint:
		return false
	case cue.RequiredConstraint:
		return true
	}
	_, hasDefault := v.Default()
	return !hasDefault && !v.IsConcrete() && v.IncompleteKind()&(cue.StructKind|cue.ListKind) == 0
}

// docOf is the comment on a value, in one line.
func docOf(v cue.Value) string {
	var lines []string
	for _, group := range v.Doc() {
		lines = append(lines, strings.Fields(group.Text())...)
		break
	}
	return strings.Join(lines, " ")
}

// attribute returns the text of an attribute of a value, "" for none.
func attribute(v cue.Value, name string) string {
	a := v.Attribute(name)
	if a.Err() != nil {
		return ""
	}
	if name == "nodes" {
		return a.Contents()
	}
	text, err := a.String(0)
	if err != nil {
		return ""
	}
	return text
}
