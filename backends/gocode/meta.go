package gocode

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dave/jennifer/jen"

	"github.com/flowc-dev/flowc/ir"
)

// metaType is the type of `meta` when somebody in the region reads it.
func (l *loop) metaType() *ir.Type {
	reads := slices.ContainsFunc(l.members(), func(id string) bool { return readMeta(l.exprs(l.nodes[id])...) })
	for _, id := range l.members() { // somebody behind a queue reads it
		for _, e := range l.out[id] {
			reads = reads || e.Kind == ir.Data && !l.inside(e) && len(e.Meta) > 0
		}
	}
	if !reads {
		return nil
	}
	return l.metaBehind(l.r.Head, map[string]bool{})
}

// readMetaOf quotes that the loop's meta becomes that of the record which is decoded: the
// connector's, or what has come with the record from another process.
func (l *loop) readMetaOf() []jen.Code {
	source, ok := l.source.Op.(*ir.Source)
	if !ok || !strings.HasPrefix(source.Connector, "edge-") {
		return []jen.Code{l.Go("l.meta.At(b, l.Record)")}
	}
	code := []jen.Code{l.Go("carried := @edge.Meta(b, l.Record)")}
	for _, f := range l.meta.Fields {
		value := fmt.Sprintf("carried.%s(%q)", f.Type.Carried(), f.Name)
		if f.Type.Kind == ir.Int {
			value = "int(" + value + ")"
		}
		code = append(code, l.Gof("l.meta.%s = %s", f.Go, value))
	}
	return code
}

// metaBehind is the meta of the records that leave a node: that of its source, or of the
// component in a process of its own that they come from.
func (g *generator) metaBehind(id string, seen map[string]bool) *ir.Type {
	switch op := g.nodes[id].Op.(type) {
	case *ir.Source:
		return op.Meta
	case *ir.Apply:
		if op.Foreign != nil {
			return op.Meta
		}
	}
	return g.metaInto(id, seen)
}

// metaInto is the meta of the records that come to a node.
func (g *generator) metaInto(id string, seen map[string]bool) *ir.Type {
	if seen[id] {
		return nil
	}
	seen[id] = true
	for _, e := range g.in[id] {
		if e.Kind == ir.Data {
			if t := g.metaBehind(e.From, seen); t != nil {
				return t
			}
		}
	}
	return nil
}

// carriesMeta tells whether records come to a queue's consumer with their meta.
func (g *generator) carriesMeta(id string) bool {
	return slices.ContainsFunc(g.in[id], func(e *ir.Edge) bool { return e.Kind == ir.Data && len(e.Meta) > 0 })
}

// rowType is the type of the rows that wait before a node: the record, with its
// meta where somebody reads that.
func (g *generator) rowType(n *ir.Node, t *ir.Type) *jen.Statement {
	if !g.carriesMeta(n.ID) {
		return g.typ(t)
	}
	name := g.names.lower(n.YAML) + "Row"
	if !g.rows[name] {
		g.rows[name] = true
		g.loops.add(jen.Comment(fmt.Sprintf("%s is a record on its way to `%s`, with the meta of its source.", name, n.YAML)).Line(),
			jen.Type().Id(name).Struct(jen.Id("record").Add(g.typ(t)), jen.Id("meta").Add(g.typ(g.metaInto(n.ID, map[string]bool{})))))
	}
	return jen.Id(name)
}
