package gocode

import (
	"slices"

	"github.com/flowc-dev/flowc/ir"
)

// A want is a field that a decoder looks for: the projection of a record type
// as a tree, merged over all event types of one source.
type want struct {
	name string // on the wire
	// index is the field's place among the spans.
	index int
	// phase is the first decode group that needs it or a part of it.
	phase int
	// part says that single fields of the object are wanted, in sub; else the
	// value is decoded as a whole.
	part bool
	sub  []*want
	// optional columns may be missing from a table.
	optional bool
}

// child finds or makes the want of a field below a list of wants.
func child(list *[]*want, name string, index *int, phase int) *want {
	for _, w := range *list {
		if w.name == name {
			w.phase = min(w.phase, phase)
			return w
		}
	}
	w := &want{name: name, index: *index, phase: phase, optional: true}
	*index++
	*list = append(*list, w)
	return w
}

// A leaf is one value to decode: the fields from the record down to it.
type leaf []*ir.Field

// key identifies a leaf inside one record type.
func (l leaf) key() string {
	s := ""
	for _, f := range l {
		s += "/" + f.Go
	}
	return s
}

// wire is the leaf's name for messages: asset.code.
func (l leaf) wire() string {
	s := ""
	for i, f := range l {
		if i > 0 {
			s += "."
		}
		s += f.Name
	}
	return s
}

// leaves expands paths that are read of a record type into values to decode,
// in the order of the type. Structs of the pipeline's own are read field by
// field, all else as a whole.
func leaves(t *ir.Type, paths []ir.Path) []leaf {
	var out []leaf
	seen := map[string]bool{}
	var whole func(t *ir.Type, prefix leaf)
	add := func(l leaf) {
		if !seen[l.key()] {
			seen[l.key()] = true
			out = append(out, slices.Clone(l))
		}
	}
	whole = func(t *ir.Type, prefix leaf) {
		for _, f := range t.Fields {
			l := append(slices.Clone(prefix), f)
			if opens(f, prefix) {
				whole(f.Type, l)
			} else {
				add(l)
			}
		}
	}
	for _, p := range paths {
		if len(p) == 1 && p[0] == "*" {
			whole(t, nil)
			continue
		}
		cur, l := t, leaf(nil)
		for i, name := range p {
			f := cur.GoField(name)
			if f == nil { // a method or a promoted field: all of what it is called on
				whole(cur, l)
				l = nil
				break
			}
			open := opens(f, l)
			l = append(l, f)
			if !open {
				break
			}
			if i == len(p)-1 {
				whole(f.Type, l)
				l = nil
				break
			}
			cur = f.Type
		}
		if l != nil {
			add(l)
		}
	}
	slices.SortStableFunc(out, func(a, b leaf) int { return compareLeaves(t, a, b) })
	return out
}

// opens tells whether a field's members are read one by one: structs that the
// compiler decodes itself, and no type twice on the way down (a type that
// holds itself is read as a whole at its second occurrence).
func opens(f *ir.Field, above leaf) bool {
	if f.Type.Kind != ir.Struct || f.Type.Go != nil && f.Type.Go.Custom || len(f.Type.Fields) == 0 {
		return false
	}
	for _, a := range above {
		if a.Type == f.Type {
			return false
		}
	}
	return true
}

// compareLeaves orders leaves as the type declares its fields.
func compareLeaves(t *ir.Type, a, b leaf) int {
	for i := 0; i < len(a) && i < len(b); i++ {
		if a[i] != b[i] {
			return slices.Index(t.Fields, a[i]) - slices.Index(t.Fields, b[i])
		}
		t = a[i].Type
	}
	return len(a) - len(b)
}

// reads are the paths of the incoming record that a node itself reads, those
// that it hands on to others aside.
func (g *generator) reads(n *ir.Node) []ir.Path {
	var paths []ir.Path
	for _, e := range g.exprs(n) {
		paths = append(paths, e.Reads...)
	}
	switch op := n.Op.(type) {
	case *ir.Apply:
		if op.Verb == ir.VerbSet {
			paths = append(paths, g.setReads(n, op)...)
		}
		if op.Foreign != nil && !g.anyRaw(n.ID) {
			paths = append(paths, ir.Whole)
		}
	case *ir.Encode:
		paths = append(paths, op.Checks...)
		if !op.Raw {
			paths = append(paths, ir.Whole)
		}
	}
	if c := n.Component(); c != nil {
		paths = append(paths, c.Reads()...)
	}
	if n.DeadLetters() && g.parsed(n) { // its dead letters show all of it
		paths = append(paths, ir.Whole)
	}
	return paths
}

// exprs are the expressions that the code of a node evaluates: its own and, for
// an encoder, those of its sink.
func (g *generator) exprs(n *ir.Node) []*ir.Expr {
	list := n.Exprs()
	if _, ok := n.Op.(*ir.Encode); ok {
		for _, e := range g.dataOut(n.ID, "") {
			list = append(list, g.nodes[e.To].Exprs()...)
		}
	}
	return list
}

// parsed tells whether a node gets records that a parse verb decodes, field by
// field as they are read.
func (g *generator) parsed(n *ir.Node) bool {
	if _, encodes := n.Op.(*ir.Encode); encodes {
		return false
	}
	return slices.ContainsFunc(g.in[n.ID], func(e *ir.Edge) bool {
		from := g.nodes[e.From]
		if e.Kind != ir.Data {
			return false
		}
		if d, ok := from.Op.(*ir.Decode); ok {
			return d.Input != nil
		}
		return from.HandsOn() && g.parsed(from)
	})
}

// setReads are the fields that a set node copies into its new record because
// somebody behind it reads them.
func (g *generator) setReads(n *ir.Node, op *ir.Apply) []ir.Path {
	set := map[string]bool{}
	for _, a := range op.Assign {
		set[a.Go] = true
	}
	var paths []ir.Path
	for _, e := range g.out[n.ID] {
		live := e.Live
		if live == nil {
			live = []ir.Path{ir.Whole}
		}
		for _, p := range live {
			if p[0] != "*" {
				if !set[p[0]] {
					paths = append(paths, p)
				}
				continue
			}
			for _, f := range g.recordType(n).Fields {
				if !set[f.Go] && !slices.Contains(op.Unset, f.Name) {
					paths = append(paths, ir.Path{f.Go})
				}
			}
		}
	}
	return paths
}

// recordType is the type of the records that reach a node.
func (g *generator) recordType(n *ir.Node) *ir.Type {
	for _, e := range g.in[n.ID] {
		if e.Kind == ir.Data {
			return e.Type
		}
	}
	return nil
}
