package analyze

import (
	"github.com/flowc-dev/flowc/ir"
)

// An Explanation is what `flowc explain FILE` tells. Names of nodes are those of
// the pipeline; a port stands behind a dot.
type Explanation struct {
	Pipeline string `json:"pipeline"`
	// Paths are the promises, one for each source and sink that it feeds.
	Paths []Path `json:"paths"`
	// Checkpoint is how far the program has got, and where that is kept.
	Checkpoint Checkpoint `json:"checkpoint"`
	// Loops are what runs together.
	Loops []Loop `json:"loops"`
	Nodes []Node `json:"nodes"`
	Edges []Edge `json:"edges"`
	// Jobs are whole programs that run to their end beside the nodes.
	Jobs []Job `json:"jobs,omitempty"`
	// Memory bounds what the program may hold at once.
	Memory Memory `json:"memory"`
	// Processes and Cuts are what a pipeline runs in that is cut, and what is between
	// them. The rest is said of the pipeline in one process, but for the paths.
	Processes []Process `json:"processes,omitempty"`
	Cuts      []Cut     `json:"cuts,omitempty"`
	// Overrides are values that overlays replaced or took away.
	Overrides []Override `json:"overrides"`
	// Targets are what the targets that the pipeline has options for make of it. The
	// compiler knows none of them: who explains a pipeline adds what they say.
	Targets []Target `json:"targets,omitempty"`
}

// A Target is what one target makes of a program.
type Target struct {
	Name    string   `json:"name"`
	Reasons []Reason `json:"reasons"`
}

// A Reason is what is chosen for one aspect, and why.
type Reason struct {
	Subject string `json:"subject"`
	Says    string `json:"says"`
}

// A Path is what holds between a source and a sink.
type Path struct {
	Source    string       `json:"source"`
	Sink      string       `json:"sink"`
	Guarantee ir.Guarantee `json:"guarantee"`
	Reason    string       `json:"reason"`
	// Stages are the nodes between and the two ends, in the order of records.
	Stages []string `json:"stages"`
	// Order is "source", "chunk", "key" or "none", with a reason where it is not source.
	Order       string `json:"order"`
	OrderReason string `json:"orderReason,omitempty"`
}

// A Checkpoint says where a program keeps how far it has got.
type Checkpoint struct {
	// Store is file, sink or a connector, "" where no source can go back, so that
	// there is none.
	Store string `json:"store"`
	// Sink is the sink that keeps it with its records, where one does.
	Sink string `json:"sink,omitempty"`
	// Every is the time between two, such as "1s".
	Every string `json:"every,omitempty"`
	// Where says all that in a sentence.
	Where string `json:"where"`
}

// A Loop is nodes that run as one, in one or several goroutines.
type Loop struct {
	Name  string   `json:"name"`
	Nodes []string `json:"nodes"`
	// Lanes is how many run at once; 0 is one for each processor, to MaxLanes.
	Lanes    int    `json:"lanes"`
	MaxLanes int    `json:"maxLanes"`
	Why      string `json:"why"`
}

// A Node is one node of the pipeline.
type Node struct {
	Name string `json:"name"`
	// Kind is source, processor or sink; Does says what it does in a few words.
	Kind string `json:"kind"`
	Does string `json:"does"`
	// Place is file:line, "" where the program has no spans.
	Place string `json:"place,omitempty"`
	Loop  string `json:"loop"`
	// Reads are the fields that it looks at, by their names on the wire; for a
	// source those that it decodes, by port where it has several. ["*"] is all.
	Reads []Read `json:"reads,omitempty"`
	// Meta are the fields of `meta` that it reads.
	Meta []string `json:"meta,omitempty"`
	// Pushed are filters that a source's scan evaluates.
	Pushed []string `json:"pushed,omitempty"`
	// PushedInto is the source whose scan evaluates this filter.
	PushedInto string `json:"pushedInto,omitempty"`
	// Decided tells what the compiler knows of a condition.
	Decided string `json:"decided,omitempty"`
	// Chosen are the keys of a sink's config that each record decides: its table.
	Chosen []Chosen `json:"chosen,omitempty"`
	// Writes says how a sink's records become bytes, one entry each way.
	Writes []Write `json:"writes,omitempty"`
	// Talk is how its component is talked to, which is a process of its own.
	Talk *Talk `json:"talk,omitempty"`
	// OnError says what happens to a record that fails, in words.
	OnError string `json:"onError"`
}

// A Job is a whole program that runs to its end.
type Job struct {
	Name string `json:"name"`
	// Does says what it starts, and when, in a sentence.
	Does string `json:"does"`
	// Place is file:line, "" where the program has no spans.
	Place string `json:"place,omitempty"`
	// After are the jobs that must have completed before it starts; Behind tells that all
	// records must be done, Before that no record is read before it has completed.
	After  []string `json:"after,omitempty"`
	Behind bool     `json:"behind,omitempty"`
	Before bool     `json:"before,omitempty"`
	// Restart is the policy.
	Restart ir.Restart `json:"restart"`
}

// A Read is fields that are read of records of a type.
type Read struct {
	Port   string   `json:"port,omitempty"`
	Type   string   `json:"type,omitempty"`
	Fields []string `json:"fields"`
	// Of is how many fields the type has, 0 where it has none.
	Of int `json:"of,omitempty"`
}

// A Write is how records that come by some way become bytes.
type Write struct {
	// From are the nodes that they come from.
	From []string `json:"from"`
	// AsIs tells that they are written byte for byte as they were read (with
	// what `set` and `unset` spliced).
	AsIs bool   `json:"asIs"`
	Why  string `json:"why"`
}

// An Edge is the way of records between two nodes of the pipeline.
type Edge struct {
	From string  `json:"from"`
	To   string  `json:"to"`
	Kind ir.Kind `json:"kind"`
	Type string  `json:"type,omitempty"`
	// Fused tells that records cross by a call inside a loop; else they wait in
	// a queue, of Depth packets and Bytes bytes at most. Batch is the number of
	// records that the consumer gathers, 0 for as they come.
	Fused bool   `json:"fused"`
	Why   string `json:"why"`
	Batch int    `json:"batch"`
	Depth int    `json:"depth"`
	Bytes int64  `json:"bytes"`
	// SizeWhy is the reason for the bounds of a queue.
	SizeWhy string `json:"sizeWhy,omitempty"`
	// Copied tells that the consumer gets a copy, because it writes to what
	// another still reads.
	Copied bool `json:"copied,omitempty"`
}

// A Memory is a bound in bytes and its parts.
type Memory struct {
	Bytes int64        `json:"bytes"`
	Parts []MemoryPart `json:"parts"`
	// Advice says what most of it is for and what makes it smaller, where a size
	// or two of the pipeline decide that.
	Advice string `json:"advice,omitempty"`
}

// A MemoryPart is one term.
type MemoryPart struct {
	What  string `json:"what"`
	Bytes int64  `json:"bytes"`
}

// An Override is a value that another file replaced.
type Override struct {
	// Path are the keys from the root, joined by dots.
	Path  string `json:"path"`
	Place string `json:"place"`
	// Replaced are the places of the values before, oldest first.
	Replaced []string `json:"replaced"`
	// Removed tells that nothing took the place of the last of them.
	Removed bool `json:"removed"`
}
