package lower

import (
	"path"
	"slices"
	"strings"
	"time"

	"github.com/flowc-dev/flowc/compiler/check"
	"github.com/flowc-dev/flowc/compiler/check/component"
	"github.com/flowc-dev/flowc/compiler/parse"
	"github.com/flowc-dev/flowc/compiler/syntax"
	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/runtime/catalog"
)

// source lowers a source.
func (w *lowering) source(n *node) {
	if n.Use.Text == "" {
		n.broken()
		n.answers = true // perhaps; nobody is to be told that it does not
		w.outTypes(n)    // its types may be wrong as well
		return
	}
	w.readLets(n)
	if usesGo(n.Use.Text) {
		w.goSource(n)
		return
	}
	side := w.connector(n)
	if side == nil {
		// Its name is wrong, its records are what they are.
		n.answers = true
		w.outPorts(n, nil)
		if n.Out == nil {
			n.broken()
		}
		return
	}
	if n.Use.Text == "http" {
		n.Config = ofWay(n.Config, side)
	}
	promised := factsOf(n, side)
	if w.givesChanges(n, side) {
		promised = *side.Changes
	}
	n.answers = promised.Answers
	if side.Changes == nil || n.changes {
		n.meta = w.metaType(n.Use.Text, side)
	}
	m := w.newNode(n, n.Name.Text)
	n.main = m
	op := &ir.Source{Connector: n.Use.Text, Meta: n.meta, Bounded: bounded(n, side, promised), Facts: facts(promised)}
	m.Op = op
	if w.canRange(n, side) {
		op.Range = w.rangeOf(n)
	}
	defer w.checkRange(n, side, op.Range) // when its outputs are known
	if len(side.Formats) == 0 {
		own := []string{}
		if n.Use.Text == "generate" {
			own = append(own, "fields")
		}
		op.Config = w.config(n, side, own...)
		w.typedSource(n, m, op)
		return
	}
	lines := n.Out != nil && n.Out.Type != nil && n.Out.Type.Form == syntax.TypeName && n.Out.Type.Name == "text"
	op.Config = w.config(n, side, ownKeys(side)...)
	if side.Table {
		w.tableOrQuery(n, op)
	}
	if n.Use.Text == "http" {
		w.listensOrAsks(n, op)
	}
	f := w.format(n, side, lines)
	if f.codec == "parquet" {
		w.parquetSource(op)
	}
	m.Out = []ir.Port{{Type: &ir.Type{Kind: ir.Bytes}, Span: n.Name.Span}}
	w.decoder(n, f)
}

// bounded tells whether a built-in source ends by itself.
func bounded(n *node, side *catalog.Side, promised catalog.Facts) bool {
	if n.Range != nil {
		return true
	}
	if !promised.Depends {
		return !promised.Endless
	}
	for _, c := range n.Config {
		switch c.Key.Text {
		case "follow":
			return !(c.Value.Kind == "bool" && strings.EqualFold(c.Value.Text(), "true"))
		case "count":
			return c.Value.Text() != "0"
		case "every":
			return !c.Value.IsLiteral() || zeroLength(c.Value.Text())
		}
	}
	return !slices.ContainsFunc(side.Keys, func(k catalog.Key) bool { return k.Name == "count" })
}

// zeroLength tells whether a length of time is none.
func zeroLength(text string) bool {
	d, err := time.ParseDuration(text)
	return err == nil && d == 0
}

// factsOf is what a connector promises with the node's config.
func factsOf(n *node, side *catalog.Side) catalog.Facts {
	if n.Range != nil && side.Range != nil {
		return side.Range.Facts(side.Facts.Memory)
	}
	return side.FactsFor(func(key string) bool {
		return slices.ContainsFunc(n.Config, func(c syntax.ConfigKey) bool {
			return c.Key.Text == key && c.Value != nil && c.Value.Kind != "null" && !(c.Value.IsLiteral() && c.Value.Kind == "string" && c.Value.Text() == "")
		})
	})
}

