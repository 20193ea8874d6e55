package analyze

import (
	"slices"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
)

// chain is source -> middle -> sink; change makes a case of it.
func chain(change func(p *ir.Program, src *ir.Source, mid *ir.Node, sink *ir.Sink)) *ir.Program {
	file := source.NewFile("p.yaml", "", []byte("delivery: x\nsrc: y\nmid: z\nsink: w\n"))
	at := func(text string) source.Span {
		i := strings.Index(string(file.Text), text)
		return source.Span{File: file, Start: i, End: i + len(text)}
	}
	text := &ir.Type{Kind: ir.String}
	src, sink := &ir.Source{Connector: "in"}, &ir.Sink{Connector: "out"}
	mid := &ir.Node{ID: "mid", YAML: "mid", Pure: true, Span: at("mid"), Out: []ir.Port{{Type: text}}, Op: &ir.Apply{Verb: ir.VerbFilter, Expr: &ir.Expr{
		Text: "true", Go: "true", Type: &ir.Type{Kind: ir.Bool}, Effect: ir.Pure,
	}}}
	p := &ir.Program{
		Name: "x", Files: []*source.File{file}, Delivery: ir.Delivery{Span: at("delivery")},
		Nodes: []*ir.Node{{ID: "src", YAML: "src", Op: src, Span: at("src"), Out: []ir.Port{{Type: text}}}, mid, {ID: "sink", YAML: "sink", Op: sink, Span: at("sink")}},
		Edges: []*ir.Edge{{From: "src", To: "mid", Kind: ir.Data, Type: text}, {From: "mid", To: "sink", Kind: ir.Data, Type: text}},
	}
	change(p, src, mid, sink)
	return p
}

