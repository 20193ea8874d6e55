package lower

import (
	"slices"

	"github.com/flowc-dev/flowc/compiler/check"
	"github.com/flowc-dev/flowc/compiler/syntax"
	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/runtime/catalog"
)

// foreignNode lowers a component in a process of its own.
func (w *lowering) foreignNode(n *node) {
	known := true
	if n.Role != syntax.Source {
		known = w.attach(n)
	}
	f := w.foreign(n)
	if f == nil {
		n.broken()
		n.answers = true
		w.outTypes(n)
		return
	}
	c, ok := catalog.Lookup(f.Connector())
	if !ok {
		w.l.Errorf(diag.NotYet, n.KindSpan, "this version of flowc does not run components that speak %s", f.Protocol)
		n.broken()
		return
	}
	switch n.Role {
	case syntax.Source:
		w.foreignSource(n, f, c)
	case syntax.Processor:
		w.foreignStep(n, f, c, known)
	case syntax.Sink:
		w.foreignSink(n, f, c, known)
	}
}

// envelope is the type of `meta` on records of components that give events.
func (w *lowering) envelope() *ir.Type {
	const name = "foreign"
	if t := w.metas[name]; t != nil {
		return t
	}
	t := &ir.Type{Kind: ir.Struct, Name: "Meta", Go: &ir.GoType{Package: runtimePath + "connect/foreign", PkgName: "foreign", Name: "Meta", Lenient: true}}
	for _, k := range catalog.Envelope {
		t.Fields = append(t.Fields, &ir.Field{Name: k.Name, Go: k.Go, Type: keyType(k.Type), Doc: k.Doc})
	}
	w.metas[name] = t
	return t
}

// hasEnvelope tells whether the records that come to a node have the envelope of an event.
func (w *lowering) hasEnvelope(n *node) bool { return n.meta != nil && n.meta == w.metas["foreign"] }

// envelopeExpr is the expression of a record's envelope, as Go says it.
func (w *lowering) envelopeExpr(n *node, text string, t *ir.Type) *ir.Expr {
	e := &ir.Expr{Text: "meta", Go: text, Type: t, Effect: ir.Pure, Span: n.KindSpan, Lines: []int{n.KindSpan.Line()}}
	for _, k := range catalog.Envelope {
		e.MetaReads = append(e.MetaReads, k.Name)
	}
	slices.Sort(e.MetaReads)
	return e
}

// foreignConfig is the config of what talks to a component.
func (w *lowering) foreignConfig(n *node, f *ir.Foreign, side *catalog.Side) []ir.Setting {
	var out []ir.Setting
	add := func(key string, v *ir.Value) {
		k := side.Key(key)
		if k == nil || v == nil {
			return
		}
		out = append(out, ir.Setting{Key: key, Type: keyType(k.Type), Value: v, Span: n.KindSpan})
	}
	word := func(kind, text string) *ir.Value {
		if text == "" || text == "0" || text == "0s" {
			return nil
		}
		return &ir.Value{Kind: kind, Span: n.KindSpan, Parts: []ir.Part{{Kind: ir.Literal, Text: text, Span: n.KindSpan}}}
	}
	list := func(items []*ir.Value) *ir.Value {
		if len(items) == 0 {
			return nil
		}
		return &ir.Value{Kind: "list", Items: items, Span: n.KindSpan}
	}
	command := asTexts(append(slices.Clone(f.Command), f.Args...))
	if f.Image != nil && len(f.Command) > 0 { // it replaces the image's own
		add("entrypoint", command[0])
		command = command[1:]
	}
	add("command", list(command))
	var env []*ir.Value
	for _, e := range f.Env {
		v := *e.Value
		v.Kind = "string"
		v.Parts = append([]ir.Part{{Kind: ir.Literal, Text: e.Key + "=", Span: e.Span}}, e.Value.Parts...)
		env = append(env, &v)
	}
	add("env", list(env))
	add("image", f.Image)
	var mounts []*ir.Value
	for _, m := range f.Mounts() {
		mounts = append(mounts, word("string", m))
	}
	add("mounts", list(mounts))
	if f.Image != nil {
		memory, cpus := f.Limits.Engine()
		add("memory", word("string", memory))
		add("cpus", word("string", cpus))
	}
	add("endpoint", f.Endpoint)
	add("restart", word("string", string(f.Restart)))
	add("settle", word("string", durationWord(f.Settle)))
	add("window", word("int", intWord(f.Window)))
	add("port", word("int", intWord(f.Port)))
	add("health_port", word("int", intWord(f.HealthPort)))
	add("health_check", word("string", f.HealthCheck))
	if f.Acked {
		add("acked", word("bool", "true"))
	}
	if n.Unordered {
		add("unordered", word("bool", "true"))
	}
	texts := func(names []string) *ir.Value {
		var items []*ir.Value
		for _, t := range names {
			items = append(items, word("string", t))
		}
		return list(items)
	}
	add("takes", texts(f.Takes))
	add("gives", texts(f.Gives))
	return out
}

