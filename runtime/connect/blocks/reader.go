// Package blocks makes batches of a stream of bytes: each holds as many whole
// records as there are, and what is left begins the next one.
//
// It is what the sources of bytes share. They say where the bytes come from and
// what the stream is called; cutting, the byte order mark, the header of a
// table, records that are too long, and counting lines happen here.
package blocks

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync/atomic"

	"github.com/flowc-dev/flowc/runtime/codec/frame"
	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// More reads the next bytes of a stream into p, as an io.Reader does.
type More func(p []byte) (n int, err error)

// A Reader makes batches of one stream.
type Reader struct {
	// Final tells that what is there at the end of the stream is whole: the last
	// record may lack its line end. A stream that grows is not final.
	Final bool

	name   string
	format string
	framer frame.Framer
	header *frame.Header // of a table, once it has been read
	table  bool          // the first row is a header
	max    int64         // of a record

	rest   []byte // begins the next block: a record that was not whole
	offset int64  // of rest in the stream
	line   int64  // line ends before rest
	begun  bool   // a byte order mark was looked for
	ended  bool   // the stream has no more bytes for now
	failed error  // came behind bytes that hold whole records
	whole  bool   // rest may hold whole records

	skipping bool // inside of a line that is too long, which began at offset
	skipped  int64
	sample   []byte // the begin of that line
}

// New returns a reader of a stream that begins. name is what its batches and
// errors call it, max the longest record in bytes.
func New(name string, in connect.Input, max int64) *Reader {
	return &Reader{
		Final: true, name: name, format: in.Format, framer: in.Frame(), max: max,
		table: in.Header,
	}
}

// Offset is where the next record begins.
func (r *Reader) Offset() int64 { return r.offset }

// Line is how many line ends come before the next record.
func (r *Reader) Line() int64 { return r.line }

// Read is how many bytes of the stream have been read.
func (r *Reader) Read() int64 { return r.offset + int64(len(r.rest)) + r.skipped }

// State is where a stream of JSON values stands, else 0.
func (r *Reader) State() int {
	if f, ok := r.framer.(*frame.JSONValues); ok {
		return f.State()
	}
	return 0
}

// Ended tells that the stream gave io.EOF.
func (r *Reader) Ended() bool { return r.ended }

// Continue goes on with a stream that has grown.
func (r *Reader) Continue() { r.ended = false }

// Rest is what was read and is no whole record yet.
func (r *Reader) Rest() []byte { return r.rest }

// Header reads the header of a table, so that Resume can go on behind it; for
// other streams it does nothing.
func (r *Reader) Header(more More) error {
	data := r.rest
	var b flow.Batch
	for r.table && r.header == nil {
		var err error
		if data, err = r.read(&b, data, more); err != nil {
			return err
		}
		if data, err = r.begin(data); err != nil {
			return err
		}
		if r.ended || r.failed != nil {
			break // what failed is told behind the bytes that came before it
		}
	}
	r.rest, r.whole = data, true
	return nil //nolint:nilerr // what failed is told behind the bytes that came before it
}

// Resume goes on at an earlier position, and returns how many bytes the stream is
// to skip from where it stands.
func (r *Reader) Resume(offset, line int64, state int) (skip int64, err error) {
	if f, ok := r.framer.(*frame.JSONValues); ok {
		if err := f.Resume(state); err != nil {
			return 0, err
		}
	}
	if offset < r.offset {
		return 0, fmt.Errorf("%s: the position %d of an earlier run is inside of the header", r.name, offset)
	}
	read := min(offset-r.offset, int64(len(r.rest)))
	skip = offset - r.offset - read
	r.rest, r.offset, r.line, r.begun = r.rest[read:], offset, line, true
	return skip, nil
}

