package ir

// A How is the way in which one value becomes another.
type How string

// The ways. Each turns a value that is there into one: what Optional and
// Pointer of a [Conv] say about pointers is apart from it.
const (
	// HowAssign needs nothing: both sides are the same Go type.
	HowAssign How = "assign"
	// HowConvert is a Go conversion that changes no bit of the value: T(v).
	HowConvert How = "convert"
	// HowFields copies field by field, as Conv.Each says.
	HowFields How = "fields"
	// HowElements makes a new list or map whose elements Conv.Each[0] converts; a
	// nil one stays nil.
	HowElements How = "elements"
	// HowFromString and HowToString go between an exact decimal and its text, in a
	// string kind (json.Number is one). HowFromString may fail.
	HowFromString How = "from-string"
	HowToString   How = "to-string"
	// HowCompose and HowDecompose are the pair of database/sql: HowCompose sets the
	// target from form, negative, coefficient and exponent; HowDecompose reads
	// them from the source. HowCompose may fail.
	HowCompose   How = "compose"
	HowDecompose How = "decompose"
	// HowUnmarshalText sets the target from the value's text, HowMarshalText reads
	// the text of the source. Both may fail.
	HowUnmarshalText How = "unmarshal-text"
	HowMarshalText   How = "marshal-text"
)

// A Conv says how one part of an event becomes one part of a Go value that it
// meets by structure: generated code follows it, with no reflection. The plan
// for a struct is one Conv a field of the target, in the target's order.
//
// A plan may be recursive where the types are (a tree of nodes): Each of an
// inner Conv is then the same slice as that of an outer one, and generated
// code needs a function for it.
type Conv struct {
	// From and To are the parts by Go names; fields of embedded structs are
	// promoted, as Go selectors are (To may thus be no key of a composite
	// literal: assign). Both are empty for the record itself and for elements of a list or map.
	From, To Path
	How      How
	// Optional tells that the source is a pointer that may be nil, Pointer that
	// the target is a pointer: nil becomes nil, else what they point to is
	// converted. An Optional source always has a Pointer target.
	Optional, Pointer bool
	// Type is the target's type, without the pointer.
	Type *Type
	// Each are the fields' plans for HowFields, the one of the elements for
	// HowElements.
	Each []Conv
	// Fails tells that the conversion may give an error, which is the record's.
	Fails bool
}
