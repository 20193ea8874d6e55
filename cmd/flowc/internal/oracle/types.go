package oracle

import (
	"slices"
	"strings"
)

// A kind is a type of the language.
type kind string

const (
	kString   kind = "string"
	kInt      kind = "int"
	kInt64    kind = "int64"
	kUint64   kind = "uint64"
	kFloat64  kind = "float64"
	kBool     kind = "bool"
	kBytes    kind = "bytes"
	kTime     kind = "time"
	kDuration kind = "duration"
	kDecimal  kind = "decimal"
	kNumber   kind = "number"
	kJSON     kind = "json"
	kAny      kind = "any"
	kEnum     kind = "enum"
	kList     kind = "list"
	kMap      kind = "map"
	kStruct   kind = "struct"
)

// A typ is a type. Structs without a name stand where they are used.
type typ struct {
	kind   kind
	name   string // of a declared struct
	pkg    string // of a struct in Go: its folder
	values []string
	elem   *typ
	fields []*field
}

// A field is a member of a struct: its name on the wire, and its name in Go.
type field struct {
	wire, goName string
	optional     bool
	typ          *typ
	// omitEmpty leaves the zero value out, untagged is a field in Go that has no
	// name on the wire of its own.
	omitEmpty, untagged bool
	// hint says what the text of a string is made for.
	hint *parsing
}

func (t *typ) field(goName string) *field {
	for _, f := range t.fields {
		if f.goName == goName {
			return f
		}
	}
	return nil
}

func (t *typ) wireField(wire string) *field {
	for _, f := range t.fields {
		if f.wire == wire {
			return f
		}
	}
	return nil
}

// isScalar tells whether a value of the type has no parts.
func (t *typ) isScalar() bool {
	switch t.kind {
	case kList, kMap, kStruct, kJSON, kAny:
		return false
	}
	return true
}

// isFlat tells whether each field of a struct fits into a cell of a table.
func (t *typ) isFlat() bool {
	return t.kind == kStruct && !slices.ContainsFunc(t.fields, func(f *field) bool { return !f.typ.isScalar() })
}

// same tells whether two types are one: declared structs by their name, others
// by what they are made of.
func same(a, b *typ) bool {
	if a == b {
		return true
	}
	if a == nil || b == nil || a.kind != b.kind || a.name != b.name || a.pkg != b.pkg {
		return false
	}
	switch a.kind {
	case kEnum:
		return slices.Equal(a.values, b.values)
	case kList, kMap:
		return same(a.elem, b.elem)
	case kStruct:
		return slices.EqualFunc(a.fields, b.fields, func(x, y *field) bool {
			return x.wire == y.wire && x.optional == y.optional && same(x.typ, y.typ)
		})
	}
	return true
}

// A path leads from a record to a value: names of fields in Go.
type path []string

func (p path) key() string { return strings.Join(p, ".") }

// leaves expands a path into the values that reading it takes: a struct is read
// field by field.
func (t *typ) leaves(p path) []path {
	if len(p) == 0 { // a record that is no struct
		return []path{{}}
	}
	last := t.along(p)[len(p)-1]
	if last.optional {
		return []path{p}
	}
	return last.typ.below(p)
}

func (t *typ) below(prefix path) []path {
	if t.kind != kStruct {
		return []path{prefix}
	}
	var out []path
	for _, f := range t.fields {
		p := append(slices.Clone(prefix), f.goName)
		if f.optional { // there as a whole, or not at all
			out = append(out, p)
			continue
		}
		out = append(out, f.typ.below(p)...)
	}
	return out
}

// along are the fields on a path.
func (t *typ) along(p path) []*field {
	var out []*field
	for _, name := range p {
		f := t.field(name)
		out = append(out, f)
		t = f.typ
	}
	return out
}

// whole are all values of a record.
func (t *typ) whole() []path {
	if t.kind != kStruct {
		return nil
	}
	return t.below(nil)
}
