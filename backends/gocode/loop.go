package gocode

import (
	"fmt"
	"slices"

	"github.com/dave/jennifer/jen"

	"github.com/flowc-dev/flowc/ir"
)

// A loop writes the type that runs one region: a source or a queue, and the
// tree of stages behind it, fused. The trunk, up to the first place where
// records take several ways at once, is the body of Run; each such branch is a
// method of its own.
type loop struct {
	*generator
	r    *ir.Region
	name string // ledgerLoop

	targets  []string // sinks and queue consumers, in the order of packets
	fields   []jen.Code
	setup    []jen.Code // of the constructor
	counters []string   // fields that count
	methods  []*jen.Statement
	// methodNames are those of the branches' methods.
	methodNames map[string]bool
	chains      []*chain
	shared      map[string]string // nodes with several inputs in this region -> method
	// each are the calls that send on one of several records of a node.
	each    map[string]string
	flush   []jen.Code
	flushes []func() error // write flush, when all methods are there
	open    []jen.Code
	close   []jen.Code

	decoder  *decoder // of the source's records
	decoders []*decoder
	codec    string   // of the source's bytes, "" for typed rows and queues
	source   *ir.Node // the region's source, nil behind a queue
	meta     *ir.Type // meta is needed, and of this type
	mark     bool     // a record may leave by several packets
	views    bool
}

// A chain is a row of nodes that the same records pass, with the counter of
// the records that enter it.
type chain struct {
	counter string
	steps   []step
	// parent is the chain that this one branches off from, nil for none. undone
	// are where a record turns out not to have left its decoder: there the
	// counters of the chains that it is on are taken back.
	parent *chain
	undone []*jen.Statement
}

// undo quotes the taking back of the counters of a record that fails to decode
// on a chain, up to the decoder's own.
func (d *decoder) undo(c *chain) []jen.Code {
	var code []jen.Code
	for ; c != nil && c != d.chain; c = c.parent {
		s := &jen.Statement{} // empty until it is known that the chain counts
		c.undone = append(c.undone, s)
		code = append(code, s)
	}
	return code
}

// count quotes the counting of a record that enters a chain.
func (l *loop) count(c *chain) *jen.Statement {
	l.counter(c.counter)
	for _, s := range c.undone {
		s.Add(l.Gof("l.%s--", c.counter))
	}
	return l.Gof("l.%s++", c.counter)
}

// A step is what Settle does for one node of a chain.
type step struct {
	node     string // YAML name
	filtered string // counter expression, "" for none
	emitted  string // counter of a node that spreads
	refused  bool   // an encoder: only failures are counted here
	flushed  bool   // what a component gave out at the end
}

// A place says how generated code leaves a record there: the body of Run, or a
// branch's method.
type place struct {
	next, stop string // statements: go to the next record, end the batch
	chain      *chain
	// input quotes what the node got, where a dead letter of its shows that
	// beside the source's record; nil or "" where it does not. It is a function
	// because it may write an encoder, for failures that can happen.
	input func() string
}

// A value is the record as it is at some point of the loop.
type value struct {
	base string   // an addressable expression: d.record, priced, (*in)
	typ  *ir.Type // of the record
	// raw is the expression of the record's bytes, "" for a record that was
	// made in the program.
	raw string
	// dec is set while the record is what its source decoded; port is its event
	// type there, done the fields decoded so far.
	dec  *decoder
	port string
	done map[string]bool
	// text is the expression of what a parse verb reads, where that is not raw.
	text string
}

// line is the expression of the bytes that the decoder reads.
func (v value) line() string {
	if v.text != "" {
		return v.text
	}
	return v.raw
}

func (v value) ref() string {
	if v.base[0] == '(' && v.base[1] == '*' {
		return v.base[2 : len(v.base)-1]
	}
	return "&" + v.base
}

// region writes the loop of a region; nil for a region that is only a sink.
func (g *generator) region(r *ir.Region) (*Loop, error) {
	head := g.nodes[r.Head]
	if _, ok := head.Op.(*ir.Sink); ok {
		return nil, nil
	}
	l := &loop{generator: g, r: r, name: g.names.lower(head.YAML) + "Loop", shared: map[string]string{}, methodNames: map[string]bool{}, each: map[string]string{}}
	l.views = !l.keeps()
	if l.meta = l.metaType(); l.meta != nil {
		l.fields = append(l.fields, jen.Id("meta").Add(l.typ(l.meta)))
	}
	l.findTargets()
	run, err := l.run(head)
	if err != nil {
		return nil, err
	}
	for _, flush := range l.flushes {
		if err := flush(); err != nil {
			return nil, err
		}
	}
	for _, d := range l.decoders {
		d.write()
	}
	l.write(run)
	return &Loop{Region: r, New: "new" + upperFirst(l.name), Targets: l.targets}, nil
}

