package gocode

import (
	"fmt"
	"strings"

	"github.com/dave/jennifer/jen"

	"github.com/flowc-dev/flowc/ir"
)

// defaultCall is how many records a batch component gets at most where the
// pipeline does not say.
const defaultCall = 256

// runBatch quotes the loop of a component that takes many records at once. It
// heads its region: what waits in the queue before it makes its batches.
func (l *loop) runBatch(n *ir.Node, op *ir.Apply, at place) ([]jen.Code, error) {
	ref := op.Go
	t := l.recordType(n)
	out := n.Out[0].Type
	callee := l.instance(n, ref)
	size := defaultCall
	if op.Batch != nil && op.Batch.Count > 0 {
		size = op.Batch.Count
	}
	in := l.typ(ref.In)
	elem := l.typ(out)
	if ref.InPtr {
		in = jen.Op("*").Add(in)
	}
	if ref.OutPtr {
		elem = jen.Op("*").Add(elem)
	}
	l.mark = true
	emitted := l.counter(l.names.lower(n.YAML) + "Emitted")
	at.chain.steps = append(at.chain.steps, step{node: n.YAML, emitted: "l." + emitted})
	next, err := l.method("each"+l.names.upper(n.YAML), value{base: "item", typ: out}, l.panicsBehind(n), func(inner value, at place) ([]jen.Code, error) {
		return l.after(n, "", inner, at)
	})
	if err != nil {
		return nil, err
	}
	l.each[n.ID] = next
	convert, arg := l.argument(n, ref, value{base: "(*in)", typ: t}, place{next: "continue", stop: "return", chain: at.chain})
	rows := append([]jen.Code{l.Go("in := &rows[l.Next]"), l.Go("l.Record.Index = l.Next"), l.Go("l.Next++"), l.Go("l.records++"), l.Go("l.Mark()")}, convert...)
	rows = append(rows, l.Gof("held = append(held, %s)", arg))

	call := l.Go("func(ctx @context.Context, rows []").Add(in).Op(") ([]").Add(elem).Op(", error)")
	args := "rows"
	if ref.Context {
		args = "ctx, rows"
	}
	result := fmt.Sprintf("return %s(%s)", callee, args)
	if !ref.Errs {
		result = fmt.Sprintf("return %s(%s), nil", callee, args)
	}
	call.Block(l.Go(result))
	body := []jen.Code{
		l.Go("first := l.Next"),
		l.Go("var held []").Add(in),
		l.block(fmt.Sprintf("for l.Next < len(rows) && len(held) < %d", size), rows...),
		l.Gof("made, stop := @flow.CallBatch(l.Lane, %s, held, first, ", l.node(n.YAML)).Add(call).Op(")"),
		l.Gof("l.%s += int64(len(made))", emitted),
		l.block("for i := range made", l.block("if "+replaceItem(next, "made[i]", ref.OutPtr), l.Go("return"))),
		l.block("if stop", l.Go("return")),
	}
	return []jen.Code{
		l.Go("rows := *b.Rows.(*[]").Add(l.typ(t)).Op(")"),
		l.block("for l.Next < len(rows)", body...),
	}, nil
}

// replaceItem puts an element into a call that was written for a variable item.
func replaceItem(call, element string, pointer bool) string {
	if !pointer {
		element = "&" + element
	}
	return strings.Replace(call, "&item", element, 1)
}
