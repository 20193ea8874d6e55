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
	tidy     []jen.Code // of Settle, behind the counting
	counters []string   // fields that count
	methods  []*jen.Statement
	// methodNames are those of the branches' methods.
	methodNames map[string]bool
	chains      []*chain
	shared      map[string]string // nodes with several inputs in this region -> method
	each        map[string]each   // by the names of their methods
	flush       []jen.Code
	flushes     []func() error // write flush, when all methods are there
	open        []jen.Code
	close       []jen.Code

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
	refused  bool   // an encoder, or the key of a queue: only failures are counted here
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
	l := &loop{generator: g, r: r, name: g.names.lower(head.YAML) + "Loop", shared: map[string]string{}, methodNames: map[string]bool{}, each: map[string]each{}}
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
		_, source := n.Op.(*ir.Source)
		if n.Keeps || !source && n.Component() != nil {
			return true
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

// newChain begins a chain, whose counter is declared when something counts.
func (l *loop) newChain(counter string, parent *chain) *chain {
	c := &chain{counter: counter, parent: parent}
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

// filtered is the counter of records that end at a node, as an expression.
func (l *loop) filtered(n *ir.Node) string {
	return "l." + l.counter(l.names.lower(n.YAML)+"Filtered")
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
