package gocode

import (
	"fmt"
	"strings"

	"github.com/dave/jennifer/jen"

	"github.com/flowc-dev/flowc/ir"
)

// component quotes the call of a user's Go component.
func (l *loop) component(n *ir.Node, op *ir.Apply, v value, at place) ([]jen.Code, error) {
	ref := op.Go
	callee := l.instance(n, ref)
	code, arg := l.argument(n, ref, v, at)
	ctx := ""
	if ref.Context {
		ctx = "l.Ctx, "
	}
	call := fmt.Sprintf("%s(%s%s)", callee, ctx, arg)
	local := l.names.local(n.YAML)
	filtered := func() string { return "l." + l.counter(l.names.lower(n.YAML)+"Filtered") }

	switch ref.Shape {
	case ir.ShapeFilter:
		counter := filtered()
		at.chain.steps = append(at.chain.steps, step{node: n.YAML, filtered: counter})
		code = append(code, l.try(n, ref.Errs, local, jen.Bool(), call, at)...)
		code = append(code, l.block("if !"+local, l.Gof("%s++", counter), l.Go(at.next)))
		rest, err := l.after(n, "", v, at)
		return append(code, rest...), err

	case ir.ShapeMap:
		out := n.Out[0].Type
		result := l.typ(out)
		if ref.OutPtr {
			result = jen.Op("*").Add(result)
		}
		chainStep := step{node: n.YAML}
		base := local
		var skip []jen.Code
		if ref.OutPtr { // a nil pointer gives nothing
			counter := filtered()
			chainStep.filtered = counter
			skip = []jen.Code{l.block("if "+local+" == nil", l.Gof("%s++", counter), l.Go(at.next))}
			base = "(*" + local + ")"
		}
		at.chain.steps = append(at.chain.steps, chainStep)
		code = append(append(code, l.try(n, ref.Errs, local, result, call, at)...), skip...)
		rest, err := l.after(n, "", value{base: base, typ: out}, at)
		return append(code, rest...), err

	case ir.ShapeSlice, ir.ShapeSeq, ir.ShapeFlowProcess:
		out := n.Out[0].Type
		elem := l.typ(out)
		if ref.OutPtr {
			elem = jen.Op("*").Add(elem)
		}
		result := jen.Index().Add(elem)
		if ref.Shape == ir.ShapeSeq {
			result = l.Go("@iter.Seq[").Add(elem).Op("]")
		}
		code = append(code, l.try(n, ref.Errs, local, result, call, at)...)
		spread, err := l.spread(n, local, out, ref.Shape == ir.ShapeSeq, ref.OutPtr, at)
		return append(code, spread...), err

	case ir.ShapeEmit, ir.ShapePorts:
		return l.emitting(n, ref, callee, ctx, arg, code, at)
	case ir.ShapeBatch:
		return nil, fmt.Errorf("%s: a batch component must head its region", n.ID)
	}
	return nil, fmt.Errorf("%s: shape %q is none of a processor", n.ID, ref.Shape)
}

// argument quotes the component's parameter: the record itself where the types
// are the same, else what a conversion makes of it.
func (l *loop) argument(n *ir.Node, ref *ir.GoRef, v value, at place) ([]jen.Code, string) {
	if len(ref.Plan) == 0 {
		if !ref.InPtr {
			return nil, v.base
		}
		// The component may keep the pointer, so it gets a record of its own.
		local := l.names.local(n.YAML) + "In"
		return []jen.Code{l.Gof("%s := %s", local, v.base)}, "&" + local
	}
	name, fails := l.convertTo(v.typ, ref.In, ref.Plan)
	local := l.names.local(n.YAML) + "In"
	arg := local
	if ref.InPtr {
		arg = "&" + local
	}
	if fails {
		return []jen.Code{
			l.Gof("%s, %sErr := %s(%s)", local, local, name, v.ref()),
			l.ifFailed(n.YAML, local+"Err", at),
		}, arg
	}
	return []jen.Code{l.Gof("%s := %s(%s)", local, name, v.ref())}, arg
}

// try quotes a call that gives a value; where it may give an error, it is tried
// again as the node's policy says.
func (l *loop) try(n *ir.Node, errs bool, local string, typ *jen.Statement, call string, at place) []jen.Code {
	if !errs {
		return []jen.Code{l.Gof("l.Node = %s", l.node(n.YAML)), l.Gof("%s := %s", local, call)}
	}
	e := local + "Err"
	return []jen.Code{
		l.Gof("l.Node = %s", l.node(n.YAML)),
		jen.Var().Id(local).Add(typ),
		jen.Var().Id(e).Error(),
		l.block("for attempt := 0; ; attempt++",
			l.block(fmt.Sprintf("if %s, %s = %s; %s == nil || !l.Again(%s, attempt, %s)", local, e, call, e, l.node(n.YAML), e), jen.Break())),
		l.ifFailed(n.YAML, e, at),
	}
}

