package ir

import (
	"slices"
	"strings"
)

func (v *verifier) edges() {
	type key struct {
		from, port, to string
		kind           Kind
	}
	seen := map[key]bool{}
	for _, e := range v.p.Edges {
		v.during("edge "+e.String(), func() {
			from, to := v.nodes[e.From], v.nodes[e.To]
			if from == nil || to == nil {
				v.errorf("it joins nodes that do not exist")
				return
			}
			k := key{e.From, e.Port, e.To, e.Kind}
			if seen[k] {
				v.errorf("it is there twice")
			}
			seen[k] = true
			if _, ok := to.Op.(*Source); ok {
				v.errorf("a source is fed")
			}
			oneOf(v, "its kind", e.Kind, Data, Error, Late)
			oneOf(v, "its ownership", e.Own, "", Move, Share, Clone)
			oneOf(v, "its way", e.Via, "", Call, Queue, Cut)
			oneOf(v, "its origin", e.Origin, "", Intact, Made, Mixed)
			if e.Kind == Error {
				v.errorEdge(e, from, to)
				return
			}
			port, ok := from.port(e.Port)
			if !ok {
				v.errorf("the node has no port `%s`", e.Port)
			} else if !port.Type.Same(e.Type) {
				v.errorf("it carries %s, and the port gives %s", e.Type, port.Type)
			}
		})
	}
}

func (v *verifier) errorEdge(e *Edge, from, to *Node) {
	if e.Port != "" {
		v.errorf("an error edge leaves from a port")
	}
	if from.OnError == nil || from.OnError.Then != ThenDead {
		v.errorf("an error edge leaves a node whose failed records go elsewhere")
	}
	sink := v.nodes[to.YAML]
	if _, ok := to.Op.(*Sink); ok {
		sink = to
	}
	if op, ok := opOf(sink).(*Sink); !ok || !op.DeadLetter {
		v.errorf("an error edge leads to `%s`, which is no dead-letter sink", e.To)
	}
}

// String names an edge as the text form does.
func (e *Edge) String() string {
	from := e.From
	if e.Port != "" {
		from += ":" + e.Port
	}
	if e.Kind != Data {
		return from + " -> " + e.To + " " + string(e.Kind)
	}
	return from + " -> " + e.To
}

// wiring checks what feeds a node.
func (v *verifier) wiring(n *Node) {
	v.during("node "+n.ID, func() {
		var fed, failed []string
		for _, e := range v.p.Edges {
			if e.To != n.ID {
				continue
			}
			if e.Kind == Error {
				failed = append(failed, e.From)
			} else {
				fed = append(fed, e.From)
			}
		}
		switch op := n.Op.(type) {
		case *Decode:
			source, isSource := opOf(v.nodes[first(fed)]).(*Source)
			if op.Input == nil && (len(fed) != 1 || !isSource || source == nil) {
				v.errorf("a decoder without an input is fed by one source, not by %s", orNothing(fed))
			}
		case *Encode:
			outs := 0
			for _, e := range v.p.Edges {
				if e.From != n.ID || e.Kind == Error {
					continue
				}
				outs++
				if _, ok := opOf(v.nodes[e.To]).(*Sink); !ok {
					v.errorf("an encoder feeds `%s`, which is no sink", e.To)
				}
			}
			if outs > 1 {
				v.errorf("an encoder feeds %d sinks", outs)
			}
		case *Sink:
			// A dead-letter sink may have an encoder, which error edges alone
			// feed.
			for _, id := range fed {
				if op.DeadLetter && !v.onlyErrors(id) {
					v.errorf("a dead-letter sink is fed by `%s`", id)
				}
			}
			if !op.DeadLetter && len(failed) > 0 {
				v.errorf("a sink that is no dead-letter sink is fed the failed records of `%s`", failed[0])
			}
		}
	})
}

// onlyErrors tells whether a node is an encoder that error edges alone feed.
func (v *verifier) onlyErrors(id string) bool {
	if _, ok := opOf(v.nodes[id]).(*Encode); !ok {
		return false
	}
	return !slices.ContainsFunc(v.p.Edges, func(e *Edge) bool { return e.To == id && e.Kind != Error })
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

func orNothing(list []string) string {
	if len(list) == 0 {
		return "nothing"
	}
	return strings.Join(list, ", ")
}

// acyclic finds a cycle and names its hops.
func (v *verifier) acyclic() {
	next := map[string][]string{}
	for _, e := range v.p.Edges {
		next[e.From] = append(next[e.From], e.To)
	}
	const open, done = 1, 2
	state := map[string]int{}
	var path []string
	var visit func(id string) bool
	visit = func(id string) bool {
		switch state[id] {
		case done:
			return false
		case open:
			cycle := append(path[slices.Index(path, id):], id)
			v.errorf("the graph has a cycle: %s", strings.Join(cycle, " -> "))
			return true
		}
		state[id] = open
		path = append(path, id)
		if slices.ContainsFunc(next[id], visit) {
			return true
		}
		path = path[:len(path)-1]
		state[id] = done
		return false
	}
	for _, n := range v.p.Nodes {
		if visit(n.ID) {
			return
		}
	}
}
