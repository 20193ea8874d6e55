package oracle

import (
	"fmt"
	"go/format"
	"regexp"
	"slices"
	"strings"
)

// A statement of a component's body: its Go, and what it does.
type statement struct {
	text string
	// do adds what is given, and tells whether the call ends there; it is nil where
	// the grammar had nothing to begin with.
	do func(v *env, out *[]given) (ends bool)
}

// body writes the statements of the component, and what they do; "" where the
// grammar has nothing to begin with.
func (g *componentMaker) body() string {
	var parts []statement
	if g.c.stateful {
		// The interpreter counts calls; this one is not among those before it.
		parts = append(parts, statement{"defer func() { self.seen++ }()\n", nothing})
	}
	out := g.c.shape
	switch out {
	case shPorts:
		return g.portsBody()
	case shBatch:
		return g.batchBody()
	case shFilter:
		parts = append(parts, g.refusal("false"), g.keeps())
	default:
		g.outPtr = g.one(4)
		if g.n.out = g.giving(g.name + "Out"); g.n.out == nil {
			return ""
		}
	}
	switch out {
	case shMap:
		parts = append(parts, g.sorted(), g.refusal(g.zero()), g.nothing(), g.returned())
	case shSlice:
		parts = append(parts, g.refusal("nil"), g.several("out = append(out, %s)"))
	case shSeq:
		parts = append(parts, g.refusal("nil"), g.several("if !yield(%s) {\nreturn\n}"))
	case shEmit:
		parts = append(parts, g.several("if err := emit(%s); err != nil {\nreturn err\n}"), g.refusal(""))
	}
	if slices.ContainsFunc(parts, func(p statement) bool { return p.do == nil }) {
		return ""
	}
	g.c.call = func(v *env) (list []given) {
		for _, p := range parts {
			if p.do(v, &list) {
				break
			}
		}
		return list
	}
	var b strings.Builder
	for _, p := range parts {
		b.WriteString(p.text)
	}
	text := b.String()
	switch out {
	case shSlice:
		text = strings.Replace(text, "for i := range", "var out []"+g.outType()+"\nfor i := range", 1) + "return out" + g.nilError() + "\n"
	case shSeq:
		text = strings.Replace(text, "for i := range", "return func(yield func("+g.outType()+") bool) {\nfor i := range", 1) + "}" + g.nilError() + "\n"
	case shEmit:
		text += "return nil\n"
	}
	return text
}

func nothing(*env, *[]given) bool { return false }

// outType is the type of what is given, in Go.
func (g *componentMaker) outType() string {
	if g.n.out == tLine {
		return "string"
	}
	if g.outPtr {
		return "*" + g.n.out.name
	}
	return g.n.out.name
}

func (g *componentMaker) zero() string {
	switch {
	case g.n.out == tLine:
		return `""`
	case g.outPtr:
		return "nil"
	}
	return g.n.out.name + "{}"
}

func (g *componentMaker) nilError() string {
	if g.errs {
		return ", nil"
	}
	return ""
}

// address is a value as it is given: by pointer, where the component does so.
func (g *componentMaker) address(text string) string {
	if g.outPtr {
		return "&" + text
	}
	return text
}

// refusal ends the call with an error, for some records.
func (g *componentMaker) refusal(zero string) statement {
	cond := g.s.varying(tBool, 2)
	if !g.errs || !g.s.risky || cond == nil || g.one(3) {
		return statement{"", nothing}
	}
	if zero != "" {
		zero += ", "
	}
	code, again, text := "error", true, `errors.New("refused")`
	switch g.random.n(4) {
	case 0:
		code, text = "too-odd", g.name+"Error{}"
		fmt.Fprintf(&g.types, "// %sError is an error with a code.\ntype %sError struct{}\n\nfunc (%sError) Error() string { return \"refused\" }\n\n// Code is what dead letters say.\nfunc (%sError) Code() string { return \"too-odd\" }\n\n", g.name, g.name, g.name, g.name)
	case 1:
		again, text = false, g.name+"Never{}"
		fmt.Fprintf(&g.types, "// %sNever is an error that no other try mends.\ntype %sNever struct{}\n\nfunc (%sNever) Error() string { return \"refused\" }\n\n// Permanent tells so.\nfunc (%sNever) Permanent() bool { return true }\n\n", g.name, g.name, g.name, g.name)
	}
	return statement{
		"if " + cond.bare() + " {\nreturn " + zero + text + "\n}\n",
		func(v *env, _ *[]given) bool {
			if cond.eval(v).(bool) {
				panic(fault{code: code, msg: "refused", again: again})
			}
			return false
		},
	}
}

