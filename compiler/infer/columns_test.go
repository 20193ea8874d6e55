package infer

import (
	"errors"
	"strings"
	"testing"
)

// What a table says of its columns becomes a type, with the names that Go can have.
func TestColumns(t *testing.T) {
	r, err := Columns([]Column{
		{Name: "id", Type: "int64"},
		{Name: "memo", Type: "string", Optional: true, Note: "it is empty"},
		{Name: "side", Type: "enum", Values: []string{"buy", `s"l`}},
		{Name: "one", Type: "enum", Values: []string{"only"}},
		{Name: "tags", Type: "[string]", Optional: true},
		{Name: "ID", Type: "int"},
		{Name: "on", Type: "bool"},
		{Name: "+", Type: "json"},
	}, Options{Node: "user-orders"})
	if err != nil {
		t.Fatal(err)
	}
	const want = "# from the columns of `user-orders`" + `
types:
  UserOrder:
    id: int64
    memo?: string  # it is empty
    side: 'buy | "s\x22l"'
    one: string
    tags?: [string]
    # ID: int   (left out: in Go it would be called ID, as ` + "`id`" + ` is)
    "on": bool
    # "+": json   (left out: its name gives none in Go)
    # What is left out is written again where nothing changes the record. To read it, declare the type
    # in Go, with the name in a tag (such as ` + "`json:\"ID\"`" + `), and use that instead: ./model.UserOrder

# sources:
#   user-orders:
#     out: UserOrder
`
	if r.YAML != want {
		t.Errorf("got\n%s\nnot\n%s", r.YAML, want)
	}
	if _, texts := r.Declarations(0, true); texts[0] != `UserOrder: {id: int64, "memo?": string, side: 'buy | "s\x22l"', one: string, "tags?": [string], "on": bool}` {
		t.Errorf("in braces it is %s", texts[0])
	}
	var broken *Error
	if _, err := Columns([]Column{{Name: "+", Type: "int"}}, Options{Node: "a"}); !errors.As(err, &broken) || !strings.Contains(err.Error(), "no column has a name") {
		t.Errorf("columns without names: %v", err)
	}
}

// Columns with columns in them become lists, maps and types of their own, which are
// declared once where they are the same.
func TestColumnsNested(t *testing.T) {
	text := Column{Name: "sku", Type: "string"}
	line := Column{Type: "struct", Optional: true, Parts: []Column{text, {Name: "n?", Type: "int"}}}
	r, err := Columns([]Column{
		{Name: "id", Type: "int64"},
		{Name: "asset", Type: "struct", Optional: true, Parts: []Column{{Name: "code", Type: "string"}, {Name: "-", Type: "int"}}},
		{Name: "lines", Type: "list", Parts: []Column{line}},
		{Name: "line", Type: "map", Parts: []Column{line}},
		{Name: "deep", Type: "list", Parts: []Column{{Type: "list", Optional: true, Parts: []Column{{Type: "decimal", Optional: true}}}}},
		{Name: "nested", Type: "struct", Parts: []Column{{Name: "line", Type: "struct", Parts: []Column{text, {Name: "by", Type: "map", Parts: []Column{{Type: "time"}}}}}}},
		{Name: "nothing", Type: "struct", Parts: []Column{{Name: "+", Type: "int"}}},
		{Name: "Lines", Type: "list", Parts: []Column{line}},
	}, Options{File: "data/orders.pq", Format: "parquet"})
	if err != nil {
		t.Fatal(err)
	}
	const want = `# from the columns of data/orders.pq
types:
  Order:
    id: int64
    asset?:
      code: string
      # "-": int   (left out: its name gives none in Go)
    lines: [Line]      # an element may be null, which fails: '[json]' takes it
    line: map of Line  # a value may be null, which fails: 'map of json' takes it
    deep: [[decimal]]  # an element may be null, which fails: '[json]' takes it
    nested: Nested
    nothing: json      # no field of it can stand in a type
    # Lines: json   (left out: in Go it would be called Lines, as 'lines' is)
    # What is left out is written again where nothing changes the record. To read it, declare the type
    # in Go, with the name in a tag (such as 'json:"-"'), and use that instead: ./model.Order
  Line:
    sku: string
    "n??": int
  Nested:
    line: NestedLine
  NestedLine:
    sku: string
    by: map of time

# sources:
#   orders:
#     use: file
#     config: {path: data/orders.pq, format: parquet}
#     out: Order
`
	if r.YAML != strings.ReplaceAll(want, "'", "`") {
		t.Errorf("got\n%s\nnot\n%s", r.YAML, want)
	}
	compiled(t, r)
}
