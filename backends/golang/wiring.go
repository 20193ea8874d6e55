package golang

import (
	"time"

	"github.com/dave/jennifer/jen"

	"github.com/flowc-dev/flowc/backends"
	"github.com/flowc-dev/flowc/backends/gocode"
	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/runtime/catalog"
)

// A wiring writes the files that make a program of the generated loops.
type wiring struct {
	gocode.Writer
	p     *ir.Program
	l     backends.Layout
	unit  *gocode.Unit
	graph *ir.Graph // of the edges that carry records

	yaml []string            // YAML nodes in order: the index of each is its constant
	main map[string]*ir.Node // the node that carries each YAML node's policy
	// leave are the sources and sinks that commands may leave out.
	leave map[string]bool

	follows bool // some of the settings are those of files as these change
}

func newWiring(p *ir.Program, l backends.Layout, u *gocode.Unit) *wiring {
	w := &wiring{Writer: gocode.NewWriter(p, l), p: p, l: l, unit: u, graph: p.Graph(ir.Data), main: map[string]*ir.Node{}, leave: leavable(p)}
	for _, n := range p.Nodes {
		if _, ok := w.main[n.YAML]; !ok {
			w.yaml = append(w.yaml, n.YAML)
		}
		if _, ok := w.main[n.YAML]; !ok || n.ID == n.YAML {
			w.main[n.YAML] = n
		}
	}
	return w
}

// duration quotes a duration, which the IR has in nanoseconds.
func (w *wiring) duration(ns int64) *jen.Statement {
	return w.Go(gocode.DurationText(time.Duration(ns)))
}

// made quotes `name, err := call`, whose error is the node's.
func (w *wiring) made(n *ir.Node, name string, call *jen.Statement) []jen.Code {
	return []jen.Code{
		jen.List(jen.Id(name), jen.Err()).Op(":=").Add(call),
		w.Go("if " + w.unlessLeftOut(n)).Block(w.Go("return nil, " + gocode.NodeError(n, "configure", "err"))),
	}
}

// wiringFile makes the program: sources, sinks, queues and regions.
func (w *wiring) wiringFile() *jen.File {
	f := w.File()
	body := append([]jen.Code{w.info(), jen.Line()}, w.store()...)
	for _, n := range w.p.Nodes {
		if sink, ok := n.Op.(*ir.Sink); ok {
			body = append(body, w.sink(n, sink)...)
		}
	}
	queues := map[string]bool{} // several loops may fill one
	for _, loop := range w.unit.Loops {
		for _, id := range loop.Targets {
			n := w.graph.Nodes[id]
			if _, ok := n.Op.(*ir.Sink); !ok && !queues[id] {
				queues[id] = true
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

// store makes the place for checkpoints, where it is a connector.
func (w *wiring) store() []jen.Code {
	connector, ok := catalog.Lookup(w.p.Delivery.Store)
	if !ok || connector.Store == nil {
		return nil
	}
	place := w.p.Delivery.StoreSpan.Place()
	return []jen.Code{
		jen.List(jen.Id("checkpoints"), jen.Err()).Op(":=").Qual(w.l.Runtime()+"/"+connector.Package, connector.Store.New).Call(jen.Id("s").Dot("checkpoints")),
		w.Go("if err != nil").Block(w.Gof(`return nil, &@flow.NodeError{Node: "delivery.checkpoint", Line: %q, Op: "configure", Err: err}`, place)),
		w.Gof("p.KeepIn(checkpoints, %q)", place),
	}
}

func (w *wiring) queueVar(n *ir.Node) string { return w.Name(n.YAML) + "Queue" }

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
	if len(w.reach()) > 0 {
		s.Op(", Reach: reach")
	}
	if len(w.leave) > 0 {
		s.Op(", LeftOut: s.leftOut")
	}
	return s.Op("})")
}

// queue quotes an edge between two regions.
func (w *wiring) queue(n *ir.Node) *jen.Statement {
	v := w.queueVar(n)
	opts := w.queueOptions(n.ID, w.unit.Feeds[n.ID])
	if gocode.BatchOf(n) != nil {
		opts[jen.Id("Batch")] = w.Gof("s.%s", gocode.BatchField(w.Name(n.YAML)))
	}
	return w.Gof("%sIn, %sOut := p.Queue(%q, ", v, v, n.YAML).Add(w.Go("@flow.QueueOptions").Values(opts)).Op(")")
}

// region quotes one region.
func (w *wiring) region(loop gocode.Loop) *jen.Statement {
	head := w.graph.Nodes[loop.Region.Head]
	from := w.Name(head.YAML) + "Input"
	if _, ok := head.Op.(*ir.Source); !ok {
		from = w.queueVar(head) + "Out"
	}
	var to []jen.Code
	for _, t := range loop.Targets {
		n := w.graph.Nodes[t]
		if _, ok := n.Op.(*ir.Sink); ok {
			to = append(to, jen.Id(w.Name(n.YAML)+"Target"))
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
		n := w.graph.Nodes[id]
		if _, sink := n.Op.(*ir.Sink); !sink && !seen[n.YAML] && n.ID == n.YAML {
			seen[n.YAML] = true
			ids = append(ids, jen.Id(w.Node(n.YAML)))
		}
	}
	opts[jen.Id("Nodes")] = jen.Index().Int().Values(ids...)
	return w.Gof("p.Region(%q, ", loop.Region.Name).Add(w.Go("@flow.RegionOptions").Values(opts)).
		Add(w.Gof(", func(lane *@flow.Lane) (@flow.Loop, error) { return %s(lane, s) })", loop.New))
}
