package flow

import (
	"errors"
	"io"
	"sync"
	"sync/atomic"
)

// An Input is where a region gets batches from: a source or a queue.
type Input struct {
	p      *Program
	name   string
	node   int // of the source; -1 for queues
	region *region
	from   int // its place in RegionOptions.From

	source  Source
	options SourceOptions
	feeder  *Target // the queue's way in
	batch   Gather

	// lead is held by the one worker that reads.
	lead    sync.Mutex
	ended   bool
	drained bool // the source has nothing left of what it took
	atEOF   bool // the source gave its last records together with io.EOF

	free  chan *Batch
	long  longBook
	small smallBook
	// keeps tells that batches stay until their packets are written, for the
	// originals of dead letters.
	keeps bool
	book  book
	order sequencer

	// producers are its numbers in the queues of the region's targets, and of
	// the dead-letter sinks.
	producers     []int
	deadProducers []int

	// What follows belongs to whoever hands on (one at a time).
	places placeBook
	cut    bool // a record stopped the program: nothing behind it goes on
	deads  []*Out

	exhausted atomic.Bool // the source came to its end by itself
	started   bool        // it has said itself where it begins

	stats struct {
		sync.Mutex
		counts []Count
		bytes  int64
	}
}

// batchState is what the engine knows about a batch.
type batchState struct {
	spares *spares
	seq    uint64
	ticket *ticket
	// packet is the packet that a queue's batch was.
	packet  *Out
	parts   []part
	origins []origin
	// weight is what a packet of rows counted for in its queue; excess is what
	// longBook counts of the batch.
	weight, excess int
	// small tells that the batch has no block, since slim.
	small bool
	// uses counts who needs the batch's memory: the engine until it is handed
	// on, and the packets that may need originals from it.
	uses atomic.Int32
	// line and number are where the batch begins in its split, once it has
	// been handed on: counted from 0, -1 for unknown.
	line, number int64

	run laneRun
	// In keyed regions every lane has a run of its own: split tells that this
	// batch has them, left how many are not finished.
	runs    []laneRun
	split   bool
	left    atomic.Int32
	pushed  bool
	skipped *RecordError
	// killed is how often the process died at this batch, where that is too often.
	killed int
}

// An event is what reading gave.
type event uint8

const (
	gotBatch event = iota
	gotBarrier
	gotEnd
	gotNothing // the program stops at once
)

// start makes the batches.
func (in *Input) start(lanes int) {
	blocks := in.options.Blocks
	if blocks <= 0 {
		blocks = 2*lanes + 2
	}
	blocks = max(blocks, 2)
	in.free = make(chan *Batch, blocks)
	for range blocks {
		in.free <- in.newBatch()
	}
	in.book.ordered = !in.options.Answers
	inFlight := blocks
	if in.keeps {
		inFlight += smallBatches
	}
	in.order.start(inFlight, in.handOn)
	in.stats.counts = make([]Count, len(in.p.info.Nodes))
	in.deads = make([]*Out, len(in.region.deads))
}

func (in *Input) newBatch() *Batch {
	b := &Batch{From: in.from}
	b.engine.spares = &in.p.spares
	return b
}

// obtain waits for a batch that nobody uses: this is where a source that is
// faster than the sinks stands still. nil means that the program stops.
func (in *Input) obtain() *Batch {
	long := in.long.full()
	if long == nil {
		select {
		case b := <-in.free:
			return b
		default:
		}
	}
	if in.keeps {
		// Those that gather may hold what we wait for.
		in.p.hungry.Add(1)
		defer in.p.hungry.Add(-1)
		in.p.nudgeSinks()
	}
	for ; long != nil; long = in.long.full() {
		select {
		case <-long:
		case <-in.p.hard.Done():
			return nil
		}
	}
	select {
	case b := <-in.free:
		return b
	case <-in.p.hard.Done():
		return nil
	}
}

// release ends one use of a batch's memory.
func (b *Batch) release(in *Input) {
	if b.engine.uses.Add(-1) == 0 {
		in.recycle(b)
	}
}

func (in *Input) recycle(b *Batch) {
	st := &b.engine
	if o := st.packet; o != nil {
		o.Data, o.Ends, o.Rows = b.Data, b.Ends, b.Rows
		b.Data, b.Ends, b.Rows = nil, nil, nil
		in.feeder.depot.put(o)
	}
	st.packet, st.parts, st.origins, st.ticket, st.skipped = nil, nil, nil, nil, nil
	b.OnDone, b.Position, st.weight, st.killed = nil, nil, 0, 0
	st.run.reset(in.region)
	for i := range st.runs {
		st.runs[i].reset(in.region)
	}
	st.pushed, st.split = false, false
	if st.small {
		st.small = false
		in.small.put(b)
		return
	}
	in.long.release(b)
	in.free <- b
}