// facts copies what a connector promises.
func facts(f catalog.Facts) ir.Facts {
	return ir.Facts{
		Acks: f.Acks, Replayable: f.Replayable, Ordered: f.Ordered, Idempotent: f.Idempotent,
		Transactional: f.Transactional, Keeper: f.Keeper, WhenAsked: f.WhenAsked, PrunesOnAck: f.PrunesOnAck, Memory: f.Memory, Answers: f.Answers, Shared: f.Shared, Gathers: f.Gathers,
	}
}

// runtimePath is where the runtime is; the catalog says where in it a connector.
const runtimePath = "github.com/flowc-dev/flowc/runtime/"

// metaType is the type of `meta` on records of a connector.
func (w *lowering) metaType(use string, side *catalog.Side) *ir.Type {
	if t := w.metas[use]; t != nil || len(side.Meta) == 0 {
		return t
	}
	c, ok := catalog.Lookup(use)
	if !ok {
		return nil
	}
	t := &ir.Type{Kind: ir.Struct, Name: "Meta", Go: &ir.GoType{Package: runtimePath + c.Package, PkgName: path.Base(c.Package), Name: "Meta", Lenient: true}}
	for _, k := range side.Meta {
		t.Fields = append(t.Fields, &ir.Field{Name: k.Name, Go: k.Go, Type: keyType(k.Type), Doc: k.Doc})
	}
	w.metas[use] = t
	return t
}

// decoder makes the node that turns a source's bytes into records.
func (w *lowering) decoder(n *node, f format) {
	d := w.newNode(n, n.Name.Text+".decode")
	n.decode = d
	d.Pure = true
	op := &ir.Decode{Codec: f.codec, Options: f.options, Validate: ir.Validate(n.Validate.Text)}
	if op.Validate == "" {
		op.Validate = ir.Structural
	}
	d.Op = op
	if n.Out == nil {
		switch f.codec {
		case "text":
			n.out(&ir.Type{Kind: ir.String})
		case "bytes":
			n.out(&ir.Type{Kind: ir.Bytes})
		case "":
			n.broken()
		default:
			w.noOut(n, f)
			n.broken()
		}
		return
	}
	w.outPorts(n, op)
	apart := n.Out.By.Text != "" && f.codec != "" && f.codec != "ndjson" && f.codec != "json" && f.codec != "parquet"
	for _, p := range n.outs {
		if !apart && p.typ != nil && f.codec != "" && (op.Else == "" || p.name != op.Else) && w.holds(n, f, p.typ, n.Out.Span) && f.codec == "csv" {
			w.columns(f.options, p.typ)
		}
	}
	if apart {
		w.l.Errorf(diag.FormatType, n.Out.By.Span, "a field that tells event types apart is read from JSON, and the format of `%s` is %s", n.Name.Text, f.codec).
			Also(f.at, "the format comes from here")
	}
}

// noOut reports a source whose records have no type.
func (w *lowering) noOut(n *node, f format) {
	if n.Bad {
		return
	}
	d := w.l.Errorf(diag.OutNeeded, n.Name.Span, "the source `%s` does not say what its records are", n.Name.Text)
	var names []string
	for _, t := range w.types.order {
		if t.typ != nil && t.typ.Kind == ir.Struct {
			names = append(names, t.Name.Text)
		}
	}
	add := func(title, text string) {
		if edit, ok := insertKey(n.Body.Span, n.Name.Span, text); ok {
			d.Fix(diag.Fix{Title: title, Edits: []diag.Edit{edit}})
		}
	}
	if len(names) == 1 {
		add("say that they are of the type "+names[0]+": `out: "+names[0]+"`", "out: "+names[0])
	} else if len(names) > 1 {
		d.Helpf("name their type: `out: %s` (there are %s)", names[0], strings.Join(names, ", "))
	} else {
		d.Helpf("declare a type under `types:` and name it: `out: Payment` (`flowc infer FILE` writes one for a sample)")
	}
	if f.codec == "ndjson" || f.codec == "json" || f.codec == "parquet" {
		add("or do not look into them: `out: json`", "out: json")
	}
}