func TestPromises(t *testing.T) {
	replayable := ir.Facts{Replayable: true, Ordered: true}
	key := &ir.Value{Kind: "string"}
	for name, c := range map[string]struct {
		want   ir.Guarantee
		reason string // a part of it
		change func(p *ir.Program, src *ir.Source, mid *ir.Node, sink *ir.Sink)
	}{
		"stdin": {ir.AtMostOnce, "`src` can neither go back nor wait for an answer", func(_ *ir.Program, src *ir.Source, _ *ir.Node, sink *ir.Sink) {
			sink.Facts.Transactional = true
		}},
		"answers at the time": {ir.AtMostOnce, "`src` gives what its server answers at the time", func(_ *ir.Program, src *ir.Source, _ *ir.Node, sink *ir.Sink) {
			src.Connector, sink.Facts.Transactional = "http", true
			src.Config = []ir.Setting{{Key: "url", Value: key}}
		}},
		"answers, once": {ir.AtLeastOnce, "`src` begins anew after a crash", func(_ *ir.Program, src *ir.Source, _ *ir.Node, sink *ir.Sink) {
			src.Connector, src.Facts.Acks, sink.Facts.Transactional = "http", true, true
			src.Config = []ir.Setting{{Key: "url", Value: key}}
		}},
		"a queue that acknowledges": {ir.AtLeastOnce, "what `src` has not acknowledged comes again", func(_ *ir.Program, src *ir.Source, _ *ir.Node, sink *ir.Sink) {
			src.Facts.Acks, sink.Facts.Transactional = true, true
		}},
		"http": {ir.AtLeastOnce, "a sender that hears no answer sends them again", func(_ *ir.Program, src *ir.Source, _ *ir.Node, sink *ir.Sink) {
			src.Facts.Answers, sink.Facts.Idempotent = true, true
		}},
		"http with a key of its own": {ir.EffectivelyOnce, "takes a record that comes twice for one", func(_ *ir.Program, src *ir.Source, _ *ir.Node, sink *ir.Sink) {
			src.Facts.Answers, sink.Facts.Idempotent = true, true
			src.Config = []ir.Setting{{Key: "idempotency_key", Value: key}}
		}},
		"a plain sink": {ir.AtLeastOnce, "`sink` can't tell a record that it has written before", func(_ *ir.Program, src *ir.Source, _ *ir.Node, _ *ir.Sink) {
			src.Facts = replayable
		}},
		"a transactional sink": {ir.EffectivelyOnce, "keeps the checkpoint with what it writes", func(_ *ir.Program, src *ir.Source, mid *ir.Node, sink *ir.Sink) {
			src.Facts, sink.Facts.Transactional = replayable, true
			mid.Op.(*ir.Apply).Expr.Effect = ir.Clock // what is rolled back may differ
		}},
		"a sink that keeps the checkpoint, behind a clock": {ir.EffectivelyOnce, "commits the checkpoint in the transaction", func(_ *ir.Program, src *ir.Source, mid *ir.Node, sink *ir.Sink) {
			src.Facts, sink.Facts.Keeper, sink.Checkpoint = replayable, true, true
			mid.Op.(*ir.Apply).Expr.Effect = ir.Clock
		}},
		"a sink that keeps it, and shows more": {ir.EffectivelyOnce, "for readers of committed records", func(_ *ir.Program, src *ir.Source, _ *ir.Node, sink *ir.Sink) {
			src.Facts, sink.Facts.Keeper, sink.Facts.WhenAsked, sink.Checkpoint = replayable, true, true, true
		}},
		"a sink that is to be asked": {ir.AtLeastOnce, "since that was not asked for", func(_ *ir.Program, src *ir.Source, _ *ir.Node, sink *ir.Sink) {
			src.Facts, sink.Facts.Keeper, sink.Facts.WhenAsked = replayable, true, true
		}},
		"a sink that is asked, with another store": {ir.AtLeastOnce, "`store` in `delivery.checkpoint` is `file`", func(p *ir.Program, src *ir.Source, _ *ir.Node, sink *ir.Sink) {
			src.Facts, sink.Facts.Keeper, sink.Facts.WhenAsked, p.Delivery.Store, p.Delivery.Guarantee = replayable, true, true, "file", ir.EffectivelyOnce
		}},
		"a sink that could keep it": {ir.AtLeastOnce, "since `store` in `delivery.checkpoint` is `file`", func(p *ir.Program, src *ir.Source, _ *ir.Node, sink *ir.Sink) {
			src.Facts, sink.Facts.Keeper, p.Delivery.Store = replayable, true, "file"
		}},
		"a sink beside the one that keeps it": {ir.AtLeastOnce, "since `other` does and one sink can", func(p *ir.Program, src *ir.Source, _ *ir.Node, sink *ir.Sink) {
			src.Facts, sink.Facts.Keeper = replayable, true
			p.Nodes = append(p.Nodes, &ir.Node{ID: "other", YAML: "other", Op: &ir.Sink{Facts: ir.Facts{Keeper: true}, Checkpoint: true}})
		}},
		"an idempotent sink": {ir.EffectivelyOnce, "gives the same records again", func(_ *ir.Program, src *ir.Source, _ *ir.Node, sink *ir.Sink) {
			src.Facts, sink.Facts.Idempotent = replayable, true
		}},
		"drop behind a clock": {ir.EffectivelyOnce, "keeps nothing", func(_ *ir.Program, src *ir.Source, mid *ir.Node, sink *ir.Sink) {
			src.Facts, sink.Connector = replayable, "drop"
			mid.Op.(*ir.Apply).Expr.Effect = ir.Clock
		}},
		"an idempotent sink behind a clock": {ir.AtLeastOnce, "`mid` reads the clock", func(_ *ir.Program, src *ir.Source, mid *ir.Node, sink *ir.Sink) {
			src.Facts, sink.Facts.Idempotent = replayable, true
			mid.Op.(*ir.Apply).Expr.Effect = ir.Clock
		}},
		"an idempotent sink with a key behind a clock": {ir.EffectivelyOnce, "the pipeline's own key", func(_ *ir.Program, src *ir.Source, mid *ir.Node, sink *ir.Sink) {
			src.Facts, sink.Facts.Idempotent = replayable, true
			mid.Op.(*ir.Apply).Expr.Effect = ir.Clock
			sink.Config = []ir.Setting{{Key: "key", Value: key}}
		}},
		"a webhook": {ir.AtLeastOnce, "the server of `sink` can't tell a record that it has had before", func(_ *ir.Program, src *ir.Source, _ *ir.Node, sink *ir.Sink) {
			src.Facts, sink.Connector = replayable, "http"
		}},
		"a webhook with a key of the record's own": {ir.EffectivelyOnce, "`sink` sends the record's own key as Idempotency-Key", func(_ *ir.Program, src *ir.Source, mid *ir.Node, sink *ir.Sink) {
			src.Facts, sink.Facts.Idempotent, sink.Connector = replayable, true, "http"
			sink.Meta = []ir.Assign{{Name: "idempotency_key", Expr: &ir.Expr{Effect: ir.Pure, Reads: []ir.Path{{"ID"}}}}}
			mid.Op = &ir.Apply{Verb: ir.VerbSet, Assign: []ir.Assign{{Name: "at", Go: "At", Expr: &ir.Expr{Effect: ir.Clock}}}}
		}},
		"a webhook whose key is random": {ir.AtLeastOnce, "only where its key is the same again, and `mid` is random", func(_ *ir.Program, src *ir.Source, mid *ir.Node, sink *ir.Sink) {
			src.Facts, sink.Facts.Idempotent, sink.Connector = replayable, true, "http"
			sink.Meta = []ir.Assign{{Name: "idempotency_key", Expr: &ir.Expr{Effect: ir.Pure, Reads: []ir.Path{{"ID"}}}}}
			mid.Op = &ir.Apply{Verb: ir.VerbSet, Assign: []ir.Assign{{Name: "id", Go: "ID", Expr: &ir.Expr{Effect: ir.Random}}}}
		}},
		"a webhook whose key is the time": {ir.AtLeastOnce, "and `sink` makes it of what reads the clock", func(_ *ir.Program, src *ir.Source, _ *ir.Node, sink *ir.Sink) {
			src.Facts, sink.Facts.Idempotent, sink.Connector = replayable, true, "http"
			sink.Meta = []ir.Assign{{Name: "idempotency_key", Expr: &ir.Expr{Effect: ir.Clock}}}
		}},
		"a webhook behind code that may make another key": {ir.AtLeastOnce, "and `mid` is code that may give other records", func(_ *ir.Program, src *ir.Source, mid *ir.Node, sink *ir.Sink) {
			src.Facts, sink.Facts.Idempotent, sink.Connector = replayable, true, "http"
			sink.Meta = []ir.Assign{{Name: "idempotency_key", Expr: &ir.Expr{Effect: ir.Pure, Reads: []ir.Path{{"ID"}}}}}
			mid.Op, mid.Pure = &ir.Apply{Verb: ir.VerbGo, Go: &ir.GoRef{Shape: ir.ShapeMap}}, false
		}},
		"a key of which a map is made by chance": {ir.AtLeastOnce, "and `mid` is random", func(_ *ir.Program, src *ir.Source, mid *ir.Node, sink *ir.Sink) {
			src.Facts, sink.Facts.Idempotent = replayable, true
			sink.Config = []ir.Setting{{Key: "key", Value: &ir.Value{Kind: "list", Items: []*ir.Value{{Kind: "string", Parts: []ir.Part{{Kind: ir.Literal, Text: "id"}}}}}}}
			mid.Op = &ir.Apply{Verb: ir.VerbMap, Assign: []ir.Assign{{Name: "id", Go: "ID", Expr: &ir.Expr{Effect: ir.Random}}}}
		}},
		"a key of headers that a server answers": {ir.AtLeastOnce, "`src` may be answered with other headers", func(_ *ir.Program, src *ir.Source, _ *ir.Node, sink *ir.Sink) {
			src.Facts, src.Connector, sink.Facts.Idempotent, sink.Connector = replayable, "http", true, "http"
			src.Config = []ir.Setting{{Key: "url", Value: key}}
			sink.Meta = []ir.Assign{{Name: "idempotency_key", Expr: &ir.Expr{Effect: ir.Pure, MetaReads: []string{"headers"}}}}
		}},
		"a subject with ids": {ir.AtLeastOnce, "knows an id for as long as the stream's duplicate window is", func(_ *ir.Program, src *ir.Source, _ *ir.Node, sink *ir.Sink) {
			src.Facts, sink.Connector = replayable, "nats"
			sink.Meta = []ir.Assign{{Name: "id", Expr: &ir.Expr{Effect: ir.Pure}}}
		}},
		"an idempotent sink behind a route by chance": {ir.AtLeastOnce, "`mid` is random", func(_ *ir.Program, src *ir.Source, mid *ir.Node, sink *ir.Sink) {
			src.Facts, sink.Facts.Idempotent = replayable, true
			mid.Op = &ir.Route{Cases: []ir.Case{{Cond: &ir.Expr{Effect: ir.Random}}}}
		}},
		"an idempotent sink behind a component": {ir.AtLeastOnce, "`mid` is code that may give other records", func(_ *ir.Program, src *ir.Source, mid *ir.Node, sink *ir.Sink) {
			src.Facts, sink.Facts.Idempotent = replayable, true
			mid.Op, mid.Pure = &ir.Apply{Verb: ir.VerbGo, Go: &ir.GoRef{Shape: ir.ShapeMap}}, false
		}},
		"an idempotent sink behind a pure component": {ir.EffectivelyOnce, "gives the same records again", func(_ *ir.Program, src *ir.Source, mid *ir.Node, sink *ir.Sink) {
			src.Facts, sink.Facts.Idempotent = replayable, true
			mid.Op = &ir.Apply{Verb: ir.VerbGo, Go: &ir.GoRef{Shape: ir.ShapeMap}}
		}},
		"an idempotent sink behind batches": {ir.AtLeastOnce, "`mid` takes records by the batch", func(_ *ir.Program, src *ir.Source, mid *ir.Node, sink *ir.Sink) {
			src.Facts, sink.Facts.Idempotent = replayable, true
			mid.Op = &ir.Apply{Verb: ir.VerbGo, Go: &ir.GoRef{Shape: ir.ShapeBatch}}
		}},
	} {
		ways := newGraph(chain(c.change)).ways()
		if len(ways) != 1 {
			t.Fatalf("%s: %d ways", name, len(ways))
		}
		got := promised(ways[0])
		if got.class != c.want || !strings.Contains(got.reason, c.reason) {
			t.Errorf("%s: %s: %s", name, got.class, got.reason)
		}
		if (got.breaker == nil) != (got.class == ir.EffectivelyOnce) || (len(got.fixes) == 0) != (got.breaker == nil) {
			t.Errorf("%s: %s, broken by %v, mended by %q", name, got.class, got.breaker, got.fixes)
		}
	}
}

