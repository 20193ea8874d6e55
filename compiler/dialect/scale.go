package dialect

import (
	"github.com/flowc-dev/flowc/compiler/parse"
	"github.com/flowc-dev/flowc/compiler/syntax"
	"github.com/flowc-dev/flowc/ir/diag"
)

// scale reads in how many processes a node runs. A number that changes while they run is
// refused: docs/adr/0020 says why.
func (r *reader) scale(n *syntax.Node, m *parse.Member) {
	if m == nil || m.Value.Kind != parse.Mapping {
		return
	}
	n.ScaleSpan = m.Key.Span
	replicas := m.Value.Get("replicas")
	if replicas != nil {
		n.Replicas = r.count(replicas, 0)
	}
	for _, key := range []string{"min", "max", "by"} {
		elastic := m.Value.Member(key)
		if elastic == nil {
			continue
		}
		d := r.l.Errorf(diag.ScaleElastic, elastic.Key.Span, "`%s` runs in a fixed number of processes: each has its part of the records, and the state that goes with it", n.Name.Text)
		if most := m.Value.Get("max"); most != nil && replicas == nil {
			d.Helpf("write how many there are at the most, `scale: {replicas: %s}`: one that has nothing to do costs little", most.Text)
		} else {
			d.Helpf("leave `%s` out: `scale: {replicas: N}`", key)
		}
		d.Helpf("copies of a pipeline whose source shares its records (a Kafka `group`, a NATS `durable`, HTTP) come and go as a target's own `scale` says, `targets: {k8s: {scale: {max: 8, by: lag}}}`")
		return
	}
	if replicas == nil && len(m.Value.Members) == 0 {
		r.l.Errorf(diag.MissingKey, m.Value.Place(), "`scale` needs the key `replicas`").Helpf("write how many processes there are: `scale: {replicas: 4}`")
	}
}
