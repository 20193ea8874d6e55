package passes

import (
	"slices"

	"github.com/flowc-dev/flowc/ir"
)

// push finds out, from the sinks back to the sources, what of each record is
// needed: Edge.Live, Edge.Meta and Edge.Raw, and from these the projection of
// each decoder. Before that it finds, from the sources on, which records still
// have the bytes that were read, and makes of an encoder that gets both sorts
// two: one that writes bytes as they came, and one that encodes.
//
// Where validation may stop early (`validate: needed`), filters right behind a
// decoder go into its scan, in their order: a record that the first refuses is
// counted there, and the second, which might fail on it, never sees it.
func push(p *ir.Program) {
	splitByOrigin(p)
	g := newGraph(p)
	origins := g.origins()
	for _, n := range g.backward() {
		g.liveInto(n, origins)
	}
	for _, n := range p.Nodes {
		if op, ok := n.Op.(*ir.Decode); ok {
			op.Reads = map[string][]ir.Path{}
			for _, port := range n.Out {
				op.Reads[port.Name] = union(port.Type, g.from(n.ID, port.Name))
			}
			op.Pushed = g.pushed(n, op)
		}
	}
}

// An origin is where the bytes of the records on an edge are.
type origin struct {
	intact, made bool
	// spliced tells that set or unset changed some of them.
	spliced bool
	// formats are those that the intact ones are in.
	formats []string
}

func (o *origin) join(other origin) {
	o.intact = o.intact || other.intact
	o.made = o.made || other.made
	o.spliced = o.spliced || other.spliced
	for _, f := range other.formats {
		if !slices.Contains(o.formats, f) {
			o.formats = append(o.formats, f)
		}
	}
}

func (o origin) label() ir.Origin {
	switch {
	case o.intact && o.made:
		return ir.Mixed
	case o.intact:
		return ir.Intact
	}
	return ir.Made
}

// isOnly tells whether all records are bytes of one format.
func (o origin) isOnly(format string) bool {
	return o.intact && !o.made && format != "" && len(o.formats) == 1 && o.formats[0] == format
}

// formatOf is the format whose bytes a codec reads or writes as they are; "" for
// codecs whose records only mean something together (a CSV row needs its
// header).
func formatOf(codec string) string {
	switch codec {
	case "ndjson", "json":
		return "json"
	case "text", "bytes":
		return codec
	}
	return ""
}

// origins finds the origin of the records on each edge.
func (g *graph) origins() map[*ir.Edge]origin {
	origins := map[*ir.Edge]origin{}
	for _, n := range g.forward() {
		var in origin
		for _, e := range data(g.in[n.ID]) {
			in.join(origins[e])
		}
		out := originBehind(n, in)
		for _, e := range g.out[n.ID] {
			origins[e] = out
			e.Origin = out.label()
			if e.Kind == ir.Error {
				e.Origin = ""
			}
		}
	}
	return origins
}

func originBehind(n *ir.Node, in origin) origin {
	made := origin{made: true}
	switch op := n.Op.(type) {
	case *ir.Source:
		if op.Go != nil || op.Connector == "generate" {
			return made
		}
		return origin{intact: true}
	case *ir.Decode:
		if op.Input != nil && n.ID != n.YAML { // the payload of a component
			return origin{intact: true, formats: []string{"json"}}
		}
		if op.Input != nil || op.Codec == "rows" {
			return made
		}
		if op.Codec == "parquet" {
			return origin{intact: true, formats: []string{"json"}} // its rows come as objects
		}
		return origin{intact: true, formats: []string{formatOf(op.Codec)}}
	case *ir.Apply:
		if op.Verb == ir.VerbSet && in.intact {
			if len(in.formats) != 1 || in.formats[0] != "json" {
				return made
			}
			in.spliced = true
			return in
		}
	case *ir.Encode:
		if op.Raw {
			return origin{intact: true}
		}
		return made
	}
	if n.HandsOn() || isSet(n) {
		return in
	}
	return made
}

func isSet(n *ir.Node) bool {
	op, ok := n.Op.(*ir.Apply)
	return ok && op.Verb == ir.VerbSet
}

// splitByOrigin decides which encoders write bytes as they came, and splits
// those that get other records as well.
func splitByOrigin(p *ir.Program) {
	g := newGraph(p)
	origins := g.origins()
	for _, n := range slices.Clone(p.Nodes) {
		op, ok := n.Op.(*ir.Encode)
		if !ok {
			continue
		}
		var asIs, others []*ir.Edge
		for _, e := range g.in[n.ID] {
			if e.Kind != ir.Error && len(op.Options) == 0 && origins[e].isOnly(formatOf(op.Codec)) {
				asIs = append(asIs, e)
			} else {
				others = append(others, e)
			}
		}
		op.Raw = len(asIs) > 0 && len(others) == 0
		if len(asIs) > 0 && len(others) > 0 {
			splitEncoder(p, n, n.ID+".raw", asIs).Op.(*ir.Encode).Raw = true
		}
	}
}