// ready empties a batch for a source.
func (in *Input) ready(b *Batch) {
	b.Split, b.Base, b.Offset, b.Count, b.Mark = "", -1, -1, -1, MarkNone
	b.Limit = in.p.care.limit()
	if cap(b.Data) < BlockSize {
		b.Data = make([]byte, 0, BlockSize)
	}
	b.Data, b.Ends = b.Data[:0], b.Ends[:0]
	if rows := in.options.Rows; rows != nil {
		if b.Rows == nil {
			b.Rows = rows.New()
		}
		rows.Truncate(b.Rows, 0)
	}
	b.engine.uses.Store(1)
}

// read gets the next batch (into b), or what comes in its stead. The caller
// holds lead.
func (in *Input) read(b *Batch) (got event, mark *barrier) {
	if in.source == nil {
		got, mark = in.readQueue(b)
	} else {
		in.ready(b)
		got = in.readSource(b)
	}
	if got == gotBatch {
		in.slim(b)
		in.long.note(b)
	} else {
		in.long.release(b)
	}
	return got, mark
}

func (in *Input) readQueue(b *Batch) (event, *barrier) {
	first, ok := in.next()
	switch {
	case !ok:
		return gotNothing, nil
	case first.barrier != nil:
		return gotBarrier, first.barrier
	case first.end:
		in.exhausted.Store(true)
		return gotEnd, nil
	}
	o := first.out
	b.Split, b.Base, b.Offset, b.Mark = "", -1, -1, MarkNone
	b.Data, b.Ends, b.Rows, b.Count = o.Data, o.Ends, o.Rows, o.Count
	st := &b.engine
	st.weight = in.feeder.depot.footprint(o)
	st.packet, st.parts, st.origins = o, o.engine.parts, o.engine.origins
	st.uses.Store(1)
	return gotBatch, nil
}

func (in *Input) readSource(b *Batch) event {
	for failed := (readAttempts{}); ; {
		switch {
		case in.atEOF:
			in.exhausted.Store(true)
			return gotEnd
		case in.p.reading.Err() != nil:
			return in.drain(b)
		}
		err := in.callRead(b)
		if err != nil {
			got, again := in.readFailed(b, err, &failed)
			if again {
				continue
			}
			return got
		}
		if failed.all > 0 {
			in.p.health.well(in.node)
			failed = readAttempts{}
		}
		if in.hasRecords(b) || b.OnDone != nil {
			return gotBatch
		}
	}
}

// readAttempts is how often Read has failed in a row: all together, and without those
// where the other side was away, which use up no retry.
type readAttempts struct{ all, counted int }

// readFailed tells what an error of Read means, or that it is to be called
// again.
func (in *Input) readFailed(b *Batch, err error, failed *readAttempts) (got event, again bool) {
	p := in.p
	policy := &p.policies[in.node]
	var skipped *RecordError
	switch {
	case err == io.EOF: //nolint:errorlint // one that is wrapped is a failure, not the end
		in.atEOF = true
		return gotBatch, !in.hasRecords(b)
	case p.reading.Err() != nil:
		return in.drain(b), false
	case errors.As(err, &skipped):
		b.engine.skipped = skipped
		return gotBatch, false
	case unavailable(err):
		p.health.gone(in.node, err)
	case policy.covers(ClassOf(err)) && failed.counted < policy.Retry:
		failed.counted++
		in.addCount(in.node, Count{Retried: 1})
	default:
		p.stop(&NodeError{Node: in.name, Line: p.info.Nodes[in.node].Place, Op: "read", Err: err})
		return gotEnd, false
	}
	failed.all++
	policy.pause(p.reading, failed.all, err)
	in.ready(b)
	return gotBatch, true
}

func (in *Input) callRead(b *Batch) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = in.p.crashOf(v, in.node).err
		}
	}()
	return in.source.Read(in.p.reading, b)
}

// hasRecords tells whether Read gave anything. A generator gives a count alone:
// its records are made in the loop.
func (in *Input) hasRecords(b *Batch) bool {
	return b.Count > 0 || len(b.Data) > 0 || len(b.Ends) > 0 || b.Rows != nil && in.options.Rows.Len(b.Rows) > 0
}

func (in *Input) addCount(node int, c Count) {
	in.stats.Lock()
	in.stats.counts[node].add(&c)
	in.stats.Unlock()
}