// keeps is what a filter says.
func (g *componentMaker) keeps() statement {
	cond := g.s.varying(tBool, 3)
	if cond == nil {
		return statement{}
	}
	return statement{"return " + cond.bare() + g.nilError() + "\n", func(v *env, out *[]given) bool {
		if cond.eval(v).(bool) {
			*out = append(*out, given{})
		}
		return true
	}}
}

// sorted sorts a list that the record has: nobody else may see that.
func (g *componentMaker) sorted() statement {
	e := g.s.pick(func(l leaf) bool { return !l.optional && l.variable == "" && same(l.typ, tStrings) })
	if e == nil || !g.one(3) {
		return statement{"", nothing}
	}
	return statement{"slices.Sort(" + e.text + ")\n", func(v *env, _ *[]given) bool {
		sortStrings(e.eval(v))
		return false
	}}
}

// nothing gives no record for some, by a nil pointer.
func (g *componentMaker) nothing() statement {
	cond := g.s.varying(tBool, 2)
	if !g.outPtr || g.n.out == tLine || cond == nil {
		return statement{"", nothing}
	}
	return statement{"if " + cond.bare() + " {\nreturn nil" + g.nilError() + "\n}\n", func(v *env, _ *[]given) bool { return cond.eval(v).(bool) }}
}

// result is an expression for a record that is given.
func (g *componentMaker) result(s *scope, t *typ) *expr {
	if t == tLine {
		return s.varying(tString, 2)
	}
	return s.structOf(t, 2)
}

func (g *componentMaker) returned() statement {
	e := g.result(g.s, g.n.out)
	if e == nil {
		return statement{}
	}
	text := e.bare()
	if g.n.out != tLine {
		text = g.address(e.text)
	}
	return statement{"return " + text + g.nilError() + "\n", func(v *env, out *[]given) bool {
		*out = append(*out, given{value: e.eval(v)})
		return true
	}}
}

// with is a scope with a number, i, beside.
func (g *componentMaker) with() *scope {
	inner := *g.s
	inner.vars = append([]variable{{"i", tInt}}, g.s.vars...)
	return &inner
}

func (v *env) at(i int64) *env {
	vars := map[string]value{"i": i}
	for k, val := range v.vars {
		vars[k] = val
	}
	return &env{in: v.in, vars: vars}
}

// several gives up to three records; give is how one is given.
func (g *componentMaker) several(give string) statement {
	count, item := g.s.varying(tInt, 1), g.result(g.with(), g.n.out)
	if count == nil || item == nil {
		return statement{}
	}
	text := fmt.Sprintf("for i := range max(0, %s%%4) {\n_ = i\n", count.text)
	nils := g.outPtr && g.c.shape != shEmit && g.one(2)
	if nils { // a nil pointer is no record
		text += "if i == 1 {\n" + fmt.Sprintf(give, "nil") + "\ncontinue\n}\n"
	}
	text += fmt.Sprintf(give, g.address(item.text)) + "\n}\n"
	return statement{text, func(v *env, out *[]given) bool {
		for i := range max(0, count.eval(v).(int64)%4) {
			if nils && i == 1 {
				continue
			}
			*out = append(*out, given{value: item.eval(v.at(i))})
		}
		return false
	}}
}

