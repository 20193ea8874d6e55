package gocode

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/dave/jennifer/jen"

	"github.com/flowc-dev/flowc/ir"
)

// after quotes where the records of a port go next.
func (l *loop) after(n *ir.Node, port string, v value, at place) ([]jen.Code, error) {
	edges := l.dataOut(n.ID, port)
	if len(edges) == 0 { // dropped on purpose
		return nil, nil
	}
	if len(edges) == 1 {
		return l.follow(edges[0], v, at)
	}
	return l.fan(n, edges, v, at)
}

// fan quotes records that take several ways: what any of them reads is decoded
// first, so that a record which can't be decoded goes none of them. All but
// plain encoders are methods, which know how to leave a record alone.
func (l *loop) fan(n *ir.Node, edges []*ir.Edge, v value, at place) ([]jen.Code, error) {
	var code []jen.Code
	if v.dec != nil {
		var paths []ir.Path
		for _, e := range edges {
			paths = append(paths, l.below(e, map[string]bool{})...)
		}
		code = append(code, l.ensure(n.YAML+"-branches", paths, &v, at)...)
	}
	for i, e := range edges {
		last := i == len(edges)-1
		if last && !l.countsApart(e) {
			l.mark = true
			code = append(code, l.Go("l.Mark()")) // what other branches took stays
			body, err := l.follow(e, v.clone(), at)
			if err != nil {
				return nil, err
			}
			code = append(code, body...)
			continue
		}
		call, err := l.branch(e, v.clone())
		if err != nil {
			return nil, err
		}
		code = append(code, l.block("if "+call, l.Go(at.stop)))
	}
	return code, nil
}

// countsApart tells whether a branch has stages that count records of their
// own, which the trunk's chain can't.
func (l *loop) countsApart(e *ir.Edge) bool { return l.inside(e) && !l.isEncode(e.To) }

func (v value) clone() value {
	v.done = maps.Clone(v.done)
	return v
}

// below are all paths that the nodes behind an edge read of the record as it is
// on the edge.
func (l *loop) below(e *ir.Edge, seen map[string]bool) []ir.Path {
	if seen[e.To] {
		return nil
	}
	seen[e.To] = true
	n := l.nodes[e.To]
	if !l.inside(e) {
		if _, ok := n.Op.(*ir.Sink); ok {
			return l.reads(n)
		}
		if e.Live == nil {
			return []ir.Path{ir.Whole}
		}
		return e.Live
	}
	paths := l.reads(n)
	if n.HandsOn() {
		for _, next := range l.out[n.ID] {
			if next.Kind == ir.Data {
				paths = append(paths, l.below(next, seen)...)
			}
		}
	}
	return paths
}

// branch writes a method for what lies behind an edge and returns its call,
// which gives true when the batch must end.
func (l *loop) branch(e *ir.Edge, v value) (string, error) {
	return l.method(l.way(l.nodes[e.To]), v, l.mayPanic(e, map[string]bool{}), false, func(inner value, at place) ([]jen.Code, error) { return l.follow(e, inner, at) })
}

// way is a name for the method of a way to a node that no other has.
func (l *loop) way(n *ir.Node) string {
	return free("to"+l.names.upper(n.YAML), func(name string) bool { return l.methodNames[name] })
}

