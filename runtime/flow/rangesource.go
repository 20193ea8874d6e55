package flow

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
)

// A rangeSource reads the chunks of a range, each with a source of its own, some
// of them at once.
//
// Each reader is a goroutine with one batch, into which it reads ahead; Read gives
// the first that is full, exchanging its memory with that of the engine's batch. So
// a reader costs one batch, and nothing is copied.
type rangeSource struct {
	ranged Ranged
	o      ChunkOptions

	chunks []*chunk // in the order of reading; nil until they are known
	anew   bool     // they were cut, and not in the checkpoint

	full    chan *fullBatch
	over    chan struct{} // closed when all readers are through
	reading context.Context
	stop    context.CancelFunc
	limit   atomic.Int64
	staffed bool // all readers are at work

	mu      sync.Mutex // of what follows, and of what chunks have for Progress
	next    int        // the chunk that nobody reads yet
	running int        // readers
}

// A chunk is how far one chunk has come.
type chunk struct {
	Chunk
	number int
	at     json.RawMessage // where an earlier run was; nil at its begin
	// done is as handed on, begun as it was in the checkpoint.
	done, begun int64
	ended       bool
}

// Seek goes on with the chunks of a checkpoint. Those of another range are done
// with where they are through, else it is an error.
func (s *rangeSource) Seek(_ context.Context, positions map[string]json.RawMessage) error {
	chunks, saved, err := restoreChunks(positions)
	if err != nil || len(chunks) == 0 {
		return err
	}
	if was := saved[0].Range; was != s.o.Range {
		left := 0
		for _, c := range chunks {
			if !c.ended {
				left++
			}
		}
		if left > 0 {
			return fmt.Errorf("an earlier run has begun with the range %s, and %d of its %d chunks are not through; this run asks for %s: go on with the earlier range, or start over with --fresh", was, left, len(chunks), s.o.Range)
		}
		return nil // that one is done, and this is another
	}
	s.chunks = chunks
	return nil
}

// Open cuts the range, where the checkpoint has not told the chunks.
func (s *rangeSource) Open(ctx context.Context) error {
	if s.chunks != nil {
		return nil
	}
	cut, err := s.ranged.Cut(ctx, s.readers())
	if err != nil {
		return err
	}
	names := map[string]bool{}
	s.chunks = make([]*chunk, 0, len(cut))
	for i, c := range cut {
		if names[c.Name] {
			s.chunks = nil
			return fmt.Errorf("two chunks of the range are called %q", c.Name)
		}
		names[c.Name] = true
		if c.Bounds == nil {
			c.Bounds = json.RawMessage("{}")
		}
		s.chunks = append(s.chunks, &chunk{Chunk: c, number: i})
	}
	s.anew = true
	return nil
}

// Start is where each chunk begins, when the range was cut.
func (s *rangeSource) Start() map[string]any {
	if !s.anew {
		return nil
	}
	at := make(map[string]any, len(s.chunks))
	for _, c := range s.chunks {
		at[c.Name] = s.position(c, nil)
	}
	return at
}

func (s *rangeSource) readers() int { return max(1, s.o.Readers) }

// position is where a chunk is; at is its source's.
func (s *rangeSource) position(c *chunk, at any) *chunkPosition {
	return &chunkPosition{ChunkState{s.o.Range, c.number, len(s.chunks), c.Bounds, c.Size, c.done, c.ended}, at}
}

// Progress is how far the range has been handed on. It may be called at any time
// after Open.
func (s *rangeSource) Progress() Progress {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := Progress{Range: s.o.Range}
	for _, c := range s.chunks {
		p.add(&ChunkState{Size: c.Size, Done: c.done, Ended: c.ended})
		p.Before += c.begun
	}
	return p
}

// Read gives the next batch that a reader has. The first call starts the readers.
func (s *rangeSource) Read(ctx context.Context, b *Batch) error {
	s.limit.Store(int64(b.Limit))
	if s.full == nil {
		s.start(ctx)
	}
	if b.Limit == 0 && !s.staffed {
		s.staff()
	}
	select {
	case f := <-s.full:
		err := s.hand(f, b)
		close(f.taken)
		return err
	case <-s.over:
		return io.EOF
	case <-ctx.Done():
		return ctx.Err()
	}
}

// hand gives what a reader has to the engine.
func (s *rangeSource) hand(f *fullBatch, b *Batch) error {
	var skipped *RecordError
	if f.err != nil && !errors.As(f.err, &skipped) {
		return f.err
	}
	c, own := f.chunk, f.batch
	s.mu.Lock()
	c.done, c.ended = f.done, f.ended
	s.mu.Unlock()
	b.Split = c.Name
	if f.ended { // nothing but that it is
		b.Position, b.Count = s.position(c, nil), 0
		b.OnDone = func(error) {}
		return nil
	}
	b.Base, b.Offset, b.Count, b.Mark, b.OnDone = own.Base, own.Offset, own.Count, own.Mark, own.OnDone
	b.Data, own.Data = own.Data, b.Data
	b.Ends, own.Ends = own.Ends, b.Ends
	b.Frame, own.Frame = own.Frame, nil
	b.Rows, own.Rows = own.Rows, b.Rows
	b.Aux, own.Aux = own.Aux, b.Aux
	if own.Position != nil {
		b.Position = s.position(c, own.Position)
	}
	return f.err
}

// Close ends the readers. Their sources are closed.
func (s *rangeSource) Close(ctx context.Context) error {
	if s.full == nil {
		return nil
	}
	s.stop()
	select {
	case <-s.over:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// chunked finds the range behind a source; nil where it has none.
func chunked(s Source) *rangeSource {
	switch s := s.(type) {
	case *rangeSource:
		return s
	case *placedRange:
		return s.rangeSource
	}
	return nil
}
