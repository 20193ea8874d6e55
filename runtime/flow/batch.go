package flow

import "slices"

// A Mark says what a batch means besides its records.
type Mark uint8

// The marks. A Barrier separates what belongs to a checkpoint from what comes
// after it; End closes a stream.
const (
	MarkNone Mark = iota
	MarkBarrier
	MarkEnd
)

// BlockSize is the capacity in bytes with which a Batch's Data begins. A source
// may grow it for a record that is longer.
const BlockSize = 256 << 10

// A Batch is records of one split of one source, in order. Its memory belongs
// to the engine, which uses it again when the loop has run: whatever outlives
// Loop.Run is copied. A loop that passes everything on may exchange Data with
// that of a packet instead of copying it.
type Batch struct {
	// Split is the part of the source: a file, a partition.
	Split string
	// Base is the number, from 0, of the first record in its split (of the first
	// line, blank ones included, where SourceOptions.Lines is set), and Offset
	// the byte position of Data[0] there; -1 (the engine's start value) where
	// the source does not know them.
	Base, Offset int64
	// Data holds complete records, framed by the codec (lines, rows, values).
	Data []byte
	// Ends are the ends of the records in Data for sources that frame records
	// themselves (messages of a broker); nil where the codec does.
	Ends []uint32
	// Frame is the codec's framer as it was at Data[0], for codecs whose records
	// can't be told from Data alone (a *frame.JSONValues); else nil.
	Frame any
	// Rows is a *[]T for sources and queues that carry typed records (made by
	// the engine with SourceOptions.Rows, empty when Read is called), else nil.
	Rows any
	// Count is the number of records where the source knows it, else -1.
	Count int
	// Limit is how many records Read is to give at most, 0 for as many as there are:
	// set while the engine looks for a record that kills the program. A source that
	// is handed several at once may give those.
	Limit int
	// From is the place of the batch's input in RegionOptions.From.
	From int
	// Lanes is set in keyed regions only: the lane of each row. All lanes get
	// the batch; a loop handles the rows that bear its Lane.Index.
	Lanes []uint8
	// Aux is the connector's own: metadata of a request or of each message. It
	// stays with the batch, so that its memory can be used again.
	Aux any
	// Position is where to resume behind this batch. It encodes to JSON, and
	// stays as it is after Read returned it; nil where the source can't resume.
	Position any
	Mark     Mark
	// OnDone, where set, is called once: with nil when every sink has made
	// every record durable (or it was filtered, dropped or is safe in a dead
	// letter), else with the reason, a *RecordError where one record caused it.
	// It must not block: a sink's goroutine calls it.
	OnDone func(err error)

	engine batchState
}

// Grow makes room for n more bytes behind Data, for sources that read a record
// longer than what there is. It moves Data's bytes where there is none; slices of
// the old Data are not to be used any more.
func (b *Batch) Grow(n int) {
	if b.engine.spares != nil {
		b.Data = b.engine.spares.room(b.Data, n)
		return
	}
	b.Data = slices.Grow(b.Data, n)
}

// A Record is the place of one record inside its batch, for errors and meta.
type Record struct {
	// Index counts the records of the batch from 0. All loops keep it, except
	// those over a source with SourceOptions.Lines (lines tell more).
	Index int
	// Start and End are its bytes in Batch.Data; both 0 where it has none. The
	// engine counts line breaks before Start only when something failed.
	Start, End int
}

// An Out is a packet of records from a region to a sink or a queue.
type Out struct {
	// Data are encoded records, or the bytes that Rows' raw spans point to.
	Data []byte
	// Ends are the ends of the records in Data, kept only where the consumer
	// asked for them (SinkOptions.Ends, QueueOptions.Ends).
	Ends []uint32
	// Keys are per-record values of the consumer's config (path, topic), one
	// slice a key, in the order that the connector documents; nil for none.
	Keys [][]string
	// Hashes decide the lane of each record in a keyed region (see Hash); where
	// there are none the engine hashes Keys[0].
	Hashes []uint32
	// Rows is a *[]T for typed consumers, else nil.
	Rows any
	// Count is the number of records. Ends, Keys, Hashes and Rows, where they
	// are kept, have this length.
	Count int

	engine outState
}

// Reset empties the packet and keeps its memory. Rows is the owner's to reset.
func (o *Out) Reset() {
	o.Data, o.Ends, o.Hashes, o.Count = o.Data[:0], o.Ends[:0], o.Hashes[:0], 0
	for i := range o.Keys {
		o.Keys[i] = o.Keys[i][:0]
	}
}
