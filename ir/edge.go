package ir

import "github.com/flowc-dev/flowc/ir/source"

// A Kind tells what an edge carries.
type Kind string

// The kinds of edges: records, records that failed, records that came too late
// for their window.
const (
	Data  Kind = "data"
	Error Kind = "error"
	Late  Kind = "late"
)

// A Via tells how records cross an edge.
type Via string

// Call is a fused edge (the same loop), Queue a bounded queue of batches between two
// regions, Cut an edge between processes (package compiler/cut makes a sink and a source
// of each before the passes, so that backends see none).
const (
	Call  Via = "call"
	Queue Via = "queue"
	Cut   Via = "cut"
)

// An Ownership tells what a branch may do with the record it gets.
type Ownership string

// Move hands it over, Share lets several read it, Clone gives a copy because
// somebody writes while another still reads.
const (
	Move  Ownership = "move"
	Share Ownership = "share"
	Clone Ownership = "clone"
)

// An Origin tells where the bytes of a record on an edge are.
type Origin string

// Intact records are what the source read, or that with set and unset spliced
// in: their bytes may be written as they are. Made records came to be in the
// program and have no bytes. On a Mixed edge there are both, behind a node that
// gets both: no bytes come along, and all are encoded from their type.
const (
	Intact Origin = "intact"
	Made   Origin = "made"
	Mixed  Origin = "mixed"
)

// An Edge carries records from a port to a node.
type Edge struct {
	From string // node ID
	Port string // "" for the only output
	To   string // node ID
	Kind Kind
	Type *Type
	// Live are the fields that somebody behind the edge reads; nil before the
	// push pass means all.
	Live []Path
	// Meta are the fields of `meta` that somebody behind the edge reads, by the
	// names of Expr.MetaReads, sorted; nil before the push pass and where there
	// are none.
	Meta []string
	// Raw tells that the record's bytes must come along: somebody behind the
	// edge writes them as they are, or splices them. (Dead letters take the
	// source's original from the engine, which keeps it; they need the bytes on
	// the edge only where set or unset changed them.)
	Raw bool
	// Origin tells where the record's bytes are, set by the push pass.
	Origin Origin
	Own    Ownership
	// Ordered tells that source order holds on this edge.
	Ordered bool
	Via     Via
	// Depth and Bytes bound what waits in a queue, in packets and in bytes (a
	// packet larger than Bytes waits alone). A packet is what one batch of the
	// source became; Batch is the number of records that the consumer gathers
	// from packets before it works, 0 where it takes them as they come.
	Batch, Depth int
	Bytes        int64
	// Why is one sentence for explain: why fused, or why not.
	Why  string
	Span source.Span // the `from` that made it
}
