package check_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/format"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/compiler/check"
	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
)

// A snippetValue is a snippet, the value of its program and what is wanted of it.
type snippetValue struct {
	text, want string
	as         check.Want
}

// emitted are snippets with the value that the generated program must compute
// for the record of recordText, as fmt.Sprint shows it; numbers (the form of a
// decimal) end in "n".
var emitted = []snippetValue{
	// Plain Go.
	{`in.Qty`, "3", check.Any("a")},
	{`in.ID == "p1" && in.Qty > 2`, "true", check.Bool("a")},
	{`strings.ToUpper(in.ID) + "!"`, "P1!", check.Any("a")},
	{`len(in.Tags)`, "2", check.Any("a")},
	{`in.Tags[1:]`, "[b]", check.Any("a")},
	{`in.Asset.Code`, "EUR", check.Any("a")},
	{`*in.Memo`, "hi", check.Any("a")},
	{`in.Tip == nil`, "true", check.Bool("a")},
	{`in.Memo`, "&hi", check.Any("a")},
	{`(&in.Asset).Code`, "EUR", check.Any("a")},
	{`fmt.Sprintf("%s/%d", in.ID, in.Qty)`, "p1/3", check.Any("a")},
	{`meta.Path + ":" + strconv.FormatInt(meta.Line, 10)`, "f.ndjson:7", check.Any("a")},
	{`func() int { n := 0; for _, t := range in.Tags { n += len(t) }; return n }()`, "2", check.Any("a")},
	{`string(in.Raw)`, `{"x":1}`, check.Any("a")},
	{`in.Data[0]`, "65", check.Any("a")},
	{"`a\n  b`", "a\n  b", check.Any("a")},
	// Exact decimals.
	{`in.Amount`, "10.50", check.Any("a")},
	{`in.Amount + in.Fee`, "10.75", check.Any("a")},
	{`in.Fee + in.Amount`, "10.75n", check.Any("a")},
	{`in.Amount * in.Qty`, "31.50", check.Any("a")},
	{`in.Qty * in.Amount - 1`, "30.50", check.Any("a")},
	{`in.Qty * in.Fee`, "0.75n", check.Any("a")},
	{`1 - in.Fee`, "0.75n", check.Any("a")},
	{`in.Amount / 3`, "3.50", check.Any("a")},
	{`in.Amount % 4`, "2.50", check.Any("a")},
	{`in.Amount % in.Seq`, "1.50", check.Any("a")},
	{`-in.Amount`, "-10.50", check.Any("a")},
	{`+in.Amount`, "10.50", check.Any("a")},
	{`-(in.Amount + 1) * 2`, "-23.00", check.Any("a")},
	{`(in.Amount + in.Fee) * (in.Amount - in.Fee)`, "110.1875", check.Any("a")},
	{`(in.Amount - 0.5) / (1 + in.Qty)`, "2.50", check.Any("a")},
	{`in.Amount + 0.10`, "10.60", check.Any("a")},
	{`in.Amount*0.1*3 == 3.15`, "true", check.Bool("a")},
	{`in.Amount + (0.10 + 0.20)`, "10.80", check.Any("a")},
	{`in.Amount * 1_000`, "10500.00", check.Any("a")},
	{`in.Amount * 1e3`, "10500.00", check.Any("a")},
	{`in.Amount * (1.0 / 8)`, "1.31250", check.Any("a")},
	{`in.Amount > 10`, "true", check.Bool("a")},
	{`10 < in.Amount`, "true", check.Bool("a")},
	{`in.Amount >= in.Qty`, "true", check.Bool("a")},
	{`in.Amount == 10.5`, "true", check.Bool("a")},
	{`in.Amount != 10.500`, "false", check.Bool("a")},
	{`!(in.Amount != 10.5)`, "true", check.Bool("a")},
	{`in.Amount < in.Fee || in.Fee <= 0.25`, "true", check.Bool("a")},
	{`or(in.Tip, 0.10)`, "0.10", check.Any("a")},
	{`or(in.Tip, in.Amount) * 2`, "21.00", check.Any("a")},
	{`or(in.Memo, "none")`, "hi", check.Any("a")},
	{`or(in.Notes, []string{"n"})`, "[n]", check.Any("a")},
	{`or(in.Limits, map[string]decimal{"EUR": 5})["EUR"]`, "5", check.Any("a")},
	{`max(in.Amount, in.Qty, 100)`, "100", check.Any("a")},
	{`min(in.Fee, in.Amount)`, "0.25n", check.Any("a")},
	{`in.Amount.Round(0)`, "10", check.Any("a")},
	{`(in.Amount * 3).Floor()`, "31", check.Any("a")},
	{`in.Amount.Float64() * in.Rate`, "5.25", check.Any("a")},
	{`int(in.Amount.Floor().Int64()) + in.Qty`, "13", check.Any("a")},
	{`decimal(in.Qty) / 4`, "0.75", check.Any("a")},
	{`number(in.Amount)`, "10.50n", check.Any("a")},
	{`decimal(in.Fee)`, "0.25", check.Any("a")},
	{`decimal(in.Seq)`, "9", check.Any("a")},
	{`fmt.Sprintf("%s", in.Amount)`, "10.50", check.Any("a")},
	{`in.Amount.String() + in.Asset.Code`, "10.50EUR", check.Any("a")},
	{`in.Lines[0].Price * in.Lines[0].N`, "4.40", check.Any("a")},
	{`[]decimal{in.Amount, 1, -0.5}`, "[10.50 1 -0.5]", check.Any("a")},
	{`map[string]decimal{"a": 1.10}["a"] + in.Fee`, "1.35", check.Any("a")},
	{`5`, "5", check.Of(scalar(ir.Decimal), "a")},
	{`in.Amount * 1e-7`, "0.000001050", check.Any("a")},
	{`in.Amount + limit`, "110.50", check.Any("a")},
	{`in.Amount + price`, "12.00", check.Any("a")},
	{`limit * 2`, "200", check.Any("a")},
	{`in.Amount + below`, "10.00", check.Any("a")},
	{`in.Amount + debt`, "7.50", check.Any("a")},
	{`in.Amount + debt*below`, "12.00", check.Any("a")},
	{`in.Rate + below`, "0", check.Any("a")},
	{`known[in.Asset.Code]`, "true", check.Bool("a")},
	{`card.MatchString(in.ID)`, "true", check.Bool("a")},
	{`region + in.ID`, "EUp1", check.Any("a")},
	// Statements with decimals.
	{"x := in.Amount\nx += in.Qty\nx -= 0.5\nx *= 2\nx /= 4\nx %= 5\nx++\nx--\nreturn x", "1.50", check.Any("a")},
	{"var sum decimal\nfor _, l := range in.Lines {\n\tsum += l.Price * l.N\n}\nreturn sum", "7.40", check.Any("a")},
	{"totals := map[string]decimal{}\nfor _, l := range in.Lines {\n\ttotals[l.SKU] += l.Price\n}\nreturn totals[\"b\"]", "3", check.Any("a")},
	{"p := &in.Amount\n*p += 1\nreturn *p", "11.50", check.Any("a")},
	{"switch in.Amount {\ncase 1, 2:\n\treturn \"small\"\ncase 10.5:\n\treturn \"this\"\n}\nreturn \"other\"", "this", check.Any("a")},
	{"switch in.Amount {\ndefault:\n\treturn 1\n}", "1", check.Any("a")},
	{"less := func(a, b decimal) bool { return a < b }\nreturn less(in.Fee, in.Amount)", "true", check.Bool("a")},
	{"const rate = 0.10\nreturn in.Amount * rate", "1.050", check.Any("a")},
	{"decimal := in.Amount\nflow := 2\nreturn or(in.Tip, decimal) * flow", "21.00", check.Any("a")},
	{"a, b := in.Amount, in.Qty\na, b = a+1, b+1\nreturn a * b", "46.00", check.Any("a")},
	{"for i := decimal(0); i < 3; i++ {\n\tif i*2 == 4 {\n\t\treturn i\n\t}\n}\nreturn -1", "2", check.Any("a")},
	{"slices.SortFunc(in.Lines, func(a, b Line) int { return b.Price.Cmp(a.Price) })\nreturn in.Lines[0].SKU", "b", check.Any("a")},
	{"return in.Amount *\n\t// twice\n\t2", "21.00", check.Any("a")},
	{"return (\n\tin.Amount +\n\tin.Fee) * 2", "21.50", check.Any("a")},
	{"var v any = in.Amount\nif d, ok := v.(decimal); ok {\n\treturn d + 1\n}\nreturn 0", "11.50", check.Of(scalar(ir.Decimal), "a")},
	{"switch decimal := in.Any.(type) {\ncase float64:\n\treturn in.Amount + 1, nil\ncase nil:\n\t_ = decimal\n}\nreturn 0, errors.New(\"x\")", "11.50", check.Of(scalar(ir.Decimal), "a")},
	// Times and durations.
	{`in.Until - in.At`, "1h0m0s", check.Any("a")},
	{`(in.Until - in.At).Minutes()`, "60", check.Any("a")},
	{`in.Until - in.At > 30*time.Minute`, "true", check.Bool("a")},
	{`(in.At + in.TTL).Format(time.RFC3339)`, "2024-01-02T03:05:35Z", check.Any("a")},
	{`(in.TTL + in.At).Second()`, "35", check.Any("a")},
	{`in.At - in.TTL < in.At`, "true", check.Bool("a")},
	{`(in.Until - (in.TTL + time.Minute)).Minute()`, "1", check.Any("a")},
	{`in.At == in.Until - time.Hour`, "true", check.Bool("a")},
	{`in.At != in.Until`, "true", check.Bool("a")},
	{`in.At >= in.Until`, "false", check.Bool("a")},
	{`in.At <= in.Until && !(in.At > in.Until)`, "true", check.Bool("a")},
	{`in.TTL * in.Qty`, "4m30s", check.Any("a")},
	{`in.Qty * in.TTL / in.Qty`, "1m30s", check.Any("a")},
	{`or(in.Seen, in.At) < in.Until`, "true", check.Bool("a")},
	{"t := in.At\nt += time.Hour\nt -= in.TTL - time.Second\nreturn in.Until - t", "1m29s", check.Any("a")},
	{"switch in.At {\ncase in.Until:\n\treturn 1\ncase in.Until - time.Hour:\n\treturn 2\n}\nreturn 3", "2", check.Any("a")},
	{`in.TTL + wait`, "1m35s", check.Any("a")},
	// Enums.
	{`in.Side == "buy"`, "true", check.Bool("a")},
	{`in.Side`, "buy", check.Any("a")},
	{`strings.ToUpper(in.Side)`, "BUY", check.Any("a")},
	{`in.Side + "-" + in.ID`, "buy-p1", check.Any("a")},
	{`in.Side[:1] == "b"`, "true", check.Bool("a")},
	{`in.Side == in.ID`, "false", check.Bool("a")},
	{`or(in.Other, "hold") == in.Side`, "false", check.Bool("a")},
	{`slices.Contains([]string{"buy"}, in.Side)`, "true", check.Bool("a")},
	{"switch in.Side {\ncase \"sell\":\n\treturn -1\n}\nreturn 1", "1", check.Any("a")},
	{`map[string]int{"buy": 1}[in.Side]`, "1", check.Any("a")},
	// Records.
	{`Ledger{ID: in.ID, Total: in.Amount + 1}`, "{p1 11.50 <nil>}", check.Of(ledger, "a")},
	{`Ledger{ID: in.ID, Total: in.Fee}`, "{p1 0.25 <nil>}", check.Of(ledger, "a")},
	{"in.ID = \"changed\"\nin.Amount += 1\nreturn in.ID + in.Amount.String()", "changed11.50", check.Any("a")},
	{"in := in\nmeta := 1\nin.Qty++\nreturn in.Qty + meta", "5", check.Any("a")},
	{"time := in.At\ntime += in.TTL * in.Qty\nreturn time - in.At", "4m30s", check.Any("a")},
	{"dec1 := 2\nreturn in.Amount*dec1 + 1", "22.00", check.Any("a")},
	{"x, y := in.Amount*in.Qty, in.Until-in.At\nz := x * in.Qty\nvar w = y * in.Qty\nreturn z > 3 && w > in.TTL", "true", check.Bool("a")},
	{`new(decimal)`, "&0", check.Any("a")},
	{`strconv.ParseBool("true")`, "true", check.Bool("a")},
	{"struct{ Total decimal `json:\"Total\"` }{in.Amount + 1}", "{11.50}", check.Any("a")},
	{`max(decimal(0.1), 0.20) + in.Fee`, "0.45", check.Any("a")},
	{`decimal.Floor(in.Amount)`, "10", check.Any("a")},
	{"L:\nfor i := 0; ; i++ {\n\tswitch {\n\tcase in.Amount-i < 5:\n\t\treturn i\n\tcase i > 100:\n\t\tbreak L\n\t}\n}\nreturn -1", "6", check.Any("a")},
	{`in.ID`, "p1", check.Any("a")}, // after the one before: its record was a copy
	{"out := in\nout.ID = \"x\"\nreturn out.ID + in.ID", "xp1", check.Any("a")},
	{"p := in.Asset\np.Code = \"USD\"\nreturn p.Code + in.Asset.Code", "USDEUR", check.Any("a")},
	{`strconv.Atoi("12")`, "12", check.Any("a")},
	{"n, err := strconv.Atoi(in.ID)\nreturn n, err", "error", check.Any("a")},
	{`strings.Split("a,b", ",")`, "[a b]", check.ListOf(nil, "a")},
	{`slices.Values(in.Tags)`, "seq a b", check.ListOf(scalar(ir.String), "a")},
	{`in.Amount / (in.Fee - 0.25)`, "panic", check.Any("a")},
}

