package golang

import (
	"fmt"
	"strings"
	"time"

	"github.com/dave/jennifer/jen"

	"github.com/flowc-dev/flowc/backends"
	"github.com/flowc-dev/flowc/backends/gocode"
	"github.com/flowc-dev/flowc/ir"
)

// A wiring writes the files that make a program of the generated loops.
type wiring struct {
	p    *ir.Program
	l    backends.Layout
	unit *gocode.Unit
	out  gocode.Writer

	yaml  []string            // YAML nodes in order: the index of each is its constant
	main  map[string]*ir.Node // the node that carries each YAML node's policy
	names map[string]string
}

func newWiring(p *ir.Program, l backends.Layout, u *gocode.Unit) *wiring {
	w := &wiring{p: p, l: l, unit: u, out: gocode.NewWriter(p, l), main: map[string]*ir.Node{}, names: map[string]string{}}
	for _, n := range p.Nodes {
		if _, ok := w.main[n.YAML]; !ok {
			w.yaml = append(w.yaml, n.YAML)
			w.names[n.YAML] = w.out.Name(n.YAML)
		}
		if _, ok := w.main[n.YAML]; !ok || n.ID == n.YAML {
			w.main[n.YAML] = n
		}
	}
	return w
}

// Go quotes a piece of Go, as gocode does.
func (w *wiring) Go(text string) *jen.Statement { return w.out.Go(text) }

// Gof quotes a piece of Go, formatted as with fmt.Sprintf.
func (w *wiring) Gof(format string, args ...any) *jen.Statement { return w.out.Gof(format, args...) }

func (w *wiring) node(yaml string) string { return w.out.Node(yaml) }

func (w *wiring) goType(t *ir.Type) *jen.Statement { return w.out.Type(t) }

// duration quotes a duration, which the IR has in nanoseconds.
func (w *wiring) duration(ns int64) *jen.Statement {
	return w.Go(gocode.DurationText(time.Duration(ns)))
}

func (w *wiring) file() *jen.File {
	f := w.out.File()
	for _, n := range w.p.Nodes {
		if ref := n.Component(); ref != nil {
			w.out.Import(f, ref.PkgName, ref.Package)
		}
	}
	return f
}

// place is "file:line" of a node.
func (w *wiring) place(n *ir.Node) string {
	if n.Span.IsZero() {
		return ""
	}
	return fmt.Sprintf("%s:%d", n.Span.File.Name, n.Span.Line())
}

func (w *wiring) nodeOf(id string) *ir.Node {
	for _, n := range w.p.Nodes {
		if n.ID == id {
			return n
		}
	}
	return nil
}

// wiringFile makes the program: sources, sinks, queues and regions.
func (w *wiring) wiringFile() *jen.File {
	f := w.file()
	body := []jen.Code{w.info(), jen.Line()}
	for _, n := range w.p.Nodes {
		if sink, ok := n.Op.(*ir.Sink); ok {
			body = append(body, w.sink(n, sink)...)
		}
	}
	for _, loop := range w.unit.Loops {
		for _, t := range loop.Targets {
			n := w.nodeOf(t)
			if _, ok := n.Op.(*ir.Sink); !ok && !w.declared(body, n) {
				body = append(body, w.queue(n))
			}
		}
	}
	for _, n := range w.p.Nodes {
		if src, ok := n.Op.(*ir.Source); ok {
			body = append(body, w.source(n, src)...)
		}
	}
	body = append(body, jen.Line())
	for _, loop := range w.unit.Loops {
		body = append(body, w.region(loop))
	}
	body = append(body, w.Go("return p, nil"))
	f.Comment("newProgram wires the pipeline: what reads, what writes, and the loops between.")
	f.Func().Id("newProgram").Params(jen.Id("s").Op("*").Id("settings")).Params(w.Go("*@flow.Program"), jen.Error()).Block(body...)
	return f
}

// declared tells whether a queue's variable is there already.
func (w *wiring) declared(body []jen.Code, n *ir.Node) bool {
	return strings.Contains(jen.Block(body...).GoString(), w.queueVar(n)+"In, ")
}