// keeps tells whether anybody in the region may keep what it is given.
func (l *loop) keeps() bool {
	for _, id := range l.members() {
		n := l.nodes[id]
		if n.Keeps {
			return true
		}
		switch op := n.Op.(type) {
		case *ir.Apply:
			if op.Go != nil {
				return true
			}
		case *ir.Sink:
			if op.Go != nil {
				return true
			}
		}
		for _, e := range l.out[id] {
			if e.Kind == ir.Data && e.Via != ir.Call && !l.isEncode(id) {
				return true // typed rows cross a queue
			}
		}
	}
	return false
}

func (l *loop) isEncode(id string) bool { _, ok := l.nodes[id].Op.(*ir.Encode); return ok }

// members are the nodes whose code runs in this loop: those of the region, and
// the encoders that its edges lead to.
func (l *loop) members() []string {
	var out []string
	seen := map[string]bool{}
	var walk func(id string)
	walk = func(id string) {
		if seen[id] {
			return
		}
		seen[id] = true
		out = append(out, id)
		for _, e := range l.out[id] {
			if e.Kind == ir.Data && l.inside(e) {
				walk(e.To)
			}
		}
	}
	walk(l.r.Head)
	return out
}

// inside tells whether the node behind an edge runs in the same loop. Encoders
// always do: bytes cross to a sink, not records.
func (l *loop) inside(e *ir.Edge) bool { return e.Via == ir.Call || l.isEncode(e.To) }

// metaType is the type of `meta` when somebody in the region reads it.
func (l *loop) metaType() *ir.Type {
	reads := false
	see := func(e *ir.Expr) {
		if e != nil && len(e.MetaReads) > 0 {
			reads = true
		}
	}
	for _, id := range l.members() {
		n := l.nodes[id]
		see(n.Key)
		switch op := n.Op.(type) {
		case *ir.Decode:
			see(op.Input)
		case *ir.Apply:
			see(op.Expr)
			for _, a := range op.Assign {
				see(a.Expr)
			}
		case *ir.Route:
			for _, c := range op.Cases {
				see(c.Cond)
			}
		case *ir.Encode:
			for _, e := range l.out[id] {
				if sink, ok := l.nodes[e.To].Op.(*ir.Sink); ok {
					for _, a := range sink.Meta {
						see(a.Expr)
					}
					for _, s := range sink.Config {
						for _, p := range s.Value.Parts {
							see(p.Expr)
						}
					}
				}
			}
		}
	}
	for _, id := range l.members() { // somebody behind a queue reads it
		for _, e := range l.out[id] {
			reads = reads || e.Kind == ir.Data && !l.inside(e) && len(e.Meta) > 0
		}
	}
	if !reads {
		return nil
	}
	return l.metaOfSource(l.r.Head, map[string]bool{})
}

// metaOfSource is the meta of the source that a node's records come from.
func (g *generator) metaOfSource(id string, seen map[string]bool) *ir.Type {
	if seen[id] {
		return nil
	}
	seen[id] = true
	if src, ok := g.nodes[id].Op.(*ir.Source); ok {
		return src.Meta
	}
	for _, e := range g.in[id] {
		if e.Kind == ir.Data {
			if t := g.metaOfSource(e.From, seen); t != nil {
				return t
			}
		}
	}
	return nil
}

// carriesMeta tells whether records come to a queue's consumer with their meta.
func (g *generator) carriesMeta(id string) bool {
	return slices.ContainsFunc(g.in[id], func(e *ir.Edge) bool { return e.Kind == ir.Data && len(e.Meta) > 0 })
}