// outPorts gives a source the outputs that its `out` lists. op is nil where the
// source itself is broken.
func (w *lowering) outPorts(n *node, op *ir.Decode) {
	if n.Out == nil {
		return
	}
	if n.Out.Type != nil {
		t := w.outType(n)
		w.loader.ReportUntagged(t, n.Out.Span, w.l)
		n.out(t)
		return
	}
	if n.Out.By.IsZero() || len(n.Out.Variants) == 0 {
		n.broken()
		return
	}
	ports := map[string]*port{}
	values := map[string]syntax.Text{}
	for _, v := range n.Out.Variants {
		t := w.typ(v.Type)
		if t == nil {
			n.broken()
			continue
		}
		if t.Kind != ir.Struct {
			w.l.Errorf(diag.BadOut, v.Type.Span, "an event type is a mapping of fields, and `%s` is %s", v.Value.Text, article(t.String()))
			n.broken()
			continue
		}
		if t.Name == "" {
			t = w.nameVariant(t, v)
		}
		w.loader.ReportUntagged(t, v.Type.Span, w.l)
		w.tellsApart(n, t)
		name := t.Name
		if t.Name == "" && t.Go != nil {
			name = t.Go.Name
		}
		if before, twice := values[v.Value.Text]; twice {
			w.l.Errorf(diag.BadOut, v.Value.Span, "the value `%s` is listed twice", v.Value.Text).Also(before.Span, "first here")
			continue
		}
		values[v.Value.Text] = v.Value
		p := ports[name]
		if p == nil {
			p = &port{name: name, typ: t, span: v.Value.Span}
			ports[name] = p
			n.outs = append(n.outs, p)
		} else if !p.typ.Same(t) {
			w.l.Errorf(diag.BadOut, v.Type.Span, "two event types are called %s", name).Also(p.span, "the other one")
			continue
		}
		if op != nil {
			op.Variants = append(op.Variants, ir.Variant{Value: v.Value.Text, Port: name, Type: t})
		}
	}
	if op != nil && len(op.Variants) > 0 {
		op.By = n.Out.By.Text
	}
	if !n.Out.Else.IsZero() {
		n.outs = append(n.outs, &port{name: "json", typ: &ir.Type{Kind: ir.JSON}, span: n.Out.Else.Span})
		if op != nil {
			op.Else = "json"
		}
	}
}

// nameVariant names an event type that is written in place after its value.
func (w *lowering) nameVariant(t *ir.Type, v syntax.Variant) *ir.Type {
	holder := &node{Node: &syntax.Node{Name: v.Value}}
	return w.nameType(t, holder, v.Type.Span)
}

// tellsApart checks the field that tells event types apart where a type
// declares it.
func (w *lowering) tellsApart(n *node, t *ir.Type) {
	f := t.Field(n.Out.By.Text)
	if f == nil || f.Type.Kind == ir.String || f.Type.Kind == ir.Enum {
		return
	}
	w.l.Errorf(diag.BadOut, n.Out.By.Span, "`%s` tells event types apart, so it is a string or an enum, and in %s it is %s", f.Name, t, article(f.Type.String())).
		NoteAt(f.Span, "declared here")
}

// outTypes reads the types of `out` for their mistakes alone.
func (w *lowering) outTypes(n *node) {
	if n.Out == nil {
		return
	}
	if n.Out.Type != nil {
		w.outType(n)
	}
	for _, v := range n.Out.Variants {
		w.typ(v.Type)
	}
}

// typedSource lowers a built-in that makes records itself (generate).
func (w *lowering) typedSource(n *node, m *ir.Node, op *ir.Source) {
	w.noValidate(n)
	if n.Out == nil {
		w.noOut(n, format{})
		n.broken()
		return
	}
	if n.Out.Type == nil {
		w.l.Errorf(diag.BadOut, n.Out.Span, "`%s` makes records of one type", n.Use.Text).Helpf("make one source for each type")
		n.broken()
		return
	}
	t := w.outType(n)
	n.out(t)
	if t == nil {
		return
	}
	if t.Kind != ir.Struct {
		d := w.l.Errorf(diag.BadOut, n.Out.Span, "`%s` makes records with fields, and %s has none", n.Use.Text, t)
		w.typeNote(d, t)
		n.outs[0].typ = nil
		return
	}
	effects(m)
	for _, c := range n.Config {
		if c.Key.Text == "fields" {
			w.generated(n, m, op, t, c)
		}
	}
}