func (w *wiring) queueVar(n *ir.Node) string { return w.out.Name(n.YAML) + "Queue" }

// info is the statement that begins the program.
func (w *wiring) info() *jen.Statement {
	root := ""
	if len(w.p.Files) > 0 {
		root = w.p.Files[0].Name
	}
	s := w.Gof("p := @flow.New(@flow.Info{Name: %q, Hash: hash, File: %q, Nodes: s.nodes[:], Funcs: stages", w.p.Name, root)
	if d := w.p.Delivery.Drain; d > 0 {
		s.Op(", Drain: ").Add(w.duration(d))
	}
	if d := w.p.Delivery.CheckpointEvery; d > 0 {
		s.Op(", CheckpointEvery: ").Add(w.duration(d))
	}
	if w.p.Memory.Total > 0 {
		s.Op(", Memory: " + sizeText(w.p.Memory.Total))
	}
	return s.Op("})")
}

// queueInto is the edge that bounds what waits before a node.
func (w *wiring) queueInto(id string) *ir.Edge {
	for _, e := range w.p.Edges {
		if e.To == id && e.Kind == ir.Data && e.Via == ir.Queue {
			return e
		}
	}
	return nil
}

// queue quotes an edge between two regions.
func (w *wiring) queue(n *ir.Node) *jen.Statement {
	opts := jen.Dict{}
	if e := w.queueInto(n.ID); e != nil {
		if e.Depth > 0 {
			opts[jen.Id("Depth")] = jen.Lit(e.Depth)
		}
		if e.Bytes > 0 {
			opts[jen.Id("Bytes")] = jen.Op(sizeText(e.Bytes))
		}
	}
	w.feedOptions(opts, w.unit.Feeds[n.ID])
	v := w.queueVar(n)
	return w.Gof("%sIn, %sOut := p.Queue(%q, ", v, v, n.YAML).Add(w.Go("@flow.QueueOptions").Values(opts)).Op(")")
}

// region quotes one region.
func (w *wiring) region(loop gocode.Loop) *jen.Statement {
	head := w.nodeOf(loop.Region.Head)
	from := w.out.Name(head.YAML) + "Input"
	if _, ok := head.Op.(*ir.Source); !ok {
		from = w.queueVar(head) + "Out"
	}
	var to []jen.Code
	for _, t := range loop.Targets {
		n := w.nodeOf(t)
		if _, ok := n.Op.(*ir.Sink); ok {
			to = append(to, jen.Id(w.out.Name(n.YAML)+"Target"))
		} else {
			to = append(to, jen.Id(w.queueVar(n)+"In"))
		}
	}
	opts := jen.Dict{
		jen.Id("From"): w.Gof("[]*@flow.Input{%s}", from),
		jen.Id("To"):   w.Go("[]*@flow.Target").Values(to...),
	}
	if loop.Region.Lanes > 0 {
		opts[jen.Id("Lanes")] = jen.Lit(loop.Region.Lanes)
	}
	if head.Key != nil && loop.Region.Lanes != 1 { // the loops append hashes of keys
		opts[jen.Id("Keyed")] = jen.True()
	}
	if head.Unordered {
		opts[jen.Id("Unordered")] = jen.True()
	}
	var ids []jen.Code
	seen := map[string]bool{}
	for _, id := range loop.Region.Nodes {
		n := w.nodeOf(id)
		if _, sink := n.Op.(*ir.Sink); !sink && !seen[n.YAML] && n.ID == n.YAML {
			seen[n.YAML] = true
			ids = append(ids, jen.Id(w.node(n.YAML)))
		}
	}
	opts[jen.Id("Nodes")] = jen.Index().Int().Values(ids...)
	return w.Gof("p.Region(%q, ", loop.Region.Name).Add(w.Go("@flow.RegionOptions").Values(opts)).
		Add(w.Gof(", func(lane *@flow.Lane) (@flow.Loop, error) { return %s(lane, s) })", loop.New))
}
