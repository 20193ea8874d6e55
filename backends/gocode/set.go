package gocode

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dave/jennifer/jen"

	"github.com/flowc-dev/flowc/ir"
)

// set quotes set and unset: a new record with the fields that somebody behind
// it reads, and, where the record's bytes go on, those with the new values
// spliced in and everything else as it was.
func (l *loop) set(n *ir.Node, op *ir.Apply, v value, at place) ([]jen.Code, error) {
	out := n.Out[0].Type
	var tail strings.Builder
	for _, f := range out.Fields {
		if !slices.ContainsFunc(op.Assign, func(a ir.Assign) bool { return a.Go == f.Go }) && l.carried(n, op, f) {
			fmt.Fprintf(&tail, "%s: in.%s,\n", f.Go, f.Go)
		}
	}
	exprs, body, errs := l.assignments(n, op.Assign, "return "+l.stages.typ(out)+"{\n", v.typ, tail.String(), out)
	f := stageFunc{
		name: "set" + l.names.upper(n.YAML), comment: "makes the record of `" + n.YAML + "`: what it sets, and what is read of the rest.", node: n,
		in: v.typ, meta: l.metaIf(exprs...), results: l.stages.typ(out), body: body,
	}
	if errs {
		f.results = "(" + f.results + ", error)"
	}
	name := l.stages.add(f)
	at.chain.steps = append(at.chain.steps, step{node: n.YAML})
	local := l.names.local(n.YAML)
	args := v.ref()
	if f.meta != nil {
		args += ", &l.meta"
	}
	var code []jen.Code
	result := value{base: local, typ: out}
	read := l.someoneReads(n)
	bind := local
	if !read && (v.raw == "" || len(op.Assign) == 0) {
		bind = "_"
	}
	switch {
	case len(op.Assign) == 0 && !read: // unset alone, and only the bytes go on
	case errs:
		code = append(code, l.Gof("%s, %sErr := %s(%s)", bind, local, name, args), l.ifFailed(n.YAML, local+"Err", at))
	default:
		code = append(code, l.Gof("%s := %s(%s)", bind, name, args))
	}
	if v.raw != "" && l.rawBehind(n) {
		method := l.splice(n, op, out)
		raw := local + "Line"
		arg := "&" + local
		if len(op.Assign) == 0 {
			arg = "nil"
		}
		code = append(code,
			l.Gof("%s, %sErr := l.%s(%s, %s)", raw, raw, method, v.raw, arg),
			l.ifFailed(n.YAML, raw+"Err", at))
		result.raw = raw
	}
	rest, err := l.after(n, "", result, at)
	return append(code, rest...), err
}

// carried tells whether a field that a set node does not set is read behind it.
func (l *loop) carried(n *ir.Node, op *ir.Apply, f *ir.Field) bool {
	return slices.ContainsFunc(l.setReads(n, op), func(p ir.Path) bool { return p[0] == f.Go })
}

// someoneReads tells whether a stage behind a node looks at its record.
func (l *loop) someoneReads(n *ir.Node) bool {
	return slices.ContainsFunc(l.out[n.ID], func(e *ir.Edge) bool {
		return e.Kind == ir.Data && len(l.below(e, map[string]bool{})) > 0
	})
}

// rawBehind tells whether the bytes of a node's records go on.
func (l *loop) rawBehind(n *ir.Node) bool {
	return slices.ContainsFunc(l.out[n.ID], func(e *ir.Edge) bool { return e.Kind == ir.Data && e.Raw })
}

// splice writes the method that puts a set node's values into a record's bytes.
func (l *loop) splice(n *ir.Node, op *ir.Apply, out *ir.Type) string {
	lower := l.names.lower(n.YAML)
	method := "splice" + l.names.upper(n.YAML)
	edit, buffer, values := lower+"Edit", lower+"Buffer", lower+"Values"
	l.fields = append(l.fields, l.Gof("%s *@jsonscan.Edit", edit), l.Gof("%s []byte", buffer))
	var names []jen.Code
	for _, a := range op.Assign {
		names = append(names, jen.Lit(a.Name))
	}
	var unset []jen.Code
	for _, u := range op.Unset {
		unset = append(unset, jen.Lit(u))
	}
	l.setup = append(l.setup, l.Gof("l.%s = @jsonscan.NewEdit(", edit).Index().String().Values(names...).Op(", ").Index().String().Values(unset...).Op(")"))
	param := jen.Id("v").Op("*").Add(l.typ(out))
	var body []jen.Code
	if len(op.Assign) == 0 {
		param = jen.Id("_").Op("*").Add(l.typ(out))
	} else {
		l.fields = append(l.fields, l.Gof("%s []byte", values))
		body = append(body, l.Gof("e, dst := l.%s, l.%s[:0]", edit, values), jen.Var().Err().Error())
		w := &encodeWriter{g: l.generator, declared: l.isDeclared(out)}
		for i, a := range op.Assign {
			f := out.GoField(a.Go)
			v := "v." + a.Go
			put := l.Gof("e.Put(%d, dst)", i)
			encode := func(v string) []jen.Code {
				code := w.value(f.Type, v, a.Name, 0)
				for k, c := range code { // the method returns no buffer of values
					code[k] = jen.Op(strings.ReplaceAll(c.(*jen.Statement).GoString(), "return dst, ", "return nil, "))
				}
				return append(append([]jen.Code{l.Gof("at%d := len(dst)", i)}, code...), l.Gof("e.Put(%d, dst[at%d:])", i, i))
			}
			_ = put
			if f.Pointer() {
				body = append(body, l.block("if "+v+" != nil", encode("(*"+v+")")...).Else().Block(l.Gof("e.Drop(%d)", i)))
			} else {
				body = append(body, encode(v)...)
			}
		}
		body = append(body, l.Gof("l.%s = dst", values))
	}
	body = append(body,
		l.Gof("out, err := l.%s.Append(l.%s[:0], line)", edit, buffer),
		l.block("if err != nil", l.Go("return nil, err")),
		l.Gof("l.%s = out", buffer),
		l.Go("return out, nil"))
	l.methods = append(l.methods, jen.Comment(fmt.Sprintf("%s puts what `%s` sets into a record's bytes.", method, n.YAML)).Line().
		Func().Params(jen.Id("l").Op("*").Id(l.name)).Id(method).Params(jen.Id("line").Index().Byte(), param).Params(jen.Index().Byte(), jen.Error()).Block(body...))
	return method
}
