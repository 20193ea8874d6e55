package gocode

import (
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/flowc-dev/flowc/backends"
	"github.com/flowc-dev/flowc/ir"
)

func layoutOf() backends.Layout { return backends.Layout{Package: "p", Path: "example.com/p"} }

// text is a value that the pipeline gives as text.
func text(s string) *ir.Value {
	return &ir.Value{Kind: "string", Parts: []ir.Part{{Kind: ir.Literal, Text: s}}}
}

func kind(k ir.TypeKind) *ir.Type { return &ir.Type{Kind: k} }

func listOf(items ...string) *ir.Value {
	v := &ir.Value{Kind: "list"}
	for _, i := range items {
		v.Items = append(v.Items, text(i))
	}
	return v
}

func TestLet(t *testing.T) {
	env := &ir.Value{Kind: "string", Parts: []ir.Part{{Kind: ir.Env, Text: "X"}}}
	for _, c := range []struct {
		name    string
		let     ir.Let
		want    string
		imports string // by name
	}{
		{"number without a type", ir.Let{Value: text("10")}, "const x = 10", ""},
		{"of outside, without a type", ir.Let{Value: env}, "var x string", ""},
		{"string", ir.Let{Type: kind(ir.String), Value: text("a \"b\"")}, "const x = `a \"b\"`", ""},
		{"enum", ir.Let{Type: kind(ir.Enum), Value: text("EU")}, `const x = "EU"`, ""},
		{"bool", ir.Let{Type: kind(ir.Bool), Value: text("true")}, "const x = true", ""},
		{"int64", ir.Let{Type: kind(ir.Int64), Value: text("7")}, "const x int64 = 7", ""},
		{"float64", ir.Let{Type: kind(ir.Float64), Value: text("0.5")}, "const x float64 = 0.5", ""},
		{"duration", ir.Let{Type: kind(ir.Duration), Value: text("90s")}, "const x = 90 * time.Second", "time"},
		{"no duration", ir.Let{Type: kind(ir.Duration), Value: text("0s")}, "const x = time.Duration(0)", "time"},
		{"nanoseconds", ir.Let{Type: kind(ir.Duration), Value: text("5ns")}, "const x = time.Duration(5)", "time"},
		{"decimal", ir.Let{Type: kind(ir.Decimal), Value: text("1.50")}, `var x = decimal.MustParse("1.50")`, "decimal"},
		{"number", ir.Let{Type: kind(ir.Number), Value: text("1.50")}, `var x = decimal.MustParse("1.50").AsNumber()`, "decimal"},
		{"time", ir.Let{Type: kind(ir.Time), Value: text("2024-01-02T03:04:05Z")}, `var x = codec.MustTime("2024-01-02T03:04:05Z")`, "codec"},
		{"bytes", ir.Let{Type: kind(ir.Bytes), Value: text("ab")}, `var x = []byte("ab")`, ""},
		{"list", ir.Let{Type: &ir.Type{Kind: ir.List, Elem: kind(ir.Int)}, Value: listOf("1", "2")}, "var x = []int{1, 2}", ""},
		{
			"map",
			ir.Let{Type: &ir.Type{Kind: ir.Map, Elem: kind(ir.String)}, Value: &ir.Value{Kind: "map", Entries: []ir.Entry{{Key: "b", Value: text("1")}, {Key: `a"`, Value: text("2")}}}},
			`var x = map[string]string{"b": "1", "a\"": "2"}`, "",
		},
		{"regexp", ir.Let{Regexp: true, Value: text(`^\d+$`)}, "var x = regexp.MustCompile(`^\\d+$`)", "regexp"},
		{"regexp of outside", ir.Let{Regexp: true, Value: env}, "var x *regexp.Regexp", "regexp"},
		{"int of outside", ir.Let{Type: kind(ir.Int), Value: env}, "var x int", ""},
	} {
		g := newGenerator(&ir.Program{}, layoutOf())
		c.let.GoName = "x"
		if got := g.stages.text(g.stages.let(&c.let)); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
		names := map[string]bool{}
		for name := range g.stages.imports {
			names[name] = true
		}
		want := map[string]bool{}
		for _, n := range strings.Fields(c.imports) {
			want[n] = true
		}
		if !maps.Equal(names, want) {
			t.Errorf("%s: imports %v, want %v", c.name, names, want)
		}
	}
}

func TestDurationText(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0", 1: "1", 1500 * time.Microsecond: "1500 * @time.Microsecond", 3 * time.Second: "3 * @time.Second", 90 * time.Minute: "90 * @time.Minute",
		48 * time.Hour: "48 * @time.Hour", -time.Second: "-1 * @time.Second",
	} {
		if got := DurationText(d); got != want {
			t.Errorf("%v: got %s, want %s", d, got, want)
		}
	}
}

// Whatever can be set from outside has a setter that Go can parse; the rest says
// that it has none.
func TestSetLet(t *testing.T) {
	w := NewWriter(&ir.Program{}, layoutOf())
	for _, c := range []struct {
		let  ir.Let
		want string // how the setter begins
	}{
		{ir.Let{}, "@program.String("},
		{ir.Let{Regexp: true}, `@program.Text("regexp"`},
		{ir.Let{Type: kind(ir.Int)}, "@program.Int(&x)"},
		{ir.Let{Type: kind(ir.Duration)}, "@program.Duration(&x)"},
		{ir.Let{Type: kind(ir.Decimal)}, `@program.Text("decimal"`},
		{ir.Let{Type: kind(ir.Number)}, `@program.Text("number"`},
		{ir.Let{Type: kind(ir.Time)}, `@program.Text("time"`},
		{ir.Let{Type: &ir.Type{Kind: ir.List, Elem: kind(ir.String)}}, "@program.Strings(&x)"},
		{ir.Let{Type: &ir.Type{Kind: ir.List, Elem: kind(ir.Int)}}, ""},
		{ir.Let{Type: &ir.Type{Kind: ir.Map, Elem: kind(ir.Int)}}, ""},
	} {
		c.let.GoName = "x"
		setter, ok := w.SetLet(&c.let)
		if ok != (c.want != "") || !strings.HasPrefix(setter, c.want) {
			t.Errorf("%+v: got %q %v", c.let, setter, ok)
			continue
		}
		if !ok {
			continue
		}
		f := w.File()
		f.Var().Id("_").Op("=").Add(w.Go(setter))
		if _, err := render("x.go", f); err != nil {
			t.Errorf("%s: %v", setter, err)
		}
	}
}
