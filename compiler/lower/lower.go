// Package lower gives the syntax tree its meaning: names become nodes and
// edges, types become types, inline Go and components are checked where they
// stand, and the result is a program ([ir.Program]).
//
// Nodes are lowered in the order of the graph, each after those that feed it,
// because what a node sends on often follows from what it gets. A node that
// could not be understood sends on records of an unknown type; whoever gets
// them says nothing about them, so that each mistake is told once.
//
//	lower.go                the entry
//	graph.go unknownnode.go order.go ports.go consumed.go deadletter.go   edges, cycles, who takes what
//	types.go schematype.go goname.go                  declared types and their Go names
//	source.go step.go sink.go component.go parse.go   one node
//	node.go config.go defaults.go format.go csv.go policy.go let.go   what nodes have in common
//	refused.go              what a connector would refuse when the program starts
//	edits.go                edits that mend a pipeline
//	assemble.go             the program
package lower

import (
	"context"
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/compiler/check"
	"github.com/flowc-dev/flowc/compiler/check/component"
	"github.com/flowc-dev/flowc/compiler/parse"
	"github.com/flowc-dev/flowc/compiler/syntax"
	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/lock"
	"github.com/flowc-dev/flowc/ir/source"
	"github.com/flowc-dev/flowc/runtime/catalog"
)

// Options are what lowering needs besides the tree.
type Options struct {
	// Dir is the folder of the root pipeline, which Go of the user's is relative
	// to.
	Dir string
	// Connectors are the built-ins; nil means those of the catalog.
	Connectors []*catalog.Connector
	// Std reads the types of the standard library; nil means one without a
	// cache.
	Std *check.Std
	// Env is the environment of the go command, nil for that of the process.
	Env []string
	// MinGo is the oldest version of Go that builds a generated program.
	MinGo string
	// ReadFile reads a file that a type names, relative to Dir.
	ReadFile func(name string) ([]byte, error)
	// Lock is what references of components mean, nil for nothing; Frozen makes an error of
	// one that it lacks.
	Lock   *lock.File
	Frozen bool
	// LockUnread tells that there is a lock which could not be read, as has been said.
	LockUnread bool
}

// Program lowers a pipeline. The program is whole only where the list holds no
// error.
func Program(ctx context.Context, p *syntax.Pipeline, o Options, l *diag.List) *ir.Program {
	if o.Connectors == nil {
		o.Connectors = catalog.Connectors
	}
	w := &lowering{
		ctx: ctx, o: o, p: p, l: l,
		byName:  map[string]*node{},
		unknown: map[string][]*edge{}, unknownTypes: map[string]*diag.Diagnostic{}, unknownDead: map[string]*diag.Diagnostic{}, unknownPorts: map[portName]*diag.Diagnostic{}, meantTypes: map[string]bool{},
		made:    map[*ir.Type]source.Span{},
		metas:   map[string]*ir.Type{},
		changes: map[*ir.Type]*ir.Type{},
		schemas: map[string]*schemaReader{},
	}
	w.described()
	w.shapes()
	w.declareNodes()
	w.loadGo()
	w.declareTypes()
	w.newChecker()
	w.connect()
	for _, n := range w.order {
		w.node(n)
	}
	w.consumed()
	w.eventTypesMeet()
	w.portsTaken()
	w.published()
	w.unorderedRanges()
	w.sharedSlots()
	w.idleDefaults()
	w.holdThemselves() // those that came from schema files meanwhile
	if !l.HasErrors() {
		w.checker.Unused(l)
		w.checker.UnusedLets(l)
	}
	return w.assemble()
}

// A lowering is the state of lowering one pipeline.
type lowering struct {
	ctx     context.Context
	o       Options
	p       *syntax.Pipeline
	l       *diag.List
	loader  *component.Loader
	checker *check.Checker

	types     typeTable
	typeNames map[string]bool
	// made are the places where types came to be that no declaration names.
	made map[*ir.Type]source.Span

	nodes  []*node // in the order of the file
	byName map[string]*node
	order  []*node // each after those that feed it
	// dead are the nodes that name a dead-letter sink, by its name.
	dead map[string][]*node
	// lost tells that nobody can tell which outputs are not taken; lostRefs counts
	// references that could not be resolved, each of which may take one.
	lost     bool
	lostRefs int
	// sourceless and sinkless tell that there is no source or no sink, so that
	// references to what is not there follow from that.
	sourceless, sinkless bool
	// perhapsDead tells that some node does not say where its dead letters go, so
	// that a sink which nothing feeds may be the one. unknownDead are the errors
	// about such sinks that are not there, by their names.
	perhapsDead bool
	// meantTypes are names that a declaration under another name was probably
	// meant to have, which was reported.
	meantTypes  map[string]bool
	unknownDead map[string]*diag.Diagnostic
	// unknown are the references to nodes that are not there, by the name that
	// they give; unknownTypes and unknownPorts the errors about types and outputs
	// that are not there.
	unknown      map[string][]*edge
	unknownTypes map[string]*diag.Diagnostic
	unknownPorts map[portName]*diag.Diagnostic
	lets         []*ir.Let
	schemas      map[string]*schemaReader
	// metas are the types of `meta`, by connector.
	metas map[string]*ir.Type
	// changes are the types `change of T`, by T.
	changes map[*ir.Type]*ir.Type
}

