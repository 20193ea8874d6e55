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
	// input is the place.input of that node, whose failures those of fields are.
	input func() string
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
	// whole tells that the record is one value and has no fields to scan for.
	whole bool

	wants  []*want
	spans  int
	phases int
	tag    *want // the field that tells event types apart

	shared *decoder   // the decoder whose struct and methods these are
	slots  []jen.Code // fields of the decoder's struct that are found to be needed
	groups []*jen.Statement
	// validates tells that one of the slots is a validator.
	validates bool
	// members are the names of the struct's fields and methods.
	members map[string]bool
	// records, optionals and composites are those of the members that hold the
	// record of a port, hold the optional value of a leaf, and read a value of a
	// type as a whole.
	records, optionals, composites map[string]string
}

// fixedMembers are names of members that every decoder may have.
var fixedMembers = []string{"object", "spans", "scanner", "format", "header", "text", "validator", "tag"}

// newDecoder plans the decoder of a Decode node.
func (g *generator) newDecoder(n *ir.Node, views bool) *decoder {
	d := &decoder{
		g: g, node: n, op: n.Op.(*ir.Decode), typ: g.names.lower(n.YAML) + "Decoder", name: "d", field: "decoder", views: views,
		members: map[string]bool{}, records: map[string]string{}, optionals: map[string]string{}, composites: map[string]string{},
	}
	for _, name := range fixedMembers {
		d.members[name] = true
	}
	for _, p := range n.Out {
		base := "record"
		if p.Name != "" {
			base = camel(p.Name)
		}
		d.records[p.Name] = d.member(base)
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
func (d *decoder) record(port string) string { return d.records[port] }

// member gives a member of the decoder's struct a name that no other has.
func (d *decoder) member(base string) string {
	name := free(base, func(name string) bool { return d.members[name] })
	d.members[name] = true
	return name
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
	name = d.member(name)
	body := d.groupWriter("d.spans", "", done)
	body.phase = phase
	if d.op.Validate == ir.Needed && d.flavor == jsonFlavor {
		body.add(d.g.block(fmt.Sprintf("if _, err := d.object.Until(%d, line, d.spans[:]); err != nil", phase), jen.Return(jen.Err())))
	}
	body.leaves("d."+d.record(port), port, &d.wants, todo, 0)
	body.add(jen.Return(jen.Nil()))
	d.groups = append(d.groups, jen.Comment(fmt.Sprintf("%s reads the fields that `%s` needs.", name, stage)).Line().
		Func().Params(jen.Id("d").Op("*").Id(d.typ)).Id(name).Params(jen.Id("line").Index().Byte()).Error().Block(body.code...).Line())
	return name
}

// optional adds a field to the decoder that holds an optional value, so that its
// pointer costs no allocation; only where nobody keeps the record.
func (d *decoder) optional(l leaf, port string, t *jen.Statement) string {
	key := port + l.key()
	if _, ok := d.optionals[key]; !ok {
		base := d.record(port)
		for _, f := range l {
			base += f.Go
		}
		name := d.member(base)
		d.optionals[key] = name
		d.slots = append(d.slots, jen.Id(name).Add(t))
	}
	return "d." + d.optionals[key]
}

// validate gives the decoder a validator of raw values.
func (d *decoder) validate() {
	if !d.shared.validates {
		d.shared.validates = true
		d.shared.slots = append(d.shared.slots, d.g.Go("validator @jsonscan.Validator"))
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
