package check_test

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/compiler/check"
	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
)

// money is a package of a user's.
const money = `package money

import "time"

type Price struct {
	Currency string    ` + "`json:\"currency\"`" + `
	Cents    int64     ` + "`json:\"cents,omitempty\"`" + `
	Note     *string
	At       time.Time
	Tags     []string
	hidden   int
	Inner
}

type Inner struct{ Deep string }

func (p *Price) Add(n int64)    { p.Cents += n }
func (p Price) String() string  { return p.Currency }

type Code string

type Custom struct{ x int }

func (Custom) MarshalText() ([]byte, error) { return nil, nil }

const Scale = 100

var Table = map[string]int{}

func Convert(currency string, cents int64) (Price, error) { return Price{}, nil }
func Of(currency string) Price                              { return Price{} }
func Code3(s string) Code                                   { return Code(s) }
func Make() Custom                                          { return Custom{} }
func Sort(s []string)                                       {}
func Number[T ~int | ~float64](x T) T                       { return x }
`

// userPackages imports packages of the user's from text, the others from the
// standard library.
type userPackages struct {
	texts  map[string]string
	loaded map[string]*types.Package
}

func (u *userPackages) Import(path string) (*types.Package, error) {
	if p := u.loaded[path]; p != nil {
		return p, nil
	}
	text, ok := u.texts[path]
	if !ok {
		if check.IsStd(path) {
			return std.Import(path)
		}
		return nil, errors.New("not found")
	}
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, "x.go", text, 0)
	if err != nil {
		return nil, err
	}
	conf := types.Config{Importer: std}
	p, err := conf.Check("example.com/shop/"+strings.TrimPrefix(path, "./"), fset, []*ast.File{f}, nil)
	u.loaded[path] = p
	return p, err
}

func TestUsersPackages(t *testing.T) {
	u := &userPackages{map[string]string{"./money": money}, map[string]*types.Package{}}
	price := &ir.Type{Kind: ir.Struct, Name: "Price", Go: &ir.GoType{Package: "./money", PkgName: "money", Name: "Price"}, Fields: []*ir.Field{
		field("currency", "Currency", scalar(ir.String)), field("cents", "Cents", scalar(ir.Int64)),
	}}
	pointer := &ir.Type{Kind: ir.Struct, Name: "Price", Fields: price.Fields, Go: &ir.GoType{Package: "./money", PkgName: "money", Name: "Price", Pointer: true}}
	newUsers := func() *check.Checker {
		return check.New(check.Options{Types: []*ir.Type{payment, line, price}, Importer: u, Imports: []check.UserImport{
			{Path: "./money"}, {Name: "m2", Path: "./money"}, {Path: "example.com/broken"},
		}})
	}
	tests := []struct {
		in         *ir.Type
		text, want string // lowered text, type and facts; or the message
	}{
		{price, `in.Currency == "EUR" && in.Cents > money.Scale`, `in.Currency == "EUR" && in.Cents > money.Scale | bool | Cents Currency`},
		{price, `in.String()`, `in.String() | string | * unknown keeps panics writes`},
		{price, "in.Add(3)\nreturn in.Cents", "own := *in\nin = &own\nin.Add(3)\nreturn in.Cents | int64 | * unknown keeps panics writes own"},
		{price, `in.Tags[0] + in.Deep`, `in.Tags[0] + in.Deep | string | Deep Tags panics`},
		{price, `in`, `*in | Price | *`},
		{pointer, `in.Currency`, `(*in).Currency | string | Currency`},
		{price, `fmt.Sprint(in)`, `fmt.Sprint(*in) | string | * unknown keeps panics`},
		{payment, `money.Of(in.ID)`, `money.Of(in.ID) | Price | ID unknown keeps panics`},
		{payment, `money.Convert(in.ID, 3)`, "return money.Convert(in.ID, 3) | Price | ID unknown errs keeps panics"},
		{payment, `m2.Of(in.ID).At < in.At`, "m2.Of(in.ID).At.Before(in.At) | bool | At ID unknown keeps panics"},
		{payment, `money.Code3(in.ID)`, "money.Code3(in.ID) | money.Code | ID unknown keeps panics"},
		{payment, `money.Make()`, "money.Make() | money.Custom | unknown keeps panics"},
		{payment, `money.Table[in.ID]`, "money.Table[in.ID] | int | ID unknown keeps"},
		{payment, "money.Sort(in.Tags)\nreturn 1", "money.Sort(in.Tags)\nreturn 1 | int | Tags unknown keeps panics writes"},
		{payment, `&money.Price{Currency: in.ID}`, "&money.Price{Currency: in.ID} | Price? | ID"},
		{payment, `money.Number(in.Amount)`, "`Number` can't be used with decimal: it works on Go's own numbers, or on what `==` compares"},
		{payment, `money.Number(in.Qty)`, "money.Number(in.Qty) | int | Qty unknown keeps panics"},
		{payment, `money.Prise{}`, "undefined: money.Prise"},
		{payment, "money.Table = nil\nreturn 1", "`money.Table` is a variable of a package, and a snippet must not change what other records see"},
		{payment, `broken.X(in.ID)`, "can't read the types of package example.com/broken: not found"},
	}
	for _, test := range tests {
		var l diag.List
		e := newUsers().Check(check.Snippet{Text: test.text, At: plain{source.NewFile("x", "", []byte(test.text))}, In: test.in, Want: check.Any("x")}, &l)
		got := ""
		if e != nil {
			typ := e.Type.String()
			if e.Optional {
				typ += "?"
			}
			got = e.Go + " | " + typ + " | " + facts(e)
			for _, use := range e.Uses {
				if (use.Name == "money" || use.Name == "m2") && use.Path != "example.com/shop/money" {
					t.Errorf("%s: imports %q", test.text, use.Path)
				}
			}
		} else {
			got = l[0].Message
		}
		if got != test.want {
			t.Errorf("%s\n\tgot  %s\n\twant %s", test.text, got, test.want)
		}
	}
}

