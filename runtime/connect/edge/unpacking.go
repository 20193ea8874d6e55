package edge

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"

	"github.com/flowc-dev/flowc/runtime/codec/envelope"
	"github.com/flowc-dev/flowc/runtime/connect/messages"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// A Partition is what one copy of a reader reads: the messages of a carrier.
type Partition interface {
	// Read puts messages into b, as the Read of a source does with records.
	Read(ctx context.Context, b *flow.Batch) error
	// Number is by what the carrier knows the message of b at a place.
	Number(b *flow.Batch, place int) uint64
	// Name is how errors call the message with a number.
	Name(number uint64) string
	// Position is behind all messages that were read. writers are how far these are
	// there, for Seek to take up again.
	Position(writers map[string]Progress) (split string, position any)
}

// A Progress is how far a writer has come.
type Progress struct {
	// Run is the one of which the reader has read the begin.
	Run   uint64 `json:"run,omitempty"`
	Epoch uint64 `json:"epoch"`
	Next  uint64 `json:"next"`
	Ended bool   `json:"ended,omitempty"`
}

// A Note is where a record has been.
type Note struct {
	// Message is the number of its message, Record its place in there.
	Message uint64
	Record  int
	meta    envelope.Meta // nil for none
}

// Meta is what a record has taken along over an edge.
func Meta(b *flow.Batch, r flow.Record) envelope.Meta {
	if n := messages.Note[Note](b, r); n != nil {
		return n.meta
	}
	return nil
}

// An Unpacking takes records out of the envelopes of a partition. It knows how far each
// writer had come, so that what a writer sends again after a crash is skipped.
type Unpacking struct {
	from   Partition
	reader Reader

	progress map[string]Progress
	known    string // the schema that was compared last
	ended    bool
	in       flow.Batch // envelopes
}

// A Reader is what the compiler knows of the end of an edge.
type Reader struct {
	// Node is the YAML node's name, for messages.
	Node string
	// Schema is what the reader reads of records (see package envelope).
	Schema string
	// Writers is how many copies of the writer there are that come to an end; 0 where
	// they do not.
	Writers int
	// Open tells that nobody knows whether they will.
	Open bool
}

// NewUnpacking returns the unpacking of a reader, which ends when its writers have.
func NewUnpacking(r Reader, from Partition) *Unpacking {
	return &Unpacking{from: from, reader: r, progress: map[string]Progress{}, known: r.Schema}
}

// Endless says that it ends where its writers do, for all that is known.
func (u *Unpacking) Endless() bool { return u.reader.Writers == 0 || u.reader.Open }

// Seek goes on where the writers were, by a position.
func (u *Unpacking) Seek(writers map[string]Progress) {
	if writers != nil {
		u.progress = writers
	}
	u.ended = u.allEnded()
}

func (u *Unpacking) allEnded() bool {
	n := 0
	for _, w := range u.progress {
		if w.Ended {
			n++
		}
	}
	return u.reader.Writers > 0 && n >= u.reader.Writers
}

// Read gives the records of the envelopes that are there, or waits for one. Each has a
// Note.
func (u *Unpacking) Read(ctx context.Context, b *flow.Batch) error {
	notes := messages.Notes[Note](b)
	for {
		if u.ended {
			return io.EOF
		}
		u.in.Data, u.in.Ends, u.in.OnDone = u.in.Data[:0], u.in.Ends[:0], nil
		u.in.Limit = min(b.Limit, 1)
		if err := u.from.Read(ctx, &u.in); err != nil {
			return err
		}
		if len(u.in.Ends) == 0 {
			if u.in.OnDone != nil { // where reading begins
				u.pin(b)
			}
			return nil
		}
		if err := u.unpack(b, notes); err != nil {
			return err
		}
		u.ended = u.allEnded()
		switch {
		case len(b.Ends) > 0:
			b.Split, b.Position = u.position()
			return nil
		case u.ended:
			u.pin(b) // or the last word of a writer is heard again
			return nil
		}
	}
}

func (u *Unpacking) pin(b *flow.Batch) {
	split, position := u.position()
	messages.Pin(b, split, position)
}

func (u *Unpacking) position() (split string, position any) {
	return u.from.Position(maps.Clone(u.progress))
}

// unpack puts the records of envelopes into b.
func (u *Unpacking) unpack(b *flow.Batch, notes *[]Note) error {
	begin := uint32(0)
	for i, end := range u.in.Ends {
		message := u.from.Number(&u.in, i)
		h, records, err := envelope.Open(u.in.Data[begin:end])
		if err == nil {
			err = u.compatible(h.Schema)
		}
		if err != nil {
			return u.failed(message, err)
		}
		begin = end
		w := u.progress[h.Writer]
		if h.Begin && w.Run != h.Run {
			w.Run, w.Ended = h.Run, false
		}
		if w.Epoch != h.Epoch {
			w.Epoch, w.Next = h.Epoch, h.First
		}
		number := h.First
		for place := 0; ; place++ {
			record, meta, ok, err := records.Next()
			if err != nil {
				return u.failed(message, err)
			}
			if !ok {
				break
			}
			if number >= w.Next {
				messages.Add(b, record)
				note := Note{Message: message, Record: place}
				if len(meta) > 0 {
					note.meta = bytes.Clone(meta) // the envelope's memory is used again
				}
				*notes = append(*notes, note)
			}
			number++
		}
		w.Next = max(w.Next, number)
		if h.End && w.Run == h.Run {
			w.Ended = true
		} else if h.End {
			slog.Warn("a writer has ended a run of which this process did not read the begin: it waits for the end of another one", "node", u.reader.Node, "writer", h.Writer, "at", u.from.Name(message))
		}
		u.progress[h.Writer] = w
	}
	return nil
}

func (u *Unpacking) failed(message uint64, err error) error {
	return &Error{Err: fmt.Errorf("%s: %w", u.from.Name(message), err)}
}

// compatible compares a schema with the reader's own, once for each change.
func (u *Unpacking) compatible(schema string) error {
	if schema == u.known {
		return nil
	}
	if err := envelope.Compatible(u.reader.Schema, schema); err != nil {
		return fmt.Errorf("its records are of another version of the pipeline: %w", err)
	}
	u.known = schema
	return nil
}
