package check_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/compiler/check"
	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
)

// facts prints what a snippet reads and does: the paths, then the words that
// hold.
func facts(e *ir.Expr) string {
	var out []string
	for _, p := range e.Reads {
		out = append(out, strings.Join(p, "."))
	}
	for _, m := range e.MetaReads {
		out = append(out, "meta."+m)
	}
	if e.Effect != ir.Pure {
		out = append(out, string(e.Effect))
	}
	for word, holds := range map[string]bool{"const": e.Const, "errs": e.Errs} {
		if holds {
			out = append(out, word)
		}
	}
	for _, f := range []struct {
		word  string
		holds bool
	}{{"keeps", e.Keeps}, {"panics", e.Panics}, {"writes", e.Writes}, {"own", strings.HasPrefix(e.Go, "own := *in\nin = &own")}} {
		if f.holds {
			out = append(out, f.word)
		}
	}
	if e.Eq != nil {
		out = append(out, fmt.Sprintf("%s=%s", strings.Join(e.Eq.Path, "."), strings.Join(e.Eq.Values, "|")))
	}
	return strings.Join(out, " ")
}

func TestAnalysis(t *testing.T) {
	tests := []struct{ text, want string }{
		// What is read.
		{`in.ID`, "ID"},
		{`in.Asset.Code + in.ID`, "Asset.Code ID"},
		{`in.Asset`, "Asset"},
		{`in.Asset.Code + *in.Asset.Issuer`, "Asset.Code Asset.Issuer panics"},
		{`len(in.Asset.Code) > 0 && in.Asset == in.Asset`, "Asset"},
		{`in`, "*"},
		{`(in).ID`, "ID"},
		{`func() string { return in.ID }()`, "ID"},
		{`len(in.Tags) > 0`, "Tags"},
		{`in.Lines[0].SKU`, "Lines panics"},
		{`in.At.Year()`, "At"},
		{`meta.Path + in.ID`, "ID meta.Path"},
		{`meta`, "meta.Line meta.Offset meta.Path"},
		{`true`, "const"},
		{`in.Qty > 3 && in.Amount > 3`, "Amount Qty"},
		{"x := in\nreturn x.ID", "*"},
		{"in.ID = \"x\"\nreturn in.Qty", "Qty own"},
		{"in.Qty += 1\nreturn in.Qty", "Qty own"},
		{"in.At += in.TTL\nreturn in.At", "At TTL own"},
		{"*in.Memo = \"x\"\nreturn 1", "panics writes"},
		// What may go wrong.
		{`in.Amount + 1`, "Amount panics"},
		{`in.Amount > 1 || in.Amount == in.Fee`, "Amount Fee"},
		{`in.Qty / 2`, "Qty"},
		{`100 / in.Qty`, "Qty panics"},
		{`100.5 / in.Rate`, "Rate"},
		{`in.Tags[0]`, "Tags panics"},
		{`in.Limits["x"]`, "Limits"},
		{`in.Any.(string)`, "Any panics"},
		{"s, ok := in.Any.(string)\nreturn ok && s == \"\"", "Any"},
		{`strings.Repeat(in.ID, in.Qty)`, "ID Qty panics"},
		{`strings.ToUpper(in.ID)`, "ID"},
		{`in.Amount.Round(2)`, "Amount panics"},
		{`in.Amount.Abs()`, "Amount"},
		{`*in.Tip`, "Tip panics"},
		{`or(in.Tip, 1)`, "Tip"},
		{`in.Until - in.At > in.TTL`, "At TTL Until"},
		{`in.Until.Sub(*in.Seen)`, "Seen Until panics"},
		{`in.ID[1:]`, "ID panics"},
		{`regexp.MustCompile("a").MatchString(in.ID)`, "ID panics"},
		{"if in.Ok {\n\tpanic(\"x\")\n}\nreturn 1", "Ok panics"},
		// What it does besides.
		{`time.Now() > in.At`, "At clock"},
		{`time.Since(in.At)`, "At clock"},
		{`rand.IntN(3)`, "random panics"},
		{`os.Getenv(in.ID)`, "ID io keeps panics"},
		{`fmt.Sprint(in.ID)`, "ID panics"},
		{"var b strings.Builder\nfmt.Fprint(&b, in.ID)\nreturn b.String()", "ID panics"},
		{"f := time.Now\nreturn f()", "clock panics"},
		{`unique.Make(in.ID) == unique.Make("x")`, "ID keeps panics"},
		// What it changes.
		{"in.Tags[0] = \"x\"\nreturn in.Tags", "Tags panics writes"},
		{"t := in.Tags\nt[0] = \"x\"\nreturn t", "Tags panics writes"},
		{"t := slices.Clone(in.Tags)\nt[0] = \"x\"\nreturn t", "Tags panics"},
		{"t := make([]string, 1)\nt[0] = in.ID\nreturn t", "ID panics"},
		{`append(in.Tags, "x")`, "Tags writes"},
		{`append([]string{"x"}, in.Tags...)`, "Tags"},
		{"var out []string\nfor _, t := range in.Tags {\n\tout = append(out, t)\n}\nreturn out", "Tags"},
		{"out := [][]string{in.Tags}\nout = append(out, in.Tags)\nreturn len(out)", "Tags"},
		{"out := [][]string{in.Tags}\nout[0] = append(out[0], \"x\")\nreturn 1", "Tags panics writes"},
		{"out := in.Tags[:0]\nout = append(out, \"x\")\nreturn 1", "Tags panics writes"},
		{"slices.Sort(in.Tags)\nreturn in.Tags", "Tags panics writes"},
		{`slices.Sorted(slices.Values(in.Tags))`, "Tags panics"},
		{"in.Lines[0].N++\nreturn 1", "Lines panics writes"},
		{"for i := range in.Lines {\n\tin.Lines[i].N = 0\n}\nreturn 1", "Lines panics writes"},
		{"for _, l := range in.Lines {\n\tl.N = 0\n}\nreturn 1", "Lines"},
		{"delete(in.Limits, \"x\")\nreturn 1", "Limits writes"},
		{"m := map[string]int{}\nm[in.ID]++\nreturn m", "ID"},
		{"p := &in.Qty\n*p = 3\nreturn in.Qty", "Qty panics writes own"},
		{"p := &in\np.Qty = 3\nreturn p.Qty", "* panics writes own"},
		{"set := func(s []string) { s[0] = \"x\" }\nset(in.Tags)\nreturn 1", "Tags panics writes"},
		// Comparisons that a switch can do.
		{`in.ID == "x"`, "ID ID=x"},
		{`"buy" == in.Side`, "Side Side=buy"},
		{`in.Asset.Code == "EUR" || (in.Asset.Code == "USD" || in.Asset.Code == "EUR")`, "Asset.Code Asset.Code=EUR|USD"},
		{`in.ID == "x" || in.BaseURL == "y"`, "BaseURL ID"},
		{`in.ID == "x" && in.Ok`, "ID Ok"},
		{`*in.Memo == "x"`, "Memo panics"},
		{`in.ID == in.BaseURL`, "BaseURL ID"},
		{`in.Qty == 3`, "Qty"},
	}
	c := newChecker(check.UserImport{Path: "os"}, check.UserImport{Path: "math/rand/v2"})
	for _, test := range tests {
		e, l := checkText(c, test.text, check.Any("x"))
		if e == nil {
			if test.text == `meta` { // no value of a record, but the reads are known
				continue
			}
			t.Errorf("%s: %v", test.text, l)
			continue
		}
		if got := facts(e); got != test.want {
			t.Errorf("%s\n\tgot  %s\n\twant %s", test.text, got, test.want)
		}
	}
}

