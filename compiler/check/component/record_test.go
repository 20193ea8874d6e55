package component

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestTypes reads event types of every kind, and what can be none.
func TestTypes(t *testing.T) {
	names := strings.Fields("Ledger Op Side Level Hash Custom Embedding Tagged ViaPointer Quoted OmitZero Payload Holder Text List Dict Alias Pointer " +
		"Func Chan Deep Face WithFace Complex Constant Variable Function Event Missing")
	var refs []string
	for _, name := range names {
		refs = append(refs, "./model."+name)
	}
	f := open(t, "shop", refs...)
	got := show(f.diags)
	for _, ref := range refs {
		f.diags = nil
		typ := f.Type(ref, f.at(ref), &f.diags)
		got += "=== " + ref + "\n" + describeType(typ) + "\n"
		if typ == nil && len(f.diags) == 0 {
			t.Errorf("%s: nil without an error", ref)
		}
		got += show(f.diags)
	}
	golden(t, "types", got)

	ledger := f.Type("./model.Ledger", f.at("./model.Ledger"), &f.diags)
	if ledger != f.Type("./model.Ledger", f.at("./model.Ledger"), &f.diags) {
		t.Error("the same type twice")
	}
	if parent := ledger.Field("parent"); parent.Type != ledger || !parent.Optional {
		t.Errorf("parent is %s, not the type itself", parent.Type)
	}
	if p := ledger.Field("sequence").Span; p.Text() != "Sequence" || p.File.Name != "model/model.go" {
		t.Errorf("sequence is at %s %q", p.File.Name, p.Text())
	}
	ops := ledger.Field("ops").Type.Elem
	if !ops.Go.Pointer || ops.Field("up").Type.Go.Pointer || ops.Field("inner").Type.Elem != ops {
		t.Error("[]*Op does not hold pointers to itself")
	}
}

type promoteBase struct {
	ID     string
	Name   string
	Moment string `json:"When"`
}

type promoteOther struct {
	ID    string
	Extra int `json:"extra"`
	When  string
}

// TestPromotion compares the fields that are found with those that
// encoding/json writes.
func TestPromotion(t *testing.T) {
	f := open(t, "shop", "./model.Embedding")
	typ := f.Type("./model.Embedding", f.at("./model.Embedding"), &f.diags)
	var got []string
	for _, field := range typ.Fields {
		got = append(got, field.Name)
	}
	// The same declarations, for encoding/json.
	type Side string
	type Named struct{ X int }
	type Embedding struct {
		promoteBase
		promoteOther
		Name  string
		Named `json:"named"`
		Side
	}
	text, err := json.Marshal(Embedding{})
	if err != nil {
		t.Fatal(err)
	}
	var order []string
	dec := json.NewDecoder(strings.NewReader(string(text)))
	for depth := 0; ; {
		tok, err := dec.Token()
		if err != nil {
			break
		}
		switch tok := tok.(type) {
		case json.Delim:
			if tok == '{' {
				depth++
			} else {
				depth--
			}
		case string:
			if depth == 1 && !slices.Contains(order, tok) && tok != "" {
				order = append(order, tok)
			}
		}
	}
	if !slices.Equal(got, order) {
		t.Errorf("fields %v, encoding/json has %v in %s", got, order, text)
	}
}

func TestSnakeCase(t *testing.T) {
	for _, pair := range [][2]string{
		{"ID", "id"},
		{"BaseURL", "base_url"},
		{"HTTPServer", "http_server"},
		{"UserIDs", "user_ids"},
		{"MaxRetries", "max_retries"},
		{"S3Bucket", "s3_bucket"},
		{"URLs", "urls"},
		{"A", "a"},
		{"TLS", "tls"},
		{"Snake_Case", "snake_case"},
		{"ÄrgerNis", "ärger_nis"},
		{"IsOK", "is_ok"},
	} {
		if got := snakeCase(pair[0]); got != pair[1] {
			t.Errorf("snakeCase(%s) = %s, want %s", pair[0], got, pair[1])
		}
	}
}

func ExampleSplitUse() {
	path, symbol, ok := SplitUse("github.com/x.y/z/v2.NewThing")
	fmt.Println(path, symbol, ok)
	// Output: github.com/x.y/z/v2 NewThing true
}