// rowType is the type of the rows that wait before a node: the record, with its
// meta where somebody reads that.
func (g *generator) rowType(n *ir.Node, t *ir.Type) *jen.Statement {
	if !g.carriesMeta(n.ID) {
		return g.typ(t)
	}
	name := g.names.lower(n.YAML) + "Row"
	if !g.rows[name] {
		g.rows[name] = true
		g.loops.add(jen.Comment(fmt.Sprintf("%s is a record on its way to `%s`, with the meta of its source.", name, n.YAML)).Line(),
			jen.Type().Id(name).Struct(jen.Id("record").Add(g.typ(t)), jen.Id("meta").Add(g.typ(g.metaOfSource(n.ID, map[string]bool{})))))
	}
	return jen.Id(name)
}

// findTargets lists where the region's packets go, in the order of the program's
// nodes. Dead letters are no packets of a loop: the engine writes them.
func (l *loop) findTargets() {
	want := map[string]bool{}
	for _, id := range l.members() {
		for _, e := range l.out[id] {
			if e.Kind == ir.Data && !l.inside(e) {
				want[e.To] = true
			}
		}
	}
	for _, n := range l.p.Nodes {
		if want[n.ID] {
			l.targets = append(l.targets, n.ID)
		}
	}
	// What a record has put into packets before it failed is cut off again; where
	// there is one packet, and it is written last, there is nothing to cut.
	l.mark = slices.ContainsFunc(l.targets, func(id string) bool { return l.valuesPerRecord(id) })
}

// valuesPerRecord tells whether a consumer gets values beside the record that
// the user's code computes.
func (l *loop) valuesPerRecord(id string) bool {
	n := l.nodes[id]
	sink, ok := n.Op.(*ir.Sink)
	if !ok {
		return n.Key != nil
	}
	return len(sink.Meta) > 0 || slices.ContainsFunc(sink.Config, func(s ir.Setting) bool { return s.Value != nil && s.Value.PerRecord() })
}

// mayPanic tells whether code of the user's that runs behind an edge, inside of
// this loop, may panic.
func (l *loop) mayPanic(id string, seen map[string]bool) bool {
	if seen[id] {
		return false
	}
	seen[id] = true
	n := l.nodes[id]
	panics := func(e *ir.Expr) bool { return e != nil && (e.Panics || e.Effect == ir.Unknown) }
	any := func(list []ir.Assign) bool {
		return slices.ContainsFunc(list, func(a ir.Assign) bool { return panics(a.Expr) })
	}
	switch op := n.Op.(type) {
	case *ir.Apply:
		if op.Go != nil || panics(op.Expr) || any(op.Assign) {
			return true
		}
	case *ir.Decode:
		if panics(op.Input) {
			return true
		}
	case *ir.Route:
		if slices.ContainsFunc(op.Cases, func(c ir.Case) bool { return panics(c.Cond) }) {
			return true
		}
	case *ir.Sink:
		return op.Connector != "" && l.valuesPerRecord(id)
	}
	for _, e := range l.out[id] {
		if e.Kind == ir.Data && (l.inside(e) || l.isEncode(id)) && l.mayPanic(e.To, seen) {
			return true
		}
	}
	return false
}

// target is the index of a packet.
func (l *loop) target(id string) int { return slices.Index(l.targets, id) }

// newChain starts counting records that enter a row of nodes.
func (l *loop) newChain(counter string) *chain {
	c := &chain{counter: counter}
	l.counter(counter)
	l.chains = append(l.chains, c)
	return c
}

// counter adds a counter to the loop's struct.
func (l *loop) counter(name string) string {
	if !slices.Contains(l.counters, name) {
		l.counters = append(l.counters, name)
		l.fields = append(l.fields, jen.Id(name).Int64())
	}
	return name
}

// node is the constant of a YAML node.
func (l *loop) node(yaml string) string { return "node" + l.names.upper(yaml) }

// fail quotes what happens to a record that failed at a node.
func (l *loop) fail(yaml, err string, at place) []jen.Code {
	call := fmt.Sprintf("l.Fail(%s, %s)", l.node(yaml), err)
	if at.input != nil {
		if input := at.input(); input != "" {
			call = fmt.Sprintf("l.FailInput(%s, %s, %s)", l.node(yaml), err, input)
		}
	}
	return []jen.Code{l.block("if "+call, l.Go(at.stop)), l.Go(at.next)}
}

// ifFailed is fail under a condition on err.
func (l *loop) ifFailed(yaml, err string, at place) jen.Code {
	return l.block("if "+err+" != nil", l.fail(yaml, err, at)...)
}

