package golang

import (
	"fmt"
	"strings"

	"github.com/dave/jennifer/jen"

	"github.com/flowc-dev/flowc/backends/gocode"
	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/runtime/catalog"
)

// sink quotes the making of one sink.
func (w *wiring) sink(n *ir.Node, op *ir.Sink) []jen.Code {
	name := w.Name(n.YAML)
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
		code = append(code, w.made(n, made, jen.Qual(pkg, c.Sink.New).Call(args...))...)
	}
	opts := w.queueOptions(n.ID, feed)
	if op.Batch != nil {
		opts[jen.Id("Batch")] = w.Gof("s.%s", gocode.BatchField(w.Name(n.YAML)))
	}
	if op.Batch == nil && op.Facts.Gathers > 0 {
		opts[jen.Id("Gathers")] = jen.Op(sizeText(op.Facts.Gathers))
	}
	if op.Checkpoint {
		opts[jen.Id("KeepsCheckpoint")] = jen.True()
	}
	call := "%sTarget := p.Sink(%s, %s, "
	args := []any{name, w.Node(n.YAML), made}
	if op.DeadLetter {
		// The engine finds it by its node; no loop fills it.
		opts[jen.Id("DeadLetter")] = jen.True()
		switch {
		case gocode.IsMessages(n):
			opts[jen.Id("Ends")], opts[jen.Id("Bare")] = jen.True(), jen.True()
		case isTable(op):
			opts[jen.Id("Ends")], opts[jen.Id("Letter")] = jen.True(), w.Go("@table.AppendLetter")
		}
		call, args = "p.Sink(%s, %s, ", args[1:]
	}
	return append(code, w.Gof(call, args...).Add(w.Go("@flow.SinkOptions").Values(opts)).Op(")"))
}

// queueOptions are those of what waits before a node: its bounds, and what it
// holds.
func (w *wiring) queueOptions(id string, feed gocode.Feed) jen.Dict {
	opts := jen.Dict{}
	for _, e := range w.graph.In[id] {
		if e.Via != ir.Queue {
			continue
		}
		if e.Depth > 0 {
			opts[jen.Id("Depth")] = jen.Lit(e.Depth)
		}
		if e.Bytes > 0 {
			opts[jen.Id("Bytes")] = jen.Op(sizeText(e.Bytes))
		}
		break
	}
	if feed.Ends {
		opts[jen.Id("Ends")] = jen.True()
	}
	if feed.Origins {
		opts[jen.Id("Origins")] = jen.True()
	}
	if t := w.unit.Tables[id]; t != nil {
		var names []jen.Code
		input, of := "@row.Input", t
		if t.Change && w.codecOf(id) == "table" {
			input, of = "@row.ChangeInput", t.Changed()
		}
		for _, f := range of.Fields {
			names = append(names, jen.Lit(f.Name))
		}
		made := w.Go(input).Call(names...)
		if w.codecOf(id) == "parquet" {
			made = w.Go("@row.InputOf").Call(w.shapes(gocode.Columns(t, true))...)
		}
		opts[jen.Id("Input")] = made
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
	return opts
}

// codecOf is the codec of what a sink gets.
func (w *wiring) codecOf(id string) string {
	for _, e := range w.graph.In[id] {
		if encode, ok := w.graph.Nodes[e.From].Op.(*ir.Encode); ok {
			return encode.Codec
		}
	}
	if sink, ok := w.graph.Nodes[id].Op.(*ir.Sink); ok && isTable(sink) {
		return "table" // dead letters, a row each
	}
	return "ndjson" // dead letters
}

// output is the literal of a sink's connect.Output.
func (w *wiring) output(n *ir.Node, op *ir.Sink, feed gocode.Feed) *jen.Statement {
	d := jen.Dict{jen.Id("Node"): jen.Lit(n.YAML), jen.Id("Format"): jen.Lit(w.codecOf(n.ID))}
	if h := w.unit.Headers[n.ID]; h != "" {
		d[jen.Id("Header")] = jen.Index().Byte().Parens(jen.Lit(h))
	}
	if t := w.unit.Tables[n.ID]; t != nil {
		w.tableColumns(d, t, w.codecOf(n.ID) == "parquet")
	} else if op.DeadLetter && isTable(op) {
		d[jen.Id("Columns")] = w.Go("@table.LetterColumns()")
	}
	if w.codecOf(n.ID) == "parquet" {
		d[jen.Id("Parquet")] = w.Go("@parquet.NewWriter")
	}
	if len(feed.Keys) > 0 {
		var keys []jen.Code
		for _, k := range feed.Keys {
			keys = append(keys, jen.Lit(k))
		}
		d[jen.Id("Keys")] = jen.Index().String().Values(keys...)
	}
	if len(feed.Literals) > 0 {
		literals := jen.Dict{}
		for i, text := range feed.Literals {
			literals[jen.Lit(feed.Keys[i])] = w.Go(text)
		}
		d[jen.Id("Literals")] = jen.Map(jen.String()).String().Values(literals)
	}
	if op.DeadLetter || w.endless() {
		d[jen.Id("Append")] = jen.True()
	}
	if w.needsZstd(op.Config) {
		d[jen.Id("Zstd")] = w.Go("@zstd.NewWriter")
		if op.DeadLetter {
			d[jen.Id("Unzstd")] = w.Go("@zstd.NewReader")
		}
	}
	return w.Go("@connect.Output").Values(d)
}

// isTable tells whether a sink gets rows.
func isTable(op *ir.Sink) bool {
	c, ok := catalog.Lookup(op.Connector)
	return ok && c.Sink != nil && c.Sink.Table
}

// tableColumns says what the columns of a table, or of a Parquet file, are, and that
// records are changes of a table's rows where they are.
func (w *wiring) tableColumns(d jen.Dict, t *ir.Type, parquet bool) {
	if t.Change && !parquet {
		d[jen.Id("Changes")] = jen.True()
		t = t.Changed()
	}
	d[jen.Id("Columns")] = w.columns(gocode.Columns(t, parquet))
}

// columns quotes the columns of a table.
func (w *wiring) columns(columns []gocode.Column) *jen.Statement {
	var list []jen.Code
	for _, c := range columns {
		text := fmt.Sprintf("{Name: %q, Type: %q", c.Name, c.Type)
		if c.Name == "" {
			text = fmt.Sprintf("{Type: %q", c.Type)
		}
		if c.Optional {
			text += ", Optional: true"
		}
		if len(c.Parts) == 0 {
			list = append(list, w.Go(text+"},"))
			continue
		}
		list = append(list, w.Go(text+", Parts: ").Add(w.columns(c.Parts)).Op("},"))
	}
	return w.Go("[]@connect.Column").Values(lines(list)...)
}

// shapes quotes the names of columns, and of what they have below them.
func (w *wiring) shapes(columns []gocode.Column) []jen.Code {
	var list []jen.Code
	for _, c := range columns {
		text := fmt.Sprintf("Name: %q", c.Name)
		if c.Name == "" {
			text = ""
		}
		shape := w.Go("@row.Shape{" + text)
		if len(c.Parts) > 0 {
			if text != "" {
				shape.Op(", ")
			}
			shape.Op("Parts: ").Add(w.Go("[]@row.Shape")).Values(w.shapes(c.Parts)...)
		}
		list = append(list, shape.Op("}"))
	}
	return list
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
