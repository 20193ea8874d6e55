package check

import (
	"go/ast"
	"go/constant"
	"go/token"
	"strings"

	"github.com/flowc-dev/flowc/ir/diag"
)

// enumConstants reports text that meets an enum and is none of its values.
func (j *job) enumConstants() {
	ast.Inspect(j.fn.Body, func(n ast.Node) bool {
		x, ok := n.(ast.Expr)
		if !ok {
			return true
		}
		tv := j.info.Types[x]
		if tv.Value == nil || tv.Value.Kind() != constant.String {
			return true
		}
		enum := j.c.universe.isEnum(tv.Type)
		if enum == nil {
			return true
		}
		value := constant.StringVal(tv.Value)
		for _, v := range enum.Values {
			if v == value {
				return false
			}
		}
		j.failed = true
		span, bare := j.nodeSpan(x), false
		if lit, ok := ast.Unparen(x).(*ast.BasicLit); ok && lit.Kind == token.STRING && len(lit.Value) == len(value)+2 {
			span, bare = j.span(j.offset(lit.Pos())+1, j.offset(lit.End())-1), true
		}
		d := diag.Errorf(diag.EnumValue, span, "%q is none of the enum's values", value)
		if enum.Name != "" {
			d.Message = diag.Errorf("", span, "%q is no value of %s", value, enum.Name).Message
		}
		near := d.Near(value, enum.Values)
		if !bare {
			d.Fixes = nil // what would be replaced is no literal
		}
		if !near || len(enum.Values) <= 8 {
			d.Notef("the values are %s", strings.Join(enum.Values, ", "))
		}
		if !enum.Span.IsZero() {
			d.NoteAt(enum.Span, "the enum is declared here")
		}
		j.l.Add(d)
		return false
	})
}