// instance is the expression that is called; it adds the component to the
// loop's struct and constructor.
func (l *loop) instance(n *ir.Node, ref *ir.GoRef) string {
	qual := jen.Qual(ref.Package, ref.Symbol)
	l.file(ref)
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

// file makes a package of the user's known to the quoter and the file.
func (l *loop) file(ref *ir.GoRef) {
	l.user(ref.PkgName, ref.Package)
	l.loops.file.ImportName(ref.Package, ref.PkgName)
	l.convert.file.ImportName(ref.Package, ref.PkgName)
}

// signature is the type of a component function.
func (l *loop) signature(ref *ir.GoRef) *jen.Statement {
	var params, results []jen.Code
	if ref.Context {
		params = append(params, l.Go("@context.Context"))
	}
	in := l.typ(ref.In)
	if ref.InPtr {
		in = jen.Op("*").Add(in)
	}
	params = append(params, in)
	out := &jen.Statement{}
	if ref.Out != nil {
		if ref.OutPtr {
			out.Op("*")
		}
		out.Add(l.typ(ref.Out))
	}
	switch ref.Shape {
	case ir.ShapeFilter:
		results = append(results, jen.Bool())
	case ir.ShapeMap:
		results = append(results, out)
	case ir.ShapeSlice:
		results = append(results, jen.Index().Add(out))
	case ir.ShapeSeq:
		results = append(results, l.Go("@iter.Seq[").Add(out).Op("]"))
	case ir.ShapeEmit:
		params = append(params, jen.Func().Params(out).Error())
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
		emitted := l.counter(l.names.lower(n.YAML) + "Flushed")
		next, ok := l.each[n.ID] // the way of what it gives for a record
		if !ok {
			var err error
			if next, err = l.method("each"+l.names.upper(n.YAML), value{base: "item", typ: n.Out[0].Type}, l.panicsBehind(n), func(inner value, at place) ([]jen.Code, error) {
				return l.after(n, "", inner, at)
			}); err != nil {
				return err
			}
		}
		l.chains = append(l.chains, &chain{counter: emitted, steps: []step{{node: n.YAML, flushed: true}}})
		rest := []jen.Code{
			l.Gof("l.%s += int64(len(rest))", emitted),
			l.block("for i := range rest", l.block("if "+replaceItem(next, "rest[i]", ref.OutPtr), jen.Return())),
		}
		if ref.Flush.Errs {
			l.flush = append(l.flush, l.Go("rest, err := "+call),
				l.block("if err != nil", l.Gof("l.Fail(%s, err)", l.node(n.YAML)), jen.Return()))
		} else {
			l.flush = append(l.flush, l.Go("rest := "+call))
		}
		l.flush = append(l.flush, rest...)
	case ref.Flush.Errs:
		l.flush = append(l.flush, l.block("if err := "+call+"; err != nil", l.Gof("l.Fail(%s, err)", l.node(n.YAML))))
	default:
		l.flush = append(l.flush, l.Go(call))
	}
	return nil
}

// emitting quotes components that call functions with what they make: the
// records are held until the call ended well, then go on.
func (l *loop) emitting(n *ir.Node, ref *ir.GoRef, callee, ctx, arg string, code []jen.Code, at place) ([]jen.Code, error) {
	l.mark = true
	lower := l.names.lower(n.YAML)
	ports := ref.Ports
	if ref.Shape == ir.ShapeEmit {
		ports = []ir.Port{{Name: "", Type: n.Out[0].Type}}
	}
	args := ctx + arg
	var reset, after []jen.Code
	empty := l.counter(lower + "Empty")
	emitted := l.counter(lower + "Emitted")
	total := ""
	for _, p := range ports {
		buffer := lower + upperFirst(camel("held-"+p.Name))
		l.fields = append(l.fields, jen.Id(buffer).Index().Add(l.typ(p.Type)), jen.Id("emit"+upperFirst(buffer)).Func().Params(l.typ(p.Type)).Error())
		l.setup = append(l.setup, l.Gof("l.emit%s = ", upperFirst(buffer)).Func().Params(jen.Id("v").Add(l.typ(p.Type))).Error().Block(
			l.Gof("l.%s = append(l.%s, v)", buffer, buffer), jen.Return(jen.Nil())))
		reset = append(reset, l.Gof("l.%s = l.%s[:0]", buffer, buffer))
		args += ", l.emit" + upperFirst(buffer)
		call, err := l.method("each"+l.names.upper(n.YAML)+upperFirst2(camel(p.Name), p.Name), value{base: "item", typ: p.Type}, l.panicsBehind(n), func(inner value, at place) ([]jen.Code, error) {
			return l.after(n, p.Name, inner, at)
		})
		if err != nil {
			return nil, err
		}
		after = append(after, l.block("for i := range l."+buffer, l.block("if "+strings.Replace(call, "&item", "&l."+buffer+"[i]", 1), l.Go(at.stop))))
		if total != "" {
			total += " + "
		}
		total += "len(l." + buffer + ")"
	}
	at.chain.steps = append(at.chain.steps, step{node: n.YAML, filtered: "l." + empty, emitted: "l." + emitted})
	e := l.names.local(n.YAML) + "Err"
	attempt := append(reset, l.block(fmt.Sprintf("if %s = %s(%s); %s == nil || !l.Again(%s, attempt, %s)", e, callee, args, e, l.node(n.YAML), e), jen.Break()))
	code = append(code,
		l.Gof("l.Node = %s", l.node(n.YAML)),
		jen.Var().Id(e).Error(),
		l.block("for attempt := 0; ; attempt++", attempt...),
		l.ifFailed(n.YAML, e, at),
		l.block("if "+total+" == 0", l.Gof("l.%s++", empty)),
		l.Gof("l.%s += int64(%s)", emitted, total),
	)
	return append(code, after...), nil
}

func upperFirst2(camelName, name string) string {
	if name == "" {
		return ""
	}
	return upperFirst(camelName)
}

// nodeError quotes the failure of a node as a whole.
func nodeError(n *ir.Node, op, err string) string {
	line := ""
	if !n.Span.IsZero() {
		line = fmt.Sprintf("%s:%d", n.Span.File.Name, n.Span.Line())
	}
	return fmt.Sprintf("&@flow.NodeError{Node: %q, Line: %q, Op: %q, Err: %s}", n.YAML, line, op, err)
}
