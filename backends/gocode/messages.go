package gocode

import (
	"fmt"

	"github.com/dave/jennifer/jen"

	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/runtime/catalog"
)

// IsMessages tells whether a node is a source or sink of messages: each record
// is one, and where it ends is said beside the bytes and not by them.
func IsMessages(n *ir.Node) bool {
	switch op := n.Op.(type) {
	case *ir.Source:
		c, ok := catalog.Lookup(op.Connector)
		return ok && c.Source != nil && c.Source.Messages
	case *ir.Sink:
		c, ok := catalog.Lookup(op.Connector)
		return ok && c.Sink != nil && c.Sink.Messages
	}
	return false
}

// runMessages quotes the loop over messages: each is one record, an empty one
// as well.
func (l *loop) runMessages(n *ir.Node, op *ir.Decode, at place) ([]jen.Code, error) {
	switch op.Codec {
	case "json", "text", "bytes":
	default:
		return nil, fmt.Errorf("codec %q has no loop over messages", op.Codec)
	}
	at.chain.steps = append(at.chain.steps, step{node: n.YAML})
	body, err := l.decodeRecord(n, op, at)
	if err != nil {
		return nil, err
	}
	message := []jen.Code{
		l.Go("line := @frame.At(b.Data, b.Ends, l.Next)"),
		l.Go("end := int(b.Ends[l.Next])"),
		l.Go("l.Record.Index, l.Record.Start, l.Record.End = l.Next, end-len(line), end"),
		l.Go("l.Next++"),
		l.Go("l.records++"),
	}
	if l.mark { // known only now
		message = append(message, l.Go("l.Mark()"))
	}
	return append(l.begin(body), l.block("for l.Next < len(b.Ends)", append(message, body...)...)), nil
}
