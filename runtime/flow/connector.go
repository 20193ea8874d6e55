package flow

import (
	"context"
	"encoding/json"
)

// A Source reads batches. One goroutine at a time calls it, not always the
// same one; only Ack and Healthy may be called while Read waits.
//
// What a source can promise, it shows by methods: Seeker makes it replayable,
// Acker acknowledged.
type Source interface {
	// Open gets ready to read from the start, or from where Seek said.
	Open(ctx context.Context) error
	// Read puts complete records into b.Data (which is empty and has a capacity
	// of BlockSize at least) or b.Rows and fills the fields that it knows. It
	// waits until there is at least one record, and does not wait for more than
	// are there; a batch without records has a Position and an OnDone, or says that
	// the server is back. io.EOF (with no records) ends the stream; a context that
	// ended returns its error.
	Read(ctx context.Context, b *Batch) error
	// Close lets go of everything. It is called once, also after errors.
	Close(ctx context.Context) error
}

// A Seeker is a source that can go back: positions are by split, as Read gave
// them in Batch.Position. Seek is called before Open.
type Seeker interface {
	Seek(ctx context.Context, positions map[string]json.RawMessage) error
}

// An Acker is a source that wants to know how far everything is durable, the
// checkpoint included.
type Acker interface {
	Ack(ctx context.Context, positions map[string]any) error
}

// An Endless source never ends by itself: a drained program that reads one
// exits with 0 after SIGTERM.
type Endless interface{ Endless() bool }

// A Placer is a source with a position of its own for each record, as it
// stands in dead letters; without, it is {split, record, line, offset}. Place
// reads nothing but b, and is called from any goroutine.
type Placer interface {
	Place(b *Batch, r Record) (position any)
}

// A Sized source knows how many bytes there are to read in all, for progress.
type Sized interface{ Size() int64 }

// A Sink writes packets. One goroutine calls it.
type Sink interface {
	Open(ctx context.Context) error
	// Write takes over the records of o in order. It may use o's memory until
	// it returns. An error concerns all of them, unless it is a
	// *PartialError.
	Write(ctx context.Context, o *Out) error
	// Sync makes all that was written durable: acks follow it. The engine
	// calls it once for a group of packets.
	Sync(ctx context.Context) error
	// Close ends the stream. done tells that all input came to its end, so that
	// a file may be published under its name; else the state is kept for the
	// next start.
	Close(ctx context.Context, done bool) error
}

// A Stateful sink takes part in checkpoints: State is asked for after Open (when
// there is no checkpoint yet) and right after Sync at each barrier, and stored
// with the sources' positions; when it is asked for again, what it said last is
// stored for good. Restore is called before Open with what was stored, and must
// bring the sink back to exactly that state (a file is cut to its committed length).
type Stateful interface {
	State() (any, error)
	Restore(ctx context.Context, state json.RawMessage) error
}

// A Waker is a sink, source or loop with a health of its own, asked by /readyz
// from any goroutine.
type Waker interface {
	Healthy(ctx context.Context) error
}

// A Lagging source knows how far it is behind.
type Lagging interface {
	// Lag is how many messages the server had for it, when it last said so, that were not
	// read yet. It asks nobody, and may be called at any time.
	Lag() (messages int64, known bool)
}

// A Joined source or sink is an end of an edge between processes of one pipeline. The
// checkpoint of a process with one stays when all input was handled: the others have
// taken its word for it, and what it read from them is gone, so it can't begin anew by
// itself. Started again, it closes its sinks and ends.
type Joined interface{ Joined() }

// An Ender sink tells those behind it that there is no more. End is called when all input
// has come to its end and is written, before the last checkpoint: it is told once more
// after a crash. Where the other side is not there, or has no room, it is called again.
type Ender interface {
	End(ctx context.Context) error
}