// recordText is the record in the generated program.
const recordText = `func record() *Payment {
	memo := "hi"
	at := time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC)
	p := &Payment{
		ID: "p1", Amount: decimal.MustParse("10.50"), Fee: decimal.MustParse("0.25").AsNumber(), Qty: 3, Seq: 9,
		Rate: 0.5, Memo: &memo, At: at, Until: at.Add(time.Hour), TTL: 90 * time.Second, Side: "buy",
		Tags: []string{"a", "b"},
		Lines: []Line{{"a", decimal.MustParse("2.20"), 2}, {"b", decimal.MustParse("3"), 1}},
		Raw: []byte("{\"x\":1}"), Data: []byte("A"), Any: 1.5,
	}
	p.Asset.Code = "EUR"
	return p
}
`

const mainText = `func show(v any) string {
	switch v := v.(type) {
	case decimal.Decimal:
		if v.IsNumber() {
			return v.String() + "n"
		}
		return v.String()
	case *string:
		return "&" + *v
	case *decimal.Decimal:
		return "&" + v.String()
	case iter.Seq[string]:
		return "seq " + strings.Join(slices.Collect(v), " ")
	}
	return fmt.Sprint(v)
}

func try(i int, f func() (any, error)) {
	defer func() {
		if r := recover(); r != nil {
			fmt.Printf("%d\t%q\n", i, "panic")
		}
	}()
	v, err := f()
	if err != nil {
		fmt.Printf("%d\t%q\n", i, "error")
		return
	}
	fmt.Printf("%d\t%q\n", i, show(v))
}
`

