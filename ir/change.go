package ir

// What can become of a row, in the order in which the language lists them: it was
// there before anything was seen of it (a snapshot), it was put there, changed,
// taken away, or all rows of the table were.
const (
	OpRead     = "read"
	OpInsert   = "insert"
	OpUpdate   = "update"
	OpDelete   = "delete"
	OpTruncate = "truncate"
)

// ChangeOf is the type `change of T` under a Go name: what became of a row, and the
// row before and after it. Before and after are there as far as the source knows
// them; unchanged names fields of after whose values the source was not told,
// because they stayed what they were.
func ChangeOf(t *Type, name string) *Type {
	return &Type{Kind: Struct, Name: name, Change: true, Fields: []*Field{
		{Name: "op", Go: "Op", Type: &Type{Kind: Enum, Values: []string{OpRead, OpInsert, OpUpdate, OpDelete, OpTruncate}}},
		{Name: "before", Go: "Before", Type: t, Optional: true},
		{Name: "after", Go: "After", Type: t, Optional: true},
		{Name: "unchanged", Go: "Unchanged", Type: &Type{Kind: List, Elem: &Type{Kind: String}}, Optional: true},
	}}
}

// Changed is the T of a `change of T`, nil for other types.
func (t *Type) Changed() *Type {
	if t == nil || !t.Change {
		return nil
	}
	if f := t.Field("after"); f != nil {
		return f.Type
	}
	return nil
}
