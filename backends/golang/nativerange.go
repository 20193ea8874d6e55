package golang

import (
	"github.com/dave/jennifer/jen"

	"github.com/flowc-dev/flowc/ir"
)

// nativeRange quotes the making of a source in Go of which a part is read: a
// function that makes an instance for each chunk, and the methods that are called.
func (w *wiring) nativeRange(n *ir.Node, ref *ir.GoRef, made string) []jen.Code {
	typ := jen.Qual(ref.Package, ref.TypeName)
	if ref.Pointer {
		typ = jen.Op("*").Add(typ)
	}
	method := func(name string) *jen.Statement { return jen.Parens(typ.Clone()).Dot(name) }
	make := "@native.NewRange"
	if ref.OutPtr {
		make = "@native.NewPointerRange"
	}
	out := w.Type(ref.Out)
	if ref.OutPtr {
		out = jen.Op("*").Add(out)
	}
	d := jen.Dict{
		jen.Id("Make"):  jen.Func().Params().Params(typ.Clone(), jen.Error()).Block(w.instance(n, ref)...),
		jen.Id("Read"):  method(ref.Method),
		jen.Id("Seek"):  method("Seek"),
		jen.Id("Range"): method("Range"),
		jen.Id("Life"):  jen.Func().Params(jen.Id("c").Add(typ.Clone())).Add(w.Go("@native.Life")).Block(jen.Return(w.life(ref, "c"))),
	}
	if ref.Cut {
		d[jen.Id("Cut")] = method("Cut")
	}
	methods := w.Go("@native.Methods").Index(jen.List(typ.Clone(), out, w.Type(ref.Position))).Values(d)
	return w.made(n, made, w.Go(make).Call(methods, w.Gof("&s.%s", rangeField(w.Name(n.YAML)))))
}

// instance quotes what makes one instance of a component, with a config of its own.
func (w *wiring) instance(n *ir.Node, ref *ir.GoRef) []jen.Code {
	var code, args []jen.Code
	configured := ref.Config != nil && ref.Config.Kind != ir.Map
	if configured {
		code = append(code, w.Gof("config := s.%s", w.Name(n.YAML)))
		arg := "config"
		if ref.ConfigPtr {
			arg = "&config"
		}
		args = append(args, jen.Op(arg))
	}
	callee := jen.Qual(ref.Package, ref.Symbol)
	switch {
	case ref.Make == ir.MakeNewErr:
		return append(code, jen.Return(callee.Call(args...)))
	case ref.Make == ir.MakeNew:
		return append(code, jen.Return(callee.Call(args...), jen.Nil()))
	case configured && ref.Pointer:
		return append(code, w.Go("return &config, nil"))
	case configured:
		return append(code, w.Go("return config, nil"))
	case ref.Pointer:
		return append(code, jen.Return(w.Go("new(").Qual(ref.Package, ref.TypeName).Op(")"), jen.Nil()))
	}
	return append(code, jen.Return(jen.Qual(ref.Package, ref.TypeName).Values(), jen.Nil()))
}