// noValidate reports a `validate` on a source that decodes nothing.
func (w *lowering) noValidate(n *node) {
	if member := n.Body.Member("validate"); member != nil {
		w.l.Errorf(diag.KeyConflict, member.Key.Span, "`validate` is for sources that read bytes, and `%s` makes records itself", n.Use.Text).
			Helpf("remove it")
	}
}

// generated lowers the fields of a `generate`: Go over i and r.
func (w *lowering) generated(n *node, m *ir.Node, op *ir.Source, t *ir.Type, c syntax.ConfigKey) {
	if c.Node.Kind != parse.Mapping {
		w.l.Errorf(diag.WrongType, c.Node.Place(), "`fields` must be a mapping of fields to Go, and this is %s", c.Node.Kind)
		return
	}
	params := []check.Param{
		{Name: "i", Type: &ir.Type{Kind: ir.Int64}},
		{Name: "r", Type: &ir.Type{Kind: ir.GoNamed, Go: &ir.GoType{Package: "math/rand/v2", PkgName: "rand", Name: "Rand", Pointer: true}}},
	}
	var names []string
	for _, f := range t.Fields {
		names = append(names, f.Name)
	}
	var exprs []*ir.Expr
	for _, member := range c.Node.Members {
		f := t.Field(member.Key.Text)
		if f == nil {
			d := w.noField(syntax.Text{Text: member.Key.Text, Span: member.Key.Span}, t)
			d.Near(member.Key.Text, names)
			w.typeNote(d, t)
			continue
		}
		if member.Value.Kind == parse.Mapping || member.Value.Kind == parse.Sequence || member.Value.Kind == parse.Null {
			if d := parse.GoInYAML(member.Value); d != nil {
				w.l.Add(d)
				continue
			}
			w.l.Errorf(diag.WrongType, member.Value.Place(), "`%s` must be Go, and this is %s", f.Name, member.Value.Kind)
			continue
		}
		e := w.checkWith(n, member.Value.Text, member.Value, fieldWant(f), params)
		exprs = append(exprs, e)
		op.Fields = append(op.Fields, ir.Assign{Name: f.Name, Go: f.Go, Span: member.Key.Span, Expr: e})
	}
	effects(m, exprs...)
	m.Pure = false
}

// goSource lowers a source in Go.
func (w *lowering) goSource(n *node) {
	ref := w.loader.Component(n.Use.Text, n.Use.Span, component.Source, w.l)
	if ref == nil {
		n.broken()
		n.answers = true
		w.outTypes(n)
		return
	}
	w.noValidate(n)
	m := w.newNode(n, n.Name.Text)
	n.main = m
	op := &ir.Source{
		Go: ref, Config: w.goConfig(n, ref),
		Facts: ir.Facts{Acks: ref.Ack, Replayable: ref.Seek, Ordered: true},
	}
	m.Op = op
	if n.Range != nil && w.canRangeGo(n, ref) {
		op.Range, op.Bounded = w.rangeOf(n), true
		op.Facts = facts((&catalog.Range{}).Facts(0))
		w.checkBounds(n, []string{"position"}, ref.Position, op.Range)
	}
	if n.Out != nil && !w.sameOut(n, ref) {
		n.out(nil)
		return
	}
	n.out(ref.Out)
}

// sameOut checks an `out` beside Go that says itself what it gives.
func (w *lowering) sameOut(n *node, ref *ir.GoRef) bool {
	if n.Out.Type == nil {
		w.l.Errorf(diag.BadOut, n.Out.Span, "`%s` says in Go what it gives: %s", n.Use.Text, ref.Out).Helpf("remove `out`")
		return false
	}
	t := w.outType(n)
	if t == nil || w.loader.Identical(t, ref.Out) || t.Same(ref.Out) {
		return t != nil
	}
	d := w.l.Errorf(diag.BadOut, n.Out.Span, "`%s` gives %s, and `out` says %s", n.Use.Text, ref.Out, t)
	d.NoteAt(ref.Declared, "%s is declared here", ref.Symbol)
	d.Helpf("remove `out`: the Go says it")
	return false
}
