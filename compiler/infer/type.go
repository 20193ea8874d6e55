package infer

// A Result is what was found in a sample.
type Result struct {
	// File is the name of the sample, Format ndjson, json, csv or columns (what a table
	// says of itself), Records how many were read; More tells that the sample was ended by a limit.
	File    string `json:"file"`
	Format  string `json:"format"`
	Records int64  `json:"records"`
	More    bool   `json:"more,omitempty"`
	// Types are the types, those of the records first.
	Types []*Named `json:"types"`
	// Notes are about the records as a whole.
	Notes []string `json:"notes,omitempty"`
	// Source is how a source reads the sample with them.
	Source Source `json:"source"`
	// YAML is the block as text, with the comments.
	YAML string `json:"yaml"`
}

// A Named is a declared type.
type Named struct {
	Name string `json:"name"`
	Type *Type  `json:"type"`
	// Values is how many values have it, Notes what there is to say of it.
	Values int64    `json:"values"`
	Notes  []string `json:"notes,omitempty"`

	order int    // in which it was begun
	base  string // the name that was wanted for it
}

// A Type is a type of the language.
type Type struct {
	// Kind is the name of a scalar, or list, map, enum, struct, or named.
	Kind string `json:"kind"`
	// Name is that of a named type.
	Name string `json:"name,omitempty"`
	// Elem is the element of a list or the value of a map.
	Elem *Type `json:"elem,omitempty"`
	// Fields are those of a struct, by first appearance.
	Fields []*Field `json:"fields,omitempty"`
	// Values are those of an enum.
	Values []string `json:"values,omitempty"`
}

// A Field is a field of a struct.
type Field struct {
	// Name is its name in the data, Go the one that inline Go uses; "" where it is
	// left out.
	Name string `json:"name"`
	Go   string `json:"go,omitempty"`
	Type *Type  `json:"type"`
	// Optional fields may be missing or null.
	Optional bool `json:"optional,omitempty"`
	// Missing and Null count values, of as many as the struct has. In CSV empty
	// cells are missing ones.
	Missing int64 `json:"missing,omitempty"`
	Null    int64 `json:"null,omitempty"`
	// Notes are the comments.
	Notes []string `json:"notes,omitempty"`
	// LeftOut tells why the type can't have the field; "" where it has it.
	LeftOut string `json:"left_out,omitempty"`

	unnamed bool // it is left out for its name
}

// A Source is what a pipeline says to read the sample.
type Source struct {
	// Node is the source of the pipeline that there is already; the rest but for Out
	// is then "".
	Node   string `json:"node,omitempty"`
	Use    string `json:"use,omitempty"`
	Path   string `json:"path,omitempty"`
	Format string `json:"format,omitempty"`
	// Compression and Delimiter are "" where the source finds them by itself.
	Compression string `json:"compression,omitempty"`
	Delimiter   string `json:"delimiter,omitempty"`
	// MaxRecord is a limit of bytes, 0 where the default is enough.
	MaxRecord int64 `json:"max_record,omitempty"`
	Out       Out   `json:"out"`
}

// An Out is the type of records, or several of them by the value of a field.
type Out struct {
	Type   string    `json:"type,omitempty"`
	By     string    `json:"by,omitempty"`
	Values []Variant `json:"values,omitempty"`
	// Else tells that there are records of no listed type.
	Else bool `json:"else,omitempty"`
}

// A Variant is an event type and the value that tells it.
type Variant struct {
	Value string `json:"value"`
	Type  string `json:"type"`
}

// text is a type as one text, as the language reads it inside of another type.
// Structs and enums have no such text: they are not inside of maps.
func (t *Type) text() string {
	switch t.Kind {
	case "named":
		return t.Name
	case "list":
		return "list of " + t.Elem.text()
	case "map":
		return "map of " + t.Elem.text()
	}
	return t.Kind
}

// noEnums makes an enum, also one in lists, a string.
func (t *Type) noEnums() {
	for t.Elem != nil {
		t = t.Elem
	}
	if t.Kind == "enum" {
		*t = Type{Kind: "string"}
	}
}

// same tells whether two types are the same but for what is said about them.
func (t *Type) same(o *Type) bool {
	if t.Kind != o.Kind || t.Name != o.Name || len(t.Fields) != len(o.Fields) || len(t.Values) != len(o.Values) || (t.Elem == nil) != (o.Elem == nil) {
		return false
	}
	for i, v := range t.Values {
		if v != o.Values[i] {
			return false
		}
	}
	for i, f := range t.Fields {
		g := o.Fields[i]
		if f.Name != g.Name || f.Optional != g.Optional || f.LeftOut != g.LeftOut || !f.Type.same(g.Type) {
			return false
		}
	}
	return t.Elem == nil || t.Elem.same(o.Elem)
}
