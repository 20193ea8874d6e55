package gocode

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/dave/jennifer/jen"

	"github.com/flowc-dev/flowc/ir"
)

// runGenerate quotes the loop that makes records where they are used: a batch
// of the generate source is a range of numbers.
func (l *loop) runGenerate(n *ir.Node, src *ir.Source, at place) ([]jen.Code, error) {
	t := n.Out[0].Type
	make := l.generator.generateFunc(n, src, t)
	at.chain.steps = append(at.chain.steps, step{node: n.YAML})
	random := l.usesRandom(make)
	if random {
		l.fields = append(l.fields, l.Go("random @generate.Random"))
	}
	body, err := l.after(n, "", value{base: "record", typ: t}, at)
	if err != nil {
		return nil, err
	}
	loop := []jen.Code{
		l.Go("i := b.Base + int64(l.Next)"),
		l.Go("l.Record.Index = l.Next"),
		l.Go("l.Next++"),
		l.Go("l.records++"),
	}
	if l.mark {
		loop = append(loop, l.Go("l.Mark()"))
	}
	r := "nil"
	if random {
		r = fmt.Sprintf("l.random.At(l.settings.%s.Seed, i)", l.names.lower(n.YAML))
	}
	record := l.Gof("record := %s(i, %s)", make, r)
	if !mentions(body, "record") {
		record = l.Gof("%s(i, %s)", make, r)
	}
	loop = append(append(loop, record), body...)
	if l.dead() {
		l.original(n, t, make)
	}
	return append(l.begin(body), l.block("for l.Next < b.Count", loop...)), nil
}

// usesRandom tells whether the function that makes records draws any random
// number; seeding costs, so only then is there a generator.
func (l *loop) usesRandom(make string) bool {
	for _, f := range l.stages.funcs {
		if strings.Contains(f, "func "+make+"(") {
			_, body, _ := strings.Cut(f, "{")
			return containsWord(body, "r")
		}
	}
	return true
}

// dead tells whether a record of this region may become a dead letter.
func (l *loop) dead() bool {
	for _, id := range l.members() {
		if l.deadBehind(id, map[string]bool{}) {
			return true
		}
	}
	return false
}

// original writes the function that makes a generated record again, as JSON,
// for dead letters.
func (l *loop) original(n *ir.Node, t *ir.Type, make string) {
	name := "original" + l.names.upper(n.YAML)
	l.originals[n.ID] = name + "(s)"
	l.loops.add(
		jen.Comment(fmt.Sprintf("%s makes record index of a batch again, for a dead letter.", name)).Line(),
		jen.Func().Id(name).Params(jen.Id("s").Op("*").Id("settings")).Func().Params(jen.Index().Byte(), l.Go("*@flow.Batch"), jen.Int()).Index().Byte().Block(
			jen.Return(jen.Func().Params(jen.Id("dst").Index().Byte(), l.Go("b *@flow.Batch"), jen.Id("index").Int()).Index().Byte().Block(
				l.Go("var random @generate.Random"),
				l.Go("i := b.Base + int64(index)"),
				l.Gof("record := %s(i, random.At(s.%s.Seed, i))", make, l.names.lower(n.YAML)),
				l.Gof("dst, _ = %s(dst, &record)", l.appendJSON(t)),
				jen.Return(jen.Id("dst"))))))
}

// generateFunc writes the function that makes record i.
func (g *generator) generateFunc(n *ir.Node, src *ir.Source, t *ir.Type) string {
	g.stages.use("rand", "math/rand/v2")
	given := map[string]ir.Assign{}
	for _, a := range src.Fields {
		given[a.Go] = a
	}
	var before, lit strings.Builder
	for _, f := range t.Fields {
		a, ok := given[f.Go]
		if !ok {
			fmt.Fprintf(&lit, "%s: %s,\n", f.Go, g.stages.text(g.plausible(f.Type, f.Name, f.Pointer(), 0)))
			continue
		}
		text := g.stages.expr(a.Expr)
		if !a.Expr.Body && !f.Pointer() {
			fmt.Fprintf(&lit, "%s,\n", lined(a.Expr, f.Go+": "+text))
			continue
		}
		sub := g.stages.add(stageFunc{
			name: "generate" + g.names.upper(n.YAML) + f.Go, comment: "makes `" + f.Name + "` of `" + n.YAML + "`.", node: n,
			extra: "i int64, r *rand.Rand", results: g.stages.typ(a.Expr.Type), body: g.stages.returns(a.Expr),
		})
		local := "v" + f.Go
		fmt.Fprintf(&before, "%s := %s(i, r)\n", local, sub)
		if f.Pointer() {
			local = "&" + local
		}
		fmt.Fprintf(&lit, "%s: %s,\n", f.Go, local)
	}
	typ := g.stages.typ(t)
	return g.stages.add(stageFunc{
		name: "generate" + g.names.upper(n.YAML), comment: "makes record i of `" + n.YAML + "`.", node: n,
		extra: "i int64, r *rand.Rand", results: typ, body: before.String() + "return " + typ + "{\n" + lit.String() + "}",
	})
}

// plausible quotes an expression that makes a value by a field's type and name.
func (g *generator) plausible(t *ir.Type, name string, pointer bool, depth int) string {
	if pointer {
		return fmt.Sprintf("@generate.Maybe(r, func() %s { return %s })", g.spell(t), g.plausible(t, name, false, depth))
	}
	simple := map[ir.TypeKind]string{
		ir.String: "String", ir.Int: "Int", ir.Int64: "Int64", ir.Uint64: "Uint64", ir.Float64: "Float64", ir.Bool: "Bool",
		ir.Bytes: "Bytes", ir.Duration: "Duration", ir.JSON: "JSON", ir.Any: "Any",
	}
	if f, ok := simple[t.Kind]; ok {
		return fmt.Sprintf("@generate.%s(r, %q)", f, name)
	}
	switch t.Kind {
	case ir.Time:
		return "@generate.Time(r, i)"
	case ir.Decimal:
		return fmt.Sprintf("@generate.Decimal(r, %q)", name)
	case ir.Number:
		return fmt.Sprintf("@generate.Decimal(r, %q).AsNumber()", name)
	case ir.Enum:
		values := make([]string, len(t.Values))
		for i, v := range t.Values {
			values[i] = strconv.Quote(v)
		}
		return "@generate.Pick(r, " + strings.Join(values, ", ") + ")"
	case ir.List:
		if depth > 2 {
			return "nil"
		}
		return fmt.Sprintf("@generate.List(r, func() %s { return %s })", g.spell(t.Elem), g.plausible(t.Elem, name, false, depth+1))
	case ir.Map:
		if depth > 2 {
			return "nil"
		}
		return fmt.Sprintf("@generate.Map(r, func() %s { return %s })", g.spell(t.Elem), g.plausible(t.Elem, name, false, depth+1))
	case ir.Struct:
		if depth > 2 {
			return g.spell(t) + "{}"
		}
		var b strings.Builder
		b.WriteString(g.spell(t) + "{\n")
		for _, f := range t.Fields {
			fmt.Fprintf(&b, "%s: %s,\n", f.Go, g.plausible(f.Type, f.Name, f.Pointer(), depth+1))
		}
		return b.String() + "}"
	}
	return "*new(" + g.spell(t) + ")"
}
