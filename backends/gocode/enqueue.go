package gocode

import (
	"fmt"
	"slices"

	"github.com/dave/jennifer/jen"

	"github.com/flowc-dev/flowc/ir"
)

// enqueue quotes how a typed record goes into a packet: to a sink of the user's,
// or to another region.
func (l *loop) enqueue(e *ir.Edge, n *ir.Node, v value, at place) ([]jen.Code, error) {
	var code []jen.Code
	p := l.packet(l.target(n.ID))
	expr, t := v.base, v.typ
	if sink, ok := n.Op.(*ir.Sink); ok && sink.Go == nil { // a sink that only counts
		if !l.fedByKey(n.ID) {
			l.feeds[n.ID] = Feed{}
			return []jen.Code{l.Gof("%s.Count++", p)}, nil
		}
		l.feeds[n.ID] = Feed{Ends: true, Origins: true} // of nothing, but in order
		return []jen.Code{jen.Block(l.Gof("%s.Ends = append(%s.Ends, 0)", p, p), l.Gof("%s.Count++", p), l.Gof("l.Origin(%d)", l.target(n.ID)))}, nil
	}
	if sink, ok := n.Op.(*ir.Sink); ok && sink.Go != nil {
		code = append(code, l.ensure(n.YAML, l.reads(n), &v, at)...)
		t = sink.Go.In
		if len(sink.Go.Plan) > 0 {
			if planFails(sink.Go.Plan) {
				at.chain.steps = append(at.chain.steps, step{node: n.YAML, refused: true})
			}
			expr = l.names.local(n.YAML) + "Row"
			code = append(code, l.converted(n, expr, v, sink.Go, at)...)
		}
	} else if v.dec != nil {
		paths := e.Live
		if paths == nil {
			paths = []ir.Path{ir.Whole}
		}
		code = append(code, l.ensure(n.YAML, paths, &v, at)...)
	}
	feed, known := l.feeds[n.ID]
	if !known {
		feed = Feed{Rows: l.typ(t)}
		if _, ok := n.Op.(*ir.Sink); !ok {
			feed.Rows = l.rowType(n, t)
		}
		// What takes rows is mostly the user's own: a record that fails there
		// is shown with its place in the source, whatever then becomes of it.
		feed.Origins = true
		if _, ok := n.Op.(*ir.Sink); !ok {
			feed.Ends = l.anyRaw(n.ID)
			feed.Keyed = n.Key != nil
		} else if n.DeadLetters() && l.remade(n, map[string]bool{}) {
			feed.JSON = l.appendJSON(t)
		}
		l.feeds[n.ID] = feed
	}
	rows := l.names.local(n.YAML) + "Rows"
	code = append(code,
		l.Gof("%s := %s.Rows.(*[]", rows, p).Add(feed.Rows).Op(")"),
		l.Gof("*%s = append(*%s, %s)", rows, rows, l.row(n, expr)))
	if feed.Keyed {
		if panics(n.Key) {
			at.chain.steps = append(at.chain.steps, step{node: n.YAML, refused: true})
		}
		code = append(code, l.Gof("%s.Hashes = append(%s.Hashes, %s)", p, p, l.hash(n, v)))
	}
	if feed.Ends {
		raw := v.raw
		if raw == "" {
			raw = "nil"
		}
		code = append(code,
			l.Gof("%s.Data = append(%s.Data, %s...)", p, p, raw),
			l.Gof("%s.Ends = append(%s.Ends, uint32(len(%s.Data)))", p, p, p))
	}
	code = append(code, l.Gof("%s.Count++", p))
	if feed.Origins {
		code = append(code, l.Gof("l.Origin(%d)", l.target(n.ID)))
	}
	return []jen.Code{jen.Block(code...)}, nil
}

// row quotes a row of the packet for a node.
func (l *loop) row(n *ir.Node, expr string) string {
	if _, ok := n.Op.(*ir.Sink); ok || !l.carriesMeta(n.ID) {
		return expr
	}
	return fmt.Sprintf("%sRow{%s, l.meta}", l.names.lower(n.YAML), expr)
}

// anyRaw tells whether records come to a node with their bytes, be it on some
// ways alone: packets and loops are laid out for all of them.
func (g *generator) anyRaw(id string) bool {
	return slices.ContainsFunc(g.in[id], func(e *ir.Edge) bool { return e.Kind == ir.Data && e.Raw })
}

// fedByKey tells whether lanes that share a batch by key feed a node: the engine
// then puts what they made back in order, and wants to know where each record
// came from.
func (g *generator) fedByKey(id string) bool {
	return slices.ContainsFunc(g.p.Regions, func(r *ir.Region) bool {
		head := g.nodes[r.Head]
		return head.Key != nil && r.Lanes != 1 && !head.Unordered &&
			slices.ContainsFunc(g.in[id], func(e *ir.Edge) bool { return slices.Contains(r.Nodes, e.From) })
	})
}

// hash quotes the hash of a record's key.
func (l *loop) hash(n *ir.Node, v value) string {
	call := l.callExpr(stageFunc{
		name: "key" + l.names.upper(n.YAML), comment: "gives the key of `" + n.YAML + "` for a record.", node: n,
	}, l.stages.typ(n.Key.Type), v, n.Key)
	switch n.Key.Type.Kind {
	case ir.String, ir.Enum:
		return "@flow.Hash(" + call + ")"
	case ir.Int, ir.Int64, ir.Uint64:
		return "@flow.HashUint(uint64(" + call + "))"
	}
	return "@flow.Hash(@codec.Key(" + call + "))"
}

// deadBehind tells whether a node or anything behind it has a dead letter.
func (l *loop) deadBehind(id string, seen map[string]bool) bool {
	if seen[id] {
		return false
	}
	seen[id] = true
	if l.nodes[id].DeadLetters() {
		return true
	}
	for _, e := range l.out[id] {
		if l.deadBehind(e.To, seen) {
			return true
		}
	}
	return false
}
