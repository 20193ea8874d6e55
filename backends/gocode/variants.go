package gocode

import (
	"fmt"
	"strings"

	"github.com/dave/jennifer/jen"

	"github.com/flowc-dev/flowc/ir"
)

// variants quotes the switch over event types.
func (l *loop) variants(n *ir.Node, op *ir.Decode, at place) ([]jen.Code, error) {
	l.tagMethod(op)
	source := &at.chain.steps[len(at.chain.steps)-1]
	// dropped quotes the end of records of a type that the pipeline drops: they
	// are counted as filtered.
	dropped := func() jen.Code {
		source.filtered = l.filtered(n)
		return l.Go(source.filtered + "++")
	}
	branch := func(port string) place {
		sub := at
		sub.chain = l.newChain(l.counter("as"+upperFirst(camel(port))), at.chain)
		return sub
	}
	var cases []jen.Code
	for _, v := range op.Variants {
		label := jen.Case(jen.Lit(v.Value))
		if len(l.dataOut(n.ID, v.Port)) == 0 {
			cases = append(cases, label.Block(dropped()))
			continue
		}
		sub := branch(v.Port)
		record := value{base: "d." + l.decoder.record(v.Port), typ: v.Type, raw: "line", dec: l.decoder, port: v.Port, done: map[string]bool{}}
		body, err := l.after(n, v.Port, record, sub)
		if err != nil {
			return nil, err
		}
		cases = append(cases, label.Block(append([]jen.Code{l.count(sub.chain)}, body...)...))
	}
	switch {
	case op.Else != "" && len(l.dataOut(n.ID, op.Else)) == 0:
		cases = append(cases, jen.Default().Block(dropped()))
	case op.Else != "":
		body, err := l.rawRecord(n, "other", l.decoder.recordOf(op.Else), op.Else, branch(op.Else))
		if err != nil {
			return nil, err
		}
		cases = append(cases, jen.Default().Block(body...))
	default:
		var known []string
		for _, v := range op.Variants {
			known = append(known, v.Value)
		}
		bad := l.fail(n.YAML, fmt.Sprintf("&@codec.TagError{Field: %q, Value: tag, Known: %q}", op.By, strings.Join(known, ", ")), at)
		cases = append(cases, jen.Default().Block(bad...))
	}
	return []jen.Code{
		l.Go("tag, err := d.tag(line)"),
		l.ifFailed(n.YAML, "err", at),
		l.Go("switch tag").Block(cases...),
	}, nil
}

// tagMethod writes the decoder's method that reads the field which tells event
// types apart.
func (l *loop) tagMethod(op *ir.Decode) {
	d := l.decoder
	var body []jen.Code
	if op.Validate == ir.Needed {
		body = append(body, l.block("if _, err := d.object.Until(0, line, d.spans[:]); err != nil", l.Go(`return "", err`)))
	}
	body = append(body,
		l.block(fmt.Sprintf("if d.spans[%d].Absent()", d.tag.index), l.Gof(`return "", @codec.Missing(%q)`, op.By)),
		l.Gof("tag, err := @jsonscan.String(line, d.spans[%d], %s)", d.tag.index, d.textArg()),
		l.block("if err != nil", l.Gof(`return "", @codec.Field(%q, err)`, op.By)),
		l.Go("return tag, nil"))
	d.groups = append(d.groups, jen.Comment(fmt.Sprintf("tag reads `%s`, which tells the event type.", op.By)).Line().
		Func().Params(jen.Id("d").Op("*").Id(d.typ)).Id("tag").Params(jen.Id("line").Index().Byte()).Params(jen.String(), jen.Error()).Block(body...).Line())
}
