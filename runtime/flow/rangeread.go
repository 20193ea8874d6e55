package flow

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"time"
)

// closeTime is how long the source of a chunk may take to close.
const closeTime = 10 * time.Second

// A fullBatch is what a reader has read of a chunk, or what became of it.
type fullBatch struct {
	chunk *chunk
	batch *Batch
	done  int64
	ended bool
	err   error
	taken chan struct{} // closed when the reader may use its batch again
}

// start begins to read. A program that looks for the record that killed it reads
// with one reader: what comes next is then the same in each start.
func (s *rangeSource) start(ctx context.Context) {
	// A Read that is cut off loses nothing: the readers go on until Close.
	s.reading, s.stop = context.WithCancel(context.WithoutCancel(ctx))
	s.full, s.over = make(chan *fullBatch), make(chan struct{})
	if len(s.chunks) == 0 {
		close(s.over)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.recruit()
}

// recruit adds a reader; mu is held.
func (s *rangeSource) recruit() {
	s.running++
	go func() {
		s.read(s.reading)
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.running--; s.running == 0 {
			close(s.over)
		}
	}()
}

// staff adds the readers that are missing, where chunks wait for them.
func (s *rangeSource) staff() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for waiting := len(s.chunks) - s.next; waiting > 0 && s.running > 0 && s.running < s.readers(); waiting-- {
		s.recruit()
	}
	s.staffed = true
}

// take is the next chunk to read; nil when there is none.
func (s *rangeSource) take() *chunk {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.next < len(s.chunks) {
		c := s.chunks[s.next]
		s.next++
		if !c.ended {
			return c
		}
	}
	return nil
}

// read reads chunks until there are no more.
func (s *rangeSource) read(ctx context.Context) {
	b := &Batch{}
	for c := s.take(); c != nil; c = s.take() {
		if !s.readChunk(ctx, c, b) {
			return
		}
	}
}

// give waits until the engine has taken what a reader has; false where the source
// is closed.
func (s *rangeSource) give(ctx context.Context, f *fullBatch) bool {
	f.taken = make(chan struct{})
	select {
	case s.full <- f:
		<-f.taken
		return true
	case <-ctx.Done():
		return false
	}
}

// readChunk reads a chunk to its end; false where the source is closed before.
func (s *rangeSource) readChunk(ctx context.Context, c *chunk, b *Batch) bool {
	source := s.openChunk(ctx, c, b)
	if source == nil {
		return false
	}
	defer closeChunk(ctx, source)
	done, begun := c.begun, c.begun
	for {
		s.empty(b)
		err := guarded(func() error { return source.Read(ctx, b) })
		if ctx.Err() != nil {
			return false
		}
		over := err == io.EOF //nolint:errorlint // one that is wrapped is a failure, not the end
		if over {
			err = nil
		}
		records := s.countOf(b)
		if m, ok := source.(Measured); ok {
			done = begun + m.Done()
		} else if err == nil {
			done += int64(max(records, 0))
		}
		if !over || records != 0 {
			if !s.give(ctx, &fullBatch{chunk: c, batch: b, done: done, err: err}) {
				return false
			}
		}
		if over {
			return s.give(ctx, &fullBatch{chunk: c, batch: b, done: done, ended: true})
		}
	}
}

// openChunk opens the source of a chunk, where the other side is away again and
// again; nil where the source is closed before that. The engine is told what is
// the matter, and decides.
func (s *rangeSource) openChunk(ctx context.Context, c *chunk, b *Batch) Source {
	for {
		var source Source
		err := guarded(func() (err error) {
			if source, err = s.ranged.Chunk(c.Chunk); err != nil {
				return err
			}
			if c.at != nil {
				seeker, ok := source.(Seeker)
				if !ok {
					return errors.New("a chunk can't go on where it was: its source does not seek")
				}
				if err := seeker.Seek(ctx, map[string]json.RawMessage{"": c.at}); err != nil {
					return err
				}
			}
			return source.Open(ctx)
		})
		if err == nil {
			return source
		}
		if source != nil {
			closeChunk(ctx, source)
		}
		if !s.give(ctx, &fullBatch{chunk: c, batch: b, err: err}) {
			return nil
		}
	}
}

// closeChunk closes the source of a chunk. Nothing is lost by an error: all that it
// gave has been handed on.
func closeChunk(ctx context.Context, source Source) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTime)
	defer cancel()
	_ = guarded(func() error { return source.Close(ctx) })
}

// guarded calls what may be a user's, in a goroutine that nobody else guards.
func guarded(call func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = Recovered(v)
		}
	}()
	return call()
}

// empty readies a reader's own batch.
func (s *rangeSource) empty(b *Batch) {
	b.Split, b.Base, b.Offset, b.Count, b.Mark = "", -1, -1, -1, MarkNone
	b.Position, b.OnDone, b.Frame = nil, nil, nil
	b.Limit = int(s.limit.Load())
	if cap(b.Data) < BlockSize {
		b.Data = make([]byte, 0, BlockSize)
	}
	b.Data, b.Ends = b.Data[:0], b.Ends[:0]
	if s.o.Rows == nil {
		return
	}
	if b.Rows == nil {
		b.Rows = s.o.Rows.New()
	}
	s.o.Rows.Truncate(b.Rows, 0)
}

// countOf is how many records a batch has: 0 where it has none, Unknown where it
// does not say how many.
func (s *rangeSource) countOf(b *Batch) int {
	switch {
	case b.Count >= 0:
		return b.Count
	case len(b.Ends) > 0:
		return len(b.Ends)
	case s.o.Rows != nil && s.o.Rows.Len(b.Rows) > 0:
		return s.o.Rows.Len(b.Rows)
	case len(b.Data) > 0:
		return Unknown
	}
	return 0
}
