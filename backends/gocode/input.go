package gocode

import (
	"fmt"

	"github.com/flowc-dev/flowc/ir"
)

// input quotes what a node got, for its dead letters: they show it beside the
// source's record, where some stage has made another of that. "" elsewhere.
func (l *loop) input(n *ir.Node, v value) string {
	if _, encodes := n.Op.(*ir.Encode); encodes || !n.DeadLetters() {
		return ""
	}
	if v.dec != nil && v.dec == l.decoder || !l.remade(n, map[string]bool{}) {
		return ""
	}
	if v.raw != "" {
		return v.raw
	}
	switch v.typ.Kind {
	case ir.String:
		return fmt.Sprintf("@flow.TextInput(%s)", v.base)
	case ir.Bytes:
		return fmt.Sprintf("[]byte(%s)", v.base)
	}
	return fmt.Sprintf("@flow.InputOf(%s(nil, %s))", l.appendJSON(v.typ), v.ref())
}

// remade tells whether any way from a source to a node leads through one that
// gives other records than it gets.
func (l *loop) remade(n *ir.Node, seen map[string]bool) bool {
	if seen[n.ID] {
		return false
	}
	seen[n.ID] = true
	for _, e := range l.in[n.ID] {
		if e.Kind != ir.Data {
			continue
		}
		from := l.nodes[e.From]
		d, decodes := from.Op.(*ir.Decode)
		if _, source := from.Op.(*ir.Source); !source && !from.HandsOn() && !(decodes && d.Input == nil) || l.remade(from, seen) {
			return true
		}
	}
	return false
}