// A node is one YAML node on its way.
type node struct {
	*syntax.Node
	index int
	from  []*edge
	// outs are its outputs; they are not known before the node is lowered, and
	// then still not where vague.
	outs  []*port
	vague bool
	// in is the type of what it gets, nil where that is not known (which has
	// been reported) or there is none.
	in *ir.Type
	// meta is the type of the metadata that its records carry, nil for none.
	meta *ir.Type
	// changes tells that it is a source of tables that gives changes of rows.
	changes bool
	// answers tells that all sources that feed it can answer the sender.
	answers bool
	lets    []*ir.Let
	badLets []string // let values that could not be read, which was reported
	// main, decode and encode are its nodes in the program.
	main, decode, encode *ir.Node
	policy               *ir.ErrorPolicy
}

// A port is an output of a node.
type port struct {
	name string
	typ  *ir.Type // nil where it is not known
	span source.Span
	by   []*edge // who takes it
	// dropped tells that the node drops it on purpose.
	dropped bool
}

// An edge is one reference of a `from`, resolved.
type edge struct {
	from, to *node
	port     *port // nil where it could not be resolved
	ref      syntax.Ref
}

// broken marks a node whose outputs are not known.
func (n *node) broken() { n.vague = true }

// out gives a node one output without a name.
func (n *node) out(t *ir.Type) {
	n.outs = []*port{{typ: t, span: n.Name.Span}}
}

// declareNodes gives each name its node.
func (w *lowering) declareNodes() {
	for _, s := range w.p.Nodes {
		n := &node{Node: s, index: len(w.nodes)}
		w.nodeName(n)
		if before := w.byName[s.Name.Text]; before != nil {
			w.l.Errorf(diag.DuplicateNode, s.Name.Span, "two nodes are called `%s`", s.Name.Text).
				Caret("this %s", s.Role).
				Also(before.Name.Span, "and this %s", before.Role).
				Helpf("rename one of them: `from` and the report know nodes by name alone")
			n.vague = true
			w.lostRefs += max(1, len(s.From)) // it may take what nobody takes
			continue
		}
		w.byName[s.Name.Text] = n
		w.nodes = append(w.nodes, n)
	}
	w.roles()
}

// roles reports a pipeline that reads or writes nothing.
func (w *lowering) roles() {
	count := map[syntax.Role]int{}
	for _, n := range w.nodes {
		count[n.Role]++
	}
	for _, block := range w.p.Unread {
		if block != "types" {
			w.lost = true
			return // what is missing stands there, perhaps
		}
	}
	at := w.p.Name.Span
	if at.IsZero() {
		at = source.Span{File: w.p.File}
	}
	switch {
	case len(w.nodes) == 0 && len(w.p.Jobs) > 0: // jobs alone are a pipeline
	case len(w.nodes) == 0:
		w.l.Errorf(diag.EmptyPipeline, at, "the pipeline has no nodes").Helpf("it needs at least one source, under `sources:`, and one sink, under `sinks:`, or a job, under `jobs:`")
	case count[syntax.Source] == 0:
		w.sourceless = true
		w.l.Errorf(diag.EmptyPipeline, at, "the pipeline has no source: nothing is read").Helpf("add one under `sources:`")
	case count[syntax.Sink] == 0:
		w.lost, w.sinkless = true, true // that nothing is taken follows from it
		w.l.Errorf(diag.EmptyPipeline, at, "the pipeline has no sink: nothing is written").Helpf("add one under `sinks:`; `use: drop` discards records on purpose")
	}
}

// nodeName checks the name of a node: it stands in `from` before a dot, in
// file names, in metrics and in Go.
func (w *lowering) nodeName(n *node) {
	name := n.Name.Text
	if strings.Contains(name, ".") {
		d := w.l.Errorf(diag.NodeName, n.Name.Span, "the node `%s` has a dot in its name, and a dot begins the name of an output", name)
		d.Replace(n.Name.Span, strings.ReplaceAll(name, ".", "-"), "write `%s`", strings.ReplaceAll(name, ".", "-"))
		return
	}
	if !isName(name) {
		w.l.Errorf(diag.NodeName, n.Name.Span, "`%s` can't be the name of a node", name).
			Helpf("a name begins with a letter and has letters, digits, `-` and `_`, 63 at the most")
	}
}

