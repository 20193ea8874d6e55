package infer

import (
	"strings"

	"github.com/flowc-dev/flowc/compiler/lower"
)

// inlineFields is how many fields a struct may have that stands in its place,
// all of them without parts.
const inlineFields = 6

// objectType is the type of objects below a record.
func (d *decider) objectType(s *shape, at spot) finding {
	o := s.obj
	if n := d.known[o]; n != nil {
		return finding{typ: &Type{Kind: "named", Name: n.Name}}
	}
	if o.named == 0 {
		return finding{typ: &Type{Kind: "map", Elem: &Type{Kind: "json"}}, notes: []string{"always empty"}}
	}
	if o.isStruct(false) {
		if at.one && o.isSmall() {
			n := &Named{Name: at.owner + goName(at.field, "")} // for the names of what is inside
			if d.structType(o, n) {
				return finding{typ: n.Type}
			}
			return s.raw(noFieldsNote)
		}
		if t := d.nameStruct(o, at); t != nil {
			return finding{typ: t}
		}
		return s.raw(noFieldsNote)
	}
	values := o.values()
	f := d.part(values, spot{field: at.field, owner: at.owner}, "values: ")
	f.twice = earlier(f.twice, s.twice)
	f.typ.noEnums()
	f.typ = &Type{Kind: "map", Elem: f.typ}
	f.notes = append([]string{d.keysNote(o)}, f.notes...)
	return f
}

// isStruct tells whether objects have fields, and not names that are data.
func (o *objects) isStruct(record bool) bool {
	if o.wide != nil || len(o.fields) == 0 {
		return false
	}
	good := 0
	for _, f := range o.fields {
		if lower.GoName(f.name) != "" {
			good++
		}
	}
	switch {
	case good == 0:
		return false
	case 2*good <= len(o.fields):
		return !o.isAlike()
	}
	// Names that differ from object to object are data. Records that are all like
	// that are rare, and rows with many empty columns are not.
	names, share := 10, int64(3)
	if record {
		names, share = 100, 10
	}
	sparse := o.n >= 2 && len(o.fields) >= names && o.named*share < o.n*int64(len(o.fields))
	return !sparse || !o.isAlike()
}

// isAlike tells whether the values of all names are of one type.
func (o *objects) isAlike() bool {
	v := o.values()
	if v.unseen || len(v.kinds()) != 1 {
		return false
	}
	if v.obj == nil || v.obj.wide != nil {
		return true
	}
	// Of the objects, most names are in most of them.
	return 2*v.obj.named >= v.obj.n*int64(len(v.obj.fields))
}

// kinds are those of the values that are not null, all numbers being of one.
func (s *shape) kinds() []kind {
	var out []kind
	for k := boolean; k < kinds; k++ {
		if s.count[k] > 0 && !(k == fraction && s.count[integer] > 0) {
			out = append(out, k)
		}
	}
	return out
}

// values is the shape of all values of objects, whatever their names.
func (o *objects) values() *shape {
	if o.wide != nil {
		return o.wide
	}
	s := &shape{}
	for _, f := range o.fields {
		s.merge(f.shape)
	}
	return s
}

// isSmall tells whether a struct is so small that it stands in its place.
func (o *objects) isSmall() bool {
	if len(o.fields) > inlineFields {
		return false
	}
	for _, f := range o.fields {
		s := f.shape
		for s != nil && s.elem != nil {
			s = s.elem
		}
		if s == nil || s.obj != nil {
			return false
		}
	}
	return true
}

const noFieldsNote = "no field of it can stand in a type"

// nameStruct declares a type for objects, or finds the one that says the same; nil
// where no field can stand in it.
func (d *decider) nameStruct(o *objects, at spot) *Type {
	n := d.declare(at, func(n *Named) bool { return d.structType(o, n) })
	if n == nil {
		return nil
	}
	d.known[o] = n
	return &Type{Kind: "named", Name: n.Name}
}

