package ir

import "github.com/flowc-dev/flowc/ir/source"

// A TypeKind is the kind of a type of the language.
type TypeKind string

// The kinds. Text and Raw are the records of `out: text` (a string) and
// `out: bytes` (a []byte); JSON is a raw JSON value, Any whatever JSON holds.
const (
	String   TypeKind = "string"
	Int      TypeKind = "int"
	Int64    TypeKind = "int64"
	Uint64   TypeKind = "uint64"
	Float64  TypeKind = "float64"
	Bool     TypeKind = "bool"
	Bytes    TypeKind = "bytes"
	Time     TypeKind = "time"
	Duration TypeKind = "duration"
	Decimal  TypeKind = "decimal"
	Number   TypeKind = "number"
	JSON     TypeKind = "json"
	Any      TypeKind = "any"
	List     TypeKind = "list"
	Map      TypeKind = "map"
	Enum     TypeKind = "enum"
	Struct   TypeKind = "struct"
	// GoNamed is a type of the user's that is no struct the compiler looks
	// into: it decodes and encodes by its own methods or encoding/json.
	GoNamed TypeKind = "go"
)

// A Type is a type of the language. Named types are shared: two references to
// Payment are the same pointer.
type Type struct {
	Kind TypeKind
	// Name is the Go name of a named type ("Payment"), "" for others.
	Name string
	// Elem is the element of a list or the value of a map.
	Elem *Type
	// Fields are those of a struct, in order.
	Fields []*Field
	// Values are those of an enum.
	Values []string
	// Change tells that the struct is a `change of T`: what became of a row, with
	// the fields of [ChangeOf].
	Change bool
	// Go says that the type is the user's own; nil for types that the compiler
	// generates.
	Go *GoType
	// Span is where the type was declared.
	Span source.Span
}

// A GoType is a type in a Go package.
type GoType struct {
	Package string // import path, "" for universe types
	PkgName string // the package's name
	Name    string
	Pointer bool // a pointer to it
	// Lenient types keep Go's rules when decoded: missing is zero.
	Lenient bool
	// Custom tells that it has methods of its own for JSON or text.
	Custom bool
	// Text tells that these are MarshalText or UnmarshalText alone: on the wire
	// it is a string.
	Text bool
}

// A Field is one field of a struct.
type Field struct {
	// Name is the name on the wire, Go the name in Go.
	Name, Go string
	// Embedded are the embedded structs that a field of a user's struct is
	// promoted through, outermost first, by Go names. Go is a selector all the
	// same; only in a composite literal it can't stand.
	Embedded Path
	Type     *Type
	// Optional fields may be missing or null: a pointer in Go (a list or a map:
	// just nil).
	Optional bool
	// Lenient fields follow Go's rules when decoded: missing is zero. Those of
	// the user's own structs are.
	Lenient bool
	// OmitEmpty is Go's json option, on types of the user's.
	OmitEmpty bool
	// Required is the tag `flowc:"required"` of a config field.
	Required bool
	// Doc is the first sentence of the field's comment, for config structs.
	Doc  string
	Span source.Span
}

// Field returns the field with a wire name, or nil.
func (t *Type) Field(name string) *Field {
	for _, f := range t.Fields {
		if f.Name == name {
			return f
		}
	}
	return nil
}

// GoField returns the field with a Go name, or nil.
func (t *Type) GoField(name string) *Field {
	for _, f := range t.Fields {
		if f.Go == name {
			return f
		}
	}
	return nil
}

// IsScalar tells whether a value of the type has no parts.
func (t *Type) IsScalar() bool {
	switch t.Kind {
	case List, Map, Struct, JSON, Any, GoNamed:
		return false
	}
	return true
}

// String is the type as the language writes it.
func (t *Type) String() string {
	switch {
	case t == nil:
		return "none"
	case t.Change && t.Changed() != nil:
		return "change of " + t.Changed().String()
	case t.Name != "":
		return t.Name
	case t.Kind == List:
		return "[" + t.Elem.String() + "]"
	case t.Kind == Map:
		return "map of " + t.Elem.String()
	case t.Kind == Enum:
		s := ""
		for i, v := range t.Values {
			if i > 0 {
				s += " | "
			}
			s += v
		}
		return s
	case t.Kind == Struct:
		s := "{"
		for i, f := range t.Fields {
			if i > 0 {
				s += ", "
			}
			s += f.Name
			if f.Optional {
				s += "?"
			}
			s += ": " + f.Type.String()
		}
		return s + "}"
	case t.Go != nil && t.Go.PkgName == "":
		return t.Go.Name
	case t.Go != nil:
		return t.Go.PkgName + "." + t.Go.Name
	}
	return string(t.Kind)
}

// A Path is a field below a record by Go names, outermost first:
// ["Asset", "Code"]. The path ["*"] is the whole record.
type Path []string

// Whole is the path of the record itself.
var Whole = Path{"*"}

// Pointer tells whether the field is a pointer in Go: optional scalars and
// structs are, optional lists, maps and raw values are just nil.
func (f *Field) Pointer() bool {
	if !f.Optional {
		return false
	}
	switch f.Type.Kind {
	case List, Map, JSON, Any, Bytes:
		return false
	}
	return true
}
