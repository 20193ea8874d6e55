package cut

import (
	"fmt"
	"slices"

	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
)

// Check reports what keeps a program from being cut where it asks for that: an order
// that would be lost, records that can't cross, and what a process would need that
// another one has.
func Check(p *ir.Program, l *diag.List) {
	if !Asked(p) {
		return
	}
	for _, n := range p.Nodes {
		if n.Replicas > 0 && len(p.Jobs) > 0 {
			l.Errorf(diag.KeyConflict, n.ScaleSpan, "`%s` has processes of its own, and this version of flowc runs jobs beside a pipeline in one process", n.YAML).
				Also(p.Jobs[0].Span, "the job `%s`", p.Jobs[0].Name).
				Helpf("remove `scale`, or put the jobs into a pipeline of their own, in a file beside this one")
			return
		}
	}
	for _, n := range p.Nodes {
		if n.Replicas > 1 && n.Key == nil && !n.Unordered {
			l.Errorf(diag.ScaleOrder, n.ScaleSpan, "`%s` runs in several processes, and nothing says which records have to stay in order", n.YAML).
				Helpf("name what they are told by: `key: in.…`, and those of a key stay in one process, in their order").
				Helpf("or give the order up: `order: none`")
		}
	}
	if p.Carrier == nil {
		for _, n := range p.Nodes {
			if n.Replicas > 0 {
				l.Errorf(diag.ScaleEdges, n.ScaleSpan, "`%s` runs in processes of its own, and nothing carries records to them", n.YAML).
					Helpf("name what does, beside `sources`: `edges: {nats: {url: \"${env:NATS_URL}\"}}`, or `edges: {kafka: {brokers: [\"${env:KAFKA_BROKERS}\"]}}`").
					Helpf("`flowc run --scale %s=2` brings one for a trial", n.YAML)
				break
			}
		}
	}
	if l.HasErrors() {
		return
	}
	d := divide(p)
	for _, e := range d.cut() {
		if codecOf(e.Type) == "" {
			l.Errorf(diag.ScaleCut, e.Span, "`%s` is in another process than `%s`, and %s can't cross", d.node[e.To].YAML, d.node[e.From].YAML, article(e.Type)).
				Helpf("records that cross are structs, texts, bytes or JSON: make one of them in a `map` before")
		}
	}
	d.checkElastic(l)
	d.checkBehind(l)
	d.checkDead(l)
}

func article(t *ir.Type) string {
	if t.Change {
		return "a change of rows"
	}
	return fmt.Sprintf("a record of the type %s", t)
}

// checkBehind looks at the nodes that records come to over a cut edge: what belongs to
// the source of a record alone stays in its process.
func (d *division) checkBehind(l *diag.List) {
	behind := map[string]bool{}
	var visit func(yaml string)
	visit = func(yaml string) {
		if behind[yaml] {
			return
		}
		behind[yaml] = true
		for _, e := range d.p.Edges {
			if from, to := d.node[e.From].YAML, d.node[e.To].YAML; from == yaml && e.Kind == ir.Data {
				visit(to)
			}
		}
	}
	for _, e := range d.cut() {
		visit(d.node[e.To].YAML)
	}
	told := map[string]bool{}
	for _, n := range d.p.Nodes {
		if behind[n.YAML] && !told[n.YAML] && n.OnError != nil && n.OnError.Then == ir.ThenReject {
			told[n.YAML] = true
			at := n.OnError.Span
			if at.IsZero() {
				at = n.Span
			}
			l.Errorf(diag.ScaleCut, at, "`%s` is in another process than the source, which has answered by the time that a record fails here", n.YAML).
				Helpf("say what becomes of it: `on_error: {then: …}` with a dead-letter sink, `drop` or `stop`")
		}
	}
}

// checkDead refuses a file of dead letters that several processes would write to.
func (d *division) checkDead(l *diag.List) {
	for _, u := range d.units {
		if !u.dead {
			continue
		}
		sink, ok := u.main().Op.(*ir.Sink)
		if !ok || sink.Go == nil && severalWrite(sink) {
			continue
		}
		var by []string
		for _, g := range d.groups {
			if d.deadOf(g)[u.name] {
				by = append(by, g.name)
				if g.replicas > 1 {
					by = append(by, g.name)
				}
			}
		}
		if len(by) > 1 {
			at := u.main().Span
			d := l.Errorf(diag.ScaleCut, at, "`%s` has one writer, and %d processes have dead letters for it", u.name, len(by))
			names := slices.Compact(by)
			d.Notef("they are of %s", quoted(names))
			d.Helpf("send them where several can write, such as `nats`, `kafka` or `postgres`, or give each process a sink of its own")
		}
	}
}

func quoted(names []string) string {
	text := ""
	for i, name := range names {
		if i > 0 {
			text += " and "
		}
		text += "`" + name + "`"
	}
	return text
}
