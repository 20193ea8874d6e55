package check

import (
	"errors"
	"go/ast"
	"strings"

	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
)

// constant replaces an expression by a package-level variable with its value.
func (w *lowering) constant(e ast.Expr, number bool) {
	text, ok := plainLiteral(e)
	var err error
	if !ok {
		var x exact
		if x, err = w.exactOf(e); err == nil {
			text, err = x.text()
		}
	}
	if err != nil {
		w.failed = true
		d := w.l.Errorf(diag.DecimalConstant, w.nodeSpan(e), "`%s` can't be a decimal constant: %v", oneLine(w.source(e)), err)
		switch {
		case errors.Is(err, errNeverEnds):
			d.Helpf("divide last: a division of decimals is rounded to 38 digits")
		case errors.Is(err, errTooLong):
			d.Helpf("write as many digits as you mean")
		case errors.Is(err, errDropsFraction):
			d.Helpf("write one of the numbers with a point, as in 1.0")
		}
		return
	}
	w.ed.replace(w.from(e), w.to(e), w.constName(text, number))
}

// constNames makes the text of a decimal part of a name.
var constNames = strings.NewReplacer("-", "Neg", ".", "_")

// constName is the name of a constant; it follows from its value, so that equal
// constants of a program are one variable.
func (w *lowering) constName(text string, number bool) string {
	name := "dec"
	if number {
		name = "num"
	}
	name += constNames.Replace(text)
	w.consts[name] = ir.Const{Name: name, Text: text, Number: number}
	return name
}
