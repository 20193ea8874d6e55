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

// add adds what expressions read.
func (n *need) add(exprs []*ir.Expr) {
	for _, e := range exprs {
		n.paths = append(n.paths, e.Reads...)
		n.meta = append(n.meta, e.MetaReads...)
	}
}

// own is what a node itself reads of the records that it gets, those fields
// aside that it only hands on, and those that an encoder writes.
//
// The values that a sink's config takes from each record are read by the
// encoder before it: what crosses to the sink are bytes and these values.
func (g *graph) own(n *ir.Node) need {
	var need need
	switch op := n.Op.(type) {
	case *ir.Encode:
		need.add(n.Exprs())
		need.paths = append(need.paths, op.Checks...)
		if sink := g.sink(n); sink != nil {
			need.add(sink.Exprs())
		}
	case *ir.Sink:
		if op.Go != nil {
			need.paths = append(need.paths, op.Go.Reads()...)
		}
		if !g.getsBytes(n) {
			need.add(n.Exprs())
		}
	case *ir.Source: // gets none
	default:
		need.add(n.Exprs())
		if c := n.Component(); c != nil {
			need.paths = append(need.paths, c.Reads()...)
		}
	}
	return need
}

// getsBytes tells whether an encoder stands before a sink.
func (g *graph) getsBytes(sink *ir.Node) bool {
	return slices.ContainsFunc(g.in[sink.ID], func(e *ir.Edge) bool {
		_, ok := g.nodes[e.From].Op.(*ir.Encode)
		return ok
	})
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
