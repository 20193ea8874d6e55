package gocode

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/dave/jennifer/jen"

	"github.com/flowc-dev/flowc/ir"
)

// splice writes the method that puts a set node's values into a record's bytes,
// and returns its name.
func (l *loop) splice(n *ir.Node, op *ir.Apply, out *ir.Type, v value) string {
	lower := l.names.lower(n.YAML)
	method := "splice" + l.names.upper(n.YAML)
	buffer := lower + "Line"
	l.scratch(buffer)
	body, spanOf := l.memberSpans(n, op, v)
	param := jen.Id("_").Op("*").Add(l.typ(out))
	if len(op.Assign) > 0 {
		param = jen.Id("v").Op("*").Add(l.typ(out))
		body = append(body, l.newValues(op, out, lower+"Values")...)
	}
	edits := jen.Line()
	for i, a := range op.Assign {
		edits.Add(l.Gof("{At: %s, Key: %s, Value: value%d},", spanOf(a.Name), quote(strconv.Quote(a.Name)+":"), i)).Line()
	}
	for _, name := range op.Unset {
		edits.Add(l.Gof("{At: %s},", spanOf(name))).Line()
	}
	body = append(body,
		l.Gof("edits := [%d]@jsonscan.Edit", len(op.Assign)+len(op.Unset)).Values(edits),
		l.Gof("l.%s = @jsonscan.Splice(l.Room(l.%s, len(line)), line, edits[:])", buffer, buffer),
		l.Gof("return l.%s, nil", buffer))
	l.methods = append(l.methods, jen.Comment(fmt.Sprintf("%s puts what `%s` changes into a record's bytes.", method, n.YAML)).Line().
		Func().Params(jen.Id("l").Op("*").Id(l.name)).Id(method).Params(jen.Id("line").Index().Byte(), param).Params(jen.Index().Byte(), jen.Error()).Block(body...))
	return method
}

// scratch adds a buffer to the loop. What a long record makes of it is not held
// beyond the batch.
func (l *loop) scratch(name string) {
	l.fields = append(l.fields, l.Gof("%s []byte", name))
	l.tidy = append(l.tidy, l.Gof("l.%s = l.Spare(l.%s)", name, name))
}

// memberSpans quotes where the members that a set node changes are in a record,
// and gives the expression of each place: from the source's own scan where the
// bytes are still the source's, else from a scan of their own.
func (l *loop) memberSpans(n *ir.Node, op *ir.Apply, v value) (scan []jen.Code, spanOf func(name string) string) {
	if d := v.dec; d != nil && v.raw == "line" && d.flavor == jsonFlavor && d.op.Validate != ir.Needed {
		return nil, func(name string) string {
			w := child(&d.wants, name, &d.spans, 0)
			w.optional = true
			return fmt.Sprintf("l.%s.spans[%d]", d.field, w.index)
		}
	}
	object, spans := l.names.lower(n.YAML)+"Object", l.names.lower(n.YAML)+"Spans"
	names := slices.Clone(op.Unset)
	for _, a := range op.Assign {
		names = append(names, a.Name)
	}
	var fields []jen.Code
	for i, name := range names {
		fields = append(fields, l.Gof("{Name: %q, Index: %d}", name, i))
	}
	l.fields = append(l.fields, l.Gof("%s *@jsonscan.Object", object), l.Gof("%s [%d]@jsonscan.Span", spans, len(names)))
	l.setup = append(l.setup, l.Gof("l.%s = @jsonscan.NewObject(", object).Add(l.Go("[]@jsonscan.Field")).Values(fields...).Op(")"))
	scan = []jen.Code{l.block(fmt.Sprintf("if err := l.%s.Scan(line, l.%s[:]); err != nil", object, spans), l.Go("return nil, err"))}
	return scan, func(name string) string { return fmt.Sprintf("l.%s[%d]", spans, slices.Index(names, name)) }
}

// newValues quotes the encoding of what a set node sets, one behind the other in
// the loop's buffer: value0, value1 and so on. A value that is nil takes its
// member out.
func (l *loop) newValues(op *ir.Apply, out *ir.Type, buffer string) []jen.Code {
	l.scratch(buffer)
	w := &encodeWriter{g: l.generator, result: "nil", declared: l.isDeclared(out)}
	var encoded []jen.Code
	for i, a := range op.Assign {
		f := out.GoField(a.Go)
		field := "v." + a.Go
		encoded = append(encoded, l.Gof("at%d := len(dst)", i))
		switch {
		case f.Optional:
			value := field
			if f.Pointer() {
				value = "(*" + field + ")"
			}
			encoded = append(encoded, jen.Var().Id(fmt.Sprintf("value%d", i)).Index().Byte(),
				l.block("if "+field+" != nil", append(w.value(f.Type, value, a.Name, 0), l.Gof("value%d = dst[at%d:]", i, i))...))
		default:
			encoded = append(append(encoded, w.value(f.Type, field, a.Name, 0)...), l.Gof("value%d := dst[at%d:]", i, i))
		}
	}
	code := []jen.Code{l.Gof("dst := l.%s[:0]", buffer)}
	if w.usesErr {
		code = append(code, jen.Var().Err().Error())
	}
	return append(append(code, encoded...), l.Gof("l.%s = dst", buffer))
}
