package passes

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/flowc-dev/flowc/ir"
)

// randomProgram makes a program that verifies: some sources, nodes of all kinds
// that join and part at random, and sinks, all of one event type.
func randomProgram(seed uint64) *ir.Program {
	r := &maker{Rand: rand.New(rand.NewPCG(seed, 3)), bytes: &ir.Type{Kind: ir.Bytes}}
	text := &ir.Type{Kind: ir.String}
	r.event = &ir.Type{Kind: ir.Struct, Name: "Event", Fields: []*ir.Field{
		{Name: "a", Go: "A", Type: text},
		{Name: "b", Go: "B", Type: text},
		{Name: "c", Go: "C", Type: &ir.Type{Kind: ir.List, Elem: text}},
		{Name: "d", Go: "D", Type: &ir.Type{Kind: ir.Struct, Fields: []*ir.Field{{Name: "e", Go: "E", Type: text}, {Name: "f", Go: "F", Type: text}}}},
	}}
	r.p = &ir.Program{Name: "random", Types: []*ir.Type{r.event}}
	hasDead := r.IntN(2) == 0
	for i := range 1 + r.IntN(3) {
		r.source(fmt.Sprintf("source%d", i))
	}
	for i := range r.IntN(10) {
		r.processor(fmt.Sprintf("node%d", i))
	}
	for i := range 1 + r.IntN(4) {
		r.sink(fmt.Sprintf("sink%d", i))
	}
	if hasDead {
		r.dead()
	}
	return r.p
}

type maker struct {
	*rand.Rand
	p            *ir.Program
	event, bytes *ir.Type
	outputs      []output // what later nodes may take
}

type output struct{ node, port string }

func (r *maker) add(n *ir.Node) *ir.Node {
	if n.YAML == "" {
		n.YAML = n.ID
	}
	n.OnError = &ir.ErrorPolicy{Then: ir.ThenStop}
	r.p.Nodes = append(r.p.Nodes, n)
	return n
}

func (r *maker) edge(from output, to string, t *ir.Type) {
	e := &ir.Edge{From: from.node, Port: from.port, To: to, Kind: ir.Data, Type: t}
	if !slices.ContainsFunc(r.p.Edges, func(have *ir.Edge) bool { return have.String() == e.String() }) {
		r.p.Edges = append(r.p.Edges, e)
	}
}

// feed gives a node one to three inputs.
func (r *maker) feed(id string) {
	for range 1 + r.IntN(3)/2 + r.IntN(3)/2 {
		r.edge(r.outputs[r.IntN(len(r.outputs))], id, r.event)
	}
}

func (r *maker) source(id string) {
	facts := ir.Facts{Replayable: true, Ordered: r.IntN(4) > 0, Answers: r.IntN(4) == 0}
	if r.IntN(4) == 0 {
		r.add(&ir.Node{ID: id, Op: &ir.Source{Connector: "generate", Facts: facts}, Out: []ir.Port{{Type: r.event}}})
		r.outputs = append(r.outputs, output{id, ""})
		return
	}
	codecs, validate := []string{"ndjson", "json", "csv"}, []ir.Validate{ir.Structural, ir.Full, ir.Needed}
	r.add(&ir.Node{ID: id, Op: &ir.Source{Connector: "file", Facts: facts}, Out: []ir.Port{{Type: r.bytes}}})
	r.add(&ir.Node{ID: id + ".decode", YAML: id, Pure: true, Op: &ir.Decode{Codec: codecs[r.IntN(3)], Validate: validate[r.IntN(3)]}, Out: []ir.Port{{Type: r.event}}})
	r.edge(output{id, ""}, id+".decode", r.bytes)
	r.outputs = append(r.outputs, output{id + ".decode", ""})
}