// isName tells whether a word can be the name of a node or of an output.
func isName(name string) bool {
	for i, c := range name {
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		if !letter && (i == 0 || (c < '0' || '9' < c) && c != '-' && c != '_') {
			return false
		}
	}
	return name != "" && len(name) <= 63
}

// usesGo tells whether `use` names Go and not a built-in.
func usesGo(use string) bool { return strings.ContainsAny(use, "/.") && !strings.Contains(use, "@") }

// loadGo finds all Go of the user's with one load.
func (w *lowering) loadGo() {
	w.loader = component.NewLoader(w.o.Dir, component.Options{Env: w.o.Env, MinGo: w.o.MinGo})
	want := func(use string, at source.Span) {
		if path, _, ok := component.SplitUse(use); ok {
			w.loader.Want(path, at)
		}
	}
	for _, i := range w.p.Imports {
		w.loader.Want(i.Path.Text, i.Path.Span)
	}
	for _, n := range w.nodes {
		if n.Kind == syntax.Use && usesGo(n.Use.Text) {
			want(n.Use.Text, n.Use.Span)
		}
	}
	for _, t := range w.p.Types {
		walkType(t.Type, func(e *syntax.TypeExpr) {
			if e.Form == syntax.TypeGo {
				want(e.Name, e.Span)
			}
		})
	}
	for _, n := range w.nodes {
		if n.Out != nil {
			outTypes(n.Out, func(e *syntax.TypeExpr) {
				if e.Form == syntax.TypeGo {
					want(e.Name, e.Span)
				}
			})
		}
	}
	for _, path := range w.standard() {
		w.loader.WantStandard(path)
	}
	w.loader.Load(w.ctx, w.l)
}

// standard are the standard packages whose types the pipeline may need.
func (w *lowering) standard() []string {
	var texts []string
	for _, n := range w.nodes {
		n.eachGo(func(g *parse.Node) { texts = append(texts, g.Text) })
	}
	paths := check.Named(texts...)
	add := func(p string) {
		if !slices.Contains(paths, p) {
			paths = append(paths, p)
		}
	}
	add("time")
	add("encoding/json") // a raw value is its RawMessage
	for _, n := range w.nodes {
		if n.Use.Text == "generate" {
			add("math/rand/v2")
		}
		for _, l := range n.Let {
			if l.Type.Text == "regexp" {
				add("regexp")
			}
		}
	}
	return paths
}

// eachGo visits all inline Go of a node.
func (n *node) eachGo(visit func(*parse.Node)) {
	for _, g := range []*parse.Node{n.Go, n.Key} {
		if g != nil {
			visit(g)
		}
	}
	for _, list := range [][]syntax.Assign{n.Assign, n.Cases} {
		for _, a := range list {
			visit(a.Go)
		}
	}
	if n.Parse != nil && n.Parse.Text != nil {
		visit(n.Parse.Text)
	}
	for _, c := range n.Config {
		eachScalar(c.Node, visit)
	}
}

func eachScalar(n *parse.Node, visit func(*parse.Node)) {
	switch n.Kind {
	case parse.Sequence:
		for _, i := range n.Items {
			eachScalar(i, visit)
		}
	case parse.Mapping:
		for _, m := range n.Members {
			eachScalar(m.Value, visit)
		}
	default:
		visit(n)
	}
}

// newChecker makes the checker of inline Go.
func (w *lowering) newChecker() {
	o := check.Options{Types: w.types.declared(), Std: w.o.Std}
	for _, i := range w.p.Imports {
		path := i.Path.Text
		if w.loader.Loaded() && !check.IsStd(path) {
			if found := w.loader.ImportPath(path); found != "" {
				path = found // else the checker knows it as one that was reported
			}
		}
		o.Imports = append(o.Imports, check.UserImport{Name: i.Name.Text, Path: path, Span: i.Path.Span})
	}
	if w.loader.Loaded() {
		o.Importer, o.Record = w.loader.Importer(), w.loader.Record
	} else if o.Std != nil {
		// One call of the go command for all of them; what it can't do is told where
		// the package is named.
		_ = o.Std.Need(w.needed()...)
	}
	w.checker = check.New(o)
}

// needed are the standard packages that are worth asking for at once.
func (w *lowering) needed() []string {
	paths := w.standard()
	if len(paths) == 1 && !w.types.usesTime {
		return nil // only "time", and nobody needs it
	}
	return paths
}
