package golang

import (
	"github.com/dave/jennifer/jen"

	"github.com/flowc-dev/flowc/ir"
)

// reach quotes, for nodes that do not feed every sink, those that they do: a dead
// letter is replayed into the sinks behind the node that failed. Programs without
// dead letters have none.
func (w *wiring) reach() []jen.Code {
	sinks, letters := map[string]bool{}, false
	for _, n := range w.p.Nodes {
		if sink, ok := n.Op.(*ir.Sink); ok && sink.DeadLetter {
			letters = true
		} else if ok {
			sinks[n.YAML] = true
		}
	}
	if !letters || len(sinks) < 2 {
		return nil
	}
	behind := map[string]map[string]bool{}
	for _, n := range w.p.Nodes {
		if behind[n.YAML] == nil {
			behind[n.YAML] = map[string]bool{}
		}
		w.follow(n.ID, sinks, map[string]bool{}, behind[n.YAML])
	}
	var quoted []jen.Code
	for _, name := range w.yaml {
		if len(behind[name]) == len(sinks) || sinkOfLetters(w.main[name]) {
			continue
		}
		var consts []jen.Code
		for _, sink := range w.yaml {
			if behind[name][sink] {
				consts = append(consts, jen.Id(w.Node(sink)))
			}
		}
		quoted = append(quoted, jen.Id(w.Node(name)).Op(":").Values(consts...).Op(","))
	}
	return quoted
}

// follow adds the sinks behind a node.
func (w *wiring) follow(id string, sinks, seen, found map[string]bool) {
	if seen[id] {
		return
	}
	seen[id] = true
	if yaml := w.graph.Nodes[id].YAML; sinks[yaml] {
		found[yaml] = true
	}
	for _, e := range w.graph.Out[id] {
		w.follow(e.To, sinks, seen, found)
	}
}

func sinkOfLetters(n *ir.Node) bool {
	sink, ok := n.Op.(*ir.Sink)
	return ok && sink.DeadLetter
}
