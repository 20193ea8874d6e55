package golang

import (
	"fmt"
	"strings"

	"github.com/dave/jennifer/jen"

	"github.com/flowc-dev/flowc/backends"
	"github.com/flowc-dev/flowc/backends/gocode"
	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/runtime/catalog"
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

func (w *wiring) Go(text string) *jen.Statement                 { return w.out.Go(text) }
func (w *wiring) Gof(format string, args ...any) *jen.Statement { return w.out.Gof(format, args...) }
func (w *wiring) node(yaml string) string                       { return w.out.Node(yaml) }
func (w *wiring) goType(t *ir.Type) *jen.Statement              { return w.out.Type(t) }

func (w *wiring) file() *jen.File {
	f := w.out.File()
	for _, n := range w.p.Nodes {
		if ref := goRef(n); ref != nil {
			w.out.Import(f, ref.PkgName, ref.Package)
		}
	}
	return f
}

// goRef is a node's component of the user's, nil for none.
func goRef(n *ir.Node) *ir.GoRef {
	switch op := n.Op.(type) {
	case *ir.Source:
		return op.Go
	case *ir.Sink:
		return op.Go
	case *ir.Apply:
		return op.Go
	}
	return nil
}

// place is "file:line" of a node.
func (w *wiring) place(n *ir.Node) string {
	if n.Span.IsZero() {
		return ""
	}
	return fmt.Sprintf("%s:%d", n.Span.File.Name, n.Span.Line())
}

// nodesFile numbers the YAML nodes and describes them.
func (w *wiring) nodesFile() *jen.File {
	f := w.file()
	var consts, table []jen.Code
	for i, name := range w.yaml {
		c := jen.Id(w.node(name))
		if i == 0 {
			c.Op("=").Iota()
		}
		consts = append(consts, c)
		table = append(table, w.Gof("%s: ", w.node(name)).Add(w.describe(name)).Op(","))
	}
	f.Comment("The nodes of the pipeline, in the order of the file.")
	f.Const().Defs(consts...)
	f.Line().Comment("nodes describes them to the engine: place and error policy.")
	f.Var().Id("nodes").Op("=").Add(w.Go("[...]@flow.Node")).Values(lines(table)...)
	f.Line().Comment("stages tells which node the code of a generated function belongs to.")
	stages := jen.Dict{}
	prefix := "main." // as the stack of a panic spells it
	if w.l.Package != "main" {
		prefix = w.l.Path + "."
	}
	for _, s := range w.unit.Stages {
		stages[jen.Lit(prefix+s.Func)] = jen.Id(w.node(s.Node))
	}
	f.Var().Id("stages").Op("=").Map(jen.String()).Int().Values(stages)
	return f
}

// describe is the literal of one flow.Node.
func (w *wiring) describe(name string) *jen.Statement {
	n := w.main[name]
	kind := "Processor"
	switch n.Op.(type) {
	case *ir.Source:
		kind = "Source"
	case *ir.Sink:
		kind = "Sink"
	}
	s := w.Gof("{Name: %q, Kind: @flow.Kind%s, Place: %q", name, kind, w.place(n))
	if n.Was != "" {
		s.Add(w.Gof(", Was: %q", n.Was))
	}
	if p := n.OnError; p != nil {
		s.Op(", Policy: ").Add(w.policy(p))
	}
	return s.Op("}")
}

func (w *wiring) policy(p *ir.ErrorPolicy) *jen.Statement {
	s := w.Gof("@flow.Policy{Retry: %d", p.Retry)
	if p.Written {
		s.Op(", Written: true")
	}
	if p.Backoff > 0 {
		s.Op(", Backoff: ").Add(w.duration(timeDuration(p.Backoff)))
	}
	if p.MaxBackoff > 0 {
		s.Op(", MaxBackoff: ").Add(w.duration(timeDuration(p.MaxBackoff)))
	}
	switch p.Then {
	case ir.ThenDrop:
		s.Add(w.Go(", Then: @flow.Drop"))
	case ir.ThenDead:
		s.Add(w.Gof(", Then: @flow.Dead, Dead: %s", w.node(w.nodeOf(p.Dead).YAML)))
	case ir.ThenReject:
		s.Add(w.Go(", Then: @flow.Reject"))
	default:
		s.Add(w.Go(", Then: @flow.Stop"))
	}
	if p.MaxDead > 0 {
		s.Add(w.Gof(", MaxDead: %g", p.MaxDead))
	}
	return s.Op("}")
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
		s.Op(", Drain: ").Add(w.duration(timeDuration(d)))
	}
	if d := w.p.Delivery.CheckpointEvery; d > 0 {
		s.Op(", CheckpointEvery: ").Add(w.duration(timeDuration(d)))
	}
	if w.p.Memory.Total > 0 {
		s.Op(fmt.Sprintf(", Memory: %d", w.p.Memory.Total))
	}
	return s.Op("})")
}