// method writes a method over a record and returns its call. callers tells that
// there are others than the one who asks for it.
func (l *loop) method(name string, v value, panics, callers bool, body func(value, place) ([]jen.Code, error)) (string, error) {
	slot := len(l.methods)
	l.methods = append(l.methods, nil) // keeps the place before those of inner branches
	l.methodNames[name] = true
	at := place{next: "return false", stop: "return true", chain: l.newChain(name+"In", nil)}
	inner := v
	var params []jen.Code
	var args []string
	if v.raw != "" {
		params, args = append(params, jen.Id("line").Index().Byte()), append(args, v.raw)
		inner.raw = "line"
	}
	record := v.dec == nil && v.base != v.raw
	if record {
		inner.base = "(*in)"
	} else if v.base == v.raw {
		inner.base = "line"
	}
	code, err := body(inner, at)
	if err != nil {
		return "", err
	}
	// Callers that know the record by another name replace that in the call.
	if record && (callers || mentions(code, "in")) {
		params, args = append(params, jen.Id("in").Op("*").Add(l.typ(v.typ))), append(args, v.ref())
	}
	// A record that fails here is cut back to where it came in, and no further:
	// what other branches, or records of the same origin, have done stays.
	l.mark = true
	head := []jen.Code{l.Go("l.Mark()")}
	if panics {
		head = append(head, l.Go("defer l.Caught(&stop)"))
	}
	head = append(head, l.countSteps(at.chain)...)
	head = append(head, l.decoderVars(code)...)
	head = append(head, l.packets(code)...)
	code = append(head, code...)
	if !endsWithReturn(code) {
		code = append(code, l.Go("return false"))
	}
	l.methods[slot] = jen.Comment(fmt.Sprintf("%s handles a record on this way; true ends the batch.", name)).Line().
		Func().Params(jen.Id("l").Op("*").Id(l.name)).Id(name).Params(params...).Params(jen.Id("stop").Bool()).Block(code...)
	return fmt.Sprintf("l.%s(%s)", name, strings.Join(args, ", ")), nil
}

func endsWithReturn(code []jen.Code) bool {
	if len(code) == 0 {
		return false
	}
	s, ok := code[len(code)-1].(*jen.Statement)
	return ok && strings.HasPrefix(s.GoString(), "return")
}

// countSteps quotes the counting of a record that enters a chain; one without
// steps counts nothing and is given up.
func (l *loop) countSteps(c *chain) []jen.Code {
	if len(c.steps) > 0 {
		return []jen.Code{l.count(c)}
	}
	l.chains = slices.DeleteFunc(l.chains, func(have *chain) bool { return have == c })
	return nil
}

// follow quotes what happens to a record on one edge.
func (l *loop) follow(e *ir.Edge, v value, at place) ([]jen.Code, error) {
	n := l.nodes[e.To]
	if !l.inside(e) {
		return l.enqueue(e, n, v, at)
	}
	if l.entries(n) > 1 && !l.isEncode(n.ID) { // several ways lead here: one method serves all
		if v.dec != nil {
			decode := l.ensure(n.YAML, l.below(e, map[string]bool{}), &v, at)
			call, err := l.joined(n, v)
			return append(decode, l.block("if "+call, l.Go(at.stop))), err
		}
		call, err := l.joined(n, v)
		return []jen.Code{l.block("if "+call, l.Go(at.stop))}, err
	}
	return l.stage(n, v, at)
}

// entries is the number of edges that lead to a node inside this loop.
func (l *loop) entries(n *ir.Node) int {
	count := 0
	for _, id := range l.members() {
		for _, e := range l.out[id] {
			if e.To == n.ID && e.Kind == ir.Data {
				count++
			}
		}
	}
	return count
}

// joined is the call of the method of a node that several ways lead to. All of
// them give it the record by pointer, and its bytes where all have them.
func (l *loop) joined(n *ir.Node, v value) (string, error) {
	args := []string{}
	raw := l.rawJoin(n)
	if raw {
		args = append(args, v.raw)
	}
	args = append(args, v.ref())
	name, ok := l.shared[n.ID]
	if !ok {
		name = l.way(n)
		l.shared[n.ID] = name
		sub := value{base: "joined", typ: v.typ}
		if raw {
			sub.raw = "line"
		}
		if _, err := l.method(name, sub, l.panicsIn(n, map[string]bool{}), true, func(inner value, at place) ([]jen.Code, error) { return l.stage(n, inner, at) }); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("l.%s(%s)", name, strings.Join(args, ", ")), nil
}

// rawJoin tells whether records of all ways into a node have their bytes.
func (l *loop) rawJoin(n *ir.Node) bool {
	for _, e := range l.in[n.ID] {
		if e.Kind == ir.Data && !e.Raw {
			return false
		}
	}
	return true
}
