// Package messages is what connectors of message brokers have in common: how
// messages become a batch, where reading begins, and how a broker that is away is
// told.
//
// The idea: a message is a record, whatever bytes it holds, so the source says
// where each ends (Batch.Ends) instead of a framer that looks for it. What it
// knows of each message beside its bytes goes along as a note, for `meta` and
// for the positions in dead letters.
package messages

import (
	"fmt"
	"time"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// most is how many messages a batch holds: with small ones its size says little
// about the work that it is.
const most = 4096

// Add appends a message to a batch.
func Add(b *flow.Batch, data []byte) {
	if len(data) > cap(b.Data)-len(b.Data) {
		b.Grow(len(data))
	}
	b.Data = append(b.Data, data...)
	b.Ends = append(b.Ends, uint32(len(b.Data)))
}

// Room tells whether a batch takes another message of n bytes. A first one always
// finds room.
func Room(b *flow.Batch, n int) bool {
	if b.Limit > 0 && len(b.Ends) >= b.Limit {
		return false
	}
	return len(b.Ends) == 0 || len(b.Ends) < most && len(b.Data)+n <= flow.BlockSize
}

// Notes returns the notes of a batch, empty, in memory that an earlier batch has
// used. They are of one type in all batches of a source.
func Notes[T any](b *flow.Batch) *[]T {
	notes, ok := b.Aux.(*[]T)
	if !ok {
		notes = new([]T)
		b.Aux = notes
	}
	clear(*notes) // what they refer to may go
	*notes = (*notes)[:0]
	return notes
}

// Note returns the note of a record; nil where there is none, as behind the end
// of a stream.
func Note[T any](b *flow.Batch, r flow.Record) *T {
	notes, ok := b.Aux.(*[]T)
	if !ok || r.Index < 0 || r.Index >= len(*notes) {
		return nil
	}
	return &(*notes)[r.Index]
}

// Pin makes b a batch without records that says where reading of a split begins,
// so that the first checkpoint has it: a start at the end of a stream is then
// the same after a crash.
func Pin(b *flow.Batch, split string, position any) {
	b.Split, b.Position, b.Count = split, position, 0
	b.OnDone = func(error) {} // without it, a batch without records is none
}

// A GoneError is a broker that can't be reached, or that went away: the engine
// tries again for ever, and says so once.
type GoneError struct {
	// Server is where the broker is, without secrets.
	Server string
	Err    error
}

func (e *GoneError) Error() string {
	if e.Server == "" {
		return e.Err.Error()
	}
	return e.Server + ": " + e.Err.Error()
}

// Unwrap returns the reason.
func (e *GoneError) Unwrap() error { return e.Err }

// Unavailable tells the engine that it is no fault of any record.
func (e *GoneError) Unavailable() bool { return true }

// A Start is where a source begins that has no checkpoint.
type Start struct {
	// Latest begins behind what is there; Time at the first message that is not
	// older. Neither is the oldest message.
	Latest bool
	Time   time.Time
}

// ParseStart reads a `start`: earliest, latest, or a time.
func ParseStart(text string) (Start, error) {
	switch text {
	case "", "earliest":
		return Start{}, nil
	case "latest":
		return Start{Latest: true}, nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return Start{}, fmt.Errorf("start %q must be earliest, latest or a time such as 2026-01-31T08:00:00Z", text)
	}
	return Start{Time: t}, nil
}
