package ir

// The sizes of everything that queues and buffers hold. The buffers pass adds
// them up to the program's memory bound, backends write them into the program,
// and the runtime keeps to them: change them here alone.
const (
	// BlockBytes is one read of a source and one batch of bytes on its way to a
	// sink: large enough that what happens once a block costs nothing, small
	// enough for the second level cache.
	BlockBytes = 256 << 10
	// SpareBlocks are the blocks of a source beyond one a lane: one that is
	// being read, and one that is read and waits.
	SpareBlocks = 2
	// QueueDepth is the length of a queue in batches.
	QueueDepth = 4
	// QueueRecords is the most records of a batch of records (as a batch of
	// bytes it has no such limit): a hop then costs 2 ns a record.
	QueueRecords = 1024
	// AutoLanes is the most loops of a region with Lanes 0: one goroutine reads
	// for all of them and one writes, and these are busy by then.
	AutoLanes = 8
	// RecordBytes is the longest record that a source takes where its
	// `max_record` does not say otherwise; a longer one is a record error. A
	// source holds one such beside its blocks.
	RecordBytes = 4 << 20
	// FlatmapBytes is the most that the outputs of one record may hold before
	// it ends; more is a record error.
	FlatmapBytes = 1 << 20
	// SinkBatchBytes is what a sink or a batch component gathers where its
	// `batch` does not say otherwise.
	SinkBatchBytes = 1 << 20
	// BaseBytes is the program itself: code, stacks, the metrics, the report.
	BaseBytes = 8 << 20
)
