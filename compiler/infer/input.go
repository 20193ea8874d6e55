package infer

import (
	"errors"
	"io"
	"unicode/utf8"
)

const blockSize = 256 << 10

// An input gives the bytes of a stream one after another and knows where they
// stand. Nothing behind the present position is kept.
type input struct {
	r   io.Reader
	buf []byte // what was read; buf[pos:] is still to come
	pos int
	// base is the offset of buf[0] in the stream, lineAt that of the present
	// line's first byte.
	base, lineAt int64
	line         int64
	err          error // why nothing follows buf, io.EOF at the end
	// keeping tells that bytes are kept on the way: kept, and then buf[from:pos].
	keeping bool
	kept    []byte
	from    int
}

func newInput(r io.Reader) *input {
	return &input{r: r, buf: make([]byte, 0, blockSize), line: 1}
}

// inputAt reads bytes that begin at a place of another input.
func inputAt(b []byte, at place) *input {
	return &input{buf: b, line: at.line, lineAt: 1 - at.column, err: io.EOF}
}

// more reads on where all of buf is used up, which it then forgets. It returns
// false at the end of the stream or after an error.
func (in *input) more() bool {
	for in.pos == len(in.buf) {
		if in.err != nil {
			return false
		}
		if in.keeping {
			in.kept = append(in.kept, in.buf[in.from:]...)
			in.from = 0
		}
		in.base += int64(len(in.buf))
		in.pos = 0
		n, err := in.r.Read(in.buf[:cap(in.buf)])
		in.buf = in.buf[:n]
		in.err = err
	}
	return true
}

// keep begins to keep the bytes that are read.
func (in *input) keep() { in.keeping, in.kept, in.from = true, in.kept[:0], in.pos }

// take ends it, and returns the bytes until the next keep.
func (in *input) take() []byte {
	in.keeping = false
	if len(in.kept) == 0 { // all of it is in the buffer still
		return in.buf[in.from:in.pos]
	}
	in.kept = append(in.kept, in.buf[in.from:in.pos]...)
	return in.kept
}

// failed is the error that ended the stream early, or nil.
func (in *input) failed() error {
	if errors.Is(in.err, io.EOF) {
		return nil
	}
	return in.err
}

// peek returns the next byte without going on; ok is false at the end.
func (in *input) peek() (c byte, ok bool) {
	if in.pos == len(in.buf) && !in.more() {
		return 0, false
	}
	return in.buf[in.pos], true
}

// offset is that of the next byte.
func (in *input) offset() int64 { return in.base + int64(in.pos) }

// place is that of the next byte.
func (in *input) place() place { return place{in.line, in.offset() - in.lineAt + 1} }

// lineFeed takes note of the line feed that is the next byte, and goes on.
func (in *input) lineFeed() {
	in.pos++
	in.line++
	in.lineAt = in.offset()
}

// skipSpace goes to the next byte that is no white space. Without lines it stops
// before a line feed as well.
func (in *input) skipSpace(lines bool) {
	for {
		for in.pos < len(in.buf) {
			switch c := in.buf[in.pos]; {
			case c == ' ' || c == '\t' || c == '\r':
				in.pos++
			case c == '\n' && lines:
				in.lineFeed()
			default:
				return
			}
		}
		if !in.more() {
			return
		}
	}
}

// found shows the next character for a message: what was there instead.
func (in *input) found() string {
	c, ok := in.peek()
	switch {
	case !ok:
		return "the end of the data"
	case c == '\n' || c == '\r':
		return "the end of the line"
	}
	if !utf8.FullRune(in.buf[in.pos:]) && in.err == nil {
		in.extend()
	}
	r, n := utf8.DecodeRune(in.buf[in.pos:])
	if r == utf8.RuneError && n <= 1 {
		return "bytes that are not UTF-8"
	}
	return quoteRune(r)
}

// extend reads on behind what is still to come, so that a character is whole.
func (in *input) extend() {
	rest := in.buf[in.pos:]
	in.base += int64(in.pos)
	fresh := make([]byte, len(rest), blockSize)
	copy(fresh, rest)
	in.buf, in.pos = fresh, 0
	for len(in.buf) < utf8.UTFMax && in.err == nil {
		var n int
		n, in.err = in.r.Read(in.buf[len(in.buf):cap(in.buf)])
		in.buf = in.buf[:len(in.buf)+n]
	}
}
