package gocode

import (
	"fmt"
	"strings"

	"github.com/dave/jennifer/jen"

	"github.com/flowc-dev/flowc/ir"
)

// A decoder is the generated type that reads the records of one source: it
// scans a record once for the spans of all fields that anybody needs, and
// decodes them in groups, each just before the first stage that reads it, so
// that a record which a filter refuses costs no more than the filter's fields.
type decoder struct {
	g    *generator
	node *ir.Node
	op   *ir.Decode
	// chain is the one that the decoder's node is on.
	chain *chain
	typ   string // ledgerDecoder
	// name is the decoder's variable in loops, field that of the loop's struct.
	name, field string
	flavor      flavor
	// views tells that strings may point into the block of input: nobody who
	// gets them keeps them.
	views bool
	// heap makes optional values allocations of their own: there may be many of
	// one field at once (elements of a list).
	heap bool

	wants  []*want
	spans  int
	phases int
	tag    *want // the field that tells event types apart

	shared  *decoder   // the decoder whose struct and methods these are
	slots   []jen.Code // fields of the decoder's struct that hold optional values
	slotSet map[string]bool
	groups  []*jen.Statement
	// lists are decode functions written so far, by Go type.
	lists map[string]string
}

// newDecoder plans the decoder of a Decode node.
func (g *generator) newDecoder(n *ir.Node, views bool) *decoder {
	d := &decoder{
		g: g, node: n, op: n.Op.(*ir.Decode), typ: g.names.lower(n.YAML) + "Decoder", name: "d", field: "decoder", views: views,
		slotSet: map[string]bool{}, lists: map[string]string{},
	}
	d.flavor = flavorOf(d.op.Codec)
	if d.op.Input != nil {
		d.name, d.field = g.names.local(n.YAML)+"Decoder", g.names.lower(n.YAML)+"Decoder"
	}
	d.shared = d
	if d.op.By != "" {
		d.tag = child(&d.wants, d.op.By, &d.spans, 0)
		d.tag.optional = false
		d.phases = 1
	}
	return d
}

// record is the decoder's field that holds the record of a port.
func (d *decoder) record(port string) string {
	if port == "" {
		return "record"
	}
	return camel(port)
}

// recordOf is the type of a port.
func (d *decoder) recordOf(port string) *ir.Type {
	for _, p := range d.node.Out {
		if p.Name == port {
			return p.Type
		}
	}
	return nil
}

// group writes the method that decodes the leaves which a stage needs and
// nobody decoded before, and returns its name; "" where there is nothing left
// to decode. done remembers what is decoded on this path.
func (d *decoder) group(stage, port string, paths []ir.Path, done map[string]bool) string {
	t := d.recordOf(port)
	if t == nil || t.Kind != ir.Struct {
		return ""
	}
	var todo []leaf
	for _, l := range leaves(t, paths) {
		if !done[l.key()] {
			todo = append(todo, l)
		}
	}
	if len(todo) == 0 {
		return ""
	}
	phase := d.phases
	d.phases++
	name := "for" + upperFirst(camel(stage))
	if port != "" && d.op.By != "" {
		name += strings.ToUpper(port[:1]) + camel(port)[1:]
	}
	name = d.unique(name)
	body := d.groupWriter("d.spans", "", done)
	body.phase = phase
	if d.op.Validate == ir.Needed && d.flavor == jsonFlavor {
		body.add(d.g.block(fmt.Sprintf("if _, err := d.object.Until(%d, line, d.spans[:]); err != nil", phase), jen.Return(jen.Err())))
	}
	body.leaves("d."+d.record(port), d.op.By, &d.wants, todo, 0)
	body.add(jen.Return(jen.Nil()))
	d.groups = append(d.groups, jen.Comment(fmt.Sprintf("%s reads the fields that `%s` needs.", name, stage)).Line().
		Func().Params(jen.Id("d").Op("*").Id(d.typ)).Id(name).Params(jen.Id("line").Index().Byte()).Error().Block(body.code...).Line())
	return name
}

func (d *decoder) unique(name string) string {
	base := name
	for i := 2; d.slotSet["func "+name]; i++ {
		name = fmt.Sprintf("%s%d", base, i)
	}
	d.slotSet["func "+name] = true
	return name
}