// sink quotes the making of one sink.
func (w *wiring) sink(n *ir.Node, op *ir.Sink) []jen.Code {
	name := w.out.Name(n.YAML)
	feed := w.unit.Feeds[n.ID]
	made := name + "Sink"
	var code []jen.Code
	if op.Go != nil {
		code = append(code, w.native(n, op.Go, made)...)
	} else {
		c, _ := catalog.Lookup(op.Connector)
		pkg := w.l.Runtime() + "/" + c.Package
		args := []jen.Code{}
		if c.Sink.Config != "" {
			args = append(args, w.Gof("s.%s", name))
		}
		args = append(args, w.output(n, op, feed))
		code = append(code,
			jen.List(jen.Id(made), jen.Err()).Op(":=").Qual(pkg, "NewSink").Call(args...),
			w.Go("if err != nil").Block(w.Go("return nil, "+gocode.NodeError(n, "configure", "err"))))
	}
	opts := jen.Dict{}
	if q := w.queueInto(n.ID); q != nil {
		if q.Depth > 0 {
			opts[jen.Id("Depth")] = jen.Lit(q.Depth)
		}
		if q.Bytes > 0 {
			opts[jen.Id("Bytes")] = jen.Lit(int(q.Bytes))
		}
	}
	if b := op.Batch; b != nil {
		g := jen.Dict{}
		if b.Count > 0 {
			g[jen.Id("Count")] = jen.Lit(b.Count)
		}
		if b.Bytes > 0 {
			g[jen.Id("Bytes")] = jen.Lit(int(b.Bytes))
		}
		if b.Linger > 0 {
			g[jen.Id("Linger")] = w.duration(timeDuration(b.Linger))
		}
		opts[jen.Id("Batch")] = w.Go("@flow.Gather").Values(g)
	}
	w.feedOptions(opts, feed)
	call := "%sTarget := p.Sink(%s, %s, "
	args := []any{name, w.node(n.YAML), made}
	if op.DeadLetter {
		// The engine finds it by its node; no loop fills it.
		opts[jen.Id("DeadLetter")] = jen.True()
		call, args = "p.Sink(%s, %s, ", args[1:]
	}
	return append(code, w.Gof(call, args...).Add(w.Go("@flow.SinkOptions").Values(opts)).Op(")"))
}

