package gocode

import (
	"fmt"
	"path"
	"strconv"

	"github.com/dave/jennifer/jen"

	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/runtime/catalog"
)

// runForeign quotes the loop of a component in a process of its own. It heads its region, as
// a batch component does: what waits in the queue before it is given to it at once, and what
// it gives for a record counts as that record's.
func (l *loop) runForeign(n *ir.Node, op *ir.Apply, at place) ([]jen.Code, error) {
	t := l.recordType(n)
	lower := l.names.lower(n.YAML)
	field, err := l.foreignField(n, op)
	if err != nil {
		return nil, err
	}
	l.mark = true
	emitted := l.counter(lower + "Emitted")
	at.chain.steps = append(at.chain.steps, step{node: n.YAML, emitted: "l." + emitted})
	each, err := l.eachMethod(n, n.Out[0])
	if err != nil {
		return nil, err
	}
	size := strconv.Itoa(DefaultCall)
	if BatchOf(n) != nil {
		size = "l.settings." + BatchField(lower) + ".Count"
	}
	one := value{base: "(*in)", typ: t}
	raw := l.anyRaw(n.ID)
	if raw {
		one.raw = "@frame.At(b.Data, b.Ends, l.Record.Index)"
	}
	payload, code := l.payload(one, place{next: "continue", stop: "return", chain: at.chain}, n)
	shown := "nil"
	if n.DeadLetters() && l.remade(n, map[string]bool{}) {
		shown = "func(i int) []byte { return held[@slices.Index(places, i)].Payload }"
	}
	row := l.typ(t)
	record := []jen.Code{l.Go("in := &rows[l.Next]")}
	meta := ""
	if l.carriesMeta(n.ID) {
		row = l.rowType(n, t)
		record = []jen.Code{l.Go("row := &rows[l.Next]"), l.Go("in := &row.record")}
		if !mentions(code, "in") && !containsWord(payload, "in") {
			record = record[:1]
		}
		meta = "Meta: row.meta, "
	} else if !mentions(code, "in") && !containsWord(payload, "in") {
		record = nil
	}
	rows := append(l.ownRows(), record...)
	rows = append(rows, l.Go("l.Record.Index = l.Next"), l.Go("l.Next++"), l.Go("l.records++"), l.Go("l.Mark()"))
	rows = append(rows, code...)
	rows = append(rows,
		l.Gof("held = append(held, @foreign.Event{%sPayload: %s})", meta, payload),
		l.Go("places = append(places, l.Record.Index)"))
	give := append([]jen.Code{l.Go("l.Record.Index = places[made[i].Of]")}, l.giveEvent(n, "made[i]", each, "return")...)
	body := []jen.Code{
		l.Go("var held []@foreign.Event"),
		l.Go("var places []int"),
		l.block(fmt.Sprintf("for l.Next < len(rows) && len(held) < %s", size), rows...),
		l.Gof("made, stop := @flow.CallBatch(l.Lane, %s, held, places, %s, l.%s.Process)", l.node(n.YAML), shown, field),
		l.Gof("l.%s += int64(len(made))", emitted),
		l.block("for i := range made", give...),
		l.block("if stop", l.Go("return")),
	}
	l.flushes = append(l.flushes, func() error {
		l.flushForeign(n, field, each)
		return nil
	})
	all := append([]jen.Code{l.Go("rows := *b.Rows.(*[]").Add(row).Op(")")}, l.begin(body)...)
	return append(all, l.block("for l.Next < len(rows)", body...)), nil
}

// foreignField gives the loop's struct the component, which is opened and closed with it.
func (l *loop) foreignField(n *ir.Node, op *ir.Apply) (string, error) {
	c, ok := catalog.Lookup(op.Foreign.Connector())
	if !ok {
		return "", fmt.Errorf("%s: nothing talks to `%s`", n.ID, op.Foreign.Connector())
	}
	pkg := path.Base(c.Package)
	field := l.names.lower(n.YAML) + "Component"
	l.fields = append(l.fields, jen.Id(field).Add(l.Gof("*@%s.Processor", pkg)))
	l.setup = append(l.setup,
		l.Gof("%s, err := @%s.NewProcessor(s.%s, %q)", field, pkg, l.names.lower(n.YAML), n.YAML),
		l.block("if err != nil", l.Go("return nil, "+nodeError(n, "configure", "err"))),
		l.Gof("l.%s = %s", field, field))
	l.open = append(l.open, l.block(fmt.Sprintf("if err := l.%s.Open(ctx); err != nil", field), l.Go("return "+nodeError(n, "open", "err"))))
	l.close = append(l.close, l.block(fmt.Sprintf("if err := l.%s.Close(); err != nil", field), l.Go("errs = append(errs, "+nodeError(n, "close", "err")+")")))
	return field, nil
}

// payload quotes the bytes that a record is given to a component as, and what comes before
// them: the bytes that it came as, its text, or its JSON.
func (l *loop) payload(v value, at place, n *ir.Node) (string, []jen.Code) {
	switch {
	case v.raw != "" && (v.typ.Kind == ir.String || v.typ.Kind == ir.Bytes):
		return v.raw, nil
	case v.raw != "":
		return "@codec.Trim(" + v.raw + ")", nil
	case v.typ.Kind == ir.String, v.typ.Kind == ir.Bytes, v.typ.Kind == ir.JSON, v.typ.Kind == ir.Enum:
		return "[]byte(" + v.base + ")", nil
	}
	return "payload", []jen.Code{l.Gof("payload, err := %s(nil, %s)", l.appendJSON(v.typ), v.ref()), l.ifFailed(n.YAML, "err", at)}
}

// giveEvent quotes that an event of the component's goes on, with its envelope as meta.
func (l *loop) giveEvent(n *ir.Node, event string, each each, stop string) []jen.Code {
	var code []jen.Code
	if l.meta != nil {
		code = append(code, l.Gof("l.meta = %s.Meta", event))
	}
	switch n.Out[0].Type.Kind {
	case ir.String:
		code = append(code, l.Gof("text := string(%s.Payload)", event), l.block("if "+each.of("&text"), l.Go(stop)))
	case ir.JSON:
		l.validate()
		code = append(code,
			l.Gof("raw := @json.RawMessage(%s.Payload)", event),
			l.block("if err := l.validator.Record(raw); err != nil", l.block(fmt.Sprintf("if l.Fail(%s, err)", l.node(n.YAML)), l.Go(stop)), l.Go("continue")),
			l.block("if "+each.of("&raw"), l.Go(stop)))
	default:
		code = append(code, l.block("if "+each.of("&"+event+".Payload"), l.Go(stop)))
	}
	return code
}

// flushForeign quotes what a component gives out behind the end of its input.
func (l *loop) flushForeign(n *ir.Node, field string, each each) {
	emitted := l.counter(l.names.lower(n.YAML) + "Flushed")
	l.chains = append(l.chains, &chain{counter: emitted, steps: []step{{node: n.YAML, flushed: true}}})
	l.flush = append(l.flush, jen.Block(
		l.Gof("rest, err := l.%s.Flush(l.Ctx)", field),
		l.block("if err != nil", l.block(fmt.Sprintf("if l.Fail(%s, err)", l.node(n.YAML)), jen.Return())),
		l.Gof("l.%s += int64(len(rest))", emitted),
		l.block("for i := range rest", l.giveEvent(n, "rest[i]", each, "return")...),
	))
}