// testLets are let values of all kinds.
func testLets(t *testing.T, c *check.Checker) []*ir.Let {
	t.Helper()
	text := func(kind, s string) *ir.Value {
		return &ir.Value{Kind: kind, Parts: []ir.Part{{Kind: ir.Literal, Text: s}}}
	}
	sources := []check.LetSource{
		{Name: "limit", Value: text("int", "100")},
		{Name: "below", Value: text("float", "-0.50")},
		{Name: "debt", Value: text("int", "-3")},
		{Name: "price", Type: scalar(ir.Decimal), Value: text("string", "1.50")},
		{Name: "wait", Type: scalar(ir.Duration), Value: text("string", "5s")},
		{Name: "region", Value: text("string", "EU")},
		{Name: "card", As: "regexp", Value: text("string", `\d`)},
		{Name: "known", As: "set", Value: &ir.Value{Kind: "list", Items: []*ir.Value{text("string", "EUR"), text("string", "USD")}}},
	}
	var lets []*ir.Let
	var l diag.List
	for _, s := range sources {
		s.Node = "big-spender"
		let := c.Let(s, &l)
		if let == nil {
			t.Fatal(l)
		}
		lets = append(lets, let)
	}
	return lets
}

// letText declares a let value as a backend would.
func letText(l *ir.Let) string {
	switch {
	case l.Regexp:
		return fmt.Sprintf("var %s = regexp.MustCompile(%q)\n", l.GoName, l.Value.Text())
	case l.Type == nil:
		return fmt.Sprintf("const %s = %s\n", l.GoName, l.Value.Text())
	case l.Type.Kind == ir.Decimal:
		return fmt.Sprintf("var %s = decimal.MustParse(%q)\n", l.GoName, l.Value.Text())
	case l.Type.Kind == ir.Duration:
		return fmt.Sprintf("var %s, _ = time.ParseDuration(%q)\n", l.GoName, l.Value.Text())
	case l.Type.Kind == ir.Map:
		s := "var " + l.GoName + " = map[string]bool{"
		for _, e := range l.Value.Entries {
			s += fmt.Sprintf("%q: %s,", e.Key, e.Value.Text())
		}
		return s + "}\n"
	}
	return fmt.Sprintf("const %s = %q\n", l.GoName, l.Value.Text())
}

