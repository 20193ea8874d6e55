package plan

import (
	"strconv"

	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/runtime/catalog"
)

// recordOverhead is what an envelope has for each record beside its bytes: its length,
// and its part of the head and of what the broker keeps for a message.
const recordOverhead = 4

// edge adds what crosses from a piece to the one that reads it.
func (c *computation) edge(pieces []*ir.Piece, piece *ir.Piece, out ir.CutEdge, in stream) {
	carrier := c.Program.Carrier
	e := Edge{From: out.From, To: out.To, Writer: piece.Name, Reader: out.Peer, Rate: in.rate, Size: in.size, Copies: 1, BrokerMilli: -1}
	if out.Port != "" {
		e.From += "." + out.Port
	}
	e.Carrier = "nats"
	var config []ir.Setting
	for _, n := range piece.Program.Nodes {
		if sink, ok := n.Op.(*ir.Sink); ok && n.ID == out.Node {
			config = sink.Config
			if len(sink.Connector) > len("edge-") {
				e.Carrier = sink.Connector[len("edge-"):]
			}
		}
	}
	if carrier != nil {
		e.Carrier = carrier.Connector
	}
	for _, reader := range pieces {
		if reader.Name == out.Peer {
			e.Partitions = max(reader.Replicas, 1)
		}
	}
	for _, key := range []string{"replicas", "replication_factor"} {
		if n, err := strconv.Atoi(textOf(config, key)); err == nil {
			e.Copies = n
		}
	}
	if n, ok := catalog.ParseSize(textOf(config, "max_bytes")); ok {
		e.MaxBytes = n
	} else {
		e.MaxBytes = defaultSize(e.Carrier, "max_bytes")
	}
	e.BytesPerSecond = in.rate * (in.size + recordOverhead)
	e.BytesPerDay = e.BytesPerSecond * secondsOfDay * float64(e.Copies)
	if e.BytesPerSecond > 0 {
		e.Holds = float64(e.MaxBytes) / e.BytesPerSecond
	}
	if cost, ok := c.Costs.Lookup("broker/" + e.Carrier); ok {
		e.BrokerMilli = milli(in.rate, cost.Of(in.size, 0))
	}
	c.plan.Edges = append(c.plan.Edges, e)
}

// textOf is the value of a key where the pipeline says it, "" where not or where it comes
// from outside.
func textOf(config []ir.Setting, key string) string {
	for _, s := range config {
		if s.Key == key && s.Value != nil && len(s.Value.Parts) == 1 && s.Value.Parts[0].Kind == ir.Literal {
			return s.Value.Parts[0].Text
		}
	}
	return ""
}

// defaultSize is what a key of a carrier is without the pipeline saying it, in bytes.
func defaultSize(carrier, key string) int64 {
	known, ok := catalog.Lookup("edge-" + carrier)
	if !ok || known.Sink == nil {
		return 0
	}
	k := known.Sink.Key(key)
	if k == nil {
		return 0
	}
	n, _ := catalog.ParseSize(k.Default)
	return n
}