// portsBody is that of a component with several outputs.
func (g *componentMaker) portsBody() string {
	names := choose(g.random, []string{"big", "rest"}, []string{"eu", "us", "other"}, []string{"out", "err2"})
	g.outPtr = g.one(5)
	var text strings.Builder
	var sends []func(v *env, out *[]given)
	for i, name := range names {
		t := g.giving(g.name + "Out" + fmt.Sprint(i))
		if t == nil {
			return ""
		}
		g.c.ports = append(g.c.ports, compPort{name, t})
		cond, item := g.s.varying(tBool, 2), g.result(g.s, t)
		if cond == nil || item == nil {
			return ""
		}
		fmt.Fprintf(&text, "if %s {\nif err := %s(%s); err != nil {\nreturn err\n}\n}\n", cond.bare(), name, g.address(item.text))
		sends = append(sends, func(v *env, out *[]given) {
			if cond.eval(v).(bool) {
				*out = append(*out, given{name, item.eval(v)})
			}
		})
	}
	refusal := g.refusal("")
	text.WriteString(refusal.text + "return nil\n")
	g.c.call = func(v *env) (list []given) {
		for _, send := range sends {
			send(v, &list)
		}
		refusal.do(v, &list)
		return list
	}
	if g.c.stateful {
		return "defer func() { self.seen++ }()\n" + text.String()
	}
	return text.String()
}

// batchBody is that of a component which is given many records: what it does
// with each hangs on that one alone, because nobody knows how many come at once.
func (g *componentMaker) batchBody() string {
	g.outPtr = g.one(5)
	if g.n.out = g.giving(g.name + "Out"); g.n.out == nil {
		return ""
	}
	if g.one(2) {
		g.c.count = g.between(1, 5)
	}
	item := g.result(g.s, g.n.out)
	skip, fails := g.s.varying(tBool, 2), g.s.varying(tBool, 2)
	if item == nil || skip == nil || fails == nil {
		return ""
	}
	failing := g.errs && g.s.risky && g.one(2)
	nils := g.outPtr && g.one(2)
	var b strings.Builder
	b.WriteString("var out []" + g.outType() + "\n")
	if failing {
		fmt.Fprintf(&b, "failed := %sFailed{}\n", g.name)
	}
	index := "_"
	if failing {
		index = "k"
	}
	fmt.Fprintf(&b, "for %s, in := range all {\n_ = in\n", index)
	if failing {
		fmt.Fprintf(&g.types, "// %sFailed are the records of a batch that failed.\ntype %sFailed map[int]error\n\nfunc (f %sFailed) Error() string { return \"some failed\" }\n\n// Failed are they, by their place.\nfunc (f %sFailed) Failed() map[int]error { return f }\n\n", g.name, g.name, g.name, g.name)
		fmt.Fprintf(&b, "if %s {\nfailed[k] = errors.New(\"refused\")\ncontinue\n}\n", fails.bare())
	}
	what := "continue"
	if nils {
		what = "out = append(out, nil)\ncontinue"
	}
	fmt.Fprintf(&b, "if %s {\n%s\n}\n", skip.bare(), what)
	fmt.Fprintf(&b, "out = append(out, %s)\n}\n", g.address(item.text))
	if failing {
		b.WriteString("if len(failed) > 0 {\nreturn out, failed\n}\n")
	}
	b.WriteString("return out" + g.nilError() + "\n")
	g.c.call = func(v *env) []given {
		if failing && fails.eval(v).(bool) {
			panic(fault{code: "error", msg: "refused"})
		}
		if skip.eval(v).(bool) {
			return nil
		}
		return []given{{value: item.eval(v)}}
	}
	return b.String()
}

