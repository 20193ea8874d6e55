package gocode

import (
	"fmt"

	"github.com/dave/jennifer/jen"

	"github.com/flowc-dev/flowc/ir"
)

// variants quotes the switch over event types.
func (l *loop) variants(n *ir.Node, op *ir.Decode, at place, code []jen.Code) ([]jen.Code, error) {
	d := l.decoder
	known := ""
	for i, v := range op.Variants {
		if i > 0 {
			known += ", "
		}
		known += v.Value
	}
	text := d.textArg()
	var read []jen.Code
	if op.Validate == ir.Needed {
		read = append(read, l.block("if _, err := d.object.Until(0, line, d.spans[:]); err != nil", l.Go(`return "", err`)))
	}
	read = append(read,
		l.block(fmt.Sprintf("if d.spans[%d].Absent()", d.tag.index), l.Gof(`return "", @codec.Missing(%q)`, op.By)),
		l.Gof("tag, err := @jsonscan.String(line, d.spans[%d], %s)", d.tag.index, text),
		l.block("if err != nil", l.Gof(`return "", @codec.Field(%q, err)`, op.By)),
		l.Go("return tag, nil"))
	d.groups = append(d.groups, jen.Comment(fmt.Sprintf("tag reads `%s`, which tells the event type.", op.By)).Line().
		Func().Params(jen.Id("d").Op("*").Id(d.typ)).Id("tag").Params(jen.Id("line").Index().Byte()).Params(jen.String(), jen.Error()).Block(read...).Line())

	var cases []jen.Code
	source := &at.chain.steps[len(at.chain.steps)-1]
	// dropped quotes the end of records of a type that the pipeline drops: they
	// are counted as filtered.
	dropped := func() jen.Code {
		counter := l.counter(l.names.lower(n.YAML) + "Filtered")
		source.filtered = "l." + counter
		return l.Gof("l.%s++", counter)
	}
	for _, v := range op.Variants {
		if len(l.dataOut(n.ID, v.Port)) == 0 {
			cases = append(cases, jen.Case(jen.Lit(v.Value)).Block(dropped()))
			continue
		}
		counter := l.counter("as" + upperFirst(camel(v.Port)))
		sub := at
		sub.chain = &chain{counter: counter, parent: at.chain}
		l.chains = append(l.chains, sub.chain)
		body, err := l.after(n, v.Port, value{base: "d." + d.record(v.Port), typ: v.Type, raw: "line", dec: d, port: v.Port, done: map[string]bool{}}, sub)
		if err != nil {
			return nil, err
		}
		cases = append(cases, jen.Case(jen.Lit(v.Value)).Block(append([]jen.Code{l.count(sub.chain)}, body...)...))
	}
	switch {
	case op.Else != "" && len(l.dataOut(n.ID, op.Else)) == 0:
		cases = append(cases, jen.Default().Block(dropped()))
	case op.Else != "":
		counter := l.counter("as" + upperFirst(camel(op.Else)))
		sub := at
		sub.chain = &chain{counter: counter, parent: at.chain}
		l.chains = append(l.chains, sub.chain)
		body, err := l.rawRecord(n, "other", d.recordOf(op.Else), op.Else, sub)
		if err != nil {
			return nil, err
		}
		cases = append(cases, jen.Default().Block(body...))
	default:
		bad := l.fail(n.YAML, fmt.Sprintf("&@codec.TagError{Field: %q, Value: tag, Known: %q}", op.By, known), at)
		cases = append(cases, jen.Default().Block(bad...))
	}
	return append(code,
		l.Go("tag, err := d.tag(line)"),
		l.ifFailed(n.YAML, "err", at),
		l.Go("switch tag").Block(cases...),
	), nil
}
