package gocode

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/dave/jennifer/jen"

	"github.com/flowc-dev/flowc/ir"
)

// zero is a type's zero value as Go writes it.
func (g *generator) zero(t *ir.Type) string {
	switch t.Kind {
	case ir.String, ir.Enum:
		return `""`
	case ir.Int, ir.Int64, ir.Uint64, ir.Float64, ir.Duration:
		return "0"
	case ir.Bool:
		return "false"
	case ir.List, ir.Map, ir.Bytes, ir.JSON, ir.Any:
		return "nil"
	}
	return "*new(" + g.spell(t) + ")"
}

// value decodes the value of a span: statements that end with store(v), where
// v is the expression of the value.
func (d *decoder) value(t *ir.Type, span string, store func(v string) jen.Code, failed jen.Code) []jen.Code {
	g := d.g
	call, ok := d.scalar(t, span)
	if !ok && d.flavor != jsonFlavor { // a cell that holds JSON
		d.validate()
		return []jen.Code{jen.Block(
			g.Go("raw, err := "+d.rawCall(span, d.textArg())), failed,
			g.Go("v, err := @codec.Unmarshal[").Add(g.typ(t)).Op("](raw)"), failed, store("v"))}
	}
	if !ok {
		call = d.composite(t, span)
	}
	v := "v"
	if t.Kind == ir.Enum {
		values := g.enumValues(t)
		return []jen.Code{jen.Block(g.Gof("i, err := %s", d.call("Enum", span, values)), failed, store(values+"[i]"))}
	}
	if t.Kind == ir.JSON && !d.views {
		v = "d.text.Bytes(v)"
	}
	if t.Go != nil && ok {
		v = g.spellGo(t.Go) + "(" + v + ")"
	}
	return []jen.Code{jen.Block(g.Go("v, err := ").Add(call), failed, store(v))}
}

// scalar is the call that decodes a scalar.
func (d *decoder) scalar(t *ir.Type, span string) (*jen.Statement, bool) {
	g := d.g
	text := d.textArg()
	switch t.Kind {
	case ir.String:
		if d.views {
			return g.Go(d.call("String", span, text)), true
		}
		return g.Go(d.call("StringCopy", span, text)), true
	case ir.Int, ir.Int64, ir.Uint64, ir.Float64, ir.Bool, ir.Time, ir.Duration, ir.Decimal, ir.Number:
		return g.Go(d.call(upperFirst(string(t.Kind)), span)), true
	case ir.Bytes:
		return g.Go(d.call("Bytes", span, text)), true
	case ir.JSON:
		d.validate()
		return g.Go(d.rawCall(span, text)), true
	case ir.Any:
		d.validate()
		if d.flavor != jsonFlavor {
			return nil, false
		}
		return g.Gof("@jsonscan.Any(line, %s, &d.validator, %s)", span, text), true
	case ir.Enum:
		return nil, true
	}
	return nil, false
}

// enumValues is the variable that lists an enum's values.
func (g *generator) enumValues(t *ir.Type) string {
	word := cmp.Or(t.Name, strings.Join(t.Values[:min(2, len(t.Values))], "-"))
	name, isNew := g.function(typeText(&ir.Type{Kind: ir.Enum, Values: t.Values}), camel(word)+"Values")
	if !isNew {
		return name
	}
	lits := make([]jen.Code, len(t.Values))
	for i, v := range t.Values {
		lits[i] = jen.Lit(v)
	}
	g.decode.add(jen.Var().Id(name).Op("=").Index().String().Values(lits...))
	return name
}

// composite is the call that decodes a list, a map, a struct as a whole, or a
// type of the user's with methods of its own; it writes the function once.
func (d *decoder) composite(t *ir.Type, span string) *jen.Statement {
	g := d.g
	if t.Kind == ir.GoNamed || t.Go != nil && t.Go.Custom {
		return g.Go("@codec.Unmarshal[").Add(g.typ(t)).Op("](" + span + ".Of(line))")
	}
	key := typeText(t)
	name, ok := d.composites[key]
	if !ok {
		name = d.member(compositeName(t))
		d.composites[key] = name
		d.shared.groups = append(d.shared.groups, d.compositeFunc(name, t))
	}
	return g.Gof("d.%s(line, %s)", name, span)
}

