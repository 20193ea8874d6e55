package gocode

import (
	"fmt"

	"github.com/dave/jennifer/jen"

	"github.com/flowc-dev/flowc/ir"
)

// instance is the expression that is called; it adds the component to the
// loop's struct and constructor.
func (l *loop) instance(n *ir.Node, ref *ir.GoRef) string {
	qual := jen.Qual(ref.Package, ref.Symbol)
	if ref.Make == ir.MakeNone {
		return l.qualText(ref)
	}
	field := l.names.lower(n.YAML) + "Component"
	settings := "s." + l.names.lower(n.YAML)
	if ref.ConfigPtr {
		settings = "&" + settings
	}
	if ref.Config == nil || ref.Config.Kind == ir.Map { // flowctl's config is given to Init
		settings = ""
	}
	typ := jen.Qual(ref.Package, ref.TypeName)
	if ref.Pointer {
		typ = jen.Op("*").Add(typ)
	}
	// A type that has no name out here (an interface, an unexported one) stays
	// behind its methods.
	nameless := ref.TypeName == "" && ref.Make != ir.MakeFunc && ref.Make != ir.MakeFuncErr
	if ref.Make == ir.MakeFunc || ref.Make == ir.MakeFuncErr || nameless {
		typ = l.signature(ref)
	}
	l.fields = append(l.fields, jen.Id(field).Add(typ))
	keep := field
	if nameless {
		keep = field + "." + ref.Method
	}
	made := jen.Add(qual).Call(jen.Op(settings))
	switch ref.Make {
	case ir.MakeNew, ir.MakeFunc:
		l.setup = append(l.setup, l.Gof("%s := ", field).Add(made), l.Gof("l.%s = %s", field, keep))
	case ir.MakeNewErr, ir.MakeFuncErr:
		l.setup = append(l.setup,
			jen.List(jen.Id(field), jen.Id(field+"Err")).Op(":=").Add(made),
			l.block("if "+field+"Err != nil", l.Go("return nil, "+nodeError(n, "configure", field+"Err"))),
			l.Gof("l.%s = %s", field, keep))
	case ir.MakeLiteral:
		if settings == "" {
			if ref.Pointer {
				l.setup = append(l.setup, l.Gof("l.%s = new(", field).Qual(ref.Package, ref.TypeName).Op(")"))
			}
			break
		}
		amp := ""
		if ref.Pointer {
			amp = "&"
		}
		l.setup = append(l.setup, l.Gof("%s := s.%s", field, l.names.lower(n.YAML)), l.Gof("l.%s = %s%s", field, amp, field))
	}
	if ref.Shape == ir.ShapeFlowProcess && ref.Config != nil {
		l.setup = append(l.setup, l.block(fmt.Sprintf("if err := l.%s.Init(s.%s); err != nil", field, l.names.lower(n.YAML)),
			l.Go("return nil, "+nodeError(n, "configure", "err"))))
	}
	l.lifecycle(n, ref, field, nameless)
	if ref.Flush.Has && !nameless {
		l.flushes = append(l.flushes, func() error { return l.flushing(n, ref, field) })
	}
	if ref.Method == "" || nameless {
		return "l." + field
	}
	return "l." + field + "." + ref.Method
}

// qualText marks a qualified name of the user's for the quoter.
func (g *generator) qualText(ref *ir.GoRef) string {
	return "@" + g.user(ref.PkgName, ref.Package) + "." + ref.Symbol
}

// signature is the type of a component function.
func (l *loop) signature(ref *ir.GoRef) *jen.Statement {
	var params, results []jen.Code
	if ref.Context {
		params = append(params, l.Go("@context.Context"))
	}
	in := l.perhapsPointer(ref.In, ref.InPtr)
	if ref.Shape == ir.ShapeBatch {
		in = jen.Index().Add(in)
	}
	params = append(params, in)
	out := &jen.Statement{}
	if ref.Out != nil {
		out = l.perhapsPointer(ref.Out, ref.OutPtr)
	}
	switch ref.Shape {
	case ir.ShapeFilter:
		results = append(results, jen.Bool())
	case ir.ShapeMap:
		results = append(results, out)
	case ir.ShapeSlice, ir.ShapeBatch:
		results = append(results, jen.Index().Add(out))
	case ir.ShapeSeq:
		results = append(results, l.Go("@iter.Seq[").Add(out).Op("]"))
	case ir.ShapeEmit:
		params = append(params, jen.Func().Params(out).Error())
	case ir.ShapePorts:
		for _, p := range ref.Ports {
			params = append(params, jen.Func().Params(l.perhapsPointer(p.Type, ref.OutPtr)).Error())
		}
	}
	if ref.Errs {
		results = append(results, jen.Error())
	}
	return jen.Func().Params(params...).Params(results...)
}