// asTexts are values as texts: an argument that is a number is its text.
func asTexts(values []*ir.Value) []*ir.Value {
	var out []*ir.Value
	for _, v := range values {
		text := *v
		text.Kind = "string"
		out = append(out, &text)
	}
	return out
}

// payloadFormat is how the payloads of a component's events, or its lines, are written.
func payloadFormat(n *node, f *ir.Foreign, text, raw bool) format {
	s := n.Node.Foreign
	out := format{codec: s.Format.Text, at: s.Format.Span, written: !s.Format.IsZero()}
	if out.at.IsZero() {
		out.at = n.KindSpan
	}
	switch {
	case out.codec != "":
	case text:
		out.codec = "text"
	case raw && f.Protocol == ir.GRPC:
		out.codec = "bytes"
	default:
		out.codec = "ndjson"
	}
	if f.Protocol == ir.GRPC && out.codec == "ndjson" {
		out.codec = "json" // a payload is one value, and no line
	}
	return out
}

// namesType tells whether `out` is the word of a type.
func namesType(n *node, name string) bool {
	return n.Out != nil && n.Out.Type != nil && n.Out.Type.Form == syntax.TypeName && n.Out.Type.Name == name
}

// foreignSource lowers a source. Without `out` its records are what comes: lines, raw JSON,
// or the bytes of payloads.
func (w *lowering) foreignSource(n *node, f *ir.Foreign, c *catalog.Connector) {
	side := c.Source
	m := w.newNode(n, n.Name.Text)
	n.main = m
	if f.Protocol == ir.GRPC {
		n.meta = w.envelope()
	}
	m.Op = &ir.Source{Connector: c.Name, Foreign: f, Meta: n.meta, Facts: facts(side.Facts), Config: w.foreignConfig(n, f, side)}
	m.Op.(*ir.Source).Facts.Acks = false // by flowctl.v1 it is the component's own affair whether it goes on where it is asked to
	m.Op.(*ir.Source).Facts.Replayable = f.Acked
	m.Out = []ir.Port{{Type: &ir.Type{Kind: ir.Bytes}, Span: n.Name.Span}}
	text := namesType(n, "text") || n.Out == nil && f.Protocol == ir.Lines
	raw := namesType(n, "bytes") || n.Out == nil && f.Protocol == ir.GRPC
	form := payloadFormat(n, f, text, raw)
	n.decode = w.newNode(n, n.Name.Text+".decode")
	n.decode.Pure = true
	op := &ir.Decode{Codec: form.codec, Validate: ir.Validate(n.Validate.Text)}
	if op.Validate == "" {
		op.Validate = ir.Structural
	}
	n.decode.Op = op
	if n.Out != nil {
		w.outPorts(n, op)
		for _, p := range n.outs {
			if p.typ != nil && (op.Else == "" || p.name != op.Else) {
				w.holds(n, form, p.typ, n.Out.Span)
			}
		}
		return
	}
	n.out(plainType(form.codec))
}

// plainType is what records are that have no declared type.
func plainType(codec string) *ir.Type {
	switch codec {
	case "text":
		return &ir.Type{Kind: ir.String}
	case "bytes":
		return &ir.Type{Kind: ir.Bytes}
	}
	return &ir.Type{Kind: ir.JSON}
}