func TestGuarantee(t *testing.T) {
	stdin := func(*ir.Program, *ir.Source, *ir.Node, *ir.Sink) {}
	check := func(change ...func(p *ir.Program, src *ir.Source, mid *ir.Node, sink *ir.Sink)) diag.List {
		var l diag.List
		Guarantee(chain(func(p *ir.Program, src *ir.Source, mid *ir.Node, sink *ir.Sink) {
			for _, c := range change {
				c(p, src, mid, sink)
			}
		}), &l)
		return l
	}
	asks := func(g ir.Guarantee) func(*ir.Program, *ir.Source, *ir.Node, *ir.Sink) {
		return func(p *ir.Program, _ *ir.Source, _ *ir.Node, _ *ir.Sink) { p.Delivery.Guarantee = g }
	}
	for _, ok := range []ir.Guarantee{"", ir.AtMostOnce} {
		if l := check(stdin, asks(ok)); len(l) > 0 {
			t.Errorf("%q: %v", ok, l[0])
		}
	}
	l := check(stdin, asks(ir.AtLeastOnce))
	if len(l) != 1 {
		t.Fatalf("%d diagnostics", len(l))
	}
	d := l[0]
	if d.Error() != "p.yaml:1:1: error: `sink` can't be at-least-once: `src` can neither go back nor wait for an answer, so what it has read and not yet written is lost when the program dies [guarantee-unprovable]" {
		t.Error(d.Error())
	}
	if len(d.Labels) != 1 || d.Labels[0].Span.Text() != "src" || d.Labels[0].Text != "`src` stands in the way" {
		t.Errorf("labels %v", d.Labels)
	}
	if len(d.Help) != 2 || !strings.Contains(d.Help[0], "such as `file`") {
		t.Errorf("help %q", d.Help)
	}
	if info, ok := diag.Lookup(d.Code); !ok || info.Title == "" {
		t.Error("the code has no page")
	}

	// A sink's own guarantee is told from the pipeline's, both ways.
	own := func(g ir.Guarantee) func(*ir.Program, *ir.Source, *ir.Node, *ir.Sink) {
		return func(_ *ir.Program, _ *ir.Source, _ *ir.Node, sink *ir.Sink) { sink.Guarantee = g }
	}
	if l := check(asks(ir.AtLeastOnce), own(ir.AtMostOnce)); len(l) > 0 {
		t.Errorf("the sink asks for less: %v", l[0])
	}
	if l := check(own(ir.EffectivelyOnce)); len(l) != 1 || l[0].Span.Text() != "sink" {
		t.Errorf("the sink asks for more: %v", l)
	}

	// Two sinks behind one source that can't: one mistake.
	l = check(asks(ir.AtLeastOnce), func(p *ir.Program, _ *ir.Source, _ *ir.Node, _ *ir.Sink) {
		p.Nodes = append(p.Nodes, &ir.Node{ID: "two", YAML: "two", Op: &ir.Sink{Connector: "out"}})
		p.Edges = append(p.Edges, &ir.Edge{From: "mid", To: "two", Kind: ir.Data})
	})
	if len(l) != 1 {
		t.Errorf("%d diagnostics for one source", len(l))
	}
}

// Ways go around what does not lie between their ends, and around dead letters.
func TestWays(t *testing.T) {
	p := chain(func(p *ir.Program, _ *ir.Source, mid *ir.Node, _ *ir.Sink) {
		text := mid.Out[0].Type
		p.Nodes = append(p.Nodes, &ir.Node{ID: "aside", YAML: "aside", Op: &ir.Route{}}, &ir.Node{ID: "dead", YAML: "dead", Op: &ir.Sink{DeadLetter: true}})
		p.Edges = append(p.Edges, &ir.Edge{From: "mid", To: "aside", Kind: ir.Data, Type: text}, &ir.Edge{From: "mid", To: "dead", Kind: ir.Error})
	})
	ways := newGraph(p).ways()
	if len(ways) != 1 || !slices.Equal(ways[0].stages(), []string{"src", "mid", "sink"}) || len(ways[0].edges) != 2 {
		t.Errorf("%+v", ways)
	}
}
