package ir

// The sizes of everything that queues and buffers hold. The buffers pass adds
// them up to the program's memory bound, backends write them into the program,
// and the runtime keeps to them: change them here alone.
const (
	// BlockBytes is one read of a source and one batch of bytes on its way to a
	// sink: large enough that what happens once a block costs nothing, small
	// enough for the second level cache.
	BlockBytes = 256 << 10
	// A source has BlocksPerLane blocks for each lane of its region, one in the
	// loop and one behind it, and SpareBlocks more: one that is being read, and
	// one that is read and waits.
	BlocksPerLane = 2
	SpareBlocks   = 2
	// AnswerBlocks are the blocks of a source that answers each sender: as many
	// requests are on their way to the sinks at once, where they are written
	// together.
	AnswerBlocks = 64
	// QueueDepth packets and QueueBytes bytes wait in a queue at most.
	QueueDepth = 8
	QueueBytes = 1 << 20
	// AutoLanes is the most loops of a region with Lanes 0: one goroutine reads
	// for all of them and one writes, and these are busy by then.
	AutoLanes = 8
	// RecordBytes is the longest record that a source takes where its
	// `max_record` does not say otherwise.
	RecordBytes = 16 << 20
	// LongBytes is what all blocks of a source, or all packets that wait to be
	// filled for a queue, may hold beyond a BlockBytes each before the source
	// waits: of records that are longer one is on its way at a time.
	LongBytes = 4 << 20
	// FlatmapBytes is the most that the outputs of one record may hold before
	// it ends; more is a record error.
	FlatmapBytes = 1 << 20
	// SinkBatchBytes is what a sink or a batch component gathers where its
	// `batch` does not say otherwise.
	SinkBatchBytes = 4 << 20
	// BaseBytes is the program itself: code, stacks, the metrics, the report.
	BaseBytes = 8 << 20
)