// foreignSink lowers a sink. What has the envelope of an event keeps it.
func (w *lowering) foreignSink(n *node, f *ir.Foreign, c *catalog.Connector, known bool) {
	if !known && n.in != nil {
		n.in = nil
	}
	side := c.Sink
	m := w.newNode(n, n.Name.Text)
	n.main = m
	op := &ir.Sink{
		Connector: c.Name, Foreign: f, Batch: n.Batch, Guarantee: ir.Guarantee(n.Guarantee.Text),
		Facts: facts(side.Facts), Config: w.foreignConfig(n, f, side),
	}
	m.Op = op
	if w.deadLetter(n) {
		w.l.Errorf(diag.DeadLetter, n.KindSpan, "a dead-letter sink is a built-in, and `%s` is a component", n.Name.Text).
			Helpf("write dead letters to a file: `use: file`")
		return
	}
	if w.hasEnvelope(n) && side.Messages {
		op.Meta = append(op.Meta, ir.Assign{Name: "envelope", Go: "Envelope", Span: n.KindSpan, Expr: w.envelopeExpr(n, "meta.Pack()", &ir.Type{Kind: ir.String})})
	}
	if n.in == nil {
		return
	}
	form := payloadFormat(n, f, n.in.Kind == ir.String && n.in.Name == "", n.in.Kind == ir.Bytes)
	if n.in.Kind == ir.Bytes && f.Protocol != ir.GRPC && !form.written {
		form.codec = "text"
	}
	if !w.holds(n, form, n.in, n.KindSpan) {
		return
	}
	n.encode = w.newNode(n, n.Name.Text+".encode")
	n.encode.Pure = true
	n.encode.Op = &ir.Encode{Codec: form.codec}
	n.encode.Out = []ir.Port{{Type: &ir.Type{Kind: ir.Bytes}, Span: n.Name.Span}}
}

// foreignStep lowers a processor: it is given payloads and gives payloads, which are decoded
// behind it where `out` says what they hold.
func (w *lowering) foreignStep(n *node, f *ir.Foreign, c *catalog.Connector, known bool) {
	m := w.newNode(n, n.Name.Text)
	n.main = m
	op := &ir.Apply{Verb: ir.VerbForeign, Foreign: f, Config: w.foreignConfig(n, f, c.Sink), Batch: n.Batch, Meta: w.envelope()}
	m.Op = op
	if known {
		w.key(n, m)
	}
	if w.hasEnvelope(n) {
		op.Envelope = w.envelopeExpr(n, "*meta", w.envelope())
	}
	n.meta = op.Meta
	t := (*ir.Type)(nil)
	switch {
	case n.Out == nil && f.Protocol == ir.GRPC:
		t = &ir.Type{Kind: ir.Bytes}
	case n.Out == nil && f.Protocol == ir.Lines:
		t = &ir.Type{Kind: ir.String}
	case n.Out == nil:
		t = &ir.Type{Kind: ir.JSON}
	case n.Out.Type == nil:
		w.l.Errorf(diag.BadOut, n.Out.Span, "`%s` gives records of one type", n.Name.Text).
			Helpf("name it, or say `out: json` and tell them apart behind it, by `route`")
		n.broken()
		return
	default:
		t = w.outType(n)
	}
	n.out(t)
	w.decodePayload(n, m, t)
}

// decodePayload decodes the payloads that leave m, where t is more than what they are as they
// come.
func (w *lowering) decodePayload(n *node, m *ir.Node, t *ir.Type) {
	if t == nil {
		return
	}
	if t.Name == "" && t.Go == nil && (t.Kind == ir.Bytes || t.Kind == ir.String || t.Kind == ir.JSON) {
		return
	}
	if t.Kind != ir.Struct {
		d := w.l.Errorf(diag.BadOut, n.Out.Span, "payloads are decoded into fields, and %s has none", t)
		w.typeNote(d, t)
		n.outs[0].typ = nil
		return
	}
	w.loader.ReportUntagged(t, n.Out.Span, w.l)
	w.decoded(n, m)
}

// decoded puts the decoder of payloads behind m.
func (w *lowering) decoded(n *node, m *ir.Node) {
	bytes := &ir.Type{Kind: ir.Bytes}
	m.Out = []ir.Port{{Type: bytes, Span: n.Name.Span}}
	n.decode = w.newNode(n, n.Name.Text+".decode")
	n.decode.Parallel, n.decode.Replicas = 0, 0
	n.decode.Pure = true
	got := n.in
	n.in = bytes
	n.decode.Op = &ir.Decode{Codec: "json", Validate: ir.Structural, Input: w.check(n, "string(in)", spanPlace(n.KindSpan), check.Any("`in`"))}
	n.in = got
}
