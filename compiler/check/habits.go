package check

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strconv"
	"strings"

	"github.com/flowc-dev/flowc/ir/diag"
)

// What people write who come from other languages, and what it is in Go.

// foreignWords are names that stand alone. `in` is the record, where there is
// one.
var foreignWords = map[string]string{
	"null": "nil", "Null": "nil", "NULL": "nil", "None": "nil", "undefined": "nil",
	"this": "in", "self": "in", "it": "in", "record": "in", "event": "in", "row": "in", "msg": "in", "message": "in", "root": "in", "value": "in", "item": "in", "doc": "in",
	"TRUE": "true", "FALSE": "false",
	"now": "time.Now()",
}

// foreignFunctions are functions, and the methods of text and lists.
var foreignFunctions = map[string]string{
	"lower": "strings.ToLower", "lowercase": "strings.ToLower", "toLower": "strings.ToLower", "toLowerCase": "strings.ToLower",
	"upper": "strings.ToUpper", "uppercase": "strings.ToUpper", "toUpper": "strings.ToUpper", "toUpperCase": "strings.ToUpper",
	"trim": "strings.TrimSpace", "strip": "strings.TrimSpace",
	"contains": "strings.Contains", "includes": "strings.Contains",
	"startsWith": "strings.HasPrefix", "startswith": "strings.HasPrefix", "starts_with": "strings.HasPrefix", "hasPrefix": "strings.HasPrefix",
	"endsWith": "strings.HasSuffix", "endswith": "strings.HasSuffix", "ends_with": "strings.HasSuffix", "hasSuffix": "strings.HasSuffix",
	"replaceAll": "strings.ReplaceAll", "split": "strings.Split", "join": "strings.Join", "indexOf": "strings.Index",
	"length": "len", "size": "len", "count": "len",
	"sprintf": "fmt.Sprintf", "format": "fmt.Sprintf", "printf": "fmt.Sprintf",
	"now": "time.Now", "abs": "math.Abs", "sqrt": "math.Sqrt", "pow": "math.Pow",
	"coalesce": "or", "ifnull": "or", "nvl": "or",
	"parseInt": "strconv.Atoi", "atoi": "strconv.Atoi", "str": "fmt.Sprint", "toString": "fmt.Sprint",
}

// foreign proposes Go's word for a name of another language.
func (j *job) foreign(d *diag.Diagnostic, name string, path []ast.Node) bool {
	if call := innermost[*ast.CallExpr](path); call != nil {
		if id, ok := call.Fun.(*ast.Ident); ok && id.Name == name {
			if f := foreignFunctions[name]; f != "" {
				d.Caret("in Go this is `%s`", f).Replace(d.Span, f, "write `%s`", f)
				return true
			}
		}
	}
	word := foreignWords[name]
	if word == "" || word == "in" && j.in == nil {
		return false
	}
	d.Caret("in Go this is `%s`", word)
	if word == "in" {
		d.Label = "the record is called `in`"
	}
	d.Replace(d.Span, word, "write `%s`", word)
	return true
}

// foreignMember proposes Go's function for a method or property that text and
// lists have in other languages.
func (j *job) foreignMember(d *diag.Diagnostic, t types.Type, sel *ast.SelectorExpr, path []ast.Node) bool {
	name := sel.Sel.Name
	f := foreignFunctions[name]
	_, list := t.Underlying().(*types.Slice)
	_, mapping := t.Underlying().(*types.Map)
	b, basic := t.Underlying().(*types.Basic)
	text := basic && b.Info()&types.IsString != 0
	switch {
	case f == "len" && (text || list || mapping):
	case strings.HasPrefix(f, "strings.") && f != "strings.Join" && text:
	case f == "strings.Contains" && list:
		f = "slices.Contains"
	case f == "strings.Join" && list:
	default:
		return false
	}
	args := []string{j.source(sel.X)}
	at := j.nodeSpan(sel)
	if call := innermost[*ast.CallExpr](path); call != nil && call.Fun == ast.Expr(sel) {
		at = j.nodeSpan(call)
		for _, a := range call.Args {
			args = append(args, j.source(a))
		}
	}
	now := f + "(" + strings.Join(args, ", ") + ")"
	d.Caret("in Go this is `%s`", f).Replace(at, now, "write `%s`", oneLine(now))
	return true
}

// hintText is about text beside something that is none: decimals, times and
// durations have constants of their own.
func (j *job) hintText(d *diag.Diagnostic, msg string, path []ast.Node) {
	b := innermost[*ast.BinaryExpr](path)
	if b == nil || !strings.Contains(msg, "mismatched types") {
		return
	}
	for _, pair := range [][2]ast.Expr{{b.X, b.Y}, {b.Y, b.X}} {
		lit, ok := j.unwrapped(pair[0]).(*ast.BasicLit)
		other := j.typeOf(j.unwrapped(pair[1]))
		if !ok || lit.Kind != token.STRING || other == nil {
			continue
		}
		text, err := strconv.Unquote(lit.Value)
		if err != nil {
			continue
		}
		basic, _ := other.Underlying().(*types.Basic)
		switch named := types.TypeString(other, nil); {
		case named == "time.Time":
			d.Helpf("a time of the pipeline's is a `let`: `let: {since: {time: \"2026-01-01T00:00:00Z\"}}`, and `since` here")
		case named == "time.Duration":
			d.Helpf("write it as Go does, such as `5*time.Second`; or as a `let`: `let: {pause: {duration: 5s}}`")
		case isNumber(text) && (j.c.universe.isDecimal(other) || basic != nil && basic.Info()&types.IsNumeric != 0):
			d.Replace(j.nodeSpan(lit), text, "leave out the quotes: `%s`", text)
		}
		return
	}
}

// isNumber tells whether a text is a number as Go writes it.
func isNumber(text string) bool {
	_, err := strconv.ParseFloat(text, 64)
	return err == nil && strings.IndexFunc(text, func(r rune) bool { return !slices.Contains([]rune("0123456789.-"), r) }) < 0
}
