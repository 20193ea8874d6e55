package analyze

import (
	"fmt"
	"slices"

	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
)

// A promise is what holds between a source and a sink, and why it is not more.
type promise struct {
	class ir.Guarantee
	// reason is one sentence.
	reason string
	// breaker is the node because of which it is no higher class, nil for the
	// highest; fixes say what would help.
	breaker *ir.Node
	fixes   []string
}

// strength orders the classes; no class asks for nothing.
var strength = map[ir.Guarantee]int{"": 0, ir.AtMostOnce: 1, ir.AtLeastOnce: 2, ir.EffectivelyOnce: 3}

// promised infers what a way can promise from the facts that its connectors and
// components declare.
//
// At least once needs a source that can go back to the checkpoint, or whose
// sender waits for the answer. Effectively once needs a source that can go
// back, and a sink that either stores the checkpoint with its records or
// recognises records that it has; the latter only helps where the records come
// out the same when they are made again.
func promised(w way) promise {
	source, sink := w.source.Op.(*ir.Source), w.sink.Op.(*ir.Sink)
	from, to := w.source.YAML, w.sink.YAML
	switch {
	case !source.Facts.Replayable && !source.Facts.Acks && !source.Facts.Answers:
		reason := fmt.Sprintf("`%s` can neither go back nor wait for an answer, so what it has read and not yet written is lost when the program dies", from)
		if asks(source) {
			reason = fmt.Sprintf("`%s` gives what its server answers at the time, so what it has read and not yet written may be gone when the program dies", from)
		}
		return promise{ir.AtMostOnce, reason, w.source, []string{goBack(w.source), "or ask for `at-most-once`"}}
	case source.Facts.Answers && !source.Facts.Replayable && !names(source.Config, "idempotency_key"):
		return promise{
			ir.AtLeastOnce, fmt.Sprintf("`%s` answers when the sinks have the records; a sender that hears no answer sends them again, perhaps for the second time", from),
			w.source,
			[]string{fmt.Sprintf("name the header that tells a repeated request in `idempotency_key` of `%s`", from)},
		}
	case !source.Facts.Replayable && !source.Facts.Answers:
		reason := fmt.Sprintf("what `%s` has not acknowledged comes again after a crash, perhaps for the second time", from)
		if asks(source) {
			reason = fmt.Sprintf("`%s` begins anew after a crash, so what was written before it comes for the second time", from)
		}
		return promise{ir.AtLeastOnce, reason, w.source, []string{goBack(w.source)}}
	case sink.Checkpoint:
		return promise{class: ir.EffectivelyOnce, reason: fmt.Sprintf("`%s` commits the checkpoint in the transaction of its records, so after a crash there are both or neither", to)}
	case sink.Facts.Keeper && !sink.Facts.Idempotent:
		why, fix := w.g.notKept(w.sink)
		return promise{
			ir.AtLeastOnce, fmt.Sprintf("`%s` does not keep the checkpoint with its records, since %s, so after a crash some may be there twice", to, why),
			w.sink,
			[]string{fix},
		}
	case sink.Facts.Transactional:
		return promise{class: ir.EffectivelyOnce, reason: fmt.Sprintf("`%s` keeps the checkpoint with what it writes, so after a crash `%s` and `%s` go back to the same record", to, from, to)}
	case sink.Connector == "drop":
		return promise{class: ir.EffectivelyOnce, reason: fmt.Sprintf("`%s` keeps nothing, so nothing can be there twice", to)}
	case !sink.Facts.Idempotent:
		return promise{
			ir.AtLeastOnce, fmt.Sprintf("`%s` goes back to its checkpoint after a crash, and `%s` can't tell a record that it has written before, so some may be there twice", from, to),
			w.sink,
			[]string{"write to a sink that keeps the checkpoint with its records, or that takes one which comes twice for one"},
		}
	}
	if names(sink.Config, "key") || slices.ContainsFunc(sink.Meta, func(a ir.Assign) bool { return a.Name == "key" }) {
		return promise{class: ir.EffectivelyOnce, reason: fmt.Sprintf("`%s` takes a record that comes twice for one, by the pipeline's own key", to)}
	}
	for _, n := range w.nodes {
		if why := unsteady(n); why != "" {
			return promise{
				ir.AtLeastOnce, fmt.Sprintf("`%s` takes a record that comes twice for one only where it is the same again, and `%s` %s", to, n.YAML, why),
				n,
				[]string{fmt.Sprintf("give `%s` a `key` of the records' own", to), fmt.Sprintf("or let `%s` depend on the record alone", n.YAML)},
			}
		}
	}
	return promise{class: ir.EffectivelyOnce, reason: fmt.Sprintf("`%s` takes a record that comes twice for one, and `%s` gives the same records again", to, from)}
}

