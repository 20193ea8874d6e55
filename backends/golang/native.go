package golang

import (
	"fmt"
	"strings"

	"github.com/dave/jennifer/jen"

	"github.com/flowc-dev/flowc/ir"
)

// native quotes the making of a source or a sink that is the user's own Go, as
// the variable made.
func (w *wiring) native(n *ir.Node, ref *ir.GoRef, made string) []jen.Code {
	if source, ok := n.Op.(*ir.Source); ok && source.Range != nil {
		return w.nativeRange(n, ref, made)
	}
	var code []jen.Code
	name := w.Name(n.YAML)
	callee := jen.Qual(ref.Package, ref.Symbol)
	life := w.Go("@native.Life{}")
	if ref.Make != ir.MakeNone {
		v := name + "Component"
		var args []jen.Code
		if ref.Config != nil && ref.Config.Kind != ir.Map {
			arg := "s." + name
			if ref.ConfigPtr {
				arg = "&" + arg
			}
			args = append(args, jen.Op(arg))
		}
		switch ref.Make {
		case ir.MakeNew, ir.MakeFunc:
			code = append(code, jen.Id(v).Op(":=").Add(callee).Call(args...))
		case ir.MakeNewErr, ir.MakeFuncErr:
			code = append(code, w.made(n, v, jen.Add(callee).Call(args...))...)
		case ir.MakeLiteral:
			if len(args) == 0 {
				code = append(code, w.Gof("%s := new(", v).Qual(ref.Package, ref.TypeName).Op(")"))
			} else {
				code = append(code, w.Gof("%s := &s.%s", v, name))
			}
		}
		callee = jen.Id(v)
		if ref.Method != "" {
			callee = jen.Id(v).Dot(ref.Method)
			life = w.life(ref, v)
		}
	}
	switch ref.Shape {
	case ir.ShapeSourceSeq:
		if ref.OutPtr {
			callee = w.Go("@native.SeqOf").Call(callee)
		}
		code = append(code, w.Gof("%s := @native.NewSeq(", made).Add(callee).Op(", ").Add(life).Op(")"))
	case ir.ShapeSourceRead:
		make := "NewReader"
		if ref.OutPtr {
			callee = w.Go("@native.ReadOf").Call(callee)
		}
		args := []jen.Code{callee}
		if ref.Seek {
			make = "NewSeekReader"
			args = append(args, jen.Id(name+"Component").Dot("Seek"))
		}
		ack := jen.Nil()
		if ref.Ack {
			ack = jen.Id(name + "Component").Dot("Ack")
		}
		args = append(args, ack, life)
		code = append(code, w.Gof("%s := @native.%s", made, make).Call(args...))
	case ir.ShapeFlowSource:
		take := w.Go("@native.Same[").Add(w.Type(ref.Out)).Op("]")
		if ref.OutPtr {
			take = w.Go("@native.Deref[").Add(w.Type(ref.Out)).Op("]")
		}
		code = append(code, w.Gof("%s := @native.NewEvents(", made).Add(callee).Op(", ").Add(take).Op(", ").Add(life).Op(")"))
	case ir.ShapeSink:
		fn := w.adapt(ref, callee, false)
		code = append(code, w.Gof("%s := @native.NewSink(", made).Add(fn).Op(", ").Add(life).Op(")"))
	case ir.ShapeSinkBatch, ir.ShapeFlowSink:
		fn := w.adapt(ref, callee, true)
		code = append(code, w.Gof("%s := @native.NewBatchSink(", made).Add(fn).Op(", ").Add(life).Op(")"))
	}
	if ref.Committed {
		v := name + "Component"
		ledger := jen.Dict{jen.Id("Committed"): jen.Id(v).Dot("Committed"), jen.Id("Commit"): jen.Id(v).Dot("Commit")}
		if ref.Keep {
			ledger[jen.Id("Keep")] = jen.Id(v).Dot("Keep")
		}
		code = append(code, w.Gof("%s = @native.NewKeeping(%s, ", made, made).Add(w.Go("@native.Ledger").Values(ledger)).Op(")"))
	}
	return code
}

// adapt gives a sink's function the form func(context.Context, T) error.
func (w *wiring) adapt(ref *ir.GoRef, callee *jen.Statement, batch bool) *jen.Statement {
	if ref.Context && ref.Errs && !ref.InPtr {
		return callee
	}
	in := w.Type(ref.In)
	arg := jen.Id("v")
	if batch {
		in = jen.Index().Add(in)
		if ref.InPtr {
			arg = w.Go("@native.Pointers(v)")
		}
	} else if ref.InPtr {
		arg = jen.Op("&v")
	}
	var args []jen.Code
	if ref.Context {
		args = append(args, jen.Id("ctx"))
	}
	call := jen.Add(callee).Call(append(args, arg)...)
	body := []jen.Code{jen.Return(call)}
	if !ref.Errs {
		body = []jen.Code{call, jen.Return(jen.Nil())}
	}
	return jen.Func().Params(w.Go("ctx @context.Context"), jen.Id("v").Add(in)).Error().Block(body...)
}

// life quotes the optional methods of a component in one form.
func (w *wiring) life(ref *ir.GoRef, v string) *jen.Statement {
	d := jen.Dict{}
	if ref.Shape == ir.ShapeFlowSink && ref.Config != nil { // flowctl's Connect is its Open
		d[jen.Id("Open")] = jen.Func().Params(w.Go("@context.Context")).Error().Block(w.Gof("return %s.Connect(s.%s)", v, strings.TrimSuffix(v, "Component")))
	}
	for _, m := range []struct {
		name   string
		method ir.Method
	}{{"Open", ref.Open}, {"Flush", ref.Flush}, {"Close", ref.Close}, {"Healthy", ref.Healthy}} {
		if !m.method.Has {
			continue
		}
		ctx := ""
		if m.method.Context {
			ctx = "ctx"
		}
		call := fmt.Sprintf("%s.%s(%s)", v, m.name, ctx)
		var body []jen.Code
		switch {
		case m.method.Bool:
			body = []jen.Code{w.Gof("if !%s", call).Block(w.Go("return @native.ErrUnhealthy")), jen.Return(jen.Nil())}
		case m.method.Errs:
			body = []jen.Code{w.Gof("return %s", call)}
		default:
			body = []jen.Code{w.Go(call), jen.Return(jen.Nil())}
		}
		d[jen.Id(m.name)] = jen.Func().Params(w.Go("ctx @context.Context")).Error().Block(body...)
	}
	return w.Go("@native.Life").Values(d)
}