// TestUsersTypes reads the structs of values as encoding/json would.
func TestUsersTypes(t *testing.T) {
	u := &userPackages{map[string]string{"./money": money}, map[string]*types.Package{}}
	c := check.New(check.Options{Types: []*ir.Type{payment}, Importer: u, Imports: []check.UserImport{{Path: "./money"}}})
	check2 := func(text string) *ir.Type {
		var l diag.List
		e := c.Check(check.Snippet{Text: text, In: payment, Want: check.Any("x")}, &l)
		if e == nil {
			t.Fatal(l)
		}
		return e.Type
	}
	a, b := check2(`money.Of(in.ID)`), check2(`money.Of("x")`)
	if a != b {
		t.Error("two snippets give two types for money.Price")
	}
	var fields []string
	for _, f := range a.Fields {
		s := f.Name + " " + f.Go + " " + f.Type.String()
		if f.Optional {
			s += "?"
		}
		fields = append(fields, s)
	}
	want := "currency Currency string, cents Cents int64, Note Note string?, At At time, Tags Tags [string], Deep Deep string"
	if got := strings.Join(fields, ", "); got != want {
		t.Errorf("fields %s\nwant %s", got, want)
	}
	if !a.Go.Lenient || a.Go.Package != "example.com/shop/money" {
		t.Errorf("%+v", a.Go)
	}
}

// TestImportNames refuses imports under names that are taken, and warns of those
// that are not used.
func TestImportNames(t *testing.T) {
	c := newChecker(check.UserImport{Path: "os"}, check.UserImport{Path: "fmt"}, check.UserImport{Name: "decimal", Path: "math"})
	if _, l := checkText(c, `fmt.Sprint(in.ID)`, check.Any("x")); len(l) > 0 {
		t.Fatal(l)
	}
	var l diag.List
	c.Unused(&l)
	l.Sort()
	var got []string
	for _, d := range l {
		got = append(got, d.Severity.String()+" "+string(d.Code)+" "+d.Message)
	}
	want := "error ambiguous-import `decimal` is a name that generated programs and snippets need themselves\n" +
		"warning unused-import \"os\" is imported and not used"
	if s := strings.Join(got, "\n"); s != want {
		t.Errorf("got\n%s\nwant\n%s", s, want)
	}
}
