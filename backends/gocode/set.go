package gocode

import (
	"fmt"
	"slices"
	"strconv"

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
	if record.raw != "" && containsWord(jen.Block(rest...).GoString(), record.raw) { // known only now
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

// splice writes the method that puts a set node's values into a record's bytes.
// The places of the members come from the source's own scan where the bytes are
// still the source's, else from a scan of their own.
func (l *loop) splice(n *ir.Node, op *ir.Apply, out *ir.Type, v value) string {
	lower := l.names.lower(n.YAML)
	method := "splice" + l.names.upper(n.YAML)
	buffer, values := lower+"Line", lower+"Values"
	l.fields = append(l.fields, l.Gof("%s []byte", buffer))
	own := v.dec == nil || v.raw != "line" || v.dec.flavor != jsonFlavor || v.dec.op.Validate == ir.Needed

	var body []jen.Code
	var spanOf func(name string) string
	if own {
		object, spans := lower+"Object", lower+"Spans"
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
		body = append(body, l.block(fmt.Sprintf("if err := l.%s.Scan(line, l.%s[:]); err != nil", object, spans), l.Go("return nil, err")))
		spanOf = func(name string) string { return fmt.Sprintf("l.%s[%d]", spans, slices.Index(names, name)) }
	} else {
		spanOf = func(name string) string {
			w := child(&v.dec.wants, name, &v.dec.spans, 0)
			w.optional = true
			return fmt.Sprintf("l.%s.spans[%d]", v.dec.field, w.index)
		}
	}

	var edits []jen.Code
	param := jen.Id("v").Op("*").Add(l.typ(out))
	if len(op.Assign) == 0 {
		param = jen.Id("_").Op("*").Add(l.typ(out))
	} else {
		l.fields = append(l.fields, l.Gof("%s []byte", values))
		body = append(body, l.Gof("dst := l.%s[:0]", values), jen.Var().Err().Error())
		w := &encodeWriter{g: l.generator, result: "nil", declared: l.isDeclared(out)}
		var encoded []jen.Code
		for i, a := range op.Assign {
			f := out.GoField(a.Go)
			field := "v." + a.Go
			encode := func(v string) []jen.Code { return w.value(f.Type, v, a.Name, 0) }
			encoded = append(encoded, l.Gof("at%d := len(dst)", i))
			end := fmt.Sprintf("dst[at%d:]", i)
			if f.Optional { // nil takes the member out
				value := field
				if f.Pointer() {
					value = "(*" + field + ")"
				}
				encoded = append(encoded, jen.Var().Id(fmt.Sprintf("value%d", i)).Index().Byte(),
					l.block("if "+field+" != nil", append(encode(value), l.Gof("value%d = %s", i, end))...))
			} else {
				encoded = append(append(encoded, encode(field)...), l.Gof("value%d := %s", i, end))
			}
			edits = append(edits, l.Gof("{At: %s, Key: %s, Value: value%d},", spanOf(a.Name), quote(strconv.Quote(a.Name)+":"), i))
		}
		if !w.usesErr {
			body = body[:len(body)-1]
		}
		body = append(append(body, encoded...), l.Gof("l.%s = dst", values))
	}
	for _, name := range op.Unset {
		edits = append(edits, l.Gof("{At: %s},", spanOf(name)))
	}
	list := jen.Line()
	for _, e := range edits {
		list.Add(e).Line()
	}
	body = append(body,
		l.Gof("edits := [%d]@jsonscan.Edit", len(edits)).Values(list),
		l.Gof("l.%s = @jsonscan.Splice(l.%s[:0], line, edits[:])", buffer, buffer),
		l.Gof("return l.%s, nil", buffer))
	l.methods = append(l.methods, jen.Comment(fmt.Sprintf("%s puts what `%s` changes into a record's bytes.", method, n.YAML)).Line().
		Func().Params(jen.Id("l").Op("*").Id(l.name)).Id(method).Params(jen.Id("line").Index().Byte(), param).Params(jen.Index().Byte(), jen.Error()).Block(body...))
	return method
}
