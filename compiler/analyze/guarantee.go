package analyze

import (
	"fmt"
	"slices"
	"strings"

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
	if p := w.foreign(); p != nil {
		return *p
	}
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
	case counts(source) && sink.Connector != "drop" && !byOwnKey(sink):
		return promise{
			ir.AtLeastOnce, fmt.Sprintf("`%s` goes back to the place where it was after a crash, and what was inserted before that since moves records behind it, where they are read for the second time", from),
			w.source,
			[]string{goBack(w.source)},
		}
	case sink.Checkpoint && sink.Facts.WhenAsked:
		return promise{class: ir.EffectivelyOnce, reason: fmt.Sprintf("`%s` commits the checkpoint in the transaction of its records, so after a crash there are both or neither, for readers of committed records", to)}
	case sink.Checkpoint && source.Facts.Answers:
		return promise{class: ir.EffectivelyOnce, reason: fmt.Sprintf("`%s` commits the checkpoint, in which the keys of requests are, in the transaction of its records, so one that is sent again is known where its records are there", to)}
	case sink.Checkpoint:
		return promise{class: ir.EffectivelyOnce, reason: fmt.Sprintf("`%s` commits the checkpoint in the transaction of its records, so after a crash there are both or neither", to)}
	case sink.Facts.Keeper && !sink.Facts.Idempotent:
		why, fix := w.g.notKept(w.sink)
		return promise{
			ir.AtLeastOnce, fmt.Sprintf("`%s` does not keep the checkpoint with its records, since %s, so after a crash some may be there twice", to, why),
			w.sink,
			[]string{fix},
		}
	case sink.Facts.Transactional && source.Facts.Answers:
		return promise{class: ir.EffectivelyOnce, reason: fmt.Sprintf("`%s` keeps the checkpoint, in which the keys of requests are, with what it writes, so one that is sent again is known where its records are there", to)}
	case sink.Facts.Transactional:
		return promise{class: ir.EffectivelyOnce, reason: fmt.Sprintf("`%s` keeps the checkpoint with what it writes, so after a crash `%s` and `%s` go back to the same record", to, from, to)}
	case sink.Connector == "drop":
		return promise{class: ir.EffectivelyOnce, reason: fmt.Sprintf("`%s` keeps nothing, so nothing can be there twice", to)}
	case !sink.Facts.Idempotent:
		return w.twice(from, to)
	}
	if key := sink.OwnKey(); len(key) > 0 {
		if n, why := w.unsteadyKey(key); n != nil {
			return promise{
				ir.AtLeastOnce, fmt.Sprintf("`%s` takes a record that comes twice for one only where its key is the same again, and `%s` %s", to, n.YAML, why),
				n,
				[]string{"make the key of what the record brings along from its source"},
			}
		}
		return promise{class: ir.EffectivelyOnce, reason: byKey(sink, to)}
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

// counts tells that a source asks for pages by their number or their first record's.
func counts(source *ir.Source) bool {
	return asks(source) && (names(source.Config, "page") || names(source.Config, "offset"))
}

// byOwnKey tells that nothing but a record's own key tells the sink that it comes for
// the second time: from wherever, and at whatever position.
func byOwnKey(sink *ir.Sink) bool {
	return sink.Facts.Idempotent && !sink.Checkpoint && !sink.Facts.Transactional && len(sink.OwnKey()) > 0
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
	op := sink.Op.(*ir.Sink)
	asks := op.Guarantee == ir.EffectivelyOnce || op.Guarantee == "" && g.p.Delivery.Guarantee == ir.EffectivelyOnce
	if op.Facts.WhenAsked && !asks && g.p.Delivery.Store != "sink" {
		return "that was not asked for", fmt.Sprintf("ask for `guarantee: effectively-once` on `%s`: its records are then seen when a checkpoint is made", sink.YAML)
	}
	for _, n := range g.p.Nodes {
		if op, ok := n.Op.(*ir.Sink); ok && op.Checkpoint {
			return fmt.Sprintf("`%s` does and one sink can", n.YAML), fmt.Sprintf("ask for `guarantee: effectively-once` on `%s` alone, and it will instead", sink.YAML)
		}
	}
	return fmt.Sprintf("`store` in `delivery.checkpoint` is `%s`", g.p.Delivery.Store), "leave `store` out"
}

// twice is the promise of a sink that can't tell a record that it has written
// before.
func (w way) twice(from, to string) promise {
	sink := w.sink.Op.(*ir.Sink)
	const others = "write to a sink that keeps the checkpoint with its records (`postgres`, `sqlite`, `file`), or that takes one which comes twice for one"
	back := fmt.Sprintf("`%s` goes back to its checkpoint after a crash", from)
	if w.source.Op.(*ir.Source).Facts.Answers {
		back = fmt.Sprintf("what `%s` had not answered when the program died is sent again", from)
	}
	p := promise{
		ir.AtLeastOnce, fmt.Sprintf("%s, and `%s` can't tell a record that it has written before, so some may be there twice", back, to),
		w.sink,
		[]string{others},
	}
	switch sink.Connector {
	case "http":
		key := "in." + w.likelyKey()
		p.reason = fmt.Sprintf("%s, and the server of `%s` can't tell a record that it has had before, so some may be there twice", back, to)
		p.fixes = []string{
			fmt.Sprintf("if the server knows repeated requests by the header Idempotency-Key, send a key of the record's own: `meta: {idempotency_key: %s}`", key),
			fmt.Sprintf("or if it lets records be put in their place, put each to its own: `config: {method: PUT, single: true}` and `meta: {path: %s}`", key),
			"or " + others,
		}
		if names(sink.Config, "bulk.as") {
			p.fixes = []string{fmt.Sprintf("give each document an id of its own: `meta: {id: %s}`", key), "or " + others}
		}
	case "nats":
		p.reason = fmt.Sprintf("%s, and the server of `%s` knows an id for as long as the stream's duplicate window is: a program that was away for longer sends some records for the second time", back, to)
	}
	return p
}

// byKey says why a sink takes a record that comes twice for one.
func byKey(sink *ir.Sink, to string) string {
	switch {
	case sink.Connector != "http":
		return fmt.Sprintf("`%s` takes a record that comes twice for one, by the pipeline's own key", to)
	case names(sink.Config, "bulk.as"):
		return fmt.Sprintf("`%s` writes each document under the record's own id, where one that comes twice takes its own place", to)
	case slices.ContainsFunc(sink.Meta, func(a ir.Assign) bool { return a.Name == "idempotency_key" }):
		return fmt.Sprintf("`%s` sends the record's own key as Idempotency-Key, and a server that keeps to it takes a record that comes twice for one", to)
	}
	return fmt.Sprintf("`%s` puts each record to a URL of its own, where one that comes twice takes its own place", to)
}

// likelyKey is the Go name of the field by which a record of the sink is most
// likely told from others.
func (w way) likelyKey() string {
	first := ""
	for _, e := range w.g.in[w.sink.ID] {
		t := e.Type
		for e.Type != nil && t.Kind != ir.Struct && len(w.g.in[e.From]) == 1 { // behind what makes bytes of it
			e = w.g.in[e.From][0]
			t = e.Type
		}
		if t == nil || t.Kind != ir.Struct {
			continue
		}
		for _, f := range t.Fields {
			switch {
			case strings.EqualFold(f.Name, "id") || strings.EqualFold(f.Name, "uuid") || strings.EqualFold(f.Name, "key"):
				return f.Go
			case first == "" && f.Type.Kind == ir.String && !f.Optional:
				first = f.Go
			}
		}
	}
	if first == "" {
		return "ID"
	}
	return first
}

func names(list []ir.Setting, key string) bool {
	return slices.ContainsFunc(list, func(s ir.Setting) bool { return s.Key == key })
}

// Unsteady says why a node may make other records of the same ones when it is given
// them again, "" where it does not: the end of a sentence that begins with its name.
func Unsteady(n *ir.Node) string { return unsteady(n) }

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
		if op.Foreign != nil {
			return "is a component of its own, which may give other records the second time"
		}
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
