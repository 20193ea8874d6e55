package blocks

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/flowc-dev/flowc/runtime/codec/frame"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// sampleSize is how much of a record that is too long goes into its error.
const sampleSize = 256

// A LongError is a record that is longer than the source takes.
type LongError struct {
	// Max is the limit in bytes, Size how long the record is, or how much of it
	// was seen.
	Max, Size int64
	// name and offset place records behind which the stream can't go on.
	name   string
	offset int64
}

// Error says how long the record is, and what to do.
func (e *LongError) Error() string {
	s := fmt.Sprintf("the record has %d bytes or more, and `max_record` is %d: raise it if that is right", e.Size, e.Max)
	if e.name != "" {
		s = fmt.Sprintf("%s: byte %d: %s", e.name, e.offset, s)
	}
	return s
}

// Code is the error's name in dead letters and answers.
func (e *LongError) Code() string { return "too-long" }

// Permanent tells the engine that trying again is of no use.
func (e *LongError) Permanent() bool { return true }

// long is the error of a record behind which the stream can't go on, since
// nothing tells where the next one begins.
func (r *Reader) long(start int, size int64) error {
	return &LongError{Max: r.max, Size: size, name: r.name, offset: r.offset + int64(start)}
}

// startSkip begins to skip a line that is too long, of which data is the begin.
func (r *Reader) startSkip(data []byte) []byte {
	r.skipping = true
	r.sample = append(r.sample[:0], data[:min(len(data), sampleSize)]...)
	r.skipped = int64(len(data))
	return data[:0]
}

// skip goes on skipping, and tells whether the line has ended; data is then what
// comes behind it, and the error that of the line.
func (r *Reader) skip(data []byte) (rest []byte, done bool, err error) {
	k := bytes.IndexByte(data, '\n')
	if k < 0 && !(r.ended && r.Final) {
		r.skipped += int64(len(data))
		return data[:0], false, nil
	}
	end := len(data)
	if k >= 0 {
		end = k + 1
	}
	size := r.skipped + int64(end)
	if k >= 0 {
		size-- // its line end is no part of it
	}
	e := r.recordError(r.sample, size)
	r.offset += r.skipped + int64(end)
	r.line++
	r.skipping, r.skipped = false, 0
	return append(data[:0], data[end:]...), true, e
}

// recordError is the error of a line that is skipped.
func (r *Reader) recordError(sample []byte, size int64) *flow.RecordError {
	e := &flow.RecordError{
		Split: r.name, Offset: r.offset, Record: slices.Clone(sample), Code: "too-long",
		TextLine: r.line + 1,
		Err:      &LongError{Max: r.max, Size: size},
	}
	return e
}

// tooLong looks for records beyond the limit in a block that is longer than it.
// Where the first one is, it returns its end and its error, else where the
// records before it end.
func (r *Reader) tooLong(block []byte, state any) (n int, err error) {
	if int64(len(block)) <= r.max {
		return len(block), nil
	}
	framer := r.framer
	values, ok := state.(*frame.JSONValues)
	if ok {
		before := *values
		framer = &before
	}
	for pos := 0; ; {
		start, end, next, ok := framer.Next(block, pos)
		switch {
		case !ok:
			return len(block), nil
		case int64(end-start) <= r.max:
			pos = next
			continue
		case pos > 0:
			if values != nil { // the framer goes back with the block
				now := r.framer.(*frame.JSONValues)
				*now = *values
				return now.Cut(block[:start], false)
			}
			return pos, nil
		case !r.byLines():
			return 0, r.long(start, int64(end-start))
		}
		return next, r.recordError(block[start:min(end, start+sampleSize)], int64(end-start))
	}
}

// refuse gives the error of the record in the first n bytes of data in its
// stead; n is 0 where the stream can't go on.
func (r *Reader) refuse(b *flow.Batch, data []byte, n int, err error) (bool, error) {
	if n == 0 {
		return false, r.keep(data, err)
	}
	r.mark(b)
	r.pass(data[:n])
	r.rest, r.whole = append(r.rest[:0], data[n:]...), true
	b.Data = data[:0]
	return true, err
}