// write adds the loop's type, constructor and methods to loops.go.
func (l *loop) write(run []jen.Code) {
	recv := jen.Id("l").Op("*").Id(l.name)
	fields := append([]jen.Code{l.Go("*@flow.Lane"), jen.Id("settings").Op("*").Id("settings")}, l.fields...)
	nodes := l.yamlNodes()
	l.loops.add(
		jen.Comment(fmt.Sprintf("%s runs %s over the records of a batch.", l.name, list(nodes))).Line(),
		jen.Type().Id(l.name).Struct(fields...),
	)
	body := append([]jen.Code{l.Gof("l := &%s{Lane: lane, settings: s}", l.name)}, l.setup...)
	body = append(body, l.Go("return l, nil"))
	l.loops.add(jen.Func().Id("new"+upperFirst(l.name)).Params(l.Go("lane *@flow.Lane"), jen.Id("s").Op("*").Id("settings")).
		Params(l.Go("@flow.Loop"), jen.Error()).Block(body...))
	l.loops.add(jen.Comment("Run handles the records of b.").Line(),
		jen.Func().Params(recv).Id("Run").Params(l.Go("b *@flow.Batch")).Block(run...))
	for _, m := range l.methods {
		l.loops.add(m)
	}
	l.loops.add(jen.Comment("Flush lets stages that held something back give it out.").Line(),
		jen.Func().Params(recv).Id("Flush").Params().Block(l.flush...))
	l.loops.add(jen.Comment("Settle counts what became of the batch's records.").Line(),
		jen.Func().Params(recv).Id("Settle").Params().Block(l.settle()...))
	if len(l.open) > 0 {
		l.loops.add(jen.Comment("Open opens the components of this lane.").Line(),
			jen.Func().Params(recv).Id("Open").Params(l.Go("ctx @context.Context")).Error().Block(append(l.open, jen.Return(jen.Nil()))...))
	}
	if len(l.close) > 0 {
		l.loops.add(jen.Comment("Close closes the components of this lane.").Line(),
			jen.Func().Params(recv).Id("Close").Params(l.Go("ctx @context.Context")).Error().Block(
				append(append([]jen.Code{jen.Var().Id("errs").Index().Error()}, l.close...), l.Go("return @errors.Join(errs...)"))...))
	}
}

// yamlNodes are the YAML nodes that run here, in order.
func (l *loop) yamlNodes() []string {
	var out []string
	for _, id := range l.members() {
		if n := l.nodes[id]; !slices.Contains(out, n.YAML) && !l.isEncode(id) {
			out = append(out, n.YAML)
		}
	}
	return out
}

func list(names []string) string {
	s := ""
	for i, n := range names {
		switch {
		case i == 0:
		case i == len(names)-1:
			s += " and "
		default:
			s += ", "
		}
		s += "`" + n + "`"
	}
	return s
}

// settle quotes the counting: along each chain, what a node hands on is what
// the next one gets.
func (l *loop) settle() []jen.Code {
	var code []jen.Code
	for _, c := range l.chains {
		if len(c.steps) == 0 {
			code = append(code, l.Gof("l.%s = 0", c.counter))
			continue
		}
		in := "l." + c.counter
		zero := []string{"l." + c.counter}
		for i, s := range c.steps {
			filtered := "0"
			if s.filtered != "" {
				filtered = s.filtered
				zero = append(zero, filtered)
			}
			switch {
			case s.flushed:
				code = append(code, l.Gof("l.Counts[%s].Emitted += %s", l.node(s.node), in))
				continue
			case s.refused:
				code = append(code, l.Gof("l.Refused(%s)", l.node(s.node)))
				continue
			case s.emitted != "":
				zero = append(zero, s.emitted)
				code = append(code, l.Gof("l.Spread(%s, %s, %s, %s)", l.node(s.node), in, filtered, s.emitted))
				continue
			}
			call := fmt.Sprintf("l.Pass(%s, %s, %s)", l.node(s.node), in, filtered)
			if !needsResult(c.steps[i+1:]) {
				code = append(code, l.Go(call))
				continue
			}
			result := fmt.Sprintf("%sOut", l.names.lower(s.node))
			code = append(code, l.Gof("%s := %s", result, call))
			in = result
		}
		for _, z := range zero {
			code = append(code, l.Gof("%s = 0", z))
		}
	}
	return code
}

// needsResult tells whether a later step counts what this one handed on.
func needsResult(rest []step) bool {
	return slices.ContainsFunc(rest, func(s step) bool { return !s.refused })
}
