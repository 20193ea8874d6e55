package passes

import (
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/ir"
)

// A need is what a node wants of the records that it gets.
type need struct {
	paths []ir.Path
	meta  []string
}

func (n *need) expr(e *ir.Expr) {
	if e != nil {
		n.paths = append(n.paths, e.Reads...)
		n.meta = append(n.meta, e.MetaReads...)
	}
}

func (n *need) settings(list []ir.Setting) {
	for _, s := range list {
		n.value(s.Value)
	}
}

func (n *need) value(v *ir.Value) {
	if v == nil {
		return
	}
	for _, part := range v.Parts {
		n.expr(part.Expr)
	}
	for _, item := range v.Items {
		n.value(item)
	}
	for _, entry := range v.Entries {
		n.value(entry.Value)
	}
}

// own is what a node itself reads of the records that it gets, those fields
// aside that it only hands on, and those that an encoder writes.
//
// The values that a sink's config takes from each record are read by the
// encoder before it: what crosses to the sink are bytes and these values.
func (g *graph) own(n *ir.Node) need {
	var need need
	need.expr(n.Key)
	switch op := n.Op.(type) {
	case *ir.Decode:
		need.expr(op.Input)
	case *ir.Apply:
		need.expr(op.Expr)
		for _, a := range op.Assign {
			need.expr(a.Expr)
		}
		need.settings(op.Config)
		if op.Go != nil {
			need.paths = append(need.paths, component(op.Go)...)
		}
	case *ir.Route:
		for _, c := range op.Cases {
			need.expr(c.Cond)
		}
	case *ir.Encode:
		if sink := g.sink(n); sink != nil {
			need.perRecord(sink.Op.(*ir.Sink))
		}
	case *ir.Sink:
		if op.Go != nil {
			need.paths = append(need.paths, component(op.Go)...)
		}
		if !g.getsBytes(n) {
			need.perRecord(op)
		}
	}
	return need
}

// perRecord is what the config and the meta of a sink take from each record.
func (n *need) perRecord(op *ir.Sink) {
	n.settings(op.Config)
	for _, a := range op.Meta {
		n.expr(a.Expr)
	}
}

// getsBytes tells whether an encoder stands before a sink.
func (g *graph) getsBytes(sink *ir.Node) bool {
	return slices.ContainsFunc(g.in[sink.ID], func(e *ir.Edge) bool {
		_, ok := g.nodes[e.From].Op.(*ir.Encode)
		return ok
	})
}

// component is what a component of the user's reads: what its parameter
// declares, or the whole record where that is the parameter.
func component(c *ir.GoRef) []ir.Path {
	if len(c.Plan) == 0 {
		return []ir.Path{ir.Whole}
	}
	var paths []ir.Path
	var walk func(prefix ir.Path, plan []ir.Conv)
	walk = func(prefix ir.Path, plan []ir.Conv) {
		for _, conv := range plan {
			path := append(slices.Clone(prefix), conv.From...)
			switch {
			// A struct is met field by field, to a depth that stops types which
			// hold themselves.
			case conv.How == ir.HowFields && len(conv.Each) > 0 && len(path) < 8:
				walk(path, conv.Each)
			case len(path) == 0:
				paths = append(paths, ir.Whole)
			default:
				paths = append(paths, path)
			}
		}
	}
	walk(nil, c.Plan)
	return paths
}

// isOpen tells whether the fields of a type's records can be read one by one.
func isOpen(t *ir.Type) bool {
	return t != nil && t.Kind == ir.Struct && len(t.Fields) > 0 && (t.Go == nil || !t.Go.Custom)
}

func isWhole(p ir.Path) bool { return len(p) == 1 && p[0] == "*" }

// tidy brings paths below records of a type into one form: sorted, none twice
// or below another, and [*] where they are all. It is never nil.
func tidy(t *ir.Type, paths []ir.Path) []ir.Path {
	if slices.ContainsFunc(paths, isWhole) || len(paths) > 0 && !isOpen(t) {
		return []ir.Path{ir.Whole}
	}
	sorted := slices.Clone(paths)
	slices.SortFunc(sorted, func(a, b ir.Path) int { return slices.Compare(a, b) })
	out := []ir.Path{}
	for _, p := range sorted {
		if n := len(out); n > 0 && len(out[n-1]) <= len(p) && slices.Equal(out[n-1], p[:len(out[n-1])]) {
			continue
		}
		out = append(out, p)
	}
	if isOpen(t) && coversAll(t, out) {
		return []ir.Path{ir.Whole}
	}
	return out
}

func coversAll(t *ir.Type, paths []ir.Path) bool {
	for _, f := range t.Fields {
		if !slices.ContainsFunc(paths, func(p ir.Path) bool { return len(p) == 1 && p[0] == f.Go }) {
			return false
		}
	}
	return true
}

// spread is the paths with the whole record as its fields.
func spread(t *ir.Type, paths []ir.Path) []ir.Path {
	if !isOpen(t) || !slices.ContainsFunc(paths, isWhole) {
		return paths
	}
	var out []ir.Path
	for _, f := range t.Fields {
		out = append(out, ir.Path{f.Go})
	}
	return out
}

// sortedNames is a list of names without repetitions, nil where it is empty.
func sortedNames(names []string) []string {
	if len(names) == 0 {
		return nil
	}
	out := slices.Clone(names)
	slices.SortFunc(out, strings.Compare)
	return slices.Compact(out)
}

// Reader gives what a node of a program itself reads of the records that it
// gets, in the form of ir.Edge.Live, and of their `meta`: not what it only hands
// on, nor what an encoder writes. `flowc explain` shows it.
func Reader(p *ir.Program) func(n *ir.Node) (paths []ir.Path, meta []string) {
	g := newGraph(p)
	return func(n *ir.Node) ([]ir.Path, []string) {
		own := g.own(n)
		return tidy(g.record(n), own.paths), sortedNames(own.meta)
	}
}
