package jsonscan

import (
	"encoding/base64"
	"errors"
	"unsafe"
)

// A Slab is memory for strings and byte slices that outlive their record. It
// hands out pieces of large chunks that the collector owns and nobody uses
// again, so that a piece stays as it is for as long as anybody holds it, for
// the price of one allocation in hundreds. The zero value is ready.
type Slab struct {
	free []byte // the rest of the current chunk; len is what is used of it
}

const (
	slabChunk = 32 << 10
	// slabPiece is the longest piece of a shared chunk: a longer one has a chunk
	// of its own, so that little of a chunk is wasted, and none is held for long.
	slabPiece = slabChunk / 4
)

// String returns a copy of b.
func (s *Slab) String(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	c := s.Bytes(b)
	return unsafe.String(unsafe.SliceData(c), len(c)) // nobody writes to c any more
}

// Bytes returns a copy of b that the caller may write to and append to.
func (s *Slab) Bytes(b []byte) []byte {
	if len(b) > slabPiece {
		return append(make([]byte, 0, len(b)), b...)
	}
	s.grow(len(b))
	at := len(s.free)
	s.free = append(s.free, b...)
	return s.free[at:len(s.free):len(s.free)]
}

// grow makes room for a piece of n bytes.
func (s *Slab) grow(n int) {
	if cap(s.free)-len(s.free) < n {
		s.free = make([]byte, 0, slabChunk)
	}
}

// open returns an empty slice with room for n bytes; take keeps what was
// appended to it. In between nobody else uses the slab.
func (s *Slab) open(n int) []byte {
	if n > slabPiece {
		return make([]byte, 0, n)
	}
	s.grow(n)
	return s.free[len(s.free):]
}

func (s *Slab) take(b []byte) []byte {
	if len(b) == 0 {
		return []byte{} // not nil: there is a value
	}
	if rest := s.free[:cap(s.free)]; len(s.free) < len(rest) && &b[0] == &rest[len(s.free)] {
		s.free = s.free[:len(s.free)+len(b)]
	}
	return b[:len(b):len(b)]
}

var errBase64 = errors.New("no base64")

// DecodeBase64 decodes src, in the standard alphabet with padding.
func (s *Slab) DecodeBase64(src []byte) ([]byte, error) {
	b, err := base64.StdEncoding.AppendDecode(s.open(base64.StdEncoding.DecodedLen(len(src))), src)
	// The package jumps over line ends, which RFC 4648 has not.
	if err != nil || base64.StdEncoding.EncodedLen(len(b)) != len(src) {
		return nil, errBase64
	}
	return s.take(b), nil
}

// An Arena is a Slab that may be emptied: what came out of it is valid until
// Reset. It is for views that live no longer than a block of input.
type Arena struct{ Slab }

// Reset makes the memory free for use again.
func (a *Arena) Reset() { a.free = a.free[:0] }