// declare declares a struct, named for its place, that fill fills; or finds the one
// that was declared for such a place and is the same. It is nil where fill gives false.
func (d *decider) declare(at spot, fill func(*Named) bool) *Named {
	base := at.field
	if !at.one {
		base = singular(base)
	}
	base = nameOfType(base, at.owner+"Item")
	name := base
	if d.names[name] {
		name = d.freeName(at.owner + base)
	}
	order := d.order
	n := d.begin(name)
	begun := len(d.types)
	if !fill(n) {
		d.forget(begun-1, order)
		return nil
	}
	for _, other := range d.types[:begun-1] {
		if other.base == base && other.Type != nil && other.Type.same(n.Type) {
			// What it declared on its way is the other's as well: all of it is found
			// again below that, so nothing else refers to it.
			d.forget(begun-1, order)
			other.Values += n.Values
			return other
		}
	}
	n.base = base
	return n
}

// forget takes back the types from index i on.
func (d *decider) forget(i, order int) {
	for _, n := range d.types[i:] {
		delete(d.names, n.Name)
	}
	d.types = d.types[:i]
	d.order = order
}

// structType fills n with the fields of objects, and tells whether the type can
// have some of them.
func (d *decider) structType(o *objects, n *Named) bool {
	o.fold()
	d.known[o] = n
	n.Values = o.n
	n.Type = &Type{Kind: "struct"}
	taken := map[string]string{}
	some := false
	for _, f := range o.fields {
		out := d.field(o, f, n.Name, taken)
		n.Type.Fields = append(n.Type.Fields, out)
		some = some || out.LeftOut == ""
	}
	return some
}

// field makes a field of a struct; taken are the Go names of those before it.
func (d *decider) field(o *objects, f *field, owner string, taken map[string]string) *Field {
	out := &Field{Name: f.name, Go: lower.GoName(f.name), Missing: o.n - f.seen}
	if f.shape != nil {
		out.Null = f.shape.count[null]
	}
	out.LeftOut = d.leftOut(out, f, taken)
	var t finding
	if s := f.shape; s != nil && out.LeftOut != "" && s.count[list]+s.count[object] > 0 {
		t = found("json") // no types are declared for it
	} else {
		t = d.decide(f.shape, spot{field: f.name, owner: owner, one: true})
	}
	out.Type, out.Notes = t.typ, t.notes
	if d.csv && out.Type.Kind != "string" && f.shape != nil && f.shape.str != nil {
		out.Missing += f.shape.str.count[empty]
	}
	out.Optional = out.Missing > 0 || out.Null > 0
	if note := d.absenceNote(out, o.n); note != "" {
		out.Notes = append([]string{note}, out.Notes...)
	}
	if out.LeftOut == "" && t.twice != (place{}) {
		out.LeftOut = "an object in it has a name twice, first at " + d.at(t.twice) + ", an error where it is read"
	}
	if strings.HasSuffix(out.Name, "?") {
		out.Optional = true // the one way to write a name that ends so
	} else if out.LeftOut == "" {
		out.LeftOut = out.endsBadly()
	}
	if out.LeftOut != "" {
		out.Go = ""
	} else {
		taken[out.Go] = f.name
	}
	return out
}

// leftOut is the reason why a type can't have a field, as far as the name tells.
func (d *decider) leftOut(out *Field, f *field, taken map[string]string) string {
	before, clash := taken[out.Go]
	switch {
	case out.Go == "":
		out.unnamed = true
		return "its name gives none in Go"
	case clash:
		out.unnamed = true
		return "in Go it would be called " + out.Go + ", as " + quoteName(before) + " is"
	case f.double > 0 && d.csv:
		return "two columns have the name"
	case f.double > 0:
		return "it stands twice in " + plural(f.double, "object") + ", first at " + d.at(f.twice) + ", an error where it is read"
	}
	return out.endsBadly()
}

// endsBadly is the reason why an optional field can't be written, "" where it
// can.
func (f *Field) endsBadly() string {
	if !strings.HasSuffix(f.Name, " ") || !f.Optional && f.Missing == 0 && f.Null == 0 {
		return ""
	}
	f.unnamed = true
	return "the name of an optional field can't end with a space"
}

// anyTwice is the first object of a place, at any depth, that has a name twice.
func (s *shape) anyTwice() place {
	if s == nil {
		return place{}
	}
	at := earlier(s.twice, s.elem.anyTwice())
	if o := s.obj; o != nil && !o.entered {
		o.entered = true // folded objects lead back to themselves
		at = earlier(at, o.wide.anyTwice())
		for _, f := range o.fields {
			at = earlier(at, f.shape.anyTwice())
		}
		o.entered = false
	}
	return at
}
