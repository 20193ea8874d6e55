package gocode

import (
	"fmt"
	"slices"

	"github.com/dave/jennifer/jen"

	"github.com/flowc-dev/flowc/ir"
)

// run quotes the body of Run: how records come out of a batch, and the trunk
// of stages behind them.
func (l *loop) run(head *ir.Node) ([]jen.Code, error) {
	trunk := place{next: "continue", stop: "return", chain: l.newChain(l.counter("records"), nil)}
	src, ok := head.Op.(*ir.Source)
	switch {
	case !ok:
		return l.runQueue(head, trunk)
	case src.Connector == "generate":
		l.source = head
		return l.runGenerate(head, src, trunk)
	case src.Go != nil:
		l.source = head
		return l.runRows(head, trunk)
	}
	l.source = head
	edges := l.dataOut(head.ID, "")
	if len(edges) != 1 {
		return nil, fmt.Errorf("source %s has %d edges, not one to its decode", head.ID, len(edges))
	}
	return l.runBytes(l.nodes[edges[0].To], trunk)
}

// runBytes quotes the loop over a block of bytes.
func (l *loop) runBytes(n *ir.Node, at place) ([]jen.Code, error) {
	op, ok := n.Op.(*ir.Decode)
	if !ok {
		return nil, fmt.Errorf("%s is no decode", n.ID)
	}
	l.codec = op.Codec
	if IsMessages(l.source) {
		return l.runMessages(n, op, at)
	}
	framer := Framer(op)
	var before []jen.Code
	switch op.Codec {
	case "ndjson", "text", "csv", "bytes", "parquet": // of Parquet files the source makes lines
	case "json":
		// The framer as it was before this block; see frame.Framer.
		before = append(before, l.Go("values := b.Frame.(*@frame.JSONValues)"))
		framer = "values"
	default:
		return nil, fmt.Errorf("codec %q has no loop", op.Codec)
	}
	frames := []jen.Code{
		l.Go("start, end, next, ok := " + framer + ".Next(b.Data, l.Next)"),
		l.block("if !ok", jen.Return()),
	}
	if op.Codec == "json" || op.Codec == "csv" { // lines alone do not tell a record's number
		frames = append(frames, l.block("if l.Next > 0", l.Go("l.Record.Index++")))
	}
	frames = append(frames, l.Go("l.Record.Start, l.Record.End, l.Next = start, end, next"))
	at.chain.steps = append(at.chain.steps, step{node: n.YAML})
	body, err := l.decodeRecord(n, op, at)
	if err != nil {
		return nil, err
	}
	blank := op.Codec != "text" && op.Codec != "bytes"
	// Nobody may look at a text that is only counted and dropped.
	if blank || mentions(body, "line") {
		frames = append(frames, l.Go("line := b.Data[start:end:end]"))
	}
	if blank {
		frames = append(frames, l.block("if @frame.IsBlank(line)", l.Go("l.Blank++"), l.Go("continue")))
	}
	frames = append(frames, l.Go("l.records++"))
	if l.mark { // known only now
		frames = append(frames, l.Go("l.Mark()"))
	}
	return append(l.begin(body, before...), l.block("for", append(frames, body...)...)), nil
}

// begin quotes what Run does before the first record: the variables that body
// names, with those of before, and texts of an earlier batch forgotten.
func (l *loop) begin(body []jen.Code, before ...jen.Code) []jen.Code {
	code := append(l.decoderVars(body), before...)
	code = append(code, l.packets(body)...)
	for _, d := range l.decoders {
		if l.views {
			code = append(code, l.Gof("l.%s.text.Reset()", d.field))
		}
	}
	return code
}

// decodeRecord quotes the way from a record's bytes to the first stage.
func (l *loop) decodeRecord(n *ir.Node, op *ir.Decode, at place) ([]jen.Code, error) {
	var code []jen.Code
	if l.meta != nil {
		code = append(code, l.readMetaOf()...)
	}
	switch op.Codec {
	case "text":
		v := value{base: "text", typ: n.Out[0].Type, raw: "line"}
		view := "@codec.View(line)"
		if !l.views {
			view = "string(line)"
		}
		body, err := l.after(n, "", v, at)
		if err != nil {
			return nil, err
		}
		if mentions(body, "text") {
			code = append(code, l.Go("text := "+view))
		}
		return append(code, body...), nil
	}

	if op.By == "" && isWhole(n.Out[0].Type) {
		body, err := l.wholeRecord(n, op, at)
		return append(code, body...), err
	}
	if op.By == "" && n.Out[0].Type.Kind != ir.Struct {
		body, err := l.rawRecord(n, "record", n.Out[0].Type, "", at)
		return append(code, body...), err
	}
	l.decoder = l.addDecoder(n, at.chain)
	code = append(code, l.scan(l.decoder, "line", at)...)
	if op.By == "" {
		body, err := l.after(n, "", value{base: "d." + l.decoder.record(""), typ: n.Out[0].Type, raw: "line", dec: l.decoder, done: map[string]bool{}}, at)
		return append(code, body...), err
	}
	body, err := l.variants(n, op, at)
	return append(code, body...), err
}

// looks tells whether a stage that a port's records can reach, as they are there,
// looks at them.
func (l *loop) looks(n *ir.Node, port string) bool {
	return slices.ContainsFunc(l.dataOut(n.ID, port), func(e *ir.Edge) bool { return len(l.below(e, map[string]bool{})) > 0 })
}

// rawRecord quotes a record that is a raw value and no struct: `out: json`,
// `out: bytes`, or what is of no declared event type. JSON is checked in full
// where somebody looks at it, else only delimited.
func (l *loop) rawRecord(n *ir.Node, name string, t *ir.Type, port string, at place) ([]jen.Code, error) {
	body, err := l.after(n, port, value{base: name, typ: t, raw: "line"}, at)
	if err != nil {
		return nil, err
	}
	used := mentions(body, name)
	var code []jen.Code
	if t.Kind == ir.JSON {
		op, _ := n.Op.(*ir.Decode)
		if l.looks(n, port) || op.Validate == ir.Full && port == "" {
			l.validate()
			code = append(code, l.block("if err := l.validator.Record(line); err != nil", l.fail(n.YAML, "err", at)...))
		} else if port == "" {
			code = append(code, l.block("if err := @codec.Delimited(line); err != nil", l.fail(n.YAML, "err", at)...))
		}
	}
	if port != "" { // it is what it should be, and enters a chain of its own
		code = append(code, l.count(at.chain))
	}
	if used {
		expr := "line"
		if t.Kind == ir.JSON {
			expr = "@codec.Trim(line)"
		}
		if !l.views {
			expr = "@slices.Clone(" + expr + ")"
		}
		if t.Kind == ir.JSON {
			expr = "@json.RawMessage(" + expr + ")"
		}
		code = append(code, l.Gof("%s := %s", name, expr))
	}
	return append(code, body...), nil
}
