package check_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/flowc-dev/flowc/compiler/check"
	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
)

// scalar is a type without parts.
func scalar(k ir.TypeKind) *ir.Type { return &ir.Type{Kind: k} }

func listOf(t *ir.Type) *ir.Type { return &ir.Type{Kind: ir.List, Elem: t} }

func field(name, goName string, t *ir.Type) *ir.Field {
	return &ir.Field{Name: name, Go: goName, Type: t}
}

func optional(name, goName string, t *ir.Type) *ir.Field {
	return &ir.Field{Name: name, Go: goName, Type: t, Optional: true}
}

// declared are the texts that types of the fixture are declared in.
var declared = source.NewFile("types.yaml", "", []byte("types:\n  Payment:\n    side: buy | sell\n    rate: float64\n"))

func at(word string) source.Span {
	for i := 0; i+len(word) <= len(declared.Text); i++ {
		if string(declared.Text[i:i+len(word)]) == word {
			return source.Span{File: declared, Start: i, End: i + len(word)}
		}
	}
	panic("not declared: " + word)
}

var (
	side = &ir.Type{Kind: ir.Enum, Values: []string{"buy", "sell"}, Span: at("buy | sell")}

	line = &ir.Type{Kind: ir.Struct, Name: "Line", Fields: []*ir.Field{
		field("sku", "SKU", scalar(ir.String)),
		field("price", "Price", scalar(ir.Decimal)),
		field("n", "N", scalar(ir.Int64)),
	}}

	asset = &ir.Type{Kind: ir.Struct, Fields: []*ir.Field{
		field("code", "Code", scalar(ir.String)),
		optional("issuer", "Issuer", scalar(ir.String)),
	}}

	payment = &ir.Type{Kind: ir.Struct, Name: "Payment", Span: at("Payment"), Fields: []*ir.Field{
		field("id", "ID", scalar(ir.String)),
		field("amount", "Amount", scalar(ir.Decimal)),
		field("fee", "Fee", scalar(ir.Number)),
		field("qty", "Qty", scalar(ir.Int)),
		field("seq", "Seq", scalar(ir.Uint64)),
		field("rate", "Rate", scalar(ir.Float64)),
		field("ok", "Ok", scalar(ir.Bool)),
		optional("memo", "Memo", scalar(ir.String)),
		optional("tip", "Tip", scalar(ir.Decimal)),
		field("at", "At", scalar(ir.Time)),
		field("until", "Until", scalar(ir.Time)),
		optional("seen", "Seen", scalar(ir.Time)),
		field("ttl", "TTL", scalar(ir.Duration)),
		field("side", "Side", side),
		optional("other", "Other", &ir.Type{Kind: ir.Enum, Values: []string{"buy", "hold"}}),
		field("tags", "Tags", listOf(scalar(ir.String))),
		optional("notes", "Notes", listOf(scalar(ir.String))),
		optional("limits", "Limits", &ir.Type{Kind: ir.Map, Elem: scalar(ir.Decimal)}),
		field("asset", "Asset", asset),
		field("lines", "Lines", listOf(line)),
		field("raw", "Raw", scalar(ir.JSON)),
		field("data", "Data", scalar(ir.Bytes)),
		field("any", "Any", scalar(ir.Any)),
		field("base_url", "BaseURL", scalar(ir.String)),
	}}

	ledger = &ir.Type{Kind: ir.Struct, Name: "Ledger", Fields: []*ir.Field{
		field("id", "ID", scalar(ir.String)),
		field("total", "Total", scalar(ir.Decimal)),
		optional("memo", "Memo", scalar(ir.String)),
	}}

	fileMeta = &ir.Type{Kind: ir.Struct, Name: "Meta", Go: &ir.GoType{
		Package: "github.com/flowc-dev/flowc/runtime/connect/file", PkgName: "file", Name: "Meta",
	}, Fields: []*ir.Field{
		field("path", "Path", scalar(ir.String)),
		field("line", "Line", scalar(ir.Int64)),
		field("offset", "Offset", scalar(ir.Int64)),
	}}
)

// plain is the place of a text that a file holds as it is.
type plain struct{ f *source.File }

func (p plain) SubSpan(from, to int) source.Span {
	return source.Span{File: p.f, Start: from, End: to}
}

// std is shared: reading export data takes time.
var std *check.Std

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "flowc-check-")
	if err != nil {
		panic(err)
	}
	std = check.NewStd(check.StdOptions{CacheDir: filepath.Join(dir, "cache")})
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// newChecker is a checker of the fixture's types.
func newChecker(imports ...check.UserImport) *check.Checker {
	return check.New(check.Options{Types: []*ir.Type{payment, line, ledger}, Std: std, Imports: imports})
}

// checkText checks Go that stands alone in a file.
func checkText(c *check.Checker, text string, want check.Want) (*ir.Expr, diag.List) {
	var l diag.List
	s := check.Snippet{Text: text, At: plain{source.NewFile("in.yaml", "", []byte(text))}, Node: "n", In: payment, Meta: fileMeta, Want: want}
	e := c.Check(s, &l)
	l.Sort()
	return e, l
}
