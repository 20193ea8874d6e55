package lower

import (
	"slices"

	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
)

// keeper decides where the checkpoint lies. A sink that can commit it with its
// records does so where that gives each of them once: everything that reaches it
// can be read again. One whose records nobody sees before it commits does so only
// where that is asked for. The first such sink of the file does, one that asks for
// effectively-once before others; where all are to be, one that has no other way
// comes before those that have a key.
func (w *lowering) keeper(p *ir.Program) {
	d := &p.Delivery
	if d.Store != "" && d.Store != "sink" {
		return
	}
	replays := replayable(p)
	all := p.Delivery.Guarantee == ir.EffectivelyOnce
	rank := func(op *ir.Sink) int {
		switch {
		case op.Guarantee == ir.EffectivelyOnce:
			return 2
		case op.Guarantee == "" && all && !op.Facts.Idempotent:
			return 1
		}
		return 0
	}
	var chosen *ir.Sink
	for _, n := range p.Nodes {
		op, ok := n.Op.(*ir.Sink)
		if !ok || !op.Facts.Keeper || op.DeadLetter || !replays[n.ID] || sharesFile(p, n) {
			continue
		}
		if op.Facts.WhenAsked && rank(op) == 0 && d.Store != "sink" {
			continue
		}
		if chosen == nil || rank(op) > rank(chosen) {
			chosen = op
		}
	}
	switch {
	case chosen != nil:
		chosen.Checkpoint, d.Store = true, "sink"
	case d.Store == "sink":
		d.Store = "file"
		w.l.Errorf(diag.GuaranteeUnprovable, w.p.Delivery.Store.Span, "no sink of this pipeline can keep the checkpoint with its records").
			Notef("a sink can where it has transactions, and all that reaches it comes from sources that can go back").
			Replace(w.p.Delivery.Store.Span, "file", "write `file`")
	default:
		d.Store = "file"
	}
}

// sharesFile tells whether another sink writes to the same file. A database in a
// file takes one transaction at a time, and that of a checkpoint would last until
// the other sink's has ended, which waits for it.
func sharesFile(p *ir.Program, n *ir.Node) bool {
	path := func(op *ir.Sink) *ir.Value {
		for _, s := range op.Config {
			if s.Key == "path" {
				return s.Value
			}
		}
		return nil
	}
	mine := n.Op.(*ir.Sink)
	at := path(mine)
	return at != nil && slices.ContainsFunc(p.Nodes, func(o *ir.Node) bool {
		op, ok := o.Op.(*ir.Sink)
		if !ok || o == n || op.Connector != mine.Connector {
			return false
		}
		other := path(op)
		return other != nil && slices.EqualFunc(at.Parts, other.Parts, func(a, b ir.Part) bool {
			return a.Kind == b.Kind && a.Text == b.Text && a.Default == b.Default
		})
	})
}

// replayable tells, by node, that everything that reaches it comes from sources
// that can go back.
func replayable(p *ir.Program) map[string]bool {
	in := map[string][]string{}
	for _, e := range p.Edges {
		in[e.To] = append(in[e.To], e.From)
	}
	replays := map[string]bool{}
	known := map[string]bool{}
	ops := map[string]ir.Op{}
	for _, n := range p.Nodes {
		ops[n.ID] = n.Op
	}
	var look func(id string) bool
	look = func(id string) bool {
		if known[id] {
			return replays[id]
		}
		known[id] = true // a cycle is a mistake of its own
		all := true
		if source, ok := ops[id].(*ir.Source); ok {
			all = source.Facts.Replayable
		}
		for _, from := range in[id] {
			all = look(from) && all
		}
		replays[id] = all
		return all
	}
	for _, n := range p.Nodes {
		look(n.ID)
	}
	return replays
}