func (r *maker) expr(kind ir.TypeKind) *ir.Expr {
	e := &ir.Expr{Text: "x", Go: "x", Type: &ir.Type{Kind: kind}, Effect: ir.Pure, Writes: r.IntN(6) == 0, Panics: r.IntN(2) == 0}
	for _, path := range []ir.Path{{"A"}, {"B"}, {"C"}, {"D"}, {"D", "E"}, {"D", "F"}} {
		if r.IntN(4) == 0 {
			e.Reads = append(e.Reads, path)
		}
	}
	if r.IntN(10) == 0 {
		e.Reads = []ir.Path{ir.Whole}
	}
	if r.IntN(6) == 0 {
		e.MetaReads = []string{"Line"}
	}
	if r.IntN(3) == 0 && kind == ir.Bool {
		value := []string{"x", "y"}[r.IntN(2)]
		e.Eq, e.Reads, e.MetaReads = &ir.FieldEq{Path: ir.Path{"A"}, Values: []string{value}}, []ir.Path{{"A"}}, nil
	}
	if r.IntN(8) == 0 {
		e.Effect = ir.Unknown
	}
	return e
}

func (r *maker) processor(id string) {
	n := &ir.Node{ID: id, Pure: true, Out: []ir.Port{{Type: r.event}}}
	switch r.IntN(7) {
	case 0, 1:
		n.Op = &ir.Apply{Verb: ir.VerbFilter, Expr: r.expr(ir.Bool)}
	case 2:
		n.Op = &ir.Apply{Verb: ir.VerbMap, Expr: r.expr(ir.Struct)}
	case 3:
		n.Op = &ir.Apply{Verb: ir.VerbSet, Assign: []ir.Assign{{Name: "b", Go: "B", Expr: r.expr(ir.String)}}}
	case 4:
		n.Op = &ir.Route{Cases: []ir.Case{{Port: "x", Cond: r.expr(ir.Bool)}, {Port: "y", Cond: r.expr(ir.Bool)}}, Else: "z"}
		n.Out = []ir.Port{{Name: "x", Type: r.event}, {Name: "y", Type: r.event}, {Name: "z", Type: r.event}}
	case 5:
		shapes := []ir.Shape{ir.ShapeMap, ir.ShapeFilter, ir.ShapeBatch, ir.ShapeEmit}
		ref := &ir.GoRef{Use: "./x.F", Shape: shapes[r.IntN(4)], Plan: []ir.Conv{{From: ir.Path{"A"}, To: ir.Path{"A"}, How: ir.HowAssign}}}
		n.Op, n.Pure = &ir.Apply{Verb: ir.VerbGo, Go: ref}, r.IntN(2) == 0
	case 6:
		n.Op = &ir.Apply{Verb: ir.VerbCheck, Assign: []ir.Assign{{Name: "good", Expr: r.expr(ir.Bool)}}}
	}
	if r.IntN(5) == 0 {
		n.Parallel, n.Unordered = 1+r.IntN(3), r.IntN(3) == 0
		if r.IntN(3) == 0 {
			n.Key = r.expr(ir.String)
		}
	}
	r.add(n)
	r.feed(id)
	for _, port := range n.Out {
		if r.IntN(6) > 0 { // else dropped
			r.outputs = append(r.outputs, output{id, port.Name})
		}
	}
}

func (r *maker) sink(id string) {
	if r.IntN(4) == 0 {
		r.add(&ir.Node{ID: id, Op: &ir.Sink{Go: &ir.GoRef{Use: "./x.W", Shape: ir.ShapeSink, Plan: []ir.Conv{{From: ir.Path{"D", "E"}, To: ir.Path{"E"}, How: ir.HowAssign}}}}})
		r.feed(id)
		return
	}
	op := &ir.Sink{Connector: "file"}
	if r.IntN(3) == 0 {
		op.Config = []ir.Setting{{Key: "path", Value: &ir.Value{Kind: "string", Parts: []ir.Part{{Kind: ir.Record, Expr: &ir.Expr{
			Text: "in.A", Go: "in.A", Type: &ir.Type{Kind: ir.String}, Effect: ir.Pure, Reads: []ir.Path{{"A"}},
		}}}}}}
	}
	r.add(&ir.Node{ID: id + ".encode", YAML: id, Pure: true, Op: &ir.Encode{Codec: []string{"ndjson", "csv"}[r.IntN(2)]}, Out: []ir.Port{{Type: r.bytes}}})
	r.add(&ir.Node{ID: id, Op: op})
	r.feed(id + ".encode")
	r.edge(output{id + ".encode", ""}, id, r.bytes)
}

