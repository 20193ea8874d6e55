package diag

// Event types.
const (
	// TypeSyntax is a type that can't be read.
	TypeSyntax Code = "type-syntax"
	// TypeName is a name that a type can't have.
	TypeName Code = "type-name"
	// UnknownType is a type that is not declared.
	UnknownType Code = "unknown-type"
	// FieldName is a field whose name gives no name in Go, or that of another.
	FieldName Code = "field-name"
	// RecursiveType is a struct that holds itself.
	RecursiveType Code = "recursive-type"
	// BadEnum is an enum whose values can't be told apart.
	BadEnum Code = "bad-enum"
	// OutNeeded is a source whose records have no type.
	OutNeeded Code = "out-needed"
	// BadOut is an `out` that the node can't give.
	BadOut Code = "bad-out"
	// FormatType is a type that the format can't hold.
	FormatType Code = "format-type"
	// SchemaFile is a JSON Schema or CUE file that gives no type.
	SchemaFile Code = "schema-file"
)

var typeCodes = []Info{}