func (w *wiring) feedOptions(opts jen.Dict, feed gocode.Feed) {
	if feed.Ends {
		opts[jen.Id("Ends")] = jen.True()
	}
	if feed.Origins {
		opts[jen.Id("Origins")] = jen.True()
	}
	if len(feed.Keys) > 0 {
		opts[jen.Id("Keys")] = jen.Lit(len(feed.Keys))
	}
	switch {
	case feed.Rows == nil:
	case feed.JSON != "":
		opts[jen.Id("Rows")] = w.Gof("@flow.JSONRows(%s)", feed.JSON)
	default:
		opts[jen.Id("Rows")] = w.Go("@flow.RowsOf[").Add(feed.Rows).Op("]()")
	}
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

// codecOf is the codec of what a sink gets.
func (w *wiring) codecOf(id string) (codec string, op *ir.Encode) {
	for _, e := range w.p.Edges {
		if e.To != id || e.Kind != ir.Data {
			continue
		}
		if enc, ok := w.nodeOf(e.From).Op.(*ir.Encode); ok {
			return enc.Codec, enc
		}
	}
	return "ndjson", nil // dead letters
}

// output is the literal of a sink's connect.Output.
func (w *wiring) output(n *ir.Node, op *ir.Sink, feed gocode.Feed) *jen.Statement {
	codec, _ := w.codecOf(n.ID)
	d := jen.Dict{jen.Id("Node"): jen.Lit(n.YAML), jen.Id("Format"): jen.Lit(codec)}
	if h := w.unit.Headers[n.ID]; h != "" {
		d[jen.Id("Header")] = jen.Index().Byte().Parens(jen.Lit(h))
	}
	if len(feed.Keys) > 0 {
		var keys []jen.Code
		for _, k := range feed.Keys {
			keys = append(keys, jen.Lit(k))
		}
		d[jen.Id("Keys")] = jen.Index().String().Values(keys...)
	}
	if op.DeadLetter {
		d[jen.Id("DeadLetter")] = jen.True()
	}
	if op.DeadLetter || w.endless() {
		d[jen.Id("Append")] = jen.True()
	}
	if w.needsZstd(op.Config) {
		d[jen.Id("Zstd")] = w.Go("@zstd.NewWriter")
	}
	return w.Go("@connect.Output").Values(d)
}

// endless tells whether any source of the program never ends by itself.
func (w *wiring) endless() bool {
	for _, n := range w.p.Nodes {
		if src, ok := n.Op.(*ir.Source); ok && !src.Bounded {
			return true
		}
	}
	return false
}

// needsZstd tells whether a file is read or written with zstd: by the
// extension of its path or by name.
func (w *wiring) needsZstd(config []ir.Setting) bool {
	for _, s := range config {
		if s.Value == nil {
			continue
		}
		text := s.Value.Text()
		if s.Key == "compression" && text == "zstd" || s.Key == "path" && strings.HasSuffix(text, ".zst") {
			return true
		}
	}
	return false
}

// source quotes the making of one source.
func (w *wiring) source(n *ir.Node, op *ir.Source) []jen.Code {
	name := w.out.Name(n.YAML)
	made := name + "Source"
	opts := jen.Dict{}
	var code []jen.Code
	if op.Go != nil {
		code = append(code, w.native(n, op.Go, made)...)
		opts[jen.Id("Rows")] = w.Go("@flow.RowsOf[").Add(w.goType(n.Out[0].Type)).Op("]()")
	} else {
		c, _ := catalog.Lookup(op.Connector)
		pkg := w.l.Runtime() + "/" + c.Package
		d := jen.Dict{jen.Id("Node"): jen.Lit(n.YAML)}
		if dec := w.decodeOf(n); dec != nil {
			d[jen.Id("Format")] = jen.Lit(dec.Codec)
			d[jen.Id("Frame")] = w.Go("func() @frame.Framer { return ").Add(w.framer(dec)).Op("}")
			if dec.Codec == "csv" && option(dec.Options, "header") != "false" {
				d[jen.Id("Header")] = jen.True()
			}
			if dec.Codec == "ndjson" || dec.Codec == "text" {
				opts[jen.Id("Lines")] = jen.True()
			}
		}
		if w.needsZstd(op.Config) {
			d[jen.Id("Zstd")] = w.Go("@zstd.NewReader")
		}
		args := []jen.Code{}
		if c.Source.Config != "" {
			args = append(args, w.Gof("s.%s", name))
		}
		args = append(args, w.Go("@connect.Input").Values(d))
		code = append(code,
			jen.List(jen.Id(made), jen.Err()).Op(":=").Qual(pkg, "NewSource").Call(args...),
			w.Go("if err != nil").Block(w.Go("return nil, "+gocode.NodeError(n, "configure", "err"))))
	}
	if f := w.unit.Originals[n.ID]; f != "" {
		opts[jen.Id("Original")] = jen.Id(f)
	}
	if op.Facts.Answers {
		opts[jen.Id("Answers")] = jen.True()
		opts[jen.Id("Blocks")] = jen.Lit(ir.AnswerBlocks)
	}
	return append(code, w.Gof("%sInput := p.Source(%s, %s, ", name, w.node(n.YAML), made).Add(w.Go("@flow.SourceOptions").Values(opts)).Op(")"))
}

// decodeOf is the decode behind a source, nil for typed rows.
func (w *wiring) decodeOf(n *ir.Node) *ir.Decode {
	for _, e := range w.p.Edges {
		if e.From == n.ID && e.Kind == ir.Data {
			d, _ := w.nodeOf(e.To).Op.(*ir.Decode)
			if d != nil && d.Input == nil {
				return d
			}
		}
	}
	return nil
}

// framer is what cuts a source's bytes into records.
func (w *wiring) framer(d *ir.Decode) *jen.Statement {
	switch d.Codec {
	case "json":
		return w.Go("new(@frame.JSONValues)")
	case "csv":
		return w.Gof("@frame.CSVRows{Delimiter: %q, Quote: %q}", char(option(d.Options, "delimiter"), ','), char(option(d.Options, "quote"), '"'))
	case "bytes":
		return w.Go("@frame.Whole{}")
	}
	return w.Go("@frame.Lines{}")
}

func option(options []ir.Setting, key string) string {
	for _, o := range options {
		if o.Key == key && o.Value != nil {
			return o.Value.Text()
		}
	}
	return ""
}

func char(s string, fallback byte) byte {
	if s == "" {
		return fallback
	}
	return s[0]
}

// queue quotes an edge between two regions.
func (w *wiring) queue(n *ir.Node) *jen.Statement {
	opts := jen.Dict{}
	if e := w.queueInto(n.ID); e != nil {
		if e.Depth > 0 {
			opts[jen.Id("Depth")] = jen.Lit(e.Depth)
		}
		if e.Bytes > 0 {
			opts[jen.Id("Bytes")] = jen.Lit(int(e.Bytes))
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