// slot adds a field to the decoder that holds an optional value, so that its
// pointer costs no allocation; only where nobody keeps the record.
func (d *decoder) slot(l leaf, port string, t *jen.Statement) string {
	name := d.record(port)
	for _, f := range l {
		name += f.Go
	}
	if !d.slotSet[name] {
		d.slotSet[name] = true
		d.slots = append(d.slots, jen.Id(name).Add(t))
	}
	return "d." + name
}

// slotOnce adds a field to the decoder's struct that several methods share.
func (d *decoder) slotOnce(name string, field *jen.Statement) {
	if !d.slotSet[name] {
		d.slotSet[name] = true
		d.shared.slots = append(d.shared.slots, field)
	}
}

// write adds the decoder's type and methods to decode.go.
func (d *decoder) write() {
	g := d.g
	fields := d.scanFields()
	if d.views {
		fields = append(fields, g.Go("text @jsonscan.Arena"))
	} else {
		fields = append(fields, g.Go("text @jsonscan.Slab"))
	}
	for _, p := range d.node.Out {
		if p.Type != nil && p.Type.Kind == ir.Struct {
			fields = append(fields, jen.Id(d.record(p.Name)).Add(g.typ(p.Type)))
		}
	}
	fields = append(fields, d.slots...)
	source := d.node.YAML
	g.decode.add(
		jen.Comment(fmt.Sprintf("%s reads what the pipeline needs of a record from `%s`.", d.typ, source)).Line(),
		jen.Type().Id(d.typ).Struct(fields...).Line(),
		jen.Line().Add(d.constructor()),
	)
	for _, group := range d.groups {
		g.decode.add(group)
	}
}

// fieldList is the literal of the wanted fields, one a line.
func (d *decoder) fieldList(wants []*want) []jen.Code {
	var out []jen.Code
	for _, w := range wants {
		text := fmt.Sprintf("{Name: %q, Index: %d", w.name, w.index)
		if d.op.Validate == ir.Needed && w.phase > 0 {
			text += fmt.Sprintf(", Phase: %d", w.phase)
		}
		item := jen.Line().Op(text)
		if w.part {
			item.Op(", Fields: ").Add(d.g.Go("[]@jsonscan.Field")).Values(d.fieldList(w.sub)...)
		}
		out = append(out, item.Op("}"))
	}
	if len(out) > 0 {
		out = append(out, jen.Line())
	}
	return out
}

