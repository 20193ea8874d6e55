package analyze

import (
	"fmt"
	"slices"

	"github.com/flowc-dev/flowc/ir"
)

// write explains an encoder.
func (x *explainer) write(n *ir.Node, op *ir.Encode) Write {
	w := Write{From: []string{}, AsIs: op.Raw}
	for _, e := range x.in[n.ID] {
		w.From = append(w.From, from(x.nodes[e.From], e.Port))
	}
	if op.Raw {
		w.Why = "nothing on the way makes new records"
		if setters := x.setters(n); len(setters) > 0 {
			w.Why += ", and what " + quoted(setters) + " changes is spliced into them"
		}
		return w
	}
	w.Why = x.whyEncoded(n, op)
	return w
}

func (x *explainer) whyEncoded(n *ir.Node, op *ir.Encode) string {
	for _, e := range x.in[n.ID] {
		switch e.Origin {
		case ir.Made:
			return fmt.Sprintf("`%s` makes new records", x.maker(e).YAML)
		case ir.Mixed:
			return "some of them were made on the way, and they join before the sink"
		}
	}
	for _, e := range x.in[n.ID] {
		for _, codec := range x.codecs(e.From) {
			if codec != op.Codec {
				if op.Codec == "parquet" {
					return fmt.Sprintf("they were read as %s, and a Parquet file has a column for each field", codec)
				}
				if op.Codec == "table" {
					return fmt.Sprintf("they were read as %s, and a row of a table has a column for each field", codec)
				}
				return fmt.Sprintf("they were read as %s, and are written as %s", codec, op.Codec)
			}
		}
	}
	if op.Codec == "csv" {
		return "a row of CSV means nothing without the header that it was read under"
	}
	return "the sink's format has options of its own"
}

// setters are the nodes that splice something into the records that come to an
// encoder.
func (x *explainer) setters(n *ir.Node) []string {
	var setters []string
	before := x.reach(n.ID, func(e *ir.Edge) string {
		if e.Origin != ir.Intact {
			return e.To // what was before is no part of these records
		}
		return e.From
	}, x.in)
	for _, m := range x.p.Nodes {
		if op, ok := m.Op.(*ir.Apply); ok && op.Verb == ir.VerbSet && before[m.ID] {
			setters = append(setters, m.YAML)
		}
	}
	return setters
}

// maker is the node that made the records on an edge.
func (x *explainer) maker(e *ir.Edge) *ir.Node {
	for {
		n := x.nodes[e.From]
		in := x.in[n.ID]
		if len(in) == 0 || in[0].Origin != ir.Made {
			return n
		}
		if op, ok := n.Op.(*ir.Apply); !n.HandsOn() && !(ok && op.Verb == ir.VerbSet) {
			return n
		}
		e = in[0]
	}
}

// codecs are those of the sources from which untouched records come to a node.
func (x *explainer) codecs(id string) []string {
	var codecs []string
	for reached := range x.reach(id, func(e *ir.Edge) string { return e.From }, x.in) {
		if op, ok := x.nodes[reached].Op.(*ir.Decode); ok && op.Input == nil {
			codecs = append(codecs, op.Codec)
		}
	}
	slices.Sort(codecs)
	return slices.Compact(codecs)
}
