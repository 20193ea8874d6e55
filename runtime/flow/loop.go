package flow

import "context"

// A Loop is the fused stages of a region: code that the compiler wrote. Each
// lane has its own.
type Loop interface {
	// Run handles the records of b from lane.Next on (0 for a fresh batch) and
	// returns at the end of the batch, or when lane.Fail said so. Before each
	// record it stores the record's place in lane.Record, and the position
	// behind it in lane.Next, so that a panic of user code becomes that
	// record's error and the loop goes on behind it (the engine calls Run again
	// with the same batch, so counters of the loop go on as well).
	Run(b *Batch)
	// Flush is called once at the end of the stream, for components that held
	// something back.
	Flush()
	// Settle adds what Run or Flush counted to lane.Counts and sets its own
	// counters to zero. The engine calls it after each batch.
	Settle()
}

// An Opener is a loop whose components want to be opened before the first
// batch.
type Opener interface {
	Open(ctx context.Context) error
}

// A Closer is a loop whose components want to be closed after the last batch;
// it is called once, also after errors, and after Flush where that was called.
type Closer interface {
	Close(ctx context.Context) error
}

// A Holder is a loop whose components hold records back from one batch to the
// next (a batch component). Its region has one input.
type Holder interface {
	Loop
	// Holding tells whether records of batches that Run got are still held;
	// those batches are not done until it says no.
	Holding() bool
	// Release hands all of them out: at checkpoints, and behind a batch whose
	// sender waits for the answer.
	Release()
}
