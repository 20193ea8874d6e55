package check_test

import (
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/compiler/check"
	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
)

// literal is a value as YAML read it.
func literal(kind, text string) *ir.Value {
	return &ir.Value{Kind: kind, Parts: []ir.Part{{Kind: ir.Literal, Text: text}}}
}

func list(items ...*ir.Value) *ir.Value { return &ir.Value{Kind: "list", Items: items} }

func TestLet(t *testing.T) {
	env := &ir.Value{Kind: "string", Parts: []ir.Part{{Kind: ir.Env, Text: "LIMIT"}}}
	currencies := &ir.Type{Kind: ir.Map, Elem: scalar(ir.Decimal)}
	tests := []struct {
		name string
		s    check.LetSource
		want string // the type, or the message
	}{
		{"n", check.LetSource{Value: literal("int", "100")}, "none"},
		{"n", check.LetSource{Value: literal("float", "-1.5e3")}, "none"},
		{"s", check.LetSource{Value: literal("string", "EU")}, "string"},
		{"b", check.LetSource{Value: literal("bool", "true")}, "bool"},
		{"l", check.LetSource{Value: list(literal("string", "a"), literal("string", "b"))}, "[string]"},
		{"l", check.LetSource{Value: list(literal("int", "1"), literal("int", "2"))}, "[int]"},
		{"l", check.LetSource{Value: list(literal("int", "1"), literal("float", "2.5"))}, "[float64]"},
		{"l", check.LetSource{Value: list(literal("int", "1"), literal("string", "x"))}, "must all be texts"},
		{"e", check.LetSource{Value: env}, "string"},
		{"e", check.LetSource{Value: env, Type: scalar(ir.Decimal)}, "decimal"},
		{"d", check.LetSource{Value: literal("string", "1.50"), Type: scalar(ir.Decimal)}, "decimal"},
		{"d", check.LetSource{Value: literal("float", "1.5"), Type: scalar(ir.Decimal)}, "decimal"},
		{"d", check.LetSource{Value: literal("string", "1,5"), Type: scalar(ir.Decimal)}, "is no decimal"},
		{"d", check.LetSource{Value: literal("string", "1."+strings.Repeat("1", 38)), Type: scalar(ir.Decimal)}, "more than 38 digits"},
		{"d", check.LetSource{Value: literal("string", "1e99999"), Type: scalar(ir.Decimal)}, "exponent"},
		{"i", check.LetSource{Value: literal("float", "1.5"), Type: scalar(ir.Int)}, "must be an integer"},
		{"i", check.LetSource{Value: literal("int", "-1"), Type: scalar(ir.Uint64)}, "is no uint64"},
		{"t", check.LetSource{Value: literal("string", "2024-01-02T03:04:05Z"), Type: scalar(ir.Time)}, "time"},
		{"t", check.LetSource{Value: literal("string", "yesterday"), Type: scalar(ir.Time)}, "RFC 3339"},
		{"w", check.LetSource{Value: literal("string", "5 minutes"), Type: scalar(ir.Duration)}, "is no duration"},
		{"x", check.LetSource{Value: literal("string", "bye"), Type: side}, "is no value of the enum"},
		{"x", check.LetSource{Value: literal("string", "buy"), Type: side}, "buy | sell"},
		{"m", check.LetSource{Value: &ir.Value{Kind: "map", Entries: []ir.Entry{{Key: "EUR", Value: literal("string", "1.1")}}}, Type: currencies}, "map of decimal"},
		{"m", check.LetSource{Value: &ir.Value{Kind: "map", Entries: []ir.Entry{{Key: "EUR", Value: literal("string", "x")}}}, Type: currencies}, "is no decimal"},
		{"m", check.LetSource{Value: &ir.Value{Kind: "map"}}, "names its type first"},
		{"r", check.LetSource{As: "regexp", Value: literal("string", `\d{16}`)}, "none"},
		{"r", check.LetSource{As: "regexp", Value: literal("string", `(\d`)}, "does not compile"},
		{"r", check.LetSource{As: "regexp", Value: literal("int", `1`)}, "is text"},
		{"k", check.LetSource{As: "set", Value: list(literal("string", "EUR"))}, "map of bool"},
		{"k", check.LetSource{As: "set", Value: literal("string", "EUR")}, "as a list"},
		{"in", check.LetSource{Value: literal("int", "1")}, "meaning of its own"},
		{"for", check.LetSource{Value: literal("int", "1")}, "meaning of its own"},
		{"1st", check.LetSource{Value: literal("int", "1")}, "no name in Go"},
		{"a-b", check.LetSource{Value: literal("int", "1")}, "no name in Go"},
		{"z", check.LetSource{Value: literal("null", "")}, "no value"},
	}
	for _, test := range tests {
		c := newChecker()
		var l diag.List
		test.s.Node, test.s.Name = "node", test.name
		let := c.Let(test.s, &l)
		got := l
		switch {
		case let == nil && len(got) == 0:
			t.Errorf("%v: neither a value nor an error", test.s.Value)
		case let == nil:
			if !strings.Contains(got[0].Message, test.want) {
				t.Errorf("%s: %q, want %q in it", test.name, got[0].Message, test.want)
			}
		case len(got) > 0:
			t.Errorf("%s: a value and %v", test.name, got)
		case let.Type.String() != test.want:
			t.Errorf("%s: type %s, want %s", test.name, let.Type, test.want)
		}
	}
}

// TestLetNames makes names that are unique in a Go package.
func TestLetNames(t *testing.T) {
	c := newChecker()
	var l diag.List
	var got []string
	for _, n := range [][2]string{{"large", "limit"}, {"big-spender", "limit"}, {"big_spender", "limit"}, {"9lives", "n"}, {"X", "y"}, {"go", ""}} {
		if n[1] == "" {
			n[1] = "to"
		}
		got = append(got, c.Let(check.LetSource{Node: n[0], Name: n[1], Value: literal("int", "1")}, &l).GoName)
	}
	want := "largeLimit bigSpenderLimit bigSpenderLimit_2 let9livesN xY goTo"
	if s := strings.Join(got, " "); s != want {
		t.Errorf("got %s, want %s", s, want)
	}
}

// TestUnusedLets finds out which values are used, also in constants that are
// folded away.
func TestUnusedLets(t *testing.T) {
	c := newChecker()
	lets := testLets(t, c)
	var l diag.List
	for _, text := range []string{`in.Amount > limit * 2`, `card.MatchString(in.ID)`} {
		s := check.Snippet{Text: text, At: plain{source.NewFile("x", "", []byte(text))}, In: payment, Lets: lets, Want: check.Bool("a filter")}
		e := c.Check(s, &l)
		if e == nil {
			t.Fatal(l)
		}
	}
	c.UnusedLets(&l)
	var names []string
	for _, d := range l {
		if d.Severity != diag.Warning || d.Code != diag.UnusedLet {
			t.Errorf("%v", d)
		}
		names = append(names, strings.Trim(strings.Fields(d.Message)[0], "`"))
	}
	if got := strings.Join(names, " "); got != "below debt price wait region known" {
		t.Errorf("unused: %s", got)
	}
}
