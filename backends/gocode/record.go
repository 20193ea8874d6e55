package gocode

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dave/jennifer/jen"

	"github.com/flowc-dev/flowc/ir"
)

// mapping quotes map: a new record, by an expression or field by field.
func (l *loop) mapping(n *ir.Node, op *ir.Apply, v value, at place) ([]jen.Code, error) {
	out := n.Out[0].Type
	f := stageFunc{name: "map" + l.names.upper(n.YAML), comment: "makes the record of `" + n.YAML + "`.", node: n}
	var call string
	var errs bool
	if op.Expr != nil {
		call, errs = l.callExpr(f, l.stages.typ(out), v, op.Expr), op.Expr.Errs
	} else {
		call, errs = l.callAssign(f, op.Assign, nil, v, out)
	}
	at.chain.steps = append(at.chain.steps, step{node: n.YAML})
	local := l.names.local(n.YAML)
	rest, err := l.after(n, "", value{base: local, typ: out}, at)
	if err != nil {
		return nil, err
	}
	return append(l.bind(n, local, call, errs, at, rest), rest...), nil
}

// bind quotes the call that makes a node's record, as a variable if what
// follows uses it. A call that may fail or panic is made in any case; one that
// can't and that nobody uses is left out.
func (l *loop) bind(n *ir.Node, local, call string, errs bool, at place, rest []jen.Code) []jen.Code {
	switch used := mentions(rest, local); {
	case used:
		return l.bound(n, local, call, errs, at)
	case errs:
		return []jen.Code{l.Gof("_, %sErr := %s", local, call), l.ifFailed(n.YAML, local+"Err", at)}
	case n.Pure && !l.panics(n):
		return nil
	}
	return []jen.Code{l.Go(call)}
}

// panics tells whether the user's expressions of a node may panic, which is the
// record's error even where nobody looks at the value.
func (l *loop) panics(n *ir.Node) bool {
	op, ok := n.Op.(*ir.Apply)
	if !ok {
		return true
	}
	return op.Expr != nil && op.Expr.Panics || slices.ContainsFunc(op.Assign, func(a ir.Assign) bool { return a.Expr.Panics })
}

// callAssign is call for a function that makes a record field by field: of the
// expressions of assign, and of copied fields of the record it gets. errs tells
// that it may return an error.
func (l *loop) callAssign(f stageFunc, assign []ir.Assign, copied []*ir.Field, v value, out *ir.Type) (call string, errs bool) {
	var before, lit strings.Builder
	var exprs []*ir.Expr
	typ := l.stages.typ(out)
	for _, a := range assign {
		exprs = append(exprs, a.Expr)
		// A value that is there, for a field that need not be, is pointed to.
		field := out.GoField(a.Go)
		pointTo := field != nil && field.Pointer() && !a.Expr.Optional
		if !a.Expr.Body && !a.Expr.Writes {
			text := l.stages.expr(a.Expr)
			if pointTo {
				text = "new(" + l.stages.typ(field.Type) + "(" + text + "))"
			}
			fmt.Fprintf(&lit, "%s,\n", lined(a.Expr, a.Go+": "+text))
			continue
		}
		local, result := "v"+a.Go, l.stages.typ(a.Expr.Type)
		if field != nil && field.Pointer() && a.Expr.Optional {
			result = "*" + result
		}
		before.WriteString(l.assignBody(f.node, a, local, result, v.typ, typ))
		errs = errs || a.Expr.Errs
		if pointTo {
			local = "&" + local
		}
		fmt.Fprintf(&lit, "%s: %s,\n", a.Go, local)
	}
	for _, field := range copied {
		fmt.Fprintf(&lit, "%s: in.%s,\n", field.Go, field.Go)
	}
	f.results, f.body = typ, before.String()+"return "+typ+"{\n"+lit.String()+"}"
	if errs {
		f.results, f.body = "("+typ+", error)", f.body+", nil"
	}
	return l.call(f, v, exprs...), errs
}

// assignBody is the statement that sets local to what a function of its own
// gives, as the type result; record is the type that the statement's function
// returns.
func (l *loop) assignBody(n *ir.Node, a ir.Assign, local, result string, in *ir.Type, record string) string {
	f := stageFunc{
		name: "map" + l.names.upper(n.YAML) + a.Go, comment: "makes `" + a.Name + "` of `" + n.YAML + "`.", node: n, in: in,
		results: l.stages.result(a.Expr, result), body: l.stages.owned(n, in, a.Expr) + l.stages.returns(a.Expr),
	}
	args := "in"
	if readMeta(a.Expr) {
		f.meta = l.meta
		args += ", meta"
	}
	call := fmt.Sprintf("%s(%s)", l.stages.add(f), args)
	if a.Expr.Errs {
		return fmt.Sprintf("%s, err := %s\nif err != nil {\nreturn %s{}, err\n}\n", local, call, record)
	}
	return fmt.Sprintf("%s := %s\n", local, call)
}
