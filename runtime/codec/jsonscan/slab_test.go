package jsonscan

import (
	"bytes"
	"encoding/base64"
	"testing"
)

// A long piece has memory of its own, of its own size: a chunk of several times
// that would be there for as long as any other piece of it.
func TestSlabLongPieces(t *testing.T) {
	var s Slab
	s.Bytes([]byte("short"))
	chunk := cap(s.free)
	long := bytes.Repeat([]byte("x"), 10*slabChunk)
	if got := s.Bytes(long); !bytes.Equal(got, long) || cap(got) >= 2*len(long) {
		t.Errorf("a copy of %d bytes holds %d", len(long), cap(got))
	}
	encoded := base64.StdEncoding.AppendEncode(nil, long)
	got, err := s.DecodeBase64(encoded)
	if err != nil || !bytes.Equal(got, long) {
		t.Fatalf("%d bytes, %v", len(got), err)
	}
	if cap(s.free) != chunk || len(s.free) != len("short") {
		t.Errorf("the chunk of short pieces is of %d bytes, %d used", cap(s.free), len(s.free))
	}
}

// Pieces do not share a byte, also where one fills the chunk.
func TestSlabPieces(t *testing.T) {
	var s Slab
	var pieces [][]byte
	for i := range 4 * slabChunk / slabPiece {
		n := slabPiece - i%3
		p := bytes.Repeat([]byte{byte(i)}, n)
		if i%2 == 0 {
			pieces = append(pieces, s.Bytes(p))
			continue
		}
		d, err := s.DecodeBase64(base64.StdEncoding.AppendEncode(nil, p))
		if err != nil {
			t.Fatal(err)
		}
		pieces = append(pieces, append(d, byte(i))) // must not write into the next one
	}
	for i, p := range pieces {
		for _, c := range p {
			if c != byte(i) {
				t.Fatalf("piece %d holds %d", i, c)
			}
		}
	}
}
