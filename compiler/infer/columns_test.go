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