// dead gives some nodes a dead-letter sink.
func (r *maker) dead() {
	nodes := slices.Clone(r.p.Nodes)
	r.add(&ir.Node{ID: "dead", Op: &ir.Sink{Connector: "file", DeadLetter: true}})
	for _, n := range nodes {
		if r.IntN(3) == 0 {
			n.OnError = &ir.ErrorPolicy{Then: ir.ThenDead, Dead: "dead"}
			r.p.Edges = append(r.p.Edges, &ir.Edge{From: n.ID, To: "dead", Kind: ir.Error})
		}
	}
}

// Whatever the program, it verifies after each pass, nothing that a node reads
// is missing on the way to it, and a second run changes nothing.
func TestRandomPrograms(t *testing.T) {
	for seed := range uint64(600) {
		p := randomProgram(seed)
		before := ir.Print(p)
		if err := Run(p, Options{Verify: true}); err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, before)
		}
		for _, mistake := range missing(p) {
			t.Errorf("seed %d: %s\n%s", seed, mistake, ir.Print(p))
		}
		once := ir.Print(p)
		if err := Run(p, Options{Verify: true}); err != nil {
			t.Fatalf("seed %d: again: %v", seed, err)
		}
		if twice := ir.Print(p); twice != once {
			t.Fatalf("seed %d: a second run changes the program:\n%s", seed, diff(once, twice))
		}
		q := randomProgram(seed)
		r := rand.New(rand.NewPCG(seed, 9))
		r.Shuffle(len(q.Nodes), func(i, j int) { q.Nodes[i], q.Nodes[j] = q.Nodes[j], q.Nodes[i] })
		r.Shuffle(len(q.Edges), func(i, j int) { q.Edges[i], q.Edges[j] = q.Edges[j], q.Edges[i] })
		if err := Run(q, Options{Verify: true}); err != nil {
			t.Fatalf("seed %d: in another order: %v", seed, err)
		}
		if got, want := canonical(q), canonical(p); got != want {
			t.Fatalf("seed %d: another program in another order:\n%s", seed, diff(want, got))
		}
		if t.Failed() {
			return
		}
	}
}

