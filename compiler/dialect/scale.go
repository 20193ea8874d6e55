package dialect

import (
	"github.com/flowc-dev/flowc/compiler/parse"
	"github.com/flowc-dev/flowc/compiler/syntax"
	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
)

// mostParts is how many parts the records of an elastic node may have: each costs a
// process, wherever it runs.
const mostParts = 256

// scale reads in how many processes a node runs: always the same, or as many as there is
// work for.
func (r *reader) scale(n *syntax.Node, m *parse.Member) {
	if m == nil || m.Value.Kind != parse.Mapping {
		return
	}
	n.ScaleSpan = m.Key.Span
	if replicas := m.Value.Get("replicas"); replicas != nil {
		n.Replicas = r.count(replicas, 0)
		for _, key := range []string{"min", "max", "by"} {
			if elastic := m.Value.Member(key); elastic != nil {
				r.l.Errorf(diag.ScaleElastic, elastic.Key.Span, "`%s` has a number of processes that stays, and `%s` is for one that changes", n.Name.Text, key).
					Helpf("leave `%s` out, or write `min` and `max` in place of `replicas`", key)
				return
			}
		}
		return
	}
	most := m.Value.Member("max")
	if most == nil {
		d := r.l.Errorf(diag.MissingKey, m.Value.Place(), "`scale` needs the key `replicas`, or `max`")
		if len(m.Value.Members) == 0 {
			d.Helpf("write how many processes there are: `scale: {replicas: 4}`")
		}
		d.Helpf("for a number that changes while they run write how many there are at the most: `scale: {min: 1, max: 8}`")
		return
	}
	n.Replicas = r.count(most.Value, 0)
	n.Elastic = &ir.Elastic{Min: r.count(m.Value.Get("min"), 1), By: ir.ByLag}
	if by := m.Value.Get("by"); by != nil {
		n.Elastic.By = ir.ScaleBy(by.Text)
	}
	switch {
	case n.Replicas == 1:
		r.l.Errorf(diag.ScaleElastic, most.Value.Place(), "`%s` would have one process at the most, whose number can't change", n.Name.Text).
			Helpf("write a larger `max`, or `scale: {replicas: 1}`")
	case n.Replicas > mostParts:
		r.l.Errorf(diag.BadValue, most.Value.Place(), "`max` is %d at the most: each part of the records costs a process, wherever it runs", mostParts)
	case n.Replicas > 0 && n.Elastic.Min > n.Replicas:
		r.l.Errorf(diag.ScaleElastic, m.Value.Get("min").Place(), "`%s` has %d processes at the least, and %d at the most", n.Name.Text, n.Elastic.Min, n.Replicas).
			Helpf("write a `min` from 1 to %d", n.Replicas)
	}
}