// asks tells that a source asks a server for records, in place of being sent them.
func asks(source *ir.Source) bool {
	return source.Connector == "http" && names(source.Config, "url")
}

// goBack is what would have a source go back to a position.
func goBack(n *ir.Node) string {
	switch source := n.Op.(*ir.Source); {
	case asks(source):
		return fmt.Sprintf("say how `%s` asks for what is behind a record: `cursor` and `cursor_field`", n.YAML)
	case source.Connector == "nats" && names(source.Config, "durable"):
		return fmt.Sprintf("take `durable` from `%s`, and the checkpoint keeps its position", n.YAML)
	case source.Connector == "nats":
		return fmt.Sprintf("have `%s` read a stream: `stream`, in place of a subject that nobody keeps", n.YAML)
	case source.Connector == "kafka" && names(source.Config, "group"):
		return fmt.Sprintf("take `group` from `%s`, and the checkpoint keeps its position", n.YAML)
	}
	return "read from a source that can go back to a position, such as `file`"
}

// notKept says why a sink that could keep the checkpoint does not, and what would
// have it do so.
func (g *graph) notKept(sink *ir.Node) (why, fix string) {
	for _, w := range g.ways() {
		if source := w.source.Op.(*ir.Source); w.sink == sink && !source.Facts.Replayable {
			return fmt.Sprintf("what comes from `%s` can't be read again", w.source.YAML), fmt.Sprintf("give `%s` a sink of its own", w.source.YAML)
		}
	}
	for _, n := range g.p.Nodes {
		if op, ok := n.Op.(*ir.Sink); ok && op.Checkpoint {
			return fmt.Sprintf("`%s` does and one sink can", n.YAML), fmt.Sprintf("ask for `guarantee: effectively-once` on `%s` alone, and it will instead", sink.YAML)
		}
	}
	return fmt.Sprintf("`store` in `delivery.checkpoint` is `%s`", g.p.Delivery.Store), "leave `store` out"
}

func names(list []ir.Setting, key string) bool {
	return slices.ContainsFunc(list, func(s ir.Setting) bool { return s.Key == key })
}

// unsteady says why a node may make other records of the same ones, "" where it
// does not.
func unsteady(n *ir.Node) string {
	switch op := n.Op.(type) {
	case *ir.Decode:
		return unsteadyExprs(op.Input)
	case *ir.Route:
		for _, c := range op.Cases {
			if why := unsteadyExprs(c.Cond); why != "" {
				return why
			}
		}
	case *ir.Apply:
		if op.Go != nil {
			switch {
			case op.Go.Shape == ir.ShapeBatch:
				return "takes records by the batch, so that no record comes from a single one"
			case !n.Pure:
				return "is code that may give other records the second time"
			}
			return ""
		}
		exprs := []*ir.Expr{op.Expr}
		for _, a := range op.Assign {
			exprs = append(exprs, a.Expr)
		}
		return unsteadyExprs(exprs...)
	}
	return ""
}

func unsteadyExprs(exprs ...*ir.Expr) string {
	for _, e := range exprs {
		if e == nil {
			continue
		}
		switch e.Effect {
		case ir.Clock:
			return "reads the clock"
		case ir.Random:
			return "is random"
		case ir.IO:
			return "reads from outside the program"
		case ir.Unknown:
			return "is code that may give other records the second time"
		}
	}
	return ""
}

// Guarantee refuses what a pipeline asks for and can't have: `guarantee` of a
// sink, or of `delivery` for all others. A mistake is reported once for the
// node that stands in the way. It needs no pass to have run.
func Guarantee(p *ir.Program, l *diag.List) {
	type mistake struct {
		asker   *ir.Node // nil for delivery
		breaker string
	}
	seen := map[mistake]bool{}
	for _, w := range newGraph(p).ways() {
		asked, asker, span := w.sink.Op.(*ir.Sink).Guarantee, w.sink, w.sink.Span
		if asked == "" {
			asked, asker, span = p.Delivery.Guarantee, nil, p.Delivery.Span
		}
		got := promised(w)
		if strength[got.class] >= strength[asked] {
			continue
		}
		m := mistake{asker, got.breaker.YAML}
		if seen[m] {
			continue
		}
		seen[m] = true
		d := l.Errorf(diag.GuaranteeUnprovable, span, "`%s` can't be %s: %s", w.sink.YAML, asked, got.reason)
		d.Caret("%s is asked for here", asked)
		if !got.breaker.Span.IsZero() && got.breaker.Span != span {
			d.Also(got.breaker.Span, "`%s` stands in the way", got.breaker.YAML)
		}
		d.Notef("from `%s` to `%s` it is %s", w.source.YAML, w.sink.YAML, got.class)
		for _, fix := range got.fixes {
			d.Helpf("%s", fix)
		}
	}
}
