package infer

import (
	"slices"
	"strings"
)

// A decider makes types of shapes.
type decider struct {
	options *Options
	format  string
	csv     bool
	types   []*Named
	names   map[string]bool // taken by types
	// known are the objects whose type is declared or on its way.
	known map[*objects]*Named
	order int
}

// A spot is where a value stands, for the name of its type.
type spot struct {
	field string // the name of the field that leads there, "" for a record
	owner string // the type that has the field
	// one tells that there is one value there, and not a list or map of them.
	one bool
}

// A finding is the type of a place and what there is to say of it.
type finding struct {
	typ   *Type
	notes []string
	// twice is an object that has a name twice, where the type can't read it.
	twice place
}

func found(kind string, notes ...string) finding {
	return finding{typ: &Type{Kind: kind}, notes: notes}
}

// raw is the type of values that are not looked into.
func (s *shape) raw(notes ...string) finding {
	f := found("json", notes...)
	f.twice = s.anyTwice()
	return f
}

// result makes the types of a sample.
func (c *collector) result() (*Result, error) {
	o := &c.options
	if c.records == 0 {
		msg := "the sample has no records"
		if c.root != nil && c.root.obj != nil {
			msg = "the sample has a header and no rows, so nothing tells the types"
		}
		return nil, &Error{File: o.shown(), Msg: msg}
	}
	d := &decider{options: o, format: c.source.format, csv: c.source.format == "csv", names: map[string]bool{}, known: map[*objects]*Named{}}
	r := &Result{File: o.shown(), Format: c.source.format, Records: c.records, More: c.full(), Source: c.source.source(o)}
	if err := d.roots(c, &r.Source.Out); err != nil {
		return nil, err
	}
	r.Notes = d.elseNotes(&c.variants)
	slices.SortStableFunc(d.types, func(a, b *Named) int { return a.order - b.order })
	r.Types = d.types
	r.YAML = r.block()
	return r, nil
}

// roots makes the types of the records.
func (d *decider) roots(c *collector, out *Out) error {
	name, err := d.options.typeName()
	if err != nil {
		return err
	}
	if d.options.By != "" {
		return d.variants(&c.variants, name, out)
	}
	out.Type = name
	d.names[name] = true
	if rows := c.rows(); rows != nil {
		if n, err := d.record(name, rows); err == nil && n.Type.Kind == "struct" {
			out.Type = "change of " + name
			return nil
		}
		d.forget(0, 0)
	}
	_, err = d.record(name, c.root)
	return err
}

// variants makes a type for each value of the field that tells them apart.
func (d *decider) variants(v *variants, fallback string, out *Out) error {
	if len(v.list) == 0 {
		return v.noTag(d.options.By)
	}
	out.By = d.options.By
	out.Else = v.nones > 0
	for _, one := range v.list {
		if one.value == "by" || one.value == "else" {
			return usagef("records of the type %q can't be told apart by `%s`: in `out: {by: %s, …}` the word means something else; leave `--by` away and use a `route`",
				one.value, out.By, out.By)
		}
		// Records get their names before their fields do.
		name := d.freeName(nameOfType(one.value, fallback))
		d.names[name] = true
		out.Values = append(out.Values, Variant{Value: one.value, Type: name})
	}
	for i, one := range v.list {
		n, err := d.record(out.Values[i].Type, one.shape)
		if err != nil {
			return err
		}
		n.Notes = append(n.Notes, plural(n.Values, "record"))
		if n.Type.Kind != "struct" {
			return usagef("records whose `%s` is %q have no fields that Go can name, and an event type needs some", out.By, one.value)
		}
	}
	return nil
}

// record declares the type of records.
func (d *decider) record(name string, s *shape) (*Named, error) {
	n := d.begin(name)
	if s == nil {
		n.Type = &Type{Kind: "json"}
		return n, nil
	}
	n.Values = s.values()
	if s.obj != nil && s.count[object] == n.Values && !s.unseen && (d.csv || s.obj.isStruct(true)) {
		if d.structType(s.obj, n) {
			return n, nil
		}
	}
	if d.csv {
		return nil, &Error{
			File: d.options.shown(), Line: 1, Column: 1, Msg: "no column has a name that Go could have, so a type can't name them",
			Help: "has the table no header? Put one on top; a field's name begins with a letter",
		}
	}
	f := d.part(s, spot{owner: name}, "")
	n.Type, n.Notes = f.typ, f.notes
	if f.twice != (place{}) {
		n.Notes = append(n.Notes, "an object has a name twice, first at "+d.at(f.twice)+": that record can't be read")
	}
	return n, nil
}

// begin declares a type whose fields are still to come.
func (d *decider) begin(name string) *Named {
	n := &Named{Name: name, order: d.order}
	d.order++
	d.names[name] = true
	d.types = append(d.types, n)
	return n
}

const unseenNote = "nested too deep, or too much of it, to be looked into"

