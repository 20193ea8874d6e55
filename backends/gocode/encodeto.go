package gocode

import (
	"fmt"

	"github.com/dave/jennifer/jen"

	"github.com/flowc-dev/flowc/ir"
)

// encodeTo quotes how a record is encoded into the packet of its sink.
func (l *loop) encodeTo(n *ir.Node, op *ir.Encode, v value, at place) ([]jen.Code, error) {
	edges := l.dataOut(n.ID, "")
	if len(edges) != 1 {
		return nil, fmt.Errorf("encode %s has %d edges, not one to its sink", n.ID, len(edges))
	}
	sink := l.nodes[edges[0].To]
	p := l.packet(l.target(sink.ID))
	feed := l.feed(sink, op.Codec)

	var code []jen.Code
	data := p + ".Data"
	lines := op.Codec == "ndjson" || op.Codec == "text" || op.Codec == "csv" && op.Raw && v.raw != ""
	tail := func(expr string) jen.Code {
		if lines {
			return l.Gof("%s = append(%s, '\\n')", data, expr)
		}
		return l.Gof("%s = %s", data, expr)
	}
	encode := func(call string) {
		at.chain.steps = append(at.chain.steps, step{node: n.YAML, refused: true})
		code = append(code, l.Gof("data, err := %s", call), l.ifFailed(n.YAML, "err", at), tail("data"))
	}
	code = append(code, l.address(sink, v, at)...)
	switch {
	case op.Raw && v.raw != "":
		if op.Codec == "ndjson" && l.multiline() {
			encode(fmt.Sprintf("@jsonscan.AppendLine(%s, %s)", data, v.raw))
			break
		}
		raw := v.raw
		if op.Codec == "ndjson" || op.Codec == "json" {
			raw = "@codec.Trim(" + raw + ")"
		}
		code = append(code, tail(fmt.Sprintf("append(%s, %s...)", data, raw)))
	case op.Codec == "ndjson" || op.Codec == "json":
		encode(fmt.Sprintf("%s(%s, %s)", l.appendJSON(v.typ), data, v.ref()))
	case op.Codec == "text" || op.Codec == "bytes":
		code = append(code, tail(fmt.Sprintf("append(%s, %s...)", data, v.base)))
	case op.Codec == "csv":
		delimiter, quote := csvChars(op.Options)
		l.headers[sink.ID] = csvHeader(v.typ, delimiter, quote)
		encode(fmt.Sprintf("%s(%s, %s)", l.appendCSV(v.typ, op), data, v.ref()))
	case op.Codec == "table", op.Codec == "parquet":
		l.tables[sink.ID] = v.typ
		encode(fmt.Sprintf("%s(%s, %s)", l.appendRow(v.typ, op.Codec == "parquet"), data, v.ref()))
	default:
		return nil, fmt.Errorf("codec %q has no encoder", op.Codec)
	}
	if feed.Ends {
		code = append(code, l.Gof("%s.Ends = append(%s.Ends, uint32(len(%s.Data)))", p, p, p))
	}
	code = append(append(code, l.keys(sink, v, p)...), l.Gof("%s.Count++", p))
	if feed.Origins {
		code = append(code, l.Gof("l.Origin(%d)", l.target(sink.ID)))
	}
	if at.next == "continue" && !usesErrVariable(code) {
		return code, nil
	}
	return []jen.Code{jen.Block(code...)}, nil
}

// usesErrVariable tells whether code declares variables that would clash with
// those of another encoder in the same block.
func usesErrVariable(code []jen.Code) bool {
	return mentions(code, "data") || mentions(code, "address")
}

// multiline tells whether records of the region's source may span lines. Those
// that come through a queue do not tell.
func (l *loop) multiline() bool { return l.codec != "ndjson" && l.codec != "parquet" }

// feed decides once what a sink's packets carry besides bytes.
func (l *loop) feed(sink *ir.Node, codec string) Feed {
	if f, ok := l.feeds[sink.ID]; ok {
		return f
	}
	op := sink.Op.(*ir.Sink)
	f := Feed{}
	f.Origins = sink.DeadLetters()
	for _, s := range op.Config {
		if s.Value.PerRecord() {
			f.Keys = append(f.Keys, s.Key)
			f.Literals = append(f.Literals, l.literal(sink, s))
		}
	}
	for _, a := range op.Meta {
		f.Keys = append(f.Keys, "meta."+a.Name)
	}
	f.Origins = f.Origins || l.fedByKey(sink.ID)
	f.Ends = f.Origins || len(f.Keys) > 0 || codec == "json" || codec == "bytes" || codec == "table" || codec == "parquet" || op.Connector == "http" || IsMessages(sink) || op.Batch != nil
	l.feeds[sink.ID] = f
	return f
}
