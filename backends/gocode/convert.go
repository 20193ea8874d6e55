package gocode

import (
	"fmt"

	"github.com/dave/jennifer/jen"

	"github.com/flowc-dev/flowc/ir"
)

// convertTo is the name of the function that makes a component's parameter of
// an event.
func (g *generator) convertTo(from, to *ir.Type, plan []ir.Conv) string {
	key := fmt.Sprintf("convert %s %s %p", typeText(from), typeText(to), &plan[0])
	name, isNew := g.function(key, "to"+upperFirst(typeWord(to)))
	if !isNew {
		return name
	}
	fails := planFails(plan)
	c := &converter{g: g}
	body := c.fields("in", "out", from, plan, 0)
	results := "(out "
	ret := "return out"
	if fails {
		ret = "return out, nil"
	}
	body = append(body, g.Go(ret))
	sig := jen.Op(results).Add(g.typ(to))
	if fails {
		sig.Op(", err error")
	}
	g.convert.add(
		jen.Comment(fmt.Sprintf("%s makes a component's %s of an event.", name, typeWord(to))).Line(),
		jen.Func().Id(name).Params(jen.Id("in").Op("*").Add(g.typ(from))).Add(sig).Op(")").Block(body...),
	)
	return name
}

// planFails tells whether following a plan, which may hold itself, may give an
// error.
func planFails(plan []ir.Conv) bool {
	seen := map[*ir.Conv]bool{}
	var fails func(plan []ir.Conv) bool
	fails = func(plan []ir.Conv) bool {
		for i := range plan {
			c := &plan[i]
			if seen[c] {
				continue
			}
			seen[c] = true
			if c.Fails || fails(c.Each) {
				return true
			}
		}
		return false
	}
	return fails(plan)
}

// converted quotes that local is what a component takes, made of a record.
func (l *loop) converted(n *ir.Node, local string, v value, ref *ir.GoRef, at place) []jen.Code {
	name := l.convertTo(v.typ, ref.In, ref.Plan)
	return l.bound(n, local, fmt.Sprintf("%s(%s)", name, v.ref()), planFails(ref.Plan), at)
}

// A converter writes the body of one conversion.
type converter struct{ g *generator }

// fields copies the fields of a struct.
func (c *converter) fields(from, to string, fromType *ir.Type, plan []ir.Conv, depth int) []jen.Code {
	var code []jen.Code
	for _, p := range plan {
		src, dst := from+selector(p.From), to+selector(p.To)
		if len(p.From) == 0 && depth == 0 { // the record itself, behind its pointer
			src = "(*" + from + ")"
		}
		code = append(code, c.one(src, dst, typeAt(fromType, p.From), p, depth)...)
	}
	return code
}

func selector(p ir.Path) string {
	s := ""
	for _, name := range p {
		s += "." + name
	}
	return s
}

// typeAt is the type of a part of a record.
func typeAt(t *ir.Type, p ir.Path) *ir.Type {
	for _, name := range p {
		f := t.GoField(name)
		if f == nil {
			return t
		}
		t = f.Type
	}
	return t
}

// one converts one value.
func (c *converter) one(src, dst string, fromType *ir.Type, p ir.Conv, depth int) []jen.Code {
	g := c.g
	switch {
	case p.Optional && p.How == ir.HowAssign:
		return []jen.Code{g.Gof("%s = %s", dst, src)}
	case p.Optional:
		v := fmt.Sprintf("v%d", depth)
		body := append([]jen.Code{jen.Var().Id(v).Add(g.typ(p.Type))}, c.plain("(*"+src+")", v, fromType, p, depth+1)...)
		return []jen.Code{g.block("if "+src+" != nil", append(body, g.Gof("%s = &%s", dst, v))...)}
	case p.Pointer:
		v := fmt.Sprintf("v%d", depth)
		body := append([]jen.Code{jen.Var().Id(v).Add(g.typ(p.Type))}, c.plain(src, v, fromType, p, depth+1)...)
		return []jen.Code{jen.Block(append(body, g.Gof("%s = &%s", dst, v))...)}
	}
	return c.plain(src, dst, fromType, p, depth)
}

// plain converts a value that is there into a target that is no pointer.
func (c *converter) plain(src, dst string, fromType *ir.Type, p ir.Conv, depth int) []jen.Code {
	g := c.g
	try := func(format string, args ...any) []jen.Code {
		return []jen.Code{g.block("if err := "+fmt.Sprintf(format, args...)+"; err != nil", g.Go("return out, err"))}
	}
	switch p.How {
	case ir.HowAssign:
		return []jen.Code{g.Gof("%s = %s", dst, src)}
	case ir.HowConvert:
		return []jen.Code{g.Gof("%s = ", dst).Add(g.typ(p.Type)).Op("(" + src + ")")}
	case ir.HowFields:
		return c.fields(src, dst, fromType, p.Each, depth)
	case ir.HowElements:
		return c.elements(src, dst, fromType, p, depth)
	case ir.HowToString:
		return []jen.Code{g.Gof("%s = ", dst).Add(g.typ(p.Type)).Op("(" + src + ".String())")}
	case ir.HowFromString:
		return try("@codec.Parse(&%s, string(%s))", dst, src)
	case ir.HowCompose:
		return try("@codec.Compose(%s, &%s)", src, dst)
	case ir.HowDecompose:
		return try("@codec.Compose(%s, &%s)", src, dst)
	case ir.HowUnmarshalText:
		return try("@codec.ParseText(&%s, %s)", dst, src)
	case ir.HowMarshalText:
		return try("@codec.Text(&%s, %s)", dst, src)
	}
	panic("gocode: unknown conversion " + string(p.How))
}

// elements converts the elements of a list or a map.
func (c *converter) elements(src, dst string, fromType *ir.Type, p ir.Conv, depth int) []jen.Code {
	g := c.g
	each := p.Each[0]
	i, x, v := fmt.Sprintf("i%d", depth), fmt.Sprintf("x%d", depth), fmt.Sprintf("y%d", depth)
	body := append([]jen.Code{jen.Var().Id(v).Add(c.elemType(p.Type))}, c.one(x, v, fromType.Elem, each, depth+1)...)
	store := g.Gof("%s[%s] = %s", dst, i, v)
	return []jen.Code{g.block("if "+src+" != nil",
		g.Gof("%s = make(", dst).Add(g.typ(p.Type)).Op(", len("+src+"))"),
		g.block("for "+i+", "+x+" := range "+src, append(body, store)...))}
}

// elemType is the type of an element as Go writes it.
func (c *converter) elemType(t *ir.Type) *jen.Statement { return c.g.typ(t.Elem) }