// file is the Go of a component: its types, and the function or the type with
// its constructor.
func (g *componentMaker) file(body string) string {
	results := ""
	switch g.c.shape {
	case shFilter:
		results = "bool"
	case shMap:
		results = g.outType()
	case shSlice, shBatch:
		results = "[]" + g.outType()
	case shSeq:
		results = "iter.Seq[" + g.outType() + "]"
	}
	switch {
	case g.errs && results == "":
		results = "error"
	case g.errs:
		results = "(" + results + ", error)"
	}
	in := "string"
	switch {
	case g.c.in.kind == kStruct:
		in = g.c.in.name
		if g.inPtr {
			in = "*" + in
		}
	case g.c.in.kind == kJSON:
		in = choose(g.random, "json.RawMessage", "[]byte")
	}
	var params []string
	if g.ctx {
		params = append(params, "ctx context.Context")
	}
	name := "in "
	if g.c.shape == shBatch {
		name, in = "all ", "[]"+in
	}
	params = append(params, name+in)
	pointer := ""
	if g.outPtr {
		pointer = "*"
	}
	switch g.c.shape {
	case shEmit:
		params = append(params, "emit func("+g.outType()+") error")
	case shPorts:
		for _, p := range g.c.ports {
			params = append(params, p.name+" func("+pointer+p.typ.name+") error")
		}
	}
	signature := "(" + strings.Join(params, ", ") + ") " + results
	var code strings.Builder
	code.WriteString(g.types.String())
	fields := ""
	for _, s := range g.c.settings {
		name := s.variable.name[strings.LastIndexByte(s.variable.name, '.')+1:]
		fields += "\t" + name + " " + goType(s.variable.typ, false) + "\n"
	}
	counter := ""
	if g.c.stateful {
		counter = "\tseen int\n"
	}
	config, self := "", "self *"+g.name
	if fields != "" {
		config = "c " + g.name + "Config"
	}
	switch g.form {
	case plainFunc:
		g.c.name = g.name
		fmt.Fprintf(&code, "// %s is a component.\nfunc %s%s {\n%s}\n", g.name, g.name, signature, body)
		return g.page(code.String())
	case literal:
		g.c.name = g.name
		fmt.Fprintf(&code, "// %s is a component.\ntype %s struct {\n%s%s}\n\n", g.name, g.name, fields, counter)
	case made, madeErr:
		g.c.name = choose(g.random, g.name, "New"+g.name)
		held := ""
		if config != "" {
			held = "\tc " + g.name + "Config\n"
		}
		result, value := "*"+g.name, "&"+g.name+"{}"
		if config != "" {
			value = "&" + g.name + "{c: c}"
		}
		if g.form == madeErr {
			result, value = "("+result+", error)", value+", nil"
		}
		fmt.Fprintf(&code, "// %s is a component.\ntype %s struct {\n%s%s}\n\n", g.name, g.name, held, counter)
		fmt.Fprintf(&code, "// New%s makes one.\nfunc New%s(%s) %s { return %s }\n\n", g.name, g.name, config, result, value)
	case makerOf, makerErr:
		g.c.name = "New" + g.name
		if config != "" {
			config = "self " + g.name + "Config"
		}
		result, end := "func"+signature, ""
		if g.form == makerErr {
			result, end = "("+result+", error)", ", nil"
		}
		fmt.Fprintf(&code, "// New%s makes a component.\nfunc New%s(%s) %s {\nreturn func%s {\n%s}%s\n}\n", g.name, g.name, config, result, signature, body, end)
	}
	if fields != "" && g.form != literal {
		fmt.Fprintf(&code, "// %sConfig is its config.\ntype %sConfig struct {\n%s}\n\n", g.name, g.name, fields)
	}
	if g.form != makerOf && g.form != makerErr {
		fmt.Fprintf(&code, "// Process is called for each record.\nfunc (%s) Process%s {\n%s}\n", self, signature, body)
	}
	return g.page(code.String())
}

var (
	inQuotes = regexp.MustCompile("\"(?:\\\\.|[^\"\\\\\n])*\"|`[^`]*`|//[^\n]*")
	packages = []string{"context", "encoding/json", "errors", "fmt", "iter", "math", "slices", "strconv", "strings", "time"}
)

// page is a file with what it imports.
func (g *componentMaker) page(code string) string {
	bare := inQuotes.ReplaceAllString(code, "")
	var b strings.Builder
	fmt.Fprintf(&b, "// Package %s has components.\npackage %s\n\nimport (\n", g.packageName(), g.packageName())
	for _, path := range packages {
		name := path[strings.LastIndexByte(path, '/')+1:]
		if regexp.MustCompile(`\b` + name + `\.[A-Z]`).MatchString(bare) {
			fmt.Fprintf(&b, "\t%q\n", path)
		}
	}
	b.WriteString(")\n\n" + code)
	text, err := format.Source([]byte(b.String()))
	if err != nil {
		panic(fmt.Sprintf("oracle: %v in\n%s", err, b.String()))
	}
	return string(text)
}

func (g *componentMaker) packageName() string {
	return g.folder[strings.LastIndexByte(g.folder, '/')+1:]
}
