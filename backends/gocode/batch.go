package gocode

import (
	"fmt"
	"strconv"

	"github.com/dave/jennifer/jen"

	"github.com/flowc-dev/flowc/ir"
)

// DefaultCall is how many records a batch component gets at most where the
// pipeline does not say.
const DefaultCall = 256

// BatchOf is the batch that stands at a node and can be set at run time, nil for
// none: that of a sink, or of a component that is given many records.
func BatchOf(n *ir.Node) *ir.Batch {
	switch op := n.Op.(type) {
	case *ir.Sink:
		return op.Batch
	case *ir.Apply:
		if op.Batch != nil && (op.Foreign != nil || op.Go != nil && op.Go.Shape == ir.ShapeBatch) {
			return op.Batch
		}
	}
	return nil
}

// BatchField is the field of the settings with the batch of a node, whose Go
// name is given.
func BatchField(name string) string { return name + "Batch" }

// runBatch quotes the loop of a component that takes many records at once. It
// heads its region: what waits in the queue before it makes its batches.
func (l *loop) runBatch(n *ir.Node, op *ir.Apply, at place) ([]jen.Code, error) {
	ref := op.Go
	t := l.recordType(n)
	out := n.Out[0].Type
	callee := l.instance(n, ref)
	size := strconv.Itoa(DefaultCall)
	if BatchOf(n) != nil {
		size = "l.settings." + BatchField(l.names.lower(n.YAML)) + ".Count"
	}
	in, elem := l.perhapsPointer(ref.In, ref.InPtr), l.perhapsPointer(out, ref.OutPtr)
	l.mark = true
	emitted := l.counter(l.names.lower(n.YAML) + "Emitted")
	at.chain.steps = append(at.chain.steps, step{node: n.YAML, emitted: "l." + emitted})
	each, err := l.eachMethod(n, n.Out[0])
	if err != nil {
		return nil, err
	}
	one := value{base: "(*in)", typ: t}
	row := value{base: "rows[i]", typ: t}
	if l.anyRaw(n.ID) {
		one.raw, row.raw = "@frame.At(b.Data, b.Ends, l.Record.Index)", "@frame.At(b.Data, b.Ends, i)"
	}
	convert, arg := l.argument(n, ref, one, place{next: "continue", stop: "return", chain: at.chain, input: func() string { return l.input(n, one) }})
	shown := l.Go("nil")
	if input := l.input(n, row); input != "" {
		shown = l.Go("func(i int) []byte { return " + input + " }")
	}
	rows := append(l.ownRows(), append([]jen.Code{l.Go("in := &rows[l.Next]"), l.Go("l.Record.Index = l.Next"), l.Go("l.Next++"), l.Go("l.records++"), l.Go("l.Mark()")}, convert...)...)
	rows = append(rows, l.Gof("held = append(held, %s)", arg), l.Go("places = append(places, l.Record.Index)"))

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
		l.Go("var held []").Add(in),
		l.Go("var places []int"),
		l.block(fmt.Sprintf("for l.Next < len(rows) && len(held) < %s", size), rows...),
		l.Gof("made, stop := @flow.CallBatch(l.Lane, %s, held, places, ", l.node(n.YAML)).Add(shown).Op(", ").Add(call).Op(")"),
		l.present("made", ref.OutPtr),
		l.Gof("l.%s += int64(len(made))", emitted),
		l.block("for i := range made", l.block("if "+each.of(element("made", ref.OutPtr)), l.Go("return"))),
		l.block("if stop", l.Go("return")),
	}
	code := append([]jen.Code{l.Go("rows := *b.Rows.(*[]").Add(l.typ(t)).Op(")")}, l.begin(body)...)
	return append(code, l.block("for l.Next < len(rows)", body...)), nil
}
