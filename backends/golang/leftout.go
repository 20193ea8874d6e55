package golang

import (
	"fmt"
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/ir"
)

// leavable are the sources and sinks that can't be made without something from
// outside that may be missing. Commands that don't use them do without.
func leavable(p *ir.Program) map[string]bool {
	leave := map[string]bool{}
	for _, n := range p.Nodes {
		var values []*ir.Value
		switch op := n.Op.(type) {
		case *ir.Source:
			if op.Range != nil {
				values = append(values, op.Range.From, op.Range.To)
			}
		case *ir.Sink:
		default:
			continue
		}
		for _, s := range n.Settings() {
			values = append(values, s.Value)
		}
		if slices.ContainsFunc(values, mayBeMissing) {
			leave[n.YAML] = true
		}
	}
	return leave
}

// mayBeMissing tells of a value that comes from a file, or from a variable without a
// default.
func mayBeMissing(v *ir.Value) bool {
	if v == nil {
		return false
	}
	outside := func(p ir.Part) bool { return p.Kind == ir.FileRef || p.Kind == ir.Env && !p.HasDefault }
	return slices.ContainsFunc(v.Parts, outside) || slices.ContainsFunc(v.Items, mayBeMissing) ||
		slices.ContainsFunc(v.Entries, func(e ir.Entry) bool { return mayBeMissing(e.Value) })
}

// leftOutWith is the node that is left out where the value of a key is missing, "" for
// none. The store of the checkpoint is none that can be: the program is told of it
// because only some commands use the rest.
func (w *wiring) leftOutWith(key string) string {
	const store = "delivery.checkpoint"
	if strings.HasPrefix(key, store+".") {
		return store
	}
	for _, node := range w.yaml {
		if w.leave[node] && (strings.HasPrefix(key, node+".config.") || strings.HasPrefix(key, node+".range.")) {
			return node
		}
	}
	return ""
}

// unlessLeftOut is the condition of an error that counts.
func (w *wiring) unlessLeftOut(n *ir.Node) string {
	if !w.leave[n.YAML] {
		return "err != nil"
	}
	return fmt.Sprintf("err != nil && !s.leftOut[%q]", n.YAML)
}
