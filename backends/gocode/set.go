package gocode

import (
	"fmt"
	"slices"

	"github.com/dave/jennifer/jen"

	"github.com/flowc-dev/flowc/ir"
)

// set quotes set and unset: a new record with the fields that somebody behind
// it reads, and, where the record's bytes go on, those with the new values
// spliced in and everything else as it was.
func (l *loop) set(n *ir.Node, op *ir.Apply, v value, at place) ([]jen.Code, error) {
	out := n.Out[0].Type
	var copied []*ir.Field
	for _, f := range out.Fields {
		if !slices.ContainsFunc(op.Assign, func(a ir.Assign) bool { return a.Go == f.Go }) && l.carried(n, op, f) {
			copied = append(copied, f)
		}
	}
	call, errs := l.callAssign(stageFunc{
		name: "set" + l.names.upper(n.YAML), comment: "makes the record of `" + n.YAML + "`: what it sets, and what is read of the rest.", node: n,
	}, op.Assign, copied, v, out)
	at.chain.steps = append(at.chain.steps, step{node: n.YAML})
	record := value{base: l.names.local(n.YAML), typ: out}
	if v.raw != "" && l.rawBehind(n) {
		record.raw = record.base + "Line"
	}
	fields, methods := len(l.fields), len(l.methods)
	rest, err := l.after(n, "", record, at)
	if err != nil {
		return nil, err
	}
	if record.raw != "" && mentions(rest, record.raw) { // known only now
		lastField, lastMethod := len(l.fields), len(l.methods)
		method := l.splice(n, op, out, v)
		// It is read before what follows.
		l.fields, l.methods = moveUp(l.fields, fields, lastField), moveUp(l.methods, methods, lastMethod)
		arg := "&" + record.base
		if len(op.Assign) == 0 {
			arg = "nil"
		}
		rest = append(l.bound(n, record.raw, fmt.Sprintf("l.%s(%s, %s)", method, v.raw, arg), true, at), rest...)
	}
	return append(l.bind(n, record.base, call, errs, at, rest), rest...), nil
}

// moveUp puts what a list has from an index on before what it has at another.
func moveUp[T any](list []T, to, from int) []T {
	return slices.Concat(list[:to], list[from:], list[to:from])
}

// carried tells whether a field that a set node does not set is read behind it.
func (l *loop) carried(n *ir.Node, op *ir.Apply, f *ir.Field) bool {
	return slices.ContainsFunc(l.setReads(n, op), func(p ir.Path) bool { return p[0] == f.Go })
}

// rawBehind tells whether the bytes of a node's records go on.
func (l *loop) rawBehind(n *ir.Node) bool {
	return slices.ContainsFunc(l.out[n.ID], func(e *ir.Edge) bool { return e.Kind == ir.Data && e.Raw })
}