// typeText is a type as the Go backend writes it.
func typeText(t *ir.Type) string {
	if t.Name != "" && t.Kind == ir.Struct {
		return t.Name
	}
	if t.Go != nil {
		return t.Go.Name
	}
	switch t.Kind {
	case ir.Enum:
		return "string"
	case ir.Decimal, ir.Number:
		return "decimal.Decimal"
	case ir.Time:
		return "time.Time"
	case ir.Duration:
		return "time.Duration"
	case ir.JSON:
		return "json.RawMessage"
	case ir.Bytes:
		return "[]byte"
	case ir.List:
		return "[]" + typeText(t.Elem)
	case ir.Map:
		return "map[string]" + typeText(t.Elem)
	case ir.Struct:
		return structText(t)
	}
	return string(t.Kind)
}

func structText(t *ir.Type) string {
	s := "struct {\n"
	for _, f := range t.Fields {
		star, tag := "", f.Name
		if f.Pointer() {
			star = "*"
		}
		if f.Optional {
			tag += ",omitempty"
		}
		s += fmt.Sprintf("%s %s%s `json:%q`\n", f.Go, star, typeText(f.Type), tag)
	}
	return s + "}"
}

// TestEmitted compiles what snippets are lowered to, runs it and compares the
// values.
func TestEmitted(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the go command")
	}
	c := newChecker()
	lets := testLets(t, c)
	imports := map[string]string{
		"fmt": "fmt", "time": "time", "iter": "iter", "slices": "slices", "strings": "strings", "regexp": "regexp", "json": "encoding/json",
		"decimal": check.DecimalPath, "flow": check.FlowPath,
	}
	consts := map[string]ir.Const{}
	var funcs, calls strings.Builder
	all := append(slices.Clone(emitted), arithmeticSnippets(200)...)
	for i, s := range all {
		var l diag.List
		e := c.Check(check.Snippet{
			Text: s.text, At: plain{source.NewFile("in.yaml", "", []byte(s.text))}, Node: "n",
			In: payment, Meta: fileMeta, Lets: lets, Want: s.as,
		}, &l)
		if e == nil {
			t.Errorf("%s: %v", s.text, l)
			continue
		}
		for _, u := range e.Uses {
			imports[u.Name] = u.Path
		}
		for _, k := range e.Consts {
			consts[k.Name] = k
		}
		result := typeText(e.Type)
		if e.Optional {
			result = "*" + result
		}
		if s.as.Kind == check.WantList {
			result = map[bool]string{true: "iter.Seq[" + result + "]", false: "[]" + result}[e.Seq]
		}
		body := e.Go
		if !e.Body {
			body = "return " + body
		}
		if e.Errs {
			result = "(" + result + ", error)"
		}
		if n := strings.Count(e.Go, "\n") + 1; n != len(e.Lines) {
			t.Errorf("%s: %d lines of Go, %d in Lines", s.text, n, len(e.Lines))
		}
		fmt.Fprintf(&funcs, "func snippet%d(in *Payment, meta *Meta) %s {\n%s\n}\n\n", i, result, body)
		// The first ones share a record, so that it would be seen if one changed it
		// that only may change its copy.
		rec := "rec"
		if e.Writes || i >= len(emitted) {
			rec = "record()"
		}
		call := fmt.Sprintf("return snippet%d(%s, meta)", i, rec)
		if !e.Errs {
			call += ", nil"
		}
		fmt.Fprintf(&calls, "try(%d, func() (any, error) { %s })\n", i, call)
	}
	if t.Failed() {
		return
	}
	var b bytes.Buffer
	b.WriteString("package main\n\nimport (\n")
	names := make([]string, 0, len(imports))
	for name := range imports {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		fmt.Fprintf(&b, "%s %q\n", name, imports[name])
	}
	b.WriteString(")\n\nvar _ = flow.Or[int]\n")
	for _, typ := range []*ir.Type{payment, line, ledger, fileMeta} {
		fmt.Fprintf(&b, "type %s %s\n\n", typ.Name, structText(typ))
	}
	for _, let := range lets {
		b.WriteString(letText(let))
	}
	for _, k := range consts {
		form := ""
		if k.Number {
			form = ".AsNumber()"
		}
		fmt.Fprintf(&b, "var %s = decimal.MustParse(%q)%s\n", k.Name, k.Text, form)
	}
	fmt.Fprintf(&b, "%s%s%s\nfunc main() {\nrec, meta := record(), &Meta{Path: \"f.ndjson\", Line: 7}\n%s}\n", recordText, mainText, funcs.String(), calls.String())
	out := runInModule(t, b.Bytes())
	got := map[int]string{}
	for _, row := range strings.Split(strings.TrimSpace(out), "\n") {
		var i int
		var v string
		if _, err := fmt.Sscanf(row, "%d\t%q", &i, &v); err != nil {
			t.Fatalf("%q: %v", row, err)
		}
		got[i] = v
	}
	for i, s := range all {
		if i >= len(emitted) {
			// The scale is the runtime's business.
			if v, ok := new(big.Rat).SetString(strings.TrimSuffix(got[i], "n")); ok {
				got[i] = v.RatString()
			}
		}
		if got[i] != s.want {
			t.Errorf("%s\n\tgives %q, want %q", s.text, got[i], s.want)
		}
	}
}

// runInModule builds and runs a program as if it stood in this module, so that
// it can import the runtime.
func runInModule(t *testing.T, src []byte) string {
	t.Helper()
	if formatted, err := format.Source(src); err == nil {
		src = formatted
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "main.go")
	virtual := filepath.Join(root, "compiler", "check", "internal", "emitted", "main.go")
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{virtual: file}})
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{file: src, filepath.Join(dir, "overlay.json"): overlay} {
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	bin := filepath.Join(dir, "emitted.exe")
	build := exec.Command("go", "build", "-overlay", filepath.Join(dir, "overlay.json"), "-o", bin, "./compiler/check/internal/emitted")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s\n%s", err, out, numbered(src))
	}
	cmd := exec.Command(bin)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	return string(out)
}

// numbered is a text with line numbers.
func numbered(src []byte) string {
	var b strings.Builder
	for i, l := range strings.Split(string(src), "\n") {
		fmt.Fprintf(&b, "%4d %s\n", i+1, l)
	}
	return b.String()
}
