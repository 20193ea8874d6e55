// Package flow is the core of a running pipeline: batches, loops, queues,
// acknowledgements, checkpoints and the counters that add up.
//
// A program is a graph of sources, regions and sinks. A source fills a [Batch]
// with complete records; a region's [Loop], which the compiler wrote, runs all
// fused stages over the batch, record by record, in one call, and appends
// what leaves the region to [Out] packets; sinks write packets. Nothing
// happens per record but the loop itself: queues, acks and locks cost one
// operation a batch.
//
//	source ──Batch──▶ lanes (Loop.Run) ──Out──▶ sequencer ──Out──▶ sink
//	   ▲                                                             │
//	   └──────────── ack, after the checkpoint is durable ◀──────────┘
//
// Lanes of one region may run at once; the sequencer sends their packets on in
// source order. Memory is bounded: a fixed number of batches is in flight, and
// a source that finds none free waits.
package flow

import "time"

// A NodeKind is the role of a YAML node.
type NodeKind uint8

// The roles.
const (
	KindSource NodeKind = iota
	KindProcessor
	KindSink
)

// A Node describes one node of the pipeline. Generated programs refer to nodes
// by their index in the program's table.
type Node struct {
	Name string
	Kind NodeKind
	// Was is the name under which an older checkpoint knows the node, if any.
	Was string
	// Place is "file:line" in the pipeline.
	Place  string
	Policy Policy
}

// A Then is what becomes of a record that failed for good.
type Then uint8

// Stop ends the program (exit code 7), Drop counts the record and goes on,
// Dead sends it to a dead-letter sink, Reject answers the sender of the batch
// and takes nothing of it.
const (
	Stop Then = iota
	Drop
	Dead
	Reject
)

// A Policy is a node's on_error. The zero value is the default: what is
// transient is tried five times more, then the program stops.
type Policy struct {
	// Written tells that the user wrote `retry`: it then covers every error
	// that is not poison, permanent or fatal, else only transient ones.
	Written bool
	Retry   int
	// Backoff is the first pause, doubled at each attempt up to MaxBackoff,
	// with full jitter.
	Backoff, MaxBackoff time.Duration
	Then                Then
	// Dead is the node of the dead-letter sink.
	Dead int
	// MaxDead is the share (0 to 1) of failed records, of the last 1,000 and of
	// all at the end, at which the program stops; 0 for no limit.
	MaxDead float64
}

// A Count is what became of the records that reached a node:
//
//	In = Out + Filtered + Dead + Dropped + Failed + Pending
//
// Failed and Pending are not 0 only where the program stopped early. Emitted
// counts records sent on (once each, not once a consumer; 0 for a sink),
// Retried attempts after the first.
type Count struct {
	In       int64 `json:"in"`
	Out      int64 `json:"out"`
	Filtered int64 `json:"filtered"`
	Dead     int64 `json:"dead"`
	Dropped  int64 `json:"dropped"`
	Failed   int64 `json:"failed"`
	Pending  int64 `json:"pending"`
	Retried  int64 `json:"retried"`
	Emitted  int64 `json:"emitted"`
}

// Lost is how many records of the node went no further because they failed.
func (c *Count) Lost() int64 { return c.Dead + c.Dropped + c.Failed }

func (c *Count) add(d *Count) {
	c.In += d.In
	c.Out += d.Out
	c.Filtered += d.Filtered
	c.Dead += d.Dead
	c.Dropped += d.Dropped
	c.Failed += d.Failed
	c.Pending += d.Pending
	c.Retried += d.Retried
	c.Emitted += d.Emitted
}

// sums tells whether every record that came in is accounted for.
func (c *Count) sums() bool {
	return c.In == c.Out+c.Filtered+c.Dead+c.Dropped+c.Failed+c.Pending
}