// liveInto sets what the edges into a node must carry; those out of it are
// done.
func (g *graph) liveInto(n *ir.Node, origins map[*ir.Edge]origin) {
	own := g.own(n)
	for _, e := range g.out[n.ID] {
		own.meta = append(own.meta, e.Meta...)
	}
	meta := sortedNames(own.meta)
	for _, e := range g.in[n.ID] {
		if e.Kind == ir.Error {
			// A dead letter is made of the source's original.
			e.Live, e.Raw, e.Meta = []ir.Path{}, false, nil
			continue
		}
		e.Meta = meta
		if op, ok := n.Op.(*ir.Apply); ok && op.Verb == ir.VerbGo && op.Go.Shape == ir.ShapeBatch {
			e.Meta = sortedNames(g.own(n).meta) // a batch has no single record whose meta could go on
		}
		paths, raw := slices.Clone(own.paths), false
		if isForeign(n) {
			e.Meta = sortedNames(g.own(n).meta) // behind it is the meta of its own events
		}
		switch op := n.Op.(type) {
		case *ir.Decode:
			if op.Input == nil {
				paths = append(paths, ir.Whole)
			}
			raw = op.Input == nil && anyRaw(g.out[n.ID])
		case *ir.Encode:
			if !op.Raw {
				paths = append(paths, ir.Whole)
			}
			raw = op.Raw
		case *ir.Sink:
			// Bytes, or a built-in that takes records; the one that discards
			// them looks at none.
			if op.Go == nil && op.Connector != "drop" {
				paths = append(paths, ir.Whole)
			}
		case *ir.Apply:
			if op.Verb == ir.VerbForeign {
				// It gets the bytes of the record, as they came where all have them.
				if raw = g.asTheyCame(n, origins); !raw {
					paths = append(paths, ir.Whole)
				}
				break
			}
			if n.HandsOn() || isSet(n) {
				paths = append(paths, g.handedOn(n, e.Type)...)
				raw = anyRaw(g.out[n.ID]) && e.Origin == ir.Intact
			}
		default:
			if n.HandsOn() || isSet(n) {
				paths = append(paths, g.handedOn(n, e.Type)...)
				raw = anyRaw(g.out[n.ID]) && e.Origin == ir.Intact
			}
		}
		// The dead letter of a record that set or unset changed shows it as it
		// was here, and that of a made one all of its fields. One that could not
		// be written is shown by its original alone.
		if n.DeadLetters() && !writes(n) {
			switch {
			case e.Origin == ir.Intact && origins[e].spliced:
				raw = true
			case e.Origin != ir.Intact:
				paths = append(paths, ir.Whole)
			}
		}
		e.Live, e.Raw = tidy(e.Type, paths), raw
	}
}

// isForeign tells whether a node is a component in a process of its own.
func isForeign(n *ir.Node) bool {
	op, ok := n.Op.(*ir.Apply)
	return ok && op.Verb == ir.VerbForeign
}

// asTheyCame tells whether all records that a node gets are bytes of one format.
func (g *graph) asTheyCame(n *ir.Node, origins map[*ir.Edge]origin) bool {
	for _, e := range data(g.in[n.ID]) {
		if o := origins[e]; !o.isOnly("json") && !o.isOnly("text") && !o.isOnly("bytes") {
			return false
		}
	}
	return true
}

// writes tells whether a node is a sink or the encoder before one.
func writes(n *ir.Node) bool {
	switch n.Op.(type) {
	case *ir.Encode, *ir.Sink:
		return true
	}
	return false
}

func anyRaw(edges []*ir.Edge) bool {
	return slices.ContainsFunc(edges, func(e *ir.Edge) bool { return e.Raw })
}

// handedOn are the fields of the records of a type that a node hands on to
// somebody who reads them: all that are live behind it, but those that it sets.
func (g *graph) handedOn(n *ir.Node, t *ir.Type) []ir.Path {
	var paths []ir.Path
	for _, e := range data(g.out[n.ID]) {
		if !isSet(n) {
			paths = append(paths, e.Live...)
			continue
		}
		op := n.Op.(*ir.Apply)
		for _, path := range spread(e.Type, e.Live) {
			isSet := slices.ContainsFunc(op.Assign, func(a ir.Assign) bool { return a.Go == path[0] })
			if isWhole(path) || !isSet && t.GoField(path[0]) != nil {
				paths = append(paths, path)
			}
		}
	}
	return paths
}

// union is what all edges of a port need.
func union(t *ir.Type, edges []*ir.Edge) []ir.Path {
	var paths []ir.Path
	for _, e := range edges {
		paths = append(paths, e.Live...)
	}
	return tidy(t, paths)
}

// pushed are the filters that a decoder can evaluate while it scans.
func (g *graph) pushed(n *ir.Node, op *ir.Decode) []string {
	if op.Validate != ir.Needed || op.Input != nil {
		return nil
	}
	var pushed []string
	for _, port := range n.Out {
		edges := g.from(n.ID, port.Name)
		for len(edges) == 1 {
			next := g.nodes[edges[0].To]
			filter, ok := next.Op.(*ir.Apply)
			if !ok || filter.Verb != ir.VerbFilter || len(g.in[next.ID]) != 1 || next.Parallel > 0 || next.Key != nil {
				break
			}
			if e := filter.Expr; e.Effect != ir.Pure || e.Errs || len(e.MetaReads) > 0 {
				break
			}
			pushed = append(pushed, next.ID)
			edges = g.from(next.ID, "")
		}
	}
	return pushed
}
