package file

import (
	"bufio"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
)

// wholeLength is how much of a compressed file is whole streams: the last one
// may have been cut off when the program that wrote it died. A file that is
// something else, or damaged, is an error.
func wholeLength(f *os.File, how string) (int64, error) {
	r := &counting{bufio.NewReaderSize(io.NewSectionReader(f, 0, 1<<62), readSize), 0}
	next := gzipMember
	if how == zstded {
		next = zstdFrame
	}
	for {
		whole := r.n
		if _, err := r.Peek(1); errors.Is(err, io.EOF) {
			return whole, nil
		}
		err := next(r)
		switch {
		case errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF):
			return whole, nil
		case err != nil:
			return 0, fmt.Errorf("what is there can't be appended to (%w behind byte %d): move it away", describe(err, how), whole)
		}
	}
}

// counting counts what is taken out of a buffered reader.
type counting struct {
	*bufio.Reader
	n int64
}

// Read reads and counts.
func (c *counting) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n += int64(n)
	return n, err
}

// ReadByte reads one byte and counts it.
func (c *counting) ReadByte() (byte, error) {
	b, err := c.Reader.ReadByte()
	if err == nil {
		c.n++
	}
	return b, err
}

// gzipMember reads over one member. Only its data tells where it ends.
func gzipMember(r *counting) error {
	z, err := gzip.NewReader(r)
	if err != nil {
		return err
	}
	z.Multistream(false)
	_, err = io.Copy(io.Discard, z)
	return err
}

var errNoFrame = errors.New("no zstd frame")

// zstdFrame reads over one frame, by the sizes that it states (RFC 8878).
func zstdFrame(r *counting) error {
	const (
		magic     = 0xfd2fb528
		skippable = 0x184d2a50 // and the 15 numbers behind it
	)
	var number [4]byte
	if _, err := io.ReadFull(r, number[:]); err != nil {
		return err
	}
	switch m := binary.LittleEndian.Uint32(number[:]); {
	case m&^0xf == skippable:
		if _, err := io.ReadFull(r, number[:]); err != nil {
			return io.ErrUnexpectedEOF
		}
		return skip(r, int64(binary.LittleEndian.Uint32(number[:])))
	case m != magic:
		return errNoFrame
	}
	descriptor, err := r.ReadByte()
	if err != nil {
		return err
	}
	single := descriptor&0x20 != 0
	header := [4]int64{0, 1, 2, 4}[descriptor&3]  // the dictionary's number
	header += [4]int64{0, 2, 4, 8}[descriptor>>6] // the size of the content
	if single && descriptor>>6 == 0 {
		header++
	}
	if !single {
		header++ // the window
	}
	if err := skip(r, header); err != nil {
		return err
	}
	for {
		var block [3]byte
		if _, err := io.ReadFull(r, block[:]); err != nil {
			return io.ErrUnexpectedEOF
		}
		b := uint32(block[0]) | uint32(block[1])<<8 | uint32(block[2])<<16
		size := int64(b >> 3)
		if b>>1&3 == 1 { // one byte, repeated
			size = 1
		}
		if err := skip(r, size); err != nil {
			return err
		}
		if b&1 != 0 {
			break
		}
	}
	if descriptor&4 != 0 {
		return skip(r, 4) // the check sum
	}
	return nil
}

// skip takes n bytes out.
func skip(r *counting, n int64) error {
	if _, err := io.CopyN(io.Discard, r, n); err != nil {
		return io.ErrUnexpectedEOF
	}
	return nil
}