// TestNamedTypes says which types generated code must declare for a snippet.
func TestNamedTypes(t *testing.T) {
	c := newChecker()
	for text, want := range map[string][]*ir.Type{
		`in.ID`:                       nil,
		`Ledger{ID: in.ID}.ID`:        {ledger},
		`[]Line{{SKU: in.ID}}[0].SKU`: {line},
		"var l Line\nf := func(x *Ledger) string { return x.ID + l.SKU }\nreturn f(&Ledger{})": {ledger, line},
		"type Ledger struct{ ID string }\nreturn Ledger{in.ID}.ID":                             nil,
	} {
		e, l := checkText(c, text, check.Any("x"))
		if e == nil {
			t.Errorf("%s: %v", text, l)
		} else if !slices.Equal(e.Types, want) {
			t.Errorf("%s: %v, want %v", text, e.Types, want)
		}
	}
}

// TestLines follows lines of lowered Go back to lines of the file.
func TestLines(t *testing.T) {
	tests := []struct {
		text, want string
		lines      []int
	}{
		{"in.Qty > 1", "in.Qty > 1", []int{1}},
		{"in.Qty > 1 &&\n  in.Ok", "in.Qty > 1 &&\n\tin.Ok", []int{1, 2}},
		{"\n\nin.Qty", "in.Qty", []int{3}},
		{"if in.Ok { return 1 }\n\n\n// two\nreturn 2", "if in.Ok {\n\treturn 1\n}\n\n// two\nreturn 2", []int{1, 1, 1, 2, 3, 5}},
		{"x := in.Amount *\n\n  2\nreturn x", "x := in.Amount.Mul(\n\n\tdec2)\nreturn x", []int{1, 2, 3, 4}},
		{"s := `a\n  b\nc` + in.ID\nreturn s", "s := `a\n  b\nc` + in.ID\nreturn s", []int{1, 2, 3, 4}},
		{"\nin.ID = \"x\"\nreturn in", "own := *in\nin = &own\n\nin.ID = \"x\"\nreturn *in", []int{1, 1, 2, 2, 3}},
		{"return func() int { if in.Ok { return 1 }; return 2 }()", "return func() int {\n\tif in.Ok {\n\t\treturn 1\n\t}\n\treturn 2\n}()", []int{1, 1, 1, 1, 1, 1}},
	}
	c := newChecker()
	for _, test := range tests {
		e, l := checkText(c, test.text, check.Any("x"))
		if e == nil {
			t.Errorf("%q: %v", test.text, l)
			continue
		}
		if e.Go != test.want || fmt.Sprint(e.Lines) != fmt.Sprint(test.lines) {
			t.Errorf("%q\n\tgot  %q %v\n\twant %q %v", test.text, e.Go, e.Lines, test.want, test.lines)
		}
	}
}