// lifecycle quotes the optional methods of a component.
func (l *loop) lifecycle(n *ir.Node, ref *ir.GoRef, field string, nameless bool) {
	call := func(m ir.Method, method string) string {
		arg, result := "", ""
		if m.Context {
			arg = "ctx"
		}
		if !nameless {
			return fmt.Sprintf("l.%s.%s(%s)", field, method, arg)
		}
		param := &jen.Statement{}
		if m.Context {
			param = l.Go("@context.Context")
		}
		if m.Errs {
			result = "error"
		}
		l.fields = append(l.fields, jen.Id(field+method).Func().Params(param).Op(result))
		l.setup = append(l.setup, l.Gof("l.%s%s = %s.%s", field, method, field, method))
		return fmt.Sprintf("l.%s%s(%s)", field, method, arg)
	}
	if ref.Open.Has {
		l.open = append(l.open, l.block("if err := "+call(ref.Open, "Open")+"; err != nil", l.Go("return "+nodeError(n, "open", "err"))))
	}
	if ref.Close.Has {
		if ref.Close.Errs {
			l.close = append(l.close, l.block("if err := "+call(ref.Close, "Close")+"; err != nil", l.Go("errs = append(errs, "+nodeError(n, "close", "err")+")")))
		} else {
			l.close = append(l.close, l.Go(call(ref.Close, "Close")))
		}
	}
}

// flushing quotes what a component gives out at the end of the stream.
func (l *loop) flushing(n *ir.Node, ref *ir.GoRef, field string) error {
	arg := ""
	if ref.Flush.Context {
		arg = "l.Ctx"
	}
	call := fmt.Sprintf("l.%s.Flush(%s)", field, arg)
	switch {
	case ref.Flush.Out:
		present := l.present("rest", ref.OutPtr)
		emitted := l.counter(l.names.lower(n.YAML) + "Flushed")
		each, err := l.eachMethod(n, n.Out[0]) // also the way of what it gives for a record
		if err != nil {
			return err
		}
		l.chains = append(l.chains, &chain{counter: emitted, steps: []step{{node: n.YAML, flushed: true}}})
		rest := []jen.Code{
			l.Gof("l.%s += int64(len(rest))", emitted),
			l.block("for i := range rest", l.block("if "+each.of(element("rest", ref.OutPtr)), jen.Return())),
		}
		if ref.Flush.Errs {
			// The others that hold something back are flushed all the same.
			rest = append([]jen.Code{
				l.Go("rest, err := " + call),
				l.block("if err != nil", l.block(fmt.Sprintf("if l.Fail(%s, err)", l.node(n.YAML)), jen.Return()), l.Go("rest = nil")),
				present,
			}, rest...)
		} else {
			rest = append([]jen.Code{l.Go("rest := " + call), present}, rest...)
		}
		if len(l.flush) > 0 {
			rest = []jen.Code{jen.Block(rest...)}
		}
		l.flush = append(l.flush, rest...)
	case ref.Flush.Errs:
		l.flush = append(l.flush, l.block("if err := "+call+"; err != nil", l.Gof("l.Fail(%s, err)", l.node(n.YAML))))
	default:
		l.flush = append(l.flush, l.Go(call))
	}
	return nil
}

// nodeError quotes the failure of a node as a whole.
func nodeError(n *ir.Node, op, err string) string {
	return fmt.Sprintf("&@flow.NodeError{Node: %q, Line: %q, Op: %q, Err: %s}", n.YAML, n.Span.Place(), op, err)
}