func compositeName(t *ir.Type) string {
	switch t.Kind {
	case ir.List:
		return "listOf" + upperFirst(typeWord(t.Elem))
	case ir.Map:
		return "mapOf" + upperFirst(typeWord(t.Elem))
	case ir.Struct:
		if t.Name == "" && t.Go == nil {
			return "entry"
		}
	}
	return camel(typeWord(t))
}

func typeWord(t *ir.Type) string {
	switch {
	case t.Name != "":
		return t.Name
	case t.Go != nil:
		return t.Go.Name
	case t.Kind == ir.List:
		return "List"
	case t.Kind == ir.Map:
		return "Map"
	case t.Kind == ir.Struct:
		return "Object"
	}
	return string(t.Kind)
}

// compositeFunc writes a decode function of the whole value.
func (d *decoder) compositeFunc(name string, t *ir.Type) *jen.Statement {
	g := d.g
	out := g.typ(t)
	var body []jen.Code
	switch t.Kind {
	case ir.List:
		body = []jen.Code{
			jen.Id("list").Op(":=").Add(g.typ(t)).Values(), // there, if empty: not nil
			g.Go("it := @jsonscan.Array(line, s)"),
			g.block("for it.Next()", d.value(t.Elem, "it.Value()", func(v string) jen.Code { return g.Gof("list = append(list, %s)", v) },
				g.block("if err != nil", g.Go("return nil, err")))...),
			g.Go("return list, it.Err()"),
		}
	case ir.Map:
		body = []jen.Code{
			g.Go("it := @jsonscan.Members(line, s)"),
			g.Go("m := ").Add(g.typ(t)).Values(),
			g.block("for it.Next()", append([]jen.Code{
				g.Gof("key, err := @jsonscan.StringCopy(line, it.Key(), %s)", d.textArg()),
				g.block("if err != nil", g.Go("return nil, err")),
				g.block("if _, twice := m[key]; twice", g.Go("return nil, @codec.Twice(key)")),
			}, d.value(t.Elem, "it.Value()", func(v string) jen.Code { return g.Gof("m[key] = %s", v) },
				g.block("if err != nil", g.Go("return nil, err")))...)...),
			g.Go("return m, it.Err()"),
		}
	case ir.Struct:
		body = d.structBody(name, t)
	default:
		panic("gocode: no decoder for type " + t.String())
	}
	return jen.Comment(fmt.Sprintf("%s reads a whole value.", name)).Line().
		Func().Params(jen.Id("d").Op("*").Id(d.typ)).Id(name).Params(jen.Id("line").Index().Byte(), g.Go("s @jsonscan.Span")).
		Params(out, jen.Error()).Block(body...).Line()
}

// structBody decodes a struct by a scanner of its own, in the method called
// name.
func (d *decoder) structBody(name string, t *ir.Type) []jen.Code {
	g := d.g
	object := d.member("object" + upperFirst(name))
	sub := &decoder{
		g: g, node: d.node, op: d.op, typ: d.typ, views: d.views, heap: true, flavor: d.flavor,
		shared: d.shared, members: d.members, composites: d.composites,
	}
	w := sub.groupWriter("spans", "out, ", map[string]bool{})
	w.leaves("out", "", &sub.wants, leaves(t, []ir.Path{ir.Whole}), 0)
	d.shared.slots = append(d.shared.slots, g.Gof("%s *@jsonscan.Object", object))
	body := []jen.Code{
		g.block("if d."+object+" == nil", g.Gof("d.%s = @jsonscan.NewObject(", object).Add(g.Go("[]@jsonscan.Field")).Values(sub.fieldList(sub.wants)...).Op(")")),
		jen.Var().Id("spans").Index(jen.Lit(max(sub.spans, 1))).Add(g.Go("@jsonscan.Span")),
		jen.Var().Id("out").Add(g.typ(t)),
		g.Go("line = s.Of(line)"),
		g.block("if err := d."+object+".Scan(line, spans[:]); err != nil", g.Go("return out, @jsonscan.Shift(err, int(s.Start))")),
	}
	body = append(body, w.code...)
	return append(body, g.Go("return out, nil"))
}
