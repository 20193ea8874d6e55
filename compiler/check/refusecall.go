package check

import (
	"go/ast"
	"go/constant"
	"go/types"
	"strings"

	"github.com/flowc-dev/flowc/ir/diag"
)

// not reports code that is Go, but has no place in a pipeline.
func (j *job) not(n ast.Node, format string, args ...any) *diag.Diagnostic {
	j.failed = true
	return j.l.Errorf(diag.NotHere, j.nodeSpan(n), format, args...)
}

func (j *job) refuseCall(n *ast.CallExpr) {
	if _, marked := j.marks[n]; marked {
		return
	}
	switch {
	case j.info.Types[n.Fun].IsType():
		j.refuseConversion(n)
	case j.isBuiltin(n.Fun, "print", "println"):
		j.failed = true
		j.l.Errorf(diag.ImpureImport, j.nodeSpan(n.Fun), "`%s` writes to standard error, outside of the record", j.source(n.Fun)).
			Helpf("send the records to a sink that uses `log`")
	case j.isBuiltin(n.Fun, "complex", "real", "imag"):
		for _, a := range n.Args {
			if j.isDecimalExpr(a) {
				j.not(a, "a decimal can't be part of a complex number")
			}
		}
	case j.isBuiltin(n.Fun, "delete", "clear", "copy") && len(n.Args) > 0:
		j.refuseTarget(n.Args[0])
	default:
		j.refuseStd(n)
	}
}

// refuseConversion is about conversions that change a decimal in silence, and
// about floats that would become one.
func (j *job) refuseConversion(n *ast.CallExpr) {
	if len(n.Args) != 1 {
		return
	}
	u := j.c.universe
	x := n.Args[0]
	to, from := j.typeOf(n.Fun), j.typeOf(x)
	if to == nil || from == nil {
		return
	}
	switch {
	case u.isDecimal(from) && !u.isDecimal(to) && !types.IsInterface(to):
		j.refusal(n)
		d := j.l.Errorf(diag.DecimalFloat, j.nodeSpan(n), "`%s` would convert an exact decimal without saying how", oneLine(j.source(n)))
		j.conversionFix(d, n, x, to)
	case u.isDecimal(to) && !u.isDecimal(from) && j.info.Types[x].Value == nil:
		b, ok := from.Underlying().(*types.Basic)
		if ok && b.Info()&types.IsFloat != 0 {
			j.refusal(n)
			d := j.l.Errorf(diag.DecimalFloat, j.nodeSpan(x), "`%s` is a %s, whose digits are not those that were written: it can't become an exact decimal", oneLine(j.source(x)), j.typeText(from))
			j.noteField(d, x)
			if len(d.Help) == 0 {
				d.Helpf("compute with decimals from the start, or stay with floats")
			}
		}
	}
}

// conversionFix replaces a conversion of a decimal by the method that says what
// happens.
func (j *job) conversionFix(d *diag.Diagnostic, n *ast.CallExpr, x ast.Expr, to types.Type) {
	inner := diag.Errorf(diag.GoType, j.nodeSpan(x), "")
	j.hintFromDecimal(inner, x, to)
	for _, f := range inner.Fixes {
		f.Edits[0].Span = j.nodeSpan(n)
		d.Fix(f)
	}
	if b, ok := to.Underlying().(*types.Basic); ok && b.Info()&types.IsInteger != 0 {
		d.Helpf("a decimal with a fraction is an error there; `Round(0)`, `Floor()` or `Trunc()` it first")
	}
}

// impureFuncs are functions of packages in reach that touch the world all the
// same.
var impureFuncs = map[string]map[string]bool{
	"fmt": set("Print", "Printf", "Println", "Scan", "Scanf", "Scanln"),
}

// refuseStd is about functions of the standard library.
func (j *job) refuseStd(n *ast.CallExpr) {
	f := j.callee(n)
	if f == nil || f.Pkg() == nil {
		return
	}
	path := f.Pkg().Path()
	if impureFuncs[path][f.Name()] && !j.importsPath(path) {
		j.refusal(n)
		j.l.Errorf(diag.ImpureImport, j.nodeSpan(n.Fun), "`%s` touches the world outside of the record, so package %s must stand in `imports`", j.source(n.Fun), path).
			Helpf("add `imports: [%s]` to the pipeline; fmt.Sprint and its like need no import", path)
		return
	}
	if path == "fmt" {
		j.refuseVerbs(n, f.Name())
	}
}

// importsPath tells whether the pipeline imports a package.
func (j *job) importsPath(path string) bool {
	for _, e := range j.c.listed {
		if e.Path == path {
			return true
		}
	}
	return false
}

// callee is the function or method that a call names, nil for a computed one.
func (j *job) callee(n *ast.CallExpr) *types.Func {
	var id *ast.Ident
	switch fun := ast.Unparen(n.Fun).(type) {
	case *ast.Ident:
		id = fun
	case *ast.SelectorExpr:
		id = fun.Sel
	case *ast.IndexExpr:
		return j.callee(&ast.CallExpr{Fun: fun.X})
	case *ast.IndexListExpr:
		return j.callee(&ast.CallExpr{Fun: fun.X})
	default:
		return nil
	}
	f, _ := j.info.Uses[id].(*types.Func)
	return f
}

// formatArg is the index of the format of a function of fmt.
var formatArg = map[string]int{"Sprintf": 0, "Errorf": 0, "Printf": 0, "Fprintf": 1, "Appendf": 1}

// refuseVerbs reports decimals that are formatted as the floats they are not.
func (j *job) refuseVerbs(n *ast.CallExpr, name string) {
	at, ok := formatArg[name]
	if !ok || len(n.Args) <= at || n.Ellipsis.IsValid() {
		return
	}
	v := j.info.Types[n.Args[at]].Value
	if v == nil || v.Kind() != constant.String {
		return
	}
	arg := at + 1
	format := constant.StringVal(v)
	for i := 0; i < len(format); i++ {
		if format[i] != '%' {
			continue
		}
		for i++; i < len(format) && strings.IndexByte("+-# 0123456789.", format[i]) >= 0; i++ {
		}
		switch {
		case i >= len(format) || format[i] == '[' || format[i] == '*':
			return // arguments out of order: fmt decides
		case format[i] == '%':
			continue
		case arg >= len(n.Args):
			return
		}
		x := n.Args[arg]
		arg++
		if verb := format[i]; j.isDecimalExpr(x) && strings.IndexByte("vsqT", verb) < 0 {
			j.failed = true
			d := j.l.Errorf(diag.DecimalFloat, j.nodeSpan(x), "`%%%c` formats floats, and `%s` is an exact decimal", verb, oneLine(j.source(x)))
			d.Helpf("use `%%s`, and `.Round(2)` for two places")
		}
	}
}
