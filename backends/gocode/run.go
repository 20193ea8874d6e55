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
	trunk := place{next: "continue", stop: "return", chain: l.newChain("records")}
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

// outs quotes the packets as variables of Run or of a branch.
func (l *loop) outs(used map[int]bool) []jen.Code {
	var code []jen.Code
	for i := range l.targets {
		if used[i] {
			code = append(code, l.Gof("%s := l.Outs[%d]", l.packet(i), i))
		}
	}
	return code
}

// packet is the variable of a packet.
func (l *loop) packet(i int) string { return l.names.lower(l.nodes[l.targets[i]].YAML) + "Packet" }

// runBytes quotes the loop over a block of bytes.
func (l *loop) runBytes(n *ir.Node, at place) ([]jen.Code, error) {
	op, ok := n.Op.(*ir.Decode)
	if !ok {
		return nil, fmt.Errorf("%s is no decode", n.ID)
	}
	l.codec = op.Codec
	framer := "@frame.Lines{}"
	var before []jen.Code
	switch op.Codec {
	case "ndjson", "text":
	case "csv":
		framer = fmt.Sprintf("@frame.CSVRows{Delimiter: %q, Quote: %q}", firstByte(settingText(op.Options, "delimiter"), ','), firstByte(settingText(op.Options, "quote"), '"'))
	case "json":
		// The framer as it was before this block; see frame.Framer.
		before = append(before, l.Go("values := b.Frame.(*@frame.JSONValues)"))
		framer = "values"
	case "bytes":
		framer = "@frame.Whole{}"
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
	if blank || containsWord(jen.Block(body...).GoString(), "line") {
		frames = append(frames, l.Go("line := b.Data[start:end:end]"))
	}
	if blank {
		frames = append(frames, l.block("if @frame.IsBlank(line)", l.Go("l.Blank++"), l.Go("continue")))
	}
	frames = append(frames, l.Go("l.records++"))
	if l.mark { // known only now
		frames = append(frames, l.Go("l.Mark()"))
	}
	e := &emitted{code: body}
	code := append(before, l.outs(l.used(e))...)
	code = append(l.decoderVars(body), code...)
	for _, d := range l.decoders {
		if l.views {
			code = append(code, l.Gof("l.%s.text.Reset()", d.field))
		}
	}
	return append(code, l.block("for", append(frames, body...)...)), nil
}

// emitted is code with the packets that it names.
type emitted struct{ code []jen.Code }

// used finds which packets a piece of code names.
func (l *loop) used(e *emitted) map[int]bool {
	text := jen.Block(e.code...).GoString()
	used := map[int]bool{}
	for i := range l.targets {
		if containsWord(text, l.packet(i)) {
			used[i] = true
		}
	}
	return used
}

func containsWord(text, word string) bool {
	isWord := func(c byte) bool {
		return c == '_' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
	}
	for i := 0; i+len(word) <= len(text); i++ {
		if text[i:i+len(word)] == word && (i == 0 || !isWord(text[i-1])) && (i+len(word) == len(text) || !isWord(text[i+len(word)])) {
			return true
		}
	}
	return false
}

// decodeRecord quotes the way from a record's bytes to the first stage.
func (l *loop) decodeRecord(n *ir.Node, op *ir.Decode, at place) ([]jen.Code, error) {
	var code []jen.Code
	if l.meta != nil {
		code = append(code, l.Go("l.meta.At(b, l.Record)"))
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
		if containsWord(jen.Block(body...).GoString(), "text") {
			code = append(code, l.Go("text := "+view))
		}
		return append(code, body...), nil
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
	return l.variants(n, op, at, code)
}

// rawRecord quotes a record that is a raw value and no struct: `out: json`,
// `out: bytes`, or what is of no declared event type. JSON is checked in full
// where somebody looks at it, else only delimited.
func (l *loop) rawRecord(n *ir.Node, name string, t *ir.Type, port string, at place) ([]jen.Code, error) {
	body, err := l.after(n, port, value{base: name, typ: t, raw: "line"}, at)
	if err != nil {
		return nil, err
	}
	used := containsWord(jen.Block(body...).GoString(), name)
	var code []jen.Code
	if t.Kind == ir.JSON {
		if used {
			if !slices.Contains(l.counters, "validator") {
				l.counters = append(l.counters, "validator")
				l.fields = append(l.fields, l.Go("validator @jsonscan.Validator"))
			}
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

// variants quotes the switch over event types.
func (l *loop) variants(n *ir.Node, op *ir.Decode, at place, code []jen.Code) ([]jen.Code, error) {
	d := l.decoder
	known := ""
	for i, v := range op.Variants {
		if i > 0 {
			known += ", "
		}
		known += v.Value
	}
	text := "&d.text"
	if l.views {
		text = "&d.text.Slab"
	}
	var read []jen.Code
	if op.Validate == ir.Needed {
		read = append(read, l.block("if _, err := d.object.Until(0, line, d.spans[:]); err != nil", l.Go(`return "", err`)))
	}
	read = append(read,
		l.block(fmt.Sprintf("if d.spans[%d].Absent()", d.tag.index), l.Gof(`return "", @codec.Missing(%q)`, op.By)),
		l.Gof("tag, err := @jsonscan.String(line, d.spans[%d], %s)", d.tag.index, text),
		l.block("if err != nil", l.Gof(`return "", @codec.Field(%q, err)`, op.By)),
		l.Go("return tag, nil"))
	d.groups = append(d.groups, jen.Comment(fmt.Sprintf("tag reads `%s`, which tells the event type.", op.By)).Line().
		Func().Params(jen.Id("d").Op("*").Id(d.typ)).Id("tag").Params(jen.Id("line").Index().Byte()).Params(jen.String(), jen.Error()).Block(read...).Line())

	var cases []jen.Code
	source := &at.chain.steps[len(at.chain.steps)-1]
	// dropped quotes the end of records of a type that the pipeline drops: they
	// are counted as filtered.
	dropped := func() jen.Code {
		counter := l.counter(l.names.lower(n.YAML) + "Filtered")
		source.filtered = "l." + counter
		return l.Gof("l.%s++", counter)
	}
	for _, v := range op.Variants {
		if len(l.dataOut(n.ID, v.Port)) == 0 {
			cases = append(cases, jen.Case(jen.Lit(v.Value)).Block(dropped()))
			continue
		}
		counter := l.counter("as" + upperFirst(camel(v.Port)))
		sub := at
		sub.chain = &chain{counter: counter, parent: at.chain}
		l.chains = append(l.chains, sub.chain)
		body, err := l.after(n, v.Port, value{base: "d." + d.record(v.Port), typ: v.Type, raw: "line", dec: d, port: v.Port, done: map[string]bool{}}, sub)
		if err != nil {
			return nil, err
		}
		cases = append(cases, jen.Case(jen.Lit(v.Value)).Block(append([]jen.Code{l.count(sub.chain)}, body...)...))
	}
	switch {
	case op.Else != "" && len(l.dataOut(n.ID, op.Else)) == 0:
		cases = append(cases, jen.Default().Block(dropped()))
	case op.Else != "":
		counter := l.counter("as" + upperFirst(camel(op.Else)))
		sub := at
		sub.chain = &chain{counter: counter, parent: at.chain}
		l.chains = append(l.chains, sub.chain)
		body, err := l.rawRecord(n, "other", d.recordOf(op.Else), op.Else, sub)
		if err != nil {
			return nil, err
		}
		cases = append(cases, jen.Default().Block(body...))
	default:
		bad := l.fail(n.YAML, fmt.Sprintf("&@codec.TagError{Field: %q, Value: tag, Known: %q}", op.By, known), at)
		cases = append(cases, jen.Default().Block(bad...))
	}
	return append(code,
		l.Go("tag, err := d.tag(line)"),
		l.ifFailed(n.YAML, "err", at),
		l.Go("switch tag").Block(cases...),
	), nil
}

// runRows quotes the loop over typed records that a source of the user's made.
func (l *loop) runRows(n *ir.Node, at place) ([]jen.Code, error) {
	at.chain.steps = append(at.chain.steps, step{node: n.YAML})
	t := n.Out[0].Type
	body, err := l.after(n, "", value{base: "(*in)", typ: t}, at)
	if err != nil {
		return nil, err
	}
	if l.dead() && t.Kind == ir.Struct {
		name := "original" + l.names.upper(n.YAML)
		l.originals[n.ID] = name
		l.loops.add(jen.Comment(fmt.Sprintf("%s is a row as JSON, for a dead letter.", name)).Line(),
			jen.Func().Id(name).Params(jen.Id("dst").Index().Byte(), l.Go("b *@flow.Batch"), jen.Id("index").Int()).Index().Byte().Block(
				l.Gof("dst, _ = %s(dst, &(*b.Rows.(*[]", l.appendJSON(t)).Add(l.typ(t)).Op("))[index])"),
				jen.Return(jen.Id("dst"))))
	}
	return l.overRows(n.Out[0].Type, nil, body), nil
}

// runQueue quotes the loop over records that came through a queue.
func (l *loop) runQueue(n *ir.Node, at place) ([]jen.Code, error) {
	t := l.recordType(n)
	v := value{base: "(*in)", typ: t}
	raw := false
	for _, e := range l.in[n.ID] {
		raw = raw || e.Kind == ir.Data && e.Raw
	}
	if raw {
		v.raw = "line"
	}
	if op, ok := n.Op.(*ir.Apply); ok && op.Go != nil && op.Go.Shape == ir.ShapeBatch {
		return l.runBatch(n, op, at)
	}
	body, err := l.stage(n, v, at)
	if err != nil {
		return nil, err
	}
	var first []jen.Code
	if raw && containsWord(jen.Block(body...).GoString(), "line") {
		first = []jen.Code{l.Go("line := @frame.At(b.Data, b.Ends, l.Next)")}
	}
	return l.overRows(t, first, body), nil
}

// overRows quotes a loop over b.Rows.
func (l *loop) overRows(t *ir.Type, first, body []jen.Code) []jen.Code {
	var loop []jen.Code
	if l.r.Lanes != 1 && l.nodes[l.r.Head].Key != nil { // every lane sees all rows, and takes its own
		loop = append(loop, l.block("if int(b.Lanes[l.Next]) != l.Index", l.Go("l.Next++"), l.Go("continue")))
	}
	if l.source == nil && l.carriesMeta(l.r.Head) {
		loop = append(loop, l.Go("row := &rows[l.Next]"), l.Go("in := &row.record"))
		if l.meta != nil {
			loop = append(loop, l.Go("l.meta = row.meta"))
		}
	} else {
		loop = append(loop, l.Go("in := &rows[l.Next]"))
	}
	loop = append(loop, first...)
	loop = append(loop, l.Go("l.Record.Index = l.Next"), l.Go("l.Next++"), l.Go("l.records++"))
	if l.mark {
		loop = append(loop, l.Go("l.Mark()"))
	}
	loop = append(loop, body...)
	row := l.typ(t)
	if l.source == nil {
		row = l.rowType(l.nodes[l.r.Head], t)
	}
	code := []jen.Code{l.Go("rows := *b.Rows.(*[]").Add(row).Op(")")}
	code = append(code, l.outs(l.used(&emitted{body}))...)
	return append(code, l.block("for l.Next < len(rows)", loop...))
}
