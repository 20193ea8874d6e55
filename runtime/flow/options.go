package flow

import (
	"log/slog"
	"time"
)

// DefaultDrain is how long an ordered end may take where nothing else is said.
const DefaultDrain = 30 * time.Second

// Info describes a program to the engine.
type Info struct {
	// Name is the pipeline's, Hash tells its version, File is its YAML file as
	// //line directives name it.
	Name, Hash, File string
	// Nodes is the program's table; everything else refers to it by index.
	Nodes []Node
	// Funcs names the functions in which a node's own code runs, as
	// runtime.Frame.Function spells them, to find the node of a panic.
	Funcs map[string]int
	// Reach has, by node, the sinks that its records can come to; a node that is not
	// in it reaches all.
	Reach map[int][]int
	// Drain is how long an ordered end may take (0: DefaultDrain): three quarters for
	// what is on its way, one for the checkpoint and closing.
	Drain time.Duration
	// CheckpointEvery is the time between checkpoints (0: 1 s).
	CheckpointEvery time.Duration
	// Memory is the program's bound in bytes that the compiler computed, 0 for
	// unknown.
	Memory int64
	// LeftOut are the sources and sinks that are not there; nil for a program that
	// runs.
	LeftOut LeftOut
}

// SourceOptions say how a source is driven.
type SourceOptions struct {
	// Blocks is how many batches are in flight at most (0: two a lane and two
	// more).
	Blocks int
	// Answers tells that every batch has a sender of its own that waits
	// (HTTP): OnDone is called as soon as that batch is done. Without, OnDone
	// is called in source order.
	Answers bool
	// Lines tells that each record is a line of Data: errors then name it.
	Lines bool
	// Rows is set for sources that fill Batch.Rows.
	Rows *Rows
	// Original appends row index as JSON, for dead letters, where the source
	// gives typed rows; nil where none of them can end in one.
	Original func(dst []byte, b *Batch, index int) []byte
	// Replayable tells of a source that is left out that it can go back.
	Replayable bool
}

// SinkOptions say how a sink is fed.
type SinkOptions struct {
	// Depth is how many packets wait at most (0: 8), Bytes how many bytes (0:
	// 1 MiB); a packet that is larger than that waits alone.
	Depth int
	Bytes int
	// Batch gathers packets before one Write.
	Batch Gather
	// Gathers, where there is no Batch, is up to how many bytes of packets that
	// wait are written as one: for sinks that wait for a server in each Write. No
	// packet is taken apart or waits for another, and what is larger is written as
	// it came.
	Gathers int
	// Ends tells that loops keep Out.Ends. A sink that reports single records,
	// has a dead letter, or a Batch.Count needs them (or Rows).
	Ends bool
	// Keys is the number of Out.Keys.
	Keys int
	// Rows is set for sinks that take Out.Rows.
	Rows *Rows
	// Origins tells that loops call Lane.Origin for each record, so that a
	// record that fails in the sink is traced to the source's original. The
	// source's batches are kept until they are written. Set it where the
	// policy of the sink is Dead.
	Origins bool
	// Input makes JSON of a record's bytes for dead letters, where these are
	// neither JSON nor text; nil where they are. Needs Ends.
	Input func(record []byte) []byte
	// DeadLetter tells that the sink is fed by errors. Its records are the
	// dead letters, a line each.
	DeadLetter bool
	// KeepsCheckpoint has a Transactional sink commit the program's checkpoint
	// with its records.
	KeepsCheckpoint bool
	// Bare leaves the line end of dead letters out: for sinks of messages.
	Bare bool
	// Letter appends a dead letter in the form of a sink whose records are not JSON;
	// nil where they are. Needs Ends.
	Letter func(dst []byte, l *Letter) []byte
}

// A Gather is the size of the batches of a sink, or of a component that takes
// many records: a Write (or a call) as soon as one of them is reached, 0 for no
// such limit; all 0 writes packets as they come. Without Linger nobody waits for
// more than is there. What has been gathered goes on at once when a sender waits
// for the answer, and at checkpoints.
type Gather struct {
	Count  int
	Bytes  int
	Linger time.Duration

	// whole is a gathering of SinkOptions.Gathers.
	whole bool
}

// QueueOptions describe an edge between two regions.
type QueueOptions struct {
	// Depth is how many packets wait at most (0: 8), Bytes how many bytes (0:
	// 1 MiB).
	Depth int
	Bytes int
	// Batch gathers packets into the batches that the region gets, each a
	// multiple of Count where more than that waits. Needs Ends or Rows.
	Batch Gather
	// Ends, Keys, Rows and Origins as for sinks. Origins must be set where
	// anything behind the queue has a dead letter.
	Ends    bool
	Keys    int
	Rows    *Rows
	Origins bool
}

// RegionOptions describe a region.
type RegionOptions struct {
	// From are the inputs; each belongs to one region. To are the packets'
	// targets, in the order of Lane.Outs.
	From []*Input
	To   []*Target
	// Lanes is the number of loops that run at once. 0 leaves it to the
	// engine, for stages that are pure: one a processor.
	Lanes int
	// Keyed sends each record to the lane of its key: From is one queue that
	// has Rows, and Keys or Hashes. Where order is kept, loops call Lane.Origin
	// for each record that they append, and the targets have Ends or Rows.
	Keyed bool
	// Unordered gives up source order between batches (or keys).
	Unordered bool
	// Nodes are the nodes whose stages run here, of sources too; the first is
	// the one that records reach first. Empty means all.
	Nodes []int
}

// RunOptions say how one run goes.
type RunOptions struct {
	// StateDir is the folder of the states of all pipelines (empty:
	// .flowc/state); this program's is the folder of its name in there. It is
	// made only where a source can go back.
	StateDir string
	// Fresh forgets the state of earlier runs.
	Fresh bool
	// Wait waits for another copy of this program to end.
	Wait bool
	// impatient does not wait for a store that is away.
	impatient bool
	// Begin is called when the state is this copy's, before anything is opened:
	// for what two copies can't have at once, a port above all. Its error ends
	// the run. nil for nothing.
	Begin func() error
	// Logger gets what happens besides records; nil discards it.
	Logger *slog.Logger
}
