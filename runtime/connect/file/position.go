package file

import (
	"errors"
	"hash/crc32"
	"io"
	"os"
)

// A position is where a file is read on.
type position struct {
	// Offset is behind the last whole record, in decompressed bytes, Line how many
	// line ends come before it, State where a stream of JSON values stands.
	Offset int64 `json:"offset"`
	Line   int64 `json:"line"`
	State  int   `json:"state,omitempty"`
	// Head tells the file from another one of its name.
	Head *head `json:"head,omitempty"`
	// Row is how many rows of a Parquet file come before it, and Whole the size of
	// that file.
	Row   int64 `json:"row,omitempty"`
	Whole int64 `json:"whole,omitempty"`
	// Size is that of a compressed file, or a Parquet file, on disk where it has
	// been read to its end, so that it need not be read again to find that out.
	Size int64 `json:"size,omitempty"`
}

// A head is the check sum of the first bytes of a file.
type head struct {
	Bytes int    `json:"bytes"`
	Sum   uint32 `json:"sum"`
}

// headSize is how many bytes are enough to tell files apart.
const headSize = 1024

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// headOf is the head of an open file of size bytes, at most n of them; nil for
// an empty one.
func headOf(f *os.File, n int64) (*head, error) {
	buf := make([]byte, min(n, headSize))
	if len(buf) == 0 {
		return nil, nil
	}
	got, err := f.ReadAt(buf, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if got == 0 {
		return nil, nil
	}
	return &head{Bytes: got, Sum: crc32.Checksum(buf[:got], castagnoli)}, nil
}

// is tells whether an open file still begins as h says.
func (h *head) is(f *os.File) (bool, error) {
	if h == nil {
		return true, nil
	}
	now, err := headOf(f, int64(h.Bytes))
	return now != nil && *now == *h, err
}

// begins tells whether data begins as h says.
func (h *head) begins(data []byte) bool {
	return h == nil || len(data) >= h.Bytes && crc32.Checksum(data[:h.Bytes], castagnoli) == h.Sum
}
