package gocode

import (
	"fmt"
	"slices"

	"github.com/dave/jennifer/jen"

	"github.com/flowc-dev/flowc/ir"
)

// call writes a function over a record, whose code is expressions of the
// user's, and quotes its call.
func (l *loop) call(f stageFunc, v value, exprs ...*ir.Expr) string {
	f.in = v.typ
	args := v.ref()
	if readMeta(exprs...) {
		f.meta = l.meta
		args += ", &l.meta"
	}
	return fmt.Sprintf("%s(%s)", l.stages.add(f), args)
}

// callExpr is call for a function that gives the value of one expression, as
// the type results.
func (l *loop) callExpr(f stageFunc, results string, v value, e *ir.Expr) string {
	f.results, f.body = l.stages.result(e, results), l.stages.owned(f.node, v.typ, e)+l.stages.returns(e)
	return l.call(f, v, e)
}

// readMeta tells whether one of the expressions reads meta.
func readMeta(exprs ...*ir.Expr) bool {
	return slices.ContainsFunc(exprs, func(e *ir.Expr) bool { return e != nil && len(e.MetaReads) > 0 })
}

// bound quotes `local := call`; a record whose call gives an error fails.
func (l *loop) bound(n *ir.Node, local, call string, errs bool, at place) []jen.Code {
	if !errs {
		return []jen.Code{l.Gof("%s := %s", local, call)}
	}
	return []jen.Code{l.Gof("%s, %sErr := %s", local, local, call), l.ifFailed(n.YAML, local+"Err", at)}
}
