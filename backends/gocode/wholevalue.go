package gocode

import (
	"slices"

	"github.com/dave/jennifer/jen"

	"github.com/flowc-dev/flowc/ir"
)

// isWhole tells whether a record of JSON is decoded as one value: a number, a
// list, a type of Go with methods of its own. A mapping of fields is read field
// by field, and raw values are taken as they are.
func isWhole(t *ir.Type) bool {
	switch t.Kind {
	case ir.Struct, ir.JSON, ir.Bytes:
		return false
	}
	return true
}

// wholeRecord quotes the way from a record's bytes to the first stage where the
// record is one value. What nobody looks at is only delimited.
func (l *loop) wholeRecord(n *ir.Node, op *ir.Decode, at place) ([]jen.Code, error) {
	t := n.Out[0].Type
	body, err := l.after(n, "", value{base: "record", typ: t, raw: "line"}, at)
	if err != nil {
		return nil, err
	}
	failed := l.fail(n.YAML, "err", at)
	var code []jen.Code
	if op.Validate == ir.Full {
		l.validate()
		code = append(code, l.block("if err := l.validator.Record(line); err != nil", failed...))
	}
	if !mentions(body, "record") {
		if op.Validate != ir.Full {
			code = append(code, l.block("if err := @codec.Delimited(line); err != nil", failed...))
		}
		return append(code, body...), nil
	}
	d := l.newDecoder(n, l.views)
	d.whole, d.chain = true, at.chain
	failedHere := l.block("if err != nil", failed...)
	decode := d.value(t, "whole", func(v string) jen.Code { return l.Gof("record = %s", v) }, failedHere)
	if mentions(decode, d.name) {
		l.useDecoder(d)
	}
	code = append(code, l.Go("whole, err := @codec.Whole(line)"), failedHere, l.Go("var record ").Add(l.typ(t)))
	return append(append(code, decode...), body...), nil
}

// validate gives the loop's struct a validator.
func (l *loop) validate() {
	if slices.Contains(l.counters, "validator") {
		return
	}
	l.counters = append(l.counters, "validator")
	l.fields = append(l.fields, l.Go("validator @jsonscan.Validator"))
}
