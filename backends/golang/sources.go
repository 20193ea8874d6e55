package golang

import (
	"slices"

	"github.com/dave/jennifer/jen"

	"github.com/flowc-dev/flowc/backends/gocode"
	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/runtime/catalog"
)

// source quotes the making of one source.
func (w *wiring) source(n *ir.Node, op *ir.Source) []jen.Code {
	name := w.Name(n.YAML)
	made := name + "Source"
	opts := jen.Dict{}
	var code []jen.Code
	if op.Go != nil {
		code = append(code, w.native(n, op.Go, made)...)
		opts[jen.Id("Rows")] = w.Go("@flow.RowsOf[").Add(w.Type(n.Out[0].Type)).Op("]()")
	} else {
		c, _ := catalog.Lookup(op.Connector)
		pkg := w.l.Runtime() + "/" + c.Package
		d := jen.Dict{jen.Id("Node"): jen.Lit(n.YAML)}
		if dec := w.decodeOf(n); dec != nil {
			d[jen.Id("Format")] = jen.Lit(dec.Codec)
			if !gocode.IsMessages(n) {
				w.framing(dec, d, opts)
			}
		}
		parquet := w.isParquet(n)
		if t := w.tableOf(n, c); t != nil {
			if t.Change && !parquet {
				d[jen.Id("Pipeline")] = jen.Lit(w.p.Name)
			}
			w.tableColumns(d, t, parquet)
		}
		if parquet {
			d[jen.Id("Parquet")] = w.Go("@parquet.NewReader")
		}
		if w.needsZstd(op.Config) {
			d[jen.Id("Zstd")] = w.Go("@zstd.NewReader")
		}
		if op.Range != nil {
			d[jen.Id("Range")] = w.Gof("&s.%s", rangeField(name))
		}
		args := []jen.Code{}
		if c.Source.Config != "" {
			args = append(args, w.Gof("s.%s", name))
		}
		args = append(args, w.Go("@connect.Input").Values(d))
		code = append(code, w.made(n, made, jen.Qual(pkg, c.Source.New).Call(args...))...)
	}
	if f := w.unit.Originals[n.ID]; f != "" {
		opts[jen.Id("Original")] = jen.Id(f)
	}
	if w.leave[n.YAML] && op.Facts.Replayable {
		opts[jen.Id("Replayable")] = jen.True()
	}
	if op.Facts.Answers {
		opts[jen.Id("Answers")] = jen.True()
		opts[jen.Id("Blocks")] = jen.Lit(ir.AnswerBlocks)
	}
	return append(code, w.Gof("%sInput := p.Source(%s, %s, ", name, w.Node(n.YAML), made).Add(w.Go("@flow.SourceOptions").Values(opts)).Op(")"))
}

// tableOf is the type whose fields a source of tables reads; nil for other
// sources, and where it reads whatever there is.
func (w *wiring) tableOf(n *ir.Node, c *catalog.Connector) *ir.Type {
	if !c.Source.Table && !w.isParquet(n) {
		return nil
	}
	for _, e := range w.graph.Out[n.ID] {
		to := w.graph.Nodes[e.To]
		if d, ok := to.Op.(*ir.Decode); ok && d.Input == nil && d.By == "" && len(to.Out) == 1 && to.Out[0].Type.Kind == ir.Struct {
			return w.read(to)
		}
	}
	return nil
}

// read is the type of what a decoder gives, with those of its fields that somebody
// reads where that is known: of Parquet files the other columns are left alone.
func (w *wiring) read(decode *ir.Node) *ir.Type {
	t := decode.Out[0].Type
	if decode.Op.(*ir.Decode).Codec != "parquet" || w.deadLetters() {
		return t
	}
	live := map[string]bool{}
	for _, e := range w.graph.Out[decode.ID] {
		if e.Raw || e.Live == nil {
			return t
		}
		for _, p := range e.Live { // by names in Go
			if len(p) == 0 || p[0] == ir.Whole[0] {
				return t
			}
			live[p[0]] = true
		}
	}
	some := *t
	some.Fields = slices.DeleteFunc(slices.Clone(t.Fields), func(f *ir.Field) bool { return !live[f.Go] })
	return &some
}

// deadLetters tells whether records may be kept as dead letters, with all that they
// had.
func (w *wiring) deadLetters() bool {
	return slices.ContainsFunc(w.p.Nodes, func(n *ir.Node) bool {
		sink, ok := n.Op.(*ir.Sink)
		return ok && sink.DeadLetter
	})
}

// framing says how a source's bytes are cut into records.
func (w *wiring) framing(dec *ir.Decode, input, opts jen.Dict) {
	input[jen.Id("Frame")] = w.Go("func() @frame.Framer { return ").Add(w.Go(gocode.Framer(dec))).Op("}")
	if dec.Codec == "csv" && gocode.Option(dec.Options, "header") != "false" {
		input[jen.Id("Header")] = jen.True()
	}
	if dec.Codec == "ndjson" || dec.Codec == "text" {
		opts[jen.Id("Lines")] = jen.True()
	}
}

// decodeOf is the decode behind a source, nil for typed rows.
func (w *wiring) decodeOf(n *ir.Node) *ir.Decode {
	for _, e := range w.graph.Out[n.ID] {
		if d, ok := w.graph.Nodes[e.To].Op.(*ir.Decode); ok && d.Input == nil {
			return d
		}
	}
	return nil
}

// isParquet tells whether a source reads Parquet files, which give rows.
func (w *wiring) isParquet(n *ir.Node) bool {
	dec := w.decodeOf(n)
	return dec != nil && dec.Codec == "parquet"
}