// missing checks what the passes found, edge by edge and without their code: it
// asks of each edge only what its two ends need.
func missing(p *ir.Program) []string {
	var mistakes []string
	wrong := func(e *ir.Edge, format string, args ...any) {
		mistakes = append(mistakes, fmt.Sprintf("edge %s: ", e)+fmt.Sprintf(format, args...))
	}
	g := newGraph(p)
	for _, e := range p.Edges {
		if e.Kind == ir.Error {
			continue
		}
		from, to := g.nodes[e.From], g.nodes[e.To]
		need := func(what string, paths []ir.Path) {
			for _, path := range paths {
				if !covers(e, path) {
					wrong(e, "%s needs %v, and it carries %v", what, path, e.Live)
				}
			}
		}
		keeps := false
		switch op := to.Op.(type) {
		case *ir.Apply:
			for _, x := range append([]*ir.Expr{op.Expr}, assigned(op)...) {
				if x != nil {
					need("an expression", x.Reads)
				}
			}
			if op.Go != nil {
				need("a component", []ir.Path{op.Go.Plan[0].From})
			}
			keeps = op.Verb == ir.VerbFilter || op.Verb == ir.VerbCheck || op.Go != nil && op.Go.Shape == ir.ShapeFilter
			if op.Verb == ir.VerbSet {
				for _, next := range data(g.out[to.ID]) {
					for _, path := range next.Live {
						if path[0] != "B" && path[0] != "*" {
							need("what is behind set", []ir.Path{path})
						}
						if path[0] == "*" {
							need("what is behind set", []ir.Path{{"A"}, {"C"}, {"D"}})
						}
					}
					if next.Raw && !e.Raw {
						wrong(e, "set has no bytes to splice for %s", next)
					}
				}
			}
		case *ir.Route:
			for _, c := range op.Cases {
				need("a case", c.Cond.Reads)
			}
			keeps = true
		case *ir.Encode:
			if !op.Raw {
				need("an encoder", []ir.Path{ir.Whole})
			} else if !e.Raw || e.Origin != ir.Intact {
				wrong(e, "a raw encoder gets no bytes")
			}
		case *ir.Sink:
			if op.Go != nil {
				need("a sink", []ir.Path{op.Go.Plan[0].From})
			}
		}
		if to.Key != nil {
			need("a key", to.Key.Reads)
		}
		if keeps {
			for _, next := range data(g.out[to.ID]) {
				need("what is behind", next.Live)
				if next.Raw && !e.Raw {
					wrong(e, "it loses the bytes that %s needs", next)
				}
				if next.Origin == ir.Intact && e.Origin != ir.Intact {
					wrong(e, "its records are %s, and behind `%s` intact", e.Origin, to.ID)
				}
			}
		}
		if op, ok := from.Op.(*ir.Decode); ok {
			for _, path := range e.Live {
				if !covers(&ir.Edge{Live: op.Reads[e.Port], Type: e.Type}, path) {
					wrong(e, "the decoder reads %v, not %v", op.Reads[e.Port], path)
				}
			}
		}
		// Only one lane may run what is not pure.
		if i := slices.IndexFunc(p.Regions, func(r *ir.Region) bool { return r.Name == to.Region }); !to.Pure && to.Parallel < 2 && to.Key == nil && p.Regions[i].Lanes != 1 {
			wrong(e, "`%s` is not pure, and its region has %d lanes", to.ID, p.Regions[i].Lanes)
		}
		// Nobody writes to what others read.
		if op, ok := to.Op.(*ir.Apply); ok && op.Expr != nil && op.Expr.Writes && len(g.from(e.From, e.Port)) > 1 && e.Own != ir.Clone {
			wrong(e, "`%s` writes to a record that it shares", to.ID)
		}
	}
	return mistakes
}

func assigned(op *ir.Apply) []*ir.Expr {
	var exprs []*ir.Expr
	for _, a := range op.Assign {
		exprs = append(exprs, a.Expr)
	}
	return exprs
}

// covers tells whether a path is live on an edge.
func covers(e *ir.Edge, path ir.Path) bool {
	return slices.ContainsFunc(e.Live, func(live ir.Path) bool {
		return live[0] == "*" || len(live) <= len(path) && slices.Equal(live, path[:len(live)])
	})
}

func BenchmarkRun(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		p := chainOf(1000)
		b.StartTimer()
		if err := Run(p, Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

// chainOf is a program of n filters between a source and a sink.
func chainOf(n int) *ir.Program {
	r := &maker{Rand: rand.New(rand.NewPCG(1, 1)), bytes: &ir.Type{Kind: ir.Bytes}}
	r.event = &ir.Type{Kind: ir.Struct, Name: "Event", Fields: []*ir.Field{{Name: "a", Go: "A", Type: &ir.Type{Kind: ir.String}}}}
	r.p = &ir.Program{Name: "chain", Types: []*ir.Type{r.event}}
	r.source("source")
	last := r.outputs[0]
	for i := range n {
		id := fmt.Sprintf("node%d", i)
		r.add(&ir.Node{ID: id, Pure: true, Out: []ir.Port{{Type: r.event}}, Op: &ir.Apply{Verb: ir.VerbFilter, Expr: &ir.Expr{
			Text: `in.A == "x"`, Go: `in.A == "x"`, Type: &ir.Type{Kind: ir.Bool}, Effect: ir.Pure, Reads: []ir.Path{{"A"}},
		}}})
		r.edge(last, id, r.event)
		last = output{id, ""}
	}
	r.outputs = []output{last}
	r.sink("sink")
	return r.p
}

func BenchmarkVerify(b *testing.B) {
	p := chainOf(1000)
	if err := Run(p, Options{}); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := ir.Verify(p); err != nil {
			b.Fatal(err)
		}
	}
}