func upperFirst(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// A groupWriter writes the body of one group method.
type groupWriter struct {
	d     *decoder
	phase int
	done  map[string]bool
	// spans is the slice that the scan filled, results what stands before the
	// error in a return.
	spans, results string
	code           []jen.Code
}

func (d *decoder) groupWriter(spans, results string, done map[string]bool) *groupWriter {
	return &groupWriter{d: d, done: done, spans: spans, results: results}
}

// fail returns an error.
func (w *groupWriter) fail(format string, args ...any) *jen.Statement {
	return w.d.g.Gof("return "+w.results+format, args...)
}

func (w *groupWriter) add(c ...jen.Code) { w.code = append(w.code, c...) }

// leaves decodes leaves that share their first depth fields into base.
func (w *groupWriter) leaves(base, port string, wants *[]*want, todo []leaf, depth int) {
	for len(todo) > 0 {
		f := todo[0][depth]
		n := 1
		for n < len(todo) && todo[n][depth] == f {
			n++
		}
		same := todo[:n]
		todo = todo[n:]
		wanted := child(wants, f.Name, &w.d.spans, w.phase)
		if len(same[0]) == depth+1 {
			w.leaf(base, same[0], wanted)
			continue
		}
		wanted.part = true
		w.object(base, port, same, depth, wanted)
	}
}

// object decodes fields of a struct below the record.
func (w *groupWriter) object(base, port string, same []leaf, depth int, wanted *want) {
	d, g := w.d, w.d.g
	prefix := same[0][:depth+1]
	f := prefix[depth]
	target := base + "." + f.Go
	first := !w.done[prefix.key()]
	w.done[prefix.key()] = true
	span := fmt.Sprintf("%s[%d]", w.spans, wanted.index)

	inner := &groupWriter{d: d, phase: w.phase, done: w.done, spans: w.spans, results: w.results}
	inner.leaves(target, port, &wanted.sub, same, depth+1)
	notObject := g.block("if !"+span+".IsObject(line)",
		w.fail("@codec.Field(%q, @codec.NotObject(%s.Of(line)))", prefix.wire(), span))
	lenient := lenientField(f)
	switch {
	case !f.Pointer() && !lenient:
		if first {
			w.add(g.block("if "+d.absent(span, f.Type), w.fail("@codec.Missing(%q)", prefix.wire())), notObject)
		}
		w.add(inner.code...)
	case lenient && !f.Pointer():
		if first {
			w.add(g.Gof("%s = ", target).Add(g.typ(f.Type)).Values())
		}
		body := inner.code
		if first {
			body = append([]jen.Code{notObject}, body...)
		}
		w.add(g.block("if "+d.present(span, f.Type), body...))
	default: // a pointer
		if first {
			make := []jen.Code{notObject}
			if d.views && !d.heap {
				slot := d.slot(prefix, port, g.typ(f.Type))
				make = append(make, g.Gof("%s = &%s", target, slot))
			} else {
				make = append(make, g.Gof("%s = new(", target).Add(g.typ(f.Type)).Op(")"))
			}
			w.add(g.Gof("%s = nil", target), g.block("if "+d.present(span, f.Type), make...))
		}
		w.add(g.block("if "+target+" != nil", inner.code...))
	}
}

// leaf decodes one value.
func (w *groupWriter) leaf(base string, l leaf, wanted *want) {
	d, g := w.d, w.d.g
	f := l[len(l)-1]
	w.done[l.key()] = true
	wanted.optional = wanted.optional && f.Optional
	target := base + "." + f.Go
	span := fmt.Sprintf("%s[%d]", w.spans, wanted.index)
	failed := g.block("if err != nil", w.fail("@codec.Field(%q, err)", l.wire()))
	lenient := lenientField(f)

	switch {
	case !f.Optional && !lenient:
		w.add(g.block("if "+d.absent(span, f.Type), w.fail("@codec.Missing(%q)", l.wire())))
		w.add(d.value(f.Type, span, func(v string) jen.Code { return g.Gof("%s = %s", target, v) }, failed)...)
	case f.Pointer():
		var store func(string) jen.Code
		var body []jen.Code
		if d.views && !d.heap {
			slot := d.slot(l, d.op.By, g.typ(f.Type))
			store = func(v string) jen.Code { return g.Gof("%s, %s = %s, &%s", slot, target, v, slot) }
		} else {
			store = func(v string) jen.Code { return g.Gof("%s = &%s", target, v) }
		}
		body = d.value(f.Type, span, store, failed)
		w.add(g.Gof("%s = nil", target), g.block("if "+d.present(span, f.Type), body...))
	default:
		body := d.value(f.Type, span, func(v string) jen.Code { return g.Gof("%s = %s", target, v) }, failed)
		w.add(g.Gof("%s = %s", target, g.zero(f.Type)), g.block("if "+d.present(span, f.Type), body...))
	}
}

// lenientField tells whether a field follows Go's rules: missing is zero.
func lenientField(f *ir.Field) bool {
	return f.Lenient || f.Type.Go != nil && f.Type.Go.Lenient
}

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
	return "*new(" + g.quotedType(t) + ")"
}

// value decodes the value of a span: statements that end with store(v), where
// v is the expression of the value.
func (d *decoder) value(t *ir.Type, span string, store func(v string) jen.Code, failed jen.Code) []jen.Code {
	g := d.g
	call, ok := d.scalar(t, span)
	if !ok && d.flavor != jsonFlavor { // a cell that holds JSON
		d.slotOnce("validator", g.Go("validator @jsonscan.Validator"))
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
		v = g.goName(t.Go) + "(" + v + ")"
	}
	return []jen.Code{jen.Block(g.Go("v, err := ").Add(call), failed, store(v))}
}

// goName is the text of a named type of the user's, for conversions.
func (g *generator) goName(t *ir.GoType) string { return g.quotedType(&ir.Type{Go: t}) }

