package cut

import (
	"fmt"
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/ir"
)

// carried is the `meta` that records of an edge take along, and the fields of it that are
// read behind the edge; nil where nobody reads any. What carries records packs it beside
// each of them, so that a pipeline that is cut gives what it gives in one process.
func (d *division) carried(e *ir.Edge) (t *ir.Type, reads []string) {
	seen := map[string]bool{}
	var behind func(id string)
	behind = func(id string) {
		if seen[id] {
			return
		}
		seen[id] = true
		for _, x := range d.node[id].Exprs() {
			reads = append(reads, x.MetaReads...)
		}
		if ownMeta(d.node[id]) != nil {
			return // its records have a `meta` of their own
		}
		for _, out := range d.p.Edges {
			if out.From == id && out.Kind == ir.Data {
				behind(out.To)
			}
		}
	}
	behind(e.To)
	if len(reads) == 0 {
		return nil, nil
	}
	slices.Sort(reads)
	return d.metaBehind(e.From, map[string]bool{}), slices.Compact(reads)
}

// metaBehind is the `meta` of the records that leave a node.
func (d *division) metaBehind(id string, seen map[string]bool) *ir.Type {
	if t := ownMeta(d.node[id]); t != nil || seen[id] {
		return t
	}
	seen[id] = true
	for _, e := range d.p.Edges {
		if e.To == id && e.Kind == ir.Data {
			if t := d.metaBehind(e.From, seen); t != nil {
				return t
			}
		}
	}
	return nil
}

// ownMeta is the `meta` that a node gives its records, nil where they keep theirs.
func ownMeta(n *ir.Node) *ir.Type {
	switch op := n.Op.(type) {
	case *ir.Source:
		return op.Meta
	case *ir.Apply:
		if op.Foreign != nil {
			return op.Meta
		}
	}
	return nil
}

// carry has the begin of an edge pack fields of `meta` beside each record.
func carry(sink *ir.Sink, e *ir.Edge, t *ir.Type, reads []string) {
	var b strings.Builder
	b.WriteString("string(flowcenvelope.Meta(nil)")
	for _, f := range t.Fields {
		if !reading(f, reads) {
			continue
		}
		value := "meta." + f.Go
		switch f.Type.Carried() {
		case "Int":
			value = "int64(" + value + ")"
		case "Uint":
			value = "uint64(" + value + ")"
		}
		fmt.Fprintf(&b, ".With%s(%q, %s)", f.Type.Carried(), f.Name, value)
	}
	b.WriteString(")")
	expr := &ir.Expr{
		Text: "meta", Go: b.String(), Type: &ir.Type{Kind: ir.String}, Effect: ir.Pure, Span: e.Span, Lines: []int{e.Span.Line()},
		MetaReads: reads, Uses: []ir.Import{{Name: "flowcenvelope", Path: "github.com/flowc-dev/flowc/runtime/codec/envelope"}},
	}
	sink.Meta = append(sink.Meta, ir.Assign{Name: "carried", Go: "Carried", Span: e.Span, Expr: expr})
}

// reading tells whether a field is among those that are read, by its name in the catalogue
// or in Go.
func reading(f *ir.Field, reads []string) bool {
	return slices.Contains(reads, f.Name) || slices.Contains(reads, f.Go)
}

// metaSchema is the fields of `meta`, all or those that are read, as schemaOf has them.
func metaSchema(t *ir.Type, reads []string) map[string]any {
	fields := map[string]any{}
	for _, f := range t.Fields {
		if reads == nil || reading(f, reads) {
			fields[f.Name] = schema(f.Type, nil)
		}
	}
	return fields
}