// Fill puts the next whole records into b; false means that the stream has none
// at present. An error may come with records to be handed on first, or be that
// of a record (*flow.RecordError), behind which the stream goes on.
func (r *Reader) Fill(b *flow.Batch, more More) (bool, error) {
	b.Data = b.Data[:0]
	b.Grow(len(r.rest))
	data := append(b.Data, r.rest...)
	looked := 0 // so far no record ends in data
	for {
		before := len(data)
		var err error
		if r.whole { // what is there goes first: the stream may give nothing for long
			r.whole, before = false, 0
		} else if data, err = r.read(b, data, more); err != nil {
			return false, r.keep(data, err)
		}
		got := len(data)
		if data, err = r.begin(data); err != nil {
			return false, r.keep(data, err)
		}
		if len(data) < got {
			looked = 0
		}
		if r.skipping {
			r.mark(b)
			done, e := false, error(nil)
			if data, done, e = r.skip(data); done {
				r.rest = append(r.rest[:0], data...)
				r.whole = true
				b.Data = data[:0]
				return true, e
			}
		} else if r.mayEnd(data, min(looked, before)) {
			n, state, err := r.cut(data)
			whole := n
			if b.Limit > 0 {
				n = r.limit(data[:n], b.Limit, state)
			}
			switch {
			case n > 0:
				if n, err = r.tooLong(data[:n], state); err != nil {
					return r.refuse(b, data, n, err)
				}
				r.hand(b, data, n, state)
				r.whole = n < whole
				return true, nil
			case err != nil:
				return false, r.keep(data, err)
			}
		}
		looked = len(data)
		if r.ended || r.failed != nil {
			err := r.failed
			r.failed = nil
			return false, r.keep(data, err)
		}
		if int64(len(data)) > r.max {
			if !r.byLines() {
				return false, r.keep(data, r.long(0, int64(len(data))))
			}
			data = r.startSkip(data)
			looked = 0
		}
	}
}

// limit is how much of whole records holds count of them at most. state is what cut
// gave with them.
func (r *Reader) limit(data []byte, count int, state any) int {
	framer := r.framer
	var values frame.JSONValues
	before, isJSON := state.(*frame.JSONValues)
	if isJSON {
		values = *before
		framer = &values
	}
	pos := 0
	for range count {
		_, _, next, ok := framer.Next(data, pos)
		if !ok {
			return len(data)
		}
		pos = next
	}
	if isJSON {
		after := values
		if _, _, _, more := framer.Next(data, pos); !more {
			return len(data) // what is left closes an array
		}
		r.framer = &after
	}
	return pos
}

// keep returns err, and keeps what was read for the next call.
func (r *Reader) keep(data []byte, err error) error {
	r.rest = append(r.rest[:0], data...)
	return err
}

const (
	// pageSize keeps reads of files aligned: one that begins a byte off a page
	// costs the kernel nearly three times as much.
	pageSize = 4096
	// mostAtOnce is the longest read. What comes behind a record that is longer
	// than a block is copied to the next one, and is not to be long as well.
	mostAtOnce = 2 * flow.BlockSize
)

// read appends what one read of the stream gives to data, which is in b's memory,
// where there may be more. An error that comes behind bytes waits until they are
// used up.
func (r *Reader) read(b *flow.Batch, data []byte, more More) ([]byte, error) {
	if r.ended || r.failed != nil {
		return data, nil //nolint:nilerr // what failed is told behind the bytes that came before it
	}
	if cap(data)-len(data) < pageSize {
		data = r.grow(b, data)
	}
	room := min(cap(data)-len(data), mostAtOnce) &^ (pageSize - 1)
	n, err := more(data[len(data) : len(data)+room])
	data = data[:len(data)+n]
	if err == io.EOF { //nolint:errorlint // one that is wrapped is a failure, not the end
		r.ended = true
		return data, nil
	}
	if len(data) > 0 {
		r.failed, err = err, nil
	}
	return data, err
}

// grow gives a block four times the memory, to one more block than the longest
// record at most.
func (r *Reader) grow(b *flow.Batch, data []byte) []byte {
	more := min(3*int64(len(data)), max(r.max-int64(len(data)), 0))
	b.Data = data
	b.Grow(max(int(more), flow.BlockSize))
	return b.Data
}