// TestTypes infers types of values.
func TestTypes(t *testing.T) {
	tests := []struct{ text, want string }{
		{`in.ID`, "string"},
		{`in`, "Payment"},
		{`in.Amount * in.Fee`, "decimal"},
		{`in.Fee * in.Amount`, "number"},
		{`1 - in.Fee`, "number"},
		{`in.Qty * in.Fee`, "number"},
		{"if in.Amount.Cmp(in.Fee) > 0 {\n\treturn 1\n}\nreturn 2", "int"},
		{`in.Side`, "buy | sell"},
		{`in.Memo`, "string?"},
		{`in.Asset`, "{code: string, issuer?: string}"},
		{`in.Lines`, "[Line]"},
		{`in.Limits`, "map of decimal?"},
		{`in.At`, "time"},
		{`in.Until - in.At`, "duration"},
		{`in.Raw`, "json"},
		{`in.Data`, "bytes"},
		{`[]byte(in.ID)`, "bytes"},
		{`in.Any`, "any"},
		{`1`, "int"},
		{`1.5`, "float64"},
		{`'x'`, ".int32"},
		{`uint8(3)`, ".uint8"},
		{`struct{ A int }{}`, ""},
		{"struct{ A int `json:\"a\"`; B *string `json:\"B,omitempty\"` }{}", "{a: int, B?: string}"},
		{"struct{ A int `json:\"a\"`; B string `json:\"-\"` }{}", ""},
		{`Ledger{}`, "Ledger"},
		{`[]Ledger{}`, "[Ledger]"},
		{`time.March`, "time.Month"},
		{`url.Values{}`, "url.Values"},
		{`errors.New("x")`, ""},
		{`[2]int{}`, ""},
	}
	c := newChecker()
	for _, test := range tests {
		e, l := checkText(c, test.text, check.Any("x"))
		got := ""
		if e != nil {
			if got = e.Type.String(); e.Type.Go != nil {
				got = e.Type.Go.PkgName + "." + e.Type.Go.Name
			}
			if e.Optional {
				got += "?"
			}
		}
		if got != test.want {
			t.Errorf("%s: got %q, want %q %v", test.text, got, test.want, l)
		}
	}
	if e, _ := checkText(c, `in`, check.Any("x")); e.Type != payment {
		t.Error("the type of `in` is another *ir.Type than the one that was declared")
	}
}

// TestScalarRecords checks records that are no structs, and snippets without
// one.
func TestScalarRecords(t *testing.T) {
	c := newChecker()
	generator := []check.Param{
		{Name: "i", Type: scalar(ir.Int64)},
		{Name: "r", Type: &ir.Type{Kind: ir.GoNamed, Go: &ir.GoType{Package: "math/rand/v2", PkgName: "rand", Name: "Rand", Pointer: true}}},
	}
	tests := []struct {
		in     *ir.Type
		params []check.Param
		text   string
		want   string // the lowered text, or the message
		reads  string
	}{
		{scalar(ir.String), nil, `in != "" && strings.HasPrefix(in, "x")`, `(*in) != "" && strings.HasPrefix(*in, "x")`, "*"},
		{scalar(ir.String), nil, `len(in)`, `len(*in)`, "*"},
		{scalar(ir.Bytes), nil, `string(in[:1])`, `string((*in)[:1])`, "*"},
		{scalar(ir.Decimal), nil, `in*2 + 1`, `(*in).Mul(dec2).Add(dec1)`, "*"},
		{listOf(line), nil, `in[0].SKU`, `(*in)[0].SKU`, "*"},
		{nil, generator, `r.Float64() * 100`, `r.Float64() * 100`, ""},
		{nil, generator, `i % 10`, `i % 10`, ""},
		{nil, generator, "i := 3\nreturn i", "i_ := 3\nreturn i_", ""},
		{nil, nil, `in.ID`, "undefined: in", ""},
		{payment, nil, `meta.Path`, "undefined: meta", ""},
		{payment, nil, `&in`, `in`, "*"},
	}
	for _, test := range tests {
		var l diag.List
		e := c.Check(check.Snippet{Text: test.text, At: plain{source.NewFile("x", "", []byte(test.text))}, In: test.in, Params: test.params, Want: check.Any("x")}, &l)
		got, reads := "", ""
		if e != nil {
			got = strings.TrimPrefix(e.Go, "own := *in\nin = &own\nreturn ")
			for _, p := range e.Reads {
				reads += strings.Join(p, ".")
			}
		} else {
			got = l[0].Message
		}
		if got != test.want || reads != test.reads {
			t.Errorf("%s\n\tgot  %s (%s)\n\twant %s (%s)", test.text, got, reads, test.want, test.reads)
		}
	}
}