// decide is the type of what is not null at a place.
func (d *decider) decide(s *shape, at spot) finding {
	if s == nil || s.unseen && s.obj != nil {
		return s.raw(unseenNote)
	}
	numbers := s.numbers()
	switch s.values() - s.count[null] {
	case 0:
		if s.unseen {
			return found("json", unseenNote)
		}
		return found("json", "never anything but null")
	case s.count[boolean]:
		return found("bool")
	case s.count[integer]:
		return d.numberType(s.num.integerType(), &s.num)
	case numbers:
		return d.numberType(s.num.exactType(), &s.num)
	case s.count[text]:
		return d.stringType(s.str)
	case s.count[text] + numbers:
		if t := s.str; t.numbers() == t.total() && t.num.inexact == 0 && s.num.inexact == 0 {
			return found("decimal", d.kindsNote(s, false))
		}
	case s.count[list]:
		return d.listType(s, at)
	case s.count[object]:
		return d.objectType(s, at)
	}
	if s.isScalar() {
		return found("any", d.kindsNote(s, false))
	}
	return s.raw(d.kindsNote(s, false))
}

// isScalar tells whether an `any` holds the values of a place as they are: they
// have no parts, and their numbers are those of a float64.
func (s *shape) isScalar() bool { return s.count[list]+s.count[object] == 0 && s.num.long == 0 }

// numberType is the type of numbers, which is t unless float64 is wanted.
func (d *decider) numberType(t string, n *numbers) finding {
	if t == "number" && d.options.Floats && n.beyond == 0 {
		t = "float64"
	}
	switch {
	case t == "float64" && n.inexact > 0:
		return found(t, plural(n.inexact, "value")+" beyond the 38 digits of a number, and rounded; `json` keeps all")
	case t == "json":
		return found(t, plural(n.beyond, "value")+" beyond the range of all types of numbers")
	}
	return found(t)
}

// stringType is the type of strings in JSON.
func (d *decider) stringType(t *texts) finding {
	if d.csv {
		return d.cellType(t)
	}
	total := t.total()
	switch total {
	case t.count[times]:
		return found("time")
	case t.count[durations]:
		return found("duration")
	case t.numbers():
		if d.options.Decimals && t.num.inexact == 0 {
			return found("decimal")
		}
	}
	return d.enumType(t)
}

// cellType is the type of the cells of a column. An empty one is a missing
// value, except for a string.
func (d *decider) cellType(t *texts) finding {
	switch t.total() - t.count[empty] {
	case 0:
		return found("string", "always empty")
	case t.count[integers]:
		return d.cellNumber(t.num.integerType(), t)
	case t.numbers():
		return d.cellNumber(t.num.exactType(), t)
	case t.count[booleans]:
		return found("bool")
	case t.count[times]:
		return found("time")
	case t.count[durations]:
		return found("duration")
	}
	return d.enumType(t)
}

func (d *decider) cellNumber(kind string, t *texts) finding {
	f := d.numberType(kind, &t.num)
	if f.typ.Kind == "json" { // a cell holds no such thing
		f.typ.Kind = "string"
	}
	return f
}

// enumType is string, or an enum where that is wanted and few values come back
// often.
func (d *decider) enumType(t *texts) finding {
	values := t.enum(d.csv)
	if len(values) >= 2 && d.options.Enums {
		return finding{typ: &Type{Kind: "enum", Values: values}}
	}
	return found("string", d.stringNotes(t, values)...)
}

const (
	// An enum has at most maxValues values, and each of them comes, on average, so
	// often at least; with fewer strings than manyValues nothing can be said.
	repeated   = 10
	manyValues = 50
)

// enum is the values of strings that are few and come back often, by first
// appearance, or nil. In CSV an empty cell is none of them.
func (t *texts) enum(csv bool) []string {
	n := t.total()
	var out []string
	for _, v := range t.values.list {
		if v != "" || !csv {
			out = append(out, v)
		} else {
			n -= t.count[empty]
		}
	}
	if n < manyValues || n < repeated*int64(len(out)) {
		return nil
	}
	return out
}

// listType is the type of lists.
func (d *decider) listType(s *shape, at spot) finding {
	f := found("json", "always empty")
	if s.elem == nil && s.unseen {
		f = s.raw(unseenNote)
	} else if s.elem != nil {
		f = d.part(s.elem, spot{field: at.field, owner: at.owner}, "elements: ")
	}
	f.typ = &Type{Kind: "list", Elem: f.typ}
	return f
}

// part is the type of values that can't be missing (elements, values of a map,
// records): where some are null, it is one that has a null.
func (d *decider) part(s *shape, at spot, what string) finding {
	nulls := s.count[null]
	if nulls == 0 {
		return d.decide(s, at).prefix(what)
	}
	if nulls == s.values() {
		return found("json", "always null").prefix(what)
	}
	note := d.kindsNote(s, true)
	if s.isScalar() {
		return found("any", note).prefix(what)
	}
	return s.raw(note).prefix(what)
}

func (f finding) prefix(what string) finding {
	for i, note := range f.notes {
		if !strings.HasPrefix(note, what) {
			f.notes[i] = what + note
		}
	}
	return f
}