// begin takes off what stands before the first record: the byte order mark, the
// header of a table.
func (r *Reader) begin(data []byte) ([]byte, error) {
	if !r.begun {
		if r.format != "bytes" {
			n := frame.BOM(data)
			if n == 0 && !r.ended && len(data) < len(mark) && bytes.HasPrefix(mark, data) {
				return data, nil // it may still become one
			}
			data = r.drop(data, n)
		}
		r.begun = true
	}
	for r.table && r.header == nil {
		n, err := r.framer.Cut(data, r.ended && r.Final)
		if err != nil {
			return data, r.placed(err)
		}
		start, end, next, ok := r.framer.Next(data[:n], 0)
		switch {
		case !ok && int64(len(data)) > r.max:
			return data, r.long(0, int64(len(data)))
		case !ok:
			return data, nil
		case !frame.IsBlank(data[start:end]):
			r.header = &frame.Header{Row: slices.Clone(data[start:end])}
		}
		data = r.drop(data, next)
	}
	return data, nil
}

var mark = []byte("\xef\xbb\xbf")

// drop takes n bytes off.
func (r *Reader) drop(data []byte, n int) []byte {
	if n == 0 {
		return data
	}
	r.pass(data[:n])
	return append(data[:0], data[n:]...)
}

// pass moves the position behind bytes.
func (r *Reader) pass(gone []byte) {
	r.offset += int64(len(gone))
	r.line += int64(bytes.Count(gone, newline))
}

var newline = []byte{'\n'}

// byLines tells whether records are lines.
func (r *Reader) byLines() bool { return r.format == "ndjson" || r.format == "text" }

// mayEnd tells whether a record may end in data, of which the first looked bytes
// hold no end of one.
func (r *Reader) mayEnd(data []byte, looked int) bool {
	if r.ended || r.failed != nil {
		return true
	}
	if r.table && r.header == nil || !r.begun {
		return false
	}
	if r.byLines() || r.format == "csv" {
		return bytes.IndexByte(data[looked:], '\n') >= 0
	}
	return len(data) > looked
}

// cut finds the whole records in data, and gives the framer as it was before
// where the block alone does not tell.
func (r *Reader) cut(data []byte) (n int, state any, err error) {
	if f, ok := r.framer.(*frame.JSONValues); ok {
		before := *f
		state = &before
	} else if r.header != nil {
		state = r.header
	}
	n, err = r.framer.Cut(data, r.ended && r.Final)
	if err != nil {
		err = r.placed(err)
	}
	return n, state, err
}

// hand gives b the first n bytes of data and keeps the rest.
func (r *Reader) hand(b *flow.Batch, data []byte, n int, state any) {
	r.rest = append(r.rest[:0], data[n:]...)
	b.Data, b.Frame = data[:n], state
	r.mark(b)
	r.pass(b.Data)
}

// batches numbers the batches of all streams.
var batches atomic.Int64

// mark says where b begins.
func (r *Reader) mark(b *flow.Batch) {
	b.Split, b.Offset = r.name, r.offset
	if r.byLines() {
		b.Base = r.line
	}
	p, ok := b.Aux.(*Place)
	if !ok {
		p = &Place{}
		b.Aux = p
	}
	p.Line, p.Batch = r.line, batches.Add(1)
}

// A Place is where a batch begins, as its Aux.
type Place struct {
	// Line is how many line ends of the stream come before it.
	Line int64
	// Batch is another number for each batch.
	Batch int64
}

// placed gives an error of the framer its place in the stream.
func (r *Reader) placed(err error) error {
	e := &StreamError{Name: r.name, Offset: r.offset, Msg: err.Error()}
	if f, ok := errors.AsType[*frame.Error](err); ok {
		e.Offset += int64(f.Offset)
	}
	return e
}

// A StreamError is a place behind which a stream can't be cut into records.
type StreamError struct {
	// Name is the stream, Offset the byte at fault.
	Name   string
	Offset int64
	Msg    string
}

// Error says where it is and what is wrong there.
func (e *StreamError) Error() string { return fmt.Sprintf("%s: byte %d: %s", e.Name, e.Offset, e.Msg) }

// Permanent tells the engine that trying again is of no use.
func (e *StreamError) Permanent() bool { return true }

// End ends the stream here, without what is no whole record yet.
func (r *Reader) End() {
	r.rest, r.whole, r.skipping, r.skipped, r.ended = nil, false, false, 0, true
}
