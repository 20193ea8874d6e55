package ir

import "github.com/flowc-dev/flowc/ir/source"

// A Setting is one key of a config with its value.
type Setting struct {
	Key   string // dotted for nested keys: "tls.ca"
	Type  *Type
	Value *Value
	Span  source.Span // the key
}

// A Value is a configuration value with its origin.
type Value struct {
	// Parts make up the value; one literal part is the usual case. A value of
	// a list or map type has Items or Entries instead.
	Parts   []Part
	Items   []*Value
	Entries []Entry
	// Kind of the literal as YAML read it: string, int, float, bool, null,
	// list, map.
	Kind string
	// Secret values are never printed or emitted.
	Secret bool
	Span   source.Span
	// Overrides are places whose values this one replaced, oldest first.
	Overrides []source.Span
}

// An Entry is one entry of a Value that is a map.
type Entry struct {
	Key   string
	Value *Value
	Span  source.Span // the key
}

// A PartKind is the origin of a part of a value.
type PartKind string

// The origins: text, an environment variable, a file's content, and per-record
// expressions on the record or its metadata.
const (
	Literal PartKind = "literal"
	Env     PartKind = "env"
	FileRef PartKind = "file"
	Record  PartKind = "record"
)

// A Part is a piece of a value.
type Part struct {
	Kind PartKind
	// Text is the literal, the variable's name or the path.
	Text string
	// Default and HasDefault are what stands behind `:-`.
	Default    string
	HasDefault bool
	// Expr is the per-record expression.
	Expr *Expr
	Span source.Span
}

// IsLiteral tells whether the value is known at compile time.
func (v *Value) IsLiteral() bool {
	for _, p := range v.Parts {
		if p.Kind != Literal {
			return false
		}
	}
	for _, i := range v.Items {
		if !i.IsLiteral() {
			return false
		}
	}
	for _, e := range v.Entries {
		if !e.Value.IsLiteral() {
			return false
		}
	}
	return true
}

// PerRecord tells whether the value changes with each record.
func (v *Value) PerRecord() bool {
	for _, p := range v.Parts {
		if p.Kind == Record {
			return true
		}
	}
	return false
}

// Text joins the literal parts.
func (v *Value) Text() string {
	s := ""
	for _, p := range v.Parts {
		if p.Kind == Literal {
			s += p.Text
		}
	}
	return s
}
