package flow

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
)

// A ChunkState is a chunk in a checkpoint.
type ChunkState struct {
	// Range is what was asked for; Chunk is the chunk's number from 0, Of how many
	// there are.
	Range string `json:"range"`
	Chunk int    `json:"chunk"`
	Of    int    `json:"of"`
	// Bounds and Size are the chunk's, Done is how much of it is safe.
	Bounds json.RawMessage `json:"bounds"`
	Size   int64           `json:"size"`
	Done   int64           `json:"done"`
	// Ended tells that all of it is.
	Ended bool `json:"ended,omitempty"`
}

// A chunkPosition is a chunk's state and, where reading has begun, the position in
// it that the chunk's source gave.
type chunkPosition struct {
	ChunkState
	At any `json:"at,omitempty"`
}

// A savedChunk is a chunkPosition that was read back.
type savedChunk struct {
	ChunkState
	At json.RawMessage `json:"at,omitempty"`
}

// readChunk reads a position back. An error tells that it is none of a chunk.
func readChunk(raw json.RawMessage) (savedChunk, error) {
	var c savedChunk
	if err := json.Unmarshal(raw, &c); err != nil {
		return c, err
	}
	if c.Of <= 0 || c.Chunk < 0 || c.Chunk >= c.Of || c.Bounds == nil {
		return c, fmt.Errorf("it is not of a chunk: %s", raw)
	}
	return c, nil
}

// restoreChunks reads the chunks of a checkpoint, in their order.
func restoreChunks(positions map[string]json.RawMessage) ([]*chunk, []savedChunk, error) {
	var saved []savedChunk
	names := map[int]string{}
	for split, raw := range positions {
		c, err := readChunk(raw)
		if err != nil {
			return nil, nil, fmt.Errorf("the position of %s in the checkpoint: %w (it is of a run without a range, perhaps): start with --fresh to begin anew", split, err)
		}
		if other, twice := names[c.Chunk]; twice {
			return nil, nil, fmt.Errorf("the checkpoint has %s and %s for the same chunk: start with --fresh to begin anew", other, split)
		}
		names[c.Chunk] = split
		saved = append(saved, c)
	}
	slices.SortFunc(saved, func(a, b savedChunk) int { return cmp.Compare(a.Chunk, b.Chunk) })
	var chunks []*chunk
	for _, c := range saved {
		if c.Of != len(saved) || c.Range != saved[0].Range {
			return nil, nil, fmt.Errorf("the checkpoint has %d chunks, and %s is one of %d of the range %s: start with --fresh to begin anew", len(saved), names[c.Chunk], c.Of, c.Range)
		}
		chunks = append(chunks, &chunk{
			Chunk:  Chunk{Name: names[c.Chunk], Bounds: c.Bounds, Size: c.Size},
			number: c.Chunk, at: c.At, done: c.Done, begun: c.Done, ended: c.Ended,
		})
	}
	return chunks, saved, nil
}

// Progress is how far the range of a source has been read.
type Progress struct {
	// Range is what was asked for; Chunks is how many pieces it has, Ended how many
	// of them are through.
	Range         string
	Chunks, Ended int
	// Done and Size are in units of the source's own, Size being Unknown where
	// nobody knows; Before is what was done when this run began.
	Done, Size, Before int64
}

// add counts a chunk.
func (p *Progress) add(c *ChunkState) {
	p.Chunks++
	if c.Ended {
		p.Ended++
	}
	if c.Size == Unknown || p.Size == Unknown {
		p.Size = Unknown
	} else {
		p.Size += c.Size
	}
	done := c.Done
	if c.Size != Unknown {
		done = min(done, c.Size) // records may have come since it was measured
		if c.Ended {
			done = c.Size // or have gone
		}
	}
	p.Done += done
}

// Share is how much of the range is done, from 0 to 1. It is 1 when all of it is
// through, and not before.
func (p *Progress) Share() float64 {
	const nearly = 0.999
	switch {
	case p.Ended == p.Chunks:
		return 1
	case p.Size > 0:
		return min(float64(p.Done)/float64(p.Size), nearly)
	}
	return float64(p.Ended) / float64(p.Chunks)
}

// Left tells how long the rest takes at the speed so far, in units of what running
// is in; ok is false where nobody can say.
func (p *Progress) Left(running float64) (left float64, ok bool) {
	switch {
	case p.Ended == p.Chunks:
		return 0, true
	case p.Size <= 0 || p.Done <= p.Before:
		return 0, false
	}
	return running * float64(p.Size-p.Done) / float64(p.Done-p.Before), true
}

// RangeOf is how far a source's range had come at a checkpoint; ok is false for a
// source without one.
func RangeOf(s SourceState) (p Progress, ok bool) {
	for _, split := range s.Splits {
		c, err := readChunk(split.Position)
		if err != nil {
			return Progress{}, false
		}
		p.Range = c.Range
		p.add(&c.ChunkState)
	}
	return p, p.Chunks > 0
}

// ChunkOf is a position of a chunk; ok is false for others.
func ChunkOf(position json.RawMessage) (c ChunkState, ok bool) {
	saved, err := readChunk(position)
	return saved.ChunkState, err == nil
}

// chunkBegin is the position at the begin of a chunk.
func chunkBegin(position json.RawMessage) (json.RawMessage, error) {
	c, err := readChunk(position)
	if err != nil {
		return nil, err
	}
	c.At, c.Done, c.Ended = nil, 0, false
	return json.Marshal(c)
}
