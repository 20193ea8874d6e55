package flow

import (
	"context"
	"encoding/json"
)

// A Ranged is a part of what can be read, from one place to another: the records of
// a backfill. It is cut into chunks, which are read to their ends, each by a source
// of its own, several at once. InChunks makes a source of it.
type Ranged interface {
	// Cut fixes where the range begins and ends, what is open at the time of the
	// call included, and cuts it into chunks of about the same size: n of them, or
	// more or fewer where that suits it better. They hold each record of the range
	// once, and each is in its own order. What it gives is kept in checkpoints: a run
	// that goes on does not ask again.
	Cut(ctx context.Context, n int) ([]Chunk, error)
	// Chunk makes a source that reads a chunk and ends behind it with io.EOF. Where
	// it is a Seeker it can go on inside of the chunk: its positions are those of the
	// split "". It is opened before it is read and closed at the end; several are
	// open at once, each used by one goroutine.
	Chunk(c Chunk) (Source, error)
}

// A Chunk is a piece of a range, and a split of the source that reads it.
type Chunk struct {
	// Name is the split's name, of its own among the chunks; it says to people
	// which part of the range it is.
	Name string
	// Bounds are where it begins and ends, as its Ranged understands them.
	Bounds json.RawMessage
	// Size is how much there is to be done, in units of the source's own (records,
	// offsets, bytes), Unknown where nobody knows.
	Size int64
}

// A Measured source of a chunk knows how far it has come: Done is how much it has
// read since it was opened, in the units of Chunk.Size. Without, records are
// counted, as far as a batch says how many it has. It is called behind Read, by the
// same goroutine.
type Measured interface{ Done() int64 }

// A Starter is a source that knows when it is open which splits it has and where it
// begins in each. The engine saves that before anything is read, so that a run that
// dies goes on with what it had decided to read. Start is called once, after Open,
// and gives nothing where Seek has told everything.
type Starter interface {
	Start() map[string]any
}

// ChunkOptions say how a range is read.
type ChunkOptions struct {
	// Readers is how many chunks are read at once (0: 1).
	Readers int
	// Range is the range as it was asked for; a checkpoint of another one is not
	// gone on with.
	Range string
	// Rows is set where chunks fill Batch.Rows.
	Rows *Rows
	// Place, where set, is where a record of a batch stands: see Placer.
	Place func(b *Batch, r Record) any
}

// InChunks returns the source that reads a range. Its splits are the chunks; a
// checkpoint has the bounds of all of them and how far each has come.
func InChunks(r Ranged, o ChunkOptions) Source {
	s := &rangeSource{ranged: r, o: o}
	if o.Place != nil {
		return &placedRange{s}
	}
	return s
}

// A placedRange knows where its records stand.
type placedRange struct{ *rangeSource }

// Place is where a record stands.
func (s *placedRange) Place(b *Batch, r Record) any { return s.o.Place(b, r) }