// scalar is the call that decodes a scalar.
func (d *decoder) scalar(t *ir.Type, span string) (*jen.Statement, bool) {
	g := d.g
	text := "&d.text"
	if d.views {
		text = "&d.text.Slab"
	}
	switch t.Kind {
	case ir.String:
		if d.views {
			return g.Go(d.call("String", span, text)), true
		}
		return g.Go(d.call("StringCopy", span, text)), true
	case ir.Int:
		return g.Go(d.call("Int", span)), true
	case ir.Int64:
		return g.Go(d.call("Int64", span)), true
	case ir.Uint64:
		return g.Go(d.call("Uint64", span)), true
	case ir.Float64:
		return g.Go(d.call("Float64", span)), true
	case ir.Bool:
		return g.Go(d.call("Bool", span)), true
	case ir.Bytes:
		return g.Go(d.call("Bytes", span, text)), true
	case ir.Time:
		return g.Go(d.call("Time", span)), true
	case ir.Duration:
		return g.Go(d.call("Duration", span)), true
	case ir.Decimal:
		return g.Go(d.call("Decimal", span)), true
	case ir.Number:
		return g.Go(d.call("Number", span)), true
	case ir.JSON:
		d.slotOnce("validator", g.Go("validator @jsonscan.Validator"))
		return g.Go(d.rawCall(span, text)), true
	case ir.Any:
		d.slotOnce("validator", g.Go("validator @jsonscan.Validator"))
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
	key := "enum " + strings.Join(t.Values, "|")
	if name, ok := g.encoders[key]; ok {
		return name
	}
	base := "enumValues"
	if t.Name != "" {
		base = camel(t.Name) + "Values"
	} else {
		base = camel(strings.Join(t.Values[:min(2, len(t.Values))], "-")) + "Values"
	}
	name := base
	for i := 2; g.taken(name); i++ {
		name = fmt.Sprintf("%s%d", base, i)
	}
	g.encoders[key] = name
	lits := make([]jen.Code, len(t.Values))
	for i, v := range t.Values {
		lits[i] = jen.Lit(v)
	}
	g.decode.add(jen.Var().Id(name).Op("=").Index().String().Values(lits...))
	return name
}

// taken tells whether a generated function or variable has the name.
func (g *generator) taken(name string) bool {
	for _, n := range g.encoders {
		if n == name {
			return true
		}
	}
	return false
}

// composite is the call that decodes a list, a map, a struct as a whole, or a
// type of the user's with methods of its own; it writes the function once.
func (d *decoder) composite(t *ir.Type, span string) *jen.Statement {
	g := d.g
	if t.Kind == ir.GoNamed || t.Go != nil && t.Go.Custom {
		return g.Go("@codec.Unmarshal[").Add(g.typ(t)).Op("](" + span + ".Of(line))")
	}
	key := typeText(t)
	name, ok := d.lists[key]
	if !ok {
		name = d.unique(compositeName(t))
		d.lists[key] = name
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
		text := "&d.text"
		if d.views {
			text = "&d.text.Slab"
		}
		body = []jen.Code{
			g.Go("it := @jsonscan.Members(line, s)"),
			g.Go("m := ").Add(g.typ(t)).Values(),
			g.block("for it.Next()", append([]jen.Code{
				g.Gof("key, err := @jsonscan.StringCopy(line, it.Key(), %s)", text),
				g.block("if err != nil", g.Go("return nil, err")),
				g.block("if _, twice := m[key]; twice", g.Go("return nil, @codec.Twice(key)")),
			}, d.value(t.Elem, "it.Value()", func(v string) jen.Code { return g.Gof("m[key] = %s", v) },
				g.block("if err != nil", g.Go("return nil, err")))...)...),
			g.Go("return m, it.Err()"),
		}
	case ir.Struct:
		body = d.structBody(t)
	default:
		panic("gocode: no decoder for type " + t.String())
	}
	return jen.Comment(fmt.Sprintf("%s reads a whole value.", name)).Line().
		Func().Params(jen.Id("d").Op("*").Id(d.typ)).Id(name).Params(jen.Id("line").Index().Byte(), g.Go("s @jsonscan.Span")).
		Params(out, jen.Error()).Block(body...).Line()
}

// structBody decodes a struct by a scanner of its own.
func (d *decoder) structBody(t *ir.Type) []jen.Code {
	g := d.g
	object := "object" + upperFirst(typeWord(t))
	sub := &decoder{g: g, node: d.node, op: d.op, typ: d.typ, views: d.views, heap: true, flavor: d.flavor, shared: d.shared, slotSet: d.slotSet, lists: d.lists}
	w := sub.groupWriter("spans", "out, ", map[string]bool{})
	w.leaves("out", "", &sub.wants, leaves(t, []ir.Path{ir.Whole}), 0)
	d.slotOnce(object, g.Gof("%s *@jsonscan.Object", object))
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
