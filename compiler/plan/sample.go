package plan

import (
	"fmt"

	"github.com/flowc-dev/flowc/ir"
)

// Sampleable says why no file can stand for what a source reads; nil where one can.
func Sampleable(p *ir.Program, source string) error {
	g := p.Graph(ir.Data)
	n := g.Nodes[source]
	op := n.Op.(*ir.Source)
	switch {
	case op.Go != nil:
		return fmt.Errorf("`%s` is Go of yours, which makes its records itself, so no file can stand for them", source)
	case len(g.Out[source]) == 0:
		return fmt.Errorf("nothing reads `%s`", source)
	}
	decode, ok := g.Nodes[g.Out[source][0].To].Op.(*ir.Decode)
	if !ok {
		return fmt.Errorf("`%s` (%s) gives records that are no bytes, so no file can stand for them", source, op.Connector)
	}
	for _, port := range g.Nodes[g.Out[source][0].To].Out {
		if decode.Input == nil && port.Type != nil && port.Type.Change {
			return fmt.Errorf("`%s` gives changes of rows, and no file can stand for them", source)
		}
	}
	if decode.Codec == "parquet" && len(Sources(p)) > 1 {
		return fmt.Errorf("`%s` is Parquet, and beside other sources it can't be measured: each of them is read alone, and no file of Parquet is empty", source)
	}
	if op.Connector != "file" {
		if reader := readsMeta(p); reader != nil {
			return fmt.Errorf("`%s` reads `meta`, which %s gives and a file does not", reader.YAML, op.Connector)
		}
	}
	return nil
}

// readsMeta is a node that reads `meta`, nil where none does.
func readsMeta(p *ir.Program) *ir.Node {
	for _, n := range p.Nodes {
		for _, e := range n.Exprs() {
			if len(e.MetaReads) > 0 {
				return n
			}
		}
	}
	return nil
}

// oneALine has a source's records of JSON stand one a line: they were messages, each by
// itself.
func oneALine(p *ir.Program, source string) {
	for _, n := range p.Nodes {
		if op, ok := n.Op.(*ir.Decode); ok && n.YAML == source && op.Input == nil && op.Codec == "json" {
			op.Codec = "ndjson"
		}
	}
}

// ForSample changes a program so that it can be measured: its sources read the files at
// paths, each to its end, and its sinks discard what they are given, so that nothing
// outside is read, written or told. Sources that are not sampleable are an error.
func ForSample(p *ir.Program, paths map[string]string) error {
	for _, n := range p.Nodes {
		switch op := n.Op.(type) {
		case *ir.Source:
			if err := Sampleable(p, n.ID); err != nil {
				return err
			}
			if op.Connector != "file" {
				op.Meta = nil // nobody reads it
				oneALine(p, n.ID)
			}
			op.Connector, op.Bounded, op.Range = "file", true, nil
			op.Facts = ir.Facts{Acks: true, Replayable: true, Ordered: true, Memory: op.Facts.Memory}
			op.Config = []ir.Setting{literal("path", paths[n.ID], n)}
		case *ir.Sink:
			op.Connector, op.Go, op.Config, op.Meta, op.Checkpoint = "drop", nil, nil, nil, false
			op.Facts = ir.Facts{Ordered: true, Idempotent: true, Memory: op.Facts.Memory}
		}
	}
	p.Delivery.Store, p.Delivery.StoreConfig, p.Pieces, p.Carrier = "file", nil, nil, nil
	p.Telemetry.HTTP, p.Telemetry.Progress = nil, "never"
	p.Jobs, p.Awaits = nil, nil // what they do is for a run
	return nil
}

func literal(key, text string, n *ir.Node) ir.Setting {
	return ir.Setting{
		Key: key, Type: &ir.Type{Kind: ir.String}, Span: n.Span,
		Value: &ir.Value{Kind: "string", Span: n.Span, Parts: []ir.Part{{Kind: ir.Literal, Text: text, Span: n.Span}}},
	}
}

// Lines tells whether a source's records are lines, which a file may have again and
// again: skip is how many of a file's first lines are no records.
func Lines(p *ir.Program, source string) (lines bool, skip int) {
	for _, n := range p.Nodes {
		op, ok := n.Op.(*ir.Decode)
		if !ok || op.Input != nil || n.YAML != source {
			continue
		}
		switch op.Codec {
		case "ndjson", "text", "regexp", "logfmt":
			return true, 0
		case "csv":
			if textOf(op.Options, "header") == "false" {
				return true, 0
			}
			return true, 1
		}
	}
	return false, 0
}
