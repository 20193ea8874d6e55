package gocode

import (
	"slices"
	"strings"

	"github.com/dave/jennifer/jen"

	"github.com/flowc-dev/flowc/ir"
)

func (l *loop) flatmap(n *ir.Node, op *ir.Apply, v value, at place) ([]jen.Code, error) {
	out := n.Out[0].Type
	results := "[]" + l.spell(out)
	if op.Expr.Seq {
		results = "@iter.Seq[" + l.spell(out) + "]"
	}
	call := l.callExpr(stageFunc{
		name: "flatmap" + l.names.upper(n.YAML), comment: "makes the records of `" + n.YAML + "` from one.", node: n,
	}, l.stages.text(results), v, op.Expr)
	local := l.names.local(n.YAML)
	code := l.bound(n, local, call, op.Expr.Errs, at)
	spread, err := l.spread(n, local, op.Expr.Seq, false, at)
	return append(code, spread...), err
}

// An each is the call of the method that sends on one of several records which a
// node makes at once.
type each string

// of is the call for one record, given by pointer.
func (e each) of(record string) string { return strings.Replace(string(e), "&item", record, 1) }

// element quotes the pointer to element i of a list of records, or of pointers to
// such.
func element(list string, pointers bool) string {
	if pointers {
		return list + "[i]"
	}
	return "&" + list + "[i]"
}

// eachMethod is the method that sends on the records of a node's port; it is
// written the first time.
func (l *loop) eachMethod(n *ir.Node, p ir.Port) (each, error) {
	name := "each" + l.names.upper(n.YAML)
	if p.Name != "" {
		name += upperFirst(camel(p.Name))
	}
	if call, ok := l.each[name]; ok {
		return call, nil
	}
	call, err := l.method(name, value{base: "item", typ: p.Type}, l.panicsBehind(n, p.Name), true, func(inner value, at place) ([]jen.Code, error) {
		return l.after(n, p.Name, inner, at)
	})
	l.each[name] = each(call)
	return each(call), err
}

// panicsBehind tells whether anything behind a port of a node may panic.
func (l *loop) panicsBehind(n *ir.Node, port string) bool {
	return slices.ContainsFunc(l.dataOut(n.ID, port), func(e *ir.Edge) bool { return l.mayPanic(e, map[string]bool{}) })
}

// present quotes that a nil pointer in a list is no record.
func (l *loop) present(list string, pointers bool) jen.Code {
	if !pointers {
		return jen.Null()
	}
	return l.Gof("%s = @flow.Present(%s)", list, list)
}

// spread quotes the loop over the records that one record became. Its body is a
// method, in which a record can be left alone.
func (l *loop) spread(n *ir.Node, list string, seq, pointers bool, at place) ([]jen.Code, error) {
	l.mark = true
	emitted := l.counter(l.names.lower(n.YAML) + "Emitted")
	empty := l.counter(l.names.lower(n.YAML) + "Empty")
	at.chain.steps = append(at.chain.steps, step{node: n.YAML, filtered: "l." + empty, emitted: "l." + emitted})
	each, err := l.eachMethod(n, n.Out[0])
	if err != nil {
		return nil, err
	}
	var collect []jen.Code
	if seq { // all or nothing: the records go on when the sequence has ended well
		all := list + "All"
		collect = []jen.Code{l.Gof("%s := @slices.Collect(%s)", all, list)}
		list = all
	}
	return append(append(collect, l.present(list, pointers)),
		l.block("if len("+list+") == 0", l.Gof("l.%s++", empty)),
		l.Gof("l.%s += int64(len(%s))", emitted, list),
		l.block("for i := range "+list, l.block("if "+each.of(element(list, pointers)), l.Go(at.stop))),
	), nil
}
