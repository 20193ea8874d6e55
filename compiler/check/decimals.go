package check

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"

	"github.com/flowc-dev/flowc/ir/diag"
)

// refusal notes that a mistake with numbers was reported at an operand, so that
// what go/types says of it is dropped.
func (j *job) refusal(n ast.Node) {
	if j.refused == nil {
		j.refused = map[token.Pos]bool{}
	}
	j.refused[n.Pos()] = true
	j.failed = true
}

// floatOperand reports a float variable beside a decimal.
func (j *job) floatOperand(e ast.Expr, t types.Type, op ast.Node) {
	if j.refused[e.Pos()] {
		return
	}
	j.refusal(e)
	var other ast.Expr
	switch op := op.(type) {
	case *ast.BinaryExpr:
		other = op.X
		if other == e {
			other = op.Y
		}
	case *ast.AssignStmt:
		other = op.Lhs[0]
	case *ast.CallExpr:
		for _, a := range op.Args {
			if j.c.universe.isDecimal(j.typeOf(a)) {
				other = a
			}
		}
	}
	d := j.l.Errorf(diag.DecimalFloat, j.nodeSpan(e), "`%s` is a %s, and `%s` is an exact decimal: the two don't mix", oneLine(j.source(e)), j.typeText(t), oneLine(j.source(other)))
	j.noteField(d, e)
	if _, assigned := op.(*ast.AssignStmt); assigned {
		d.Helpf("`decimal` is a type: declare what you compute with as one")
		return
	}
	d.Fix(j.floatFix(other))
}

// decimalInto reports a decimal that is added to a number of another type.
func (j *job) decimalInto(n *ast.AssignStmt, t types.Type) {
	b, ok := t.Underlying().(*types.Basic)
	if x := n.Lhs[0]; ok && b.Info()&types.IsNumeric != 0 && !j.refused[x.Pos()] {
		j.refusal(x)
		d := j.l.Errorf(diag.DecimalFloat, j.nodeSpan(x), "`%s` is %s, and `%s` is an exact decimal: the two don't mix", oneLine(j.source(x)), article(j.typeText(t)), oneLine(j.source(n.Rhs[0])))
		if id, ok := x.(*ast.Ident); ok {
			d.Helpf("declare it as one: `var %s decimal`", id.Name)
		}
	}
}

// floatFix goes over to floats.
func (j *job) floatFix(x ast.Expr) diag.Fix {
	text := j.source(x)
	if !primary(x) {
		text = "(" + text + ")"
	}
	return diag.Fix{Title: "compute in floats: `" + oneLine(text) + ".Float64()`", Edits: []diag.Edit{{Span: j.nodeSpan(x), New: text + ".Float64()"}}}
}

// primary tells whether a selector can follow an expression as it stands.
func primary(x ast.Expr) bool {
	switch x.(type) {
	case *ast.Ident, *ast.SelectorExpr, *ast.CallExpr, *ast.IndexExpr, *ast.ParenExpr:
		return true
	}
	return false
}

// noteField points to the declaration of a float field, which could be a
// decimal.
func (j *job) noteField(d *diag.Diagnostic, e ast.Expr) {
	sel, ok := ast.Unparen(e).(*ast.SelectorExpr)
	if !ok {
		return
	}
	s := j.info.Selections[sel]
	if s == nil {
		return
	}
	if v, ok := s.Obj().(*types.Var); ok {
		if f := j.c.universe.fields[v]; f != nil {
			d.Helpf("declare `%s` as a decimal, if it should be exact", f.Name)
			if !f.Span.IsZero() {
				d.NoteAt(f.Span, "%s is declared here", f.Name)
			}
		}
	}
}

// hintDecimal is about a decimal where another number is wanted, or the other
// way round.
func (j *job) hintDecimal(d *diag.Diagnostic, msg string, path []ast.Node) {
	if len(path) == 0 || !strings.HasPrefix(msg, "cannot use ") {
		return
	}
	x, ok := path[0].(ast.Expr)
	if !ok {
		return
	}
	x = j.unwrapped(x)
	t := j.typeOf(x)
	if t == nil {
		return
	}
	u := j.c.universe
	_, rest, _ := strings.Cut(msg, ") as ")
	target, where, _ := strings.Cut(rest, " value in ")
	switch {
	case u.isDecimal(t):
		for _, k := range []types.BasicKind{types.Float64, types.Int64, types.Int, types.String} {
			if types.Typ[k].Name() == target {
				j.hintFromDecimal(d, x, types.Typ[k])
				j.hintMath(d, where, x)
			}
		}
	case target == "decimal" || target == "number":
		j.hintToDecimal(d, x, t)
	}
}

// hintMath proposes the decimal's own method for a function of package math.
func (j *job) hintMath(d *diag.Diagnostic, where string, x ast.Expr) {
	name, ok := strings.CutPrefix(where, "argument to math.")
	if !ok {
		return
	}
	switch name {
	case "Floor", "Ceil", "Trunc", "Abs":
		d.Helpf("`%s.%s()` does it exactly", j.source(x), name)
	case "Round":
		d.Helpf("`%s.Round(0)` does it exactly", j.source(x))
	case "Max", "Min":
		d.Helpf("the built-in `%s` takes decimals", strings.ToLower(name))
	}
}

// hintFromDecimal proposes the method that gives a number of another type.
func (j *job) hintFromDecimal(d *diag.Diagnostic, x ast.Expr, target types.Type) {
	b, ok := target.Underlying().(*types.Basic)
	if !ok {
		return
	}
	text := j.source(x)
	if !primary(ast.Unparen(x)) {
		text = "(" + text + ")"
	}
	with := ""
	switch {
	case b.Kind() == types.Float64:
		with = text + ".Float64()"
	case b.Kind() == types.Int64:
		with = text + ".Int64()"
	case b.Info()&types.IsInteger != 0:
		with = target.String() + "(" + text + ".Int64())"
	case b.Kind() == types.Float32:
		with = "float32(" + text + ".Float64())"
	case b.Info()&types.IsString != 0:
		with = text + ".String()"
	default:
		return
	}
	if b.Info()&types.IsString == 0 {
		d.Code = diag.DecimalFloat
	}
	d.Fix(diag.Fix{Title: "write `" + oneLine(with) + "`", Edits: []diag.Edit{{Span: j.nodeSpan(x), New: with}}})
}

// hintToDecimal proposes how a number becomes a decimal.
func (j *job) hintToDecimal(d *diag.Diagnostic, x ast.Expr, t types.Type) {
	b, ok := t.Underlying().(*types.Basic)
	switch {
	case !ok:
	case b.Info()&types.IsInteger != 0:
		with := "decimal(" + j.source(x) + ")"
		d.Replace(j.nodeSpan(x), with, "write `%s`", oneLine(with))
	case b.Info()&types.IsString != 0:
		if v := j.info.Types[x].Value; v != nil && decimalError(constantText(v)) == "" {
			d.Replace(j.nodeSpan(x), constantText(v), "write `%s` without quotes", constantText(v))
		}
	case b.Info()&types.IsFloat != 0 && b.Info()&types.IsUntyped == 0:
		d.Code = diag.DecimalFloat
		j.noteField(d, x)
	}
}
