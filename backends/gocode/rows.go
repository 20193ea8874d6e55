package gocode

import (
	"fmt"

	"github.com/dave/jennifer/jen"

	"github.com/flowc-dev/flowc/ir"
)

// runRows quotes the loop over typed records that a source of the user's made.
func (l *loop) runRows(n *ir.Node, at place) ([]jen.Code, error) {
	at.chain.steps = append(at.chain.steps, step{node: n.YAML})
	t := n.Out[0].Type
	body, err := l.after(n, "", value{base: "(*in)", typ: t}, at)
	if err != nil {
		return nil, err
	}
	if l.dead() && t.Kind == ir.Struct {
		name := "original" + l.names.upper(n.YAML)
		l.originals[n.ID] = name
		l.loops.add(jen.Comment(fmt.Sprintf("%s is a row as JSON, for a dead letter.", name)).Line(),
			jen.Func().Id(name).Params(jen.Id("dst").Index().Byte(), l.Go("b *@flow.Batch"), jen.Id("index").Int()).Index().Byte().Block(
				l.Gof("dst, _ = %s(dst, &(*b.Rows.(*[]", l.appendJSON(t)).Add(l.typ(t)).Op("))[index])"),
				jen.Return(jen.Id("dst"))))
	}
	return l.overRows(n.Out[0].Type, nil, body), nil
}

// runQueue quotes the loop over records that came through a queue.
func (l *loop) runQueue(n *ir.Node, at place) ([]jen.Code, error) {
	t := l.recordType(n)
	v := value{base: "(*in)", typ: t}
	raw := l.anyRaw(n.ID)
	if raw {
		v.raw = "line"
	}
	if op, ok := n.Op.(*ir.Apply); ok && op.Foreign != nil {
		return l.runForeign(n, op, at)
	}
	if op, ok := n.Op.(*ir.Apply); ok && op.Go != nil && op.Go.Shape == ir.ShapeBatch {
		return l.runBatch(n, op, at)
	}
	body, err := l.stage(n, v, at)
	if err != nil {
		return nil, err
	}
	var first []jen.Code
	if raw && mentions(body, "line") {
		first = []jen.Code{l.Go("line := @frame.At(b.Data, b.Ends, l.Next)")}
	}
	return l.overRows(t, first, body), nil
}

// ownRows quotes that a lane with a key leaves the rows of others: every lane sees
// all of them.
func (l *loop) ownRows() []jen.Code {
	if l.r.Lanes == 1 || l.nodes[l.r.Head].Key == nil {
		return nil
	}
	return []jen.Code{l.block("if int(b.Lanes[l.Next]) != l.Index", l.Go("l.Next++"), l.Go("continue"))}
}

// overRows quotes a loop over b.Rows.
func (l *loop) overRows(t *ir.Type, first, body []jen.Code) []jen.Code {
	loop := l.ownRows()
	named := mentions(body, "in") // else nobody looks at the record
	meta := l.source == nil && l.carriesMeta(l.r.Head)
	switch {
	case meta && (named || l.meta != nil):
		loop = append(loop, l.Go("row := &rows[l.Next]"))
		if named {
			loop = append(loop, l.Go("in := &row.record"))
		}
		if l.meta != nil {
			loop = append(loop, l.Go("l.meta = row.meta"))
		}
	case named:
		loop = append(loop, l.Go("in := &rows[l.Next]"))
	}
	loop = append(loop, first...)
	loop = append(loop, l.Go("l.Record.Index = l.Next"), l.Go("l.Next++"), l.Go("l.records++"))
	if l.mark {
		loop = append(loop, l.Go("l.Mark()"))
	}
	loop = append(loop, body...)
	row := l.typ(t)
	if l.source == nil {
		row = l.rowType(l.nodes[l.r.Head], t)
	}
	code := []jen.Code{l.Go("rows := *b.Rows.(*[]").Add(row).Op(")")}
	code = append(code, l.begin(body)...)
	return append(code, l.block("for l.Next < len(rows)", loop...))
}
