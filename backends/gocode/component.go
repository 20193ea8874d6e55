package gocode

import (
	"fmt"

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

	switch ref.Shape {
	case ir.ShapeFilter:
		counter := l.filtered(n)
		at.chain.steps = append(at.chain.steps, step{node: n.YAML, filtered: counter})
		code = append(code, l.try(n, ref.Errs, local, jen.Bool(), call, at)...)
		code = append(code, l.block("if !"+local, l.Gof("%s++", counter), l.Go(at.next)))
		rest, err := l.after(n, "", v, at)
		return append(code, rest...), err

	case ir.ShapeMap:
		out := n.Out[0].Type
		chainStep := step{node: n.YAML}
		base := local
		var skip []jen.Code
		if ref.OutPtr { // a nil pointer gives nothing
			counter := l.filtered(n)
			chainStep.filtered = counter
			skip = []jen.Code{l.block("if "+local+" == nil", l.Gof("%s++", counter), l.Go(at.next))}
			base = "(*" + local + ")"
		}
		at.chain.steps = append(at.chain.steps, chainStep)
		rest, err := l.after(n, "", value{base: base, typ: out}, at)
		rest = append(skip, rest...)
		if !mentions(rest, local) { // nobody looks at what it gives
			local = ""
		}
		code = append(code, l.try(n, ref.Errs, local, l.perhapsPointer(out, ref.OutPtr), call, at)...)
		return append(code, rest...), err

	case ir.ShapeSlice, ir.ShapeSeq, ir.ShapeFlowProcess:
		out := n.Out[0].Type
		elem := l.perhapsPointer(out, ref.OutPtr)
		result := jen.Index().Add(elem)
		if ref.Shape == ir.ShapeSeq {
			result = l.Go("@iter.Seq[").Add(elem).Op("]")
		}
		code = append(code, l.try(n, ref.Errs, local, result, call, at)...)
		spread, err := l.spread(n, local, ref.Shape == ir.ShapeSeq, ref.OutPtr, at)
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
	local := l.names.local(n.YAML) + "In"
	if ref.Shape != ir.ShapeFilter && l.seenElsewhere(n) { // one that only answers yes or no is taken to write nothing
		if owner := l.stages.owner(n, v.typ, l.reads(n)); owner != "" {
			v = value{base: fmt.Sprintf("(*%s(%s))", owner, v.ref()), typ: v.typ}
		}
	}
	if len(ref.Plan) == 0 {
		if !ref.InPtr {
			return nil, v.base
		}
		// The component may keep the pointer, so it gets a record of its own.
		return []jen.Code{l.Gof("%s := %s", local, v.base)}, "&" + local
	}
	code := l.converted(n, local, v, ref, at)
	if ref.InPtr {
		return code, "&" + local
	}
	return code, local
}

// try quotes a call that gives a value, named local, "" where nobody looks at it;
// where it may give an error, it is tried again as the node's policy says.
func (l *loop) try(n *ir.Node, errs bool, local string, typ *jen.Statement, call string, at place) []jen.Code {
	e := l.names.local(n.YAML) + "Err"
	declared := jen.Var().Id(local).Add(typ)
	assign := " := "
	if local == "" {
		local, declared, assign = "_", jen.Null(), " = "
	}
	if !errs {
		return []jen.Code{l.Gof("l.Node = %s", l.node(n.YAML)), l.Go(local + assign + call)}
	}
	return []jen.Code{
		l.Gof("l.Node = %s", l.node(n.YAML)),
		declared,
		jen.Var().Id(e).Error(),
		l.block("for attempt := 0; ; attempt++",
			l.block(fmt.Sprintf("if %s, %s = %s; %s == nil || !l.Again(%s, attempt, %s)", local, e, call, e, l.node(n.YAML), e), jen.Break())),
		l.ifFailed(n.YAML, e, at),
	}
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
		record := l.perhapsPointer(p.Type, ref.OutPtr)
		held := l.Gof("l.%s = append(l.%s, v)", buffer, buffer)
		if ref.OutPtr { // a nil pointer gives nothing
			held = l.block("if v != nil", held)
		}
		l.fields = append(l.fields, jen.Id(buffer).Index().Add(record), jen.Id("emit"+upperFirst(buffer)).Func().Params(record).Error())
		l.setup = append(l.setup, l.Gof("l.emit%s = ", upperFirst(buffer)).Func().Params(jen.Id("v").Add(record)).Error().Block(held, jen.Return(jen.Nil())))
		reset = append(reset, l.Gof("l.%s = l.%s[:0]", buffer, buffer))
		args += ", l.emit" + upperFirst(buffer)
		each, err := l.eachMethod(n, p)
		if err != nil {
			return nil, err
		}
		after = append(after, l.block("for i := range l."+buffer, l.block("if "+each.of(element("l."+buffer, ref.OutPtr)), l.Go(at.stop))))
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
