package http

import (
	"bytes"
	"errors"
	"slices"

	"github.com/flowc-dev/flowc/runtime/codec"
	"github.com/flowc-dev/flowc/runtime/codec/frame"
	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// A bodyError is a body that can't be taken apart into records.
type bodyError struct {
	offset int64
	err    error
}

func (e *bodyError) Error() string { return e.err.Error() }
func (e *bodyError) Unwrap() error { return e.err }

// A content is a body and the records in it.
type content struct {
	input connect.Input
	body  []byte
	// grow gives a buffer another size, where what it holds is counted; nil where
	// it is not.
	grow func(buffer *[]byte, size int64) error

	// records are what the engine gets: body, the rest of it behind a header row,
	// or a line for each of its values in lines.
	records []byte
	lines   []byte
	from    int // of records in body, where they lie there
	header  *frame.Header
	count   int // records
}

// clear makes it ready for another body; its buffers stay as they are.
func (r *content) clear() {
	r.body, r.lines = r.body[:0], r.lines[:0]
	r.records, r.header, r.from, r.count = nil, nil, 0, 0
}

// takeApart finds the records of the body and counts them. byLines tells that
// whoever sent it says that each is a line.
func (r *content) takeApart(byLines bool) error {
	r.records = r.body
	switch r.input.Format {
	case "bytes":
		r.count = 1
		return nil
	case "text":
		r.skipMark()
		r.count = bytes.Count(r.records, newline)
		if !bytes.HasSuffix(r.records, newline) {
			r.count++
		}
		return nil
	case "csv":
		return r.rows()
	case "json":
		r.skipMark()
		return r.values(nil)
	}
	r.skipMark()
	trimmed := codec.Trim(r.records)
	switch {
	case len(trimmed) > 0 && trimmed[0] == '[' && !byLines:
		return r.values(r.line)
	case bytes.IndexByte(trimmed, '\n') < 0 && bytes.IndexByte(trimmed, '\r') < 0:
		r.count = 1 // one value and whatever is wrong with it
		return nil
	case byLines:
		for line := range bytes.Lines(r.records) {
			if !frame.IsBlank(line) {
				r.count++
			}
		}
		return nil
	}
	return r.values(r.line) // several values, or one that is written over several lines
}

var newline = []byte{'\n'}

// skipMark takes off the byte order mark that some programs begin text with.
func (r *content) skipMark() {
	n := frame.BOM(r.body)
	r.records, r.from = r.body[n:], n
}

// rows finds the header and counts the rows.
func (r *content) rows() error {
	r.skipMark()
	rows := r.input.Frame()
	if _, err := rows.Cut(r.records, true); err != nil {
		return r.misframed(err)
	}
	first := r.input.Header
	for pos := 0; ; {
		start, end, next, ok := rows.Next(r.records, pos)
		if !ok {
			return nil
		}
		switch {
		case frame.IsBlank(r.records[start:end]):
		case first:
			r.header = &frame.Header{Row: bytes.Clone(r.records[start:end])}
			r.records, r.from = r.records[next:], r.from+next
			first, next = false, 0
		default:
			r.count++
		}
		pos = next
	}
}

// values counts the JSON values in the body and gives each to keep, where that
// is not nil.
func (r *content) values(keep func(start, end int) error) error {
	var values frame.JSONValues
	if _, err := values.Cut(r.records, true); err != nil {
		return r.misframed(err)
	}
	values = frame.JSONValues{}
	for pos := 0; ; r.count++ {
		start, end, next, ok := values.Next(r.records, pos)
		if !ok {
			break
		}
		if keep != nil {
			if err := keep(start, end); err != nil {
				return err
			}
		}
		pos = next
	}
	if keep != nil {
		r.records = r.lines
	}
	return nil
}

// line makes a line of a value: line ends between its parts become spaces, so
// that every byte keeps its distance from the begin.
func (r *content) line(start, end int) error {
	at := len(r.lines)
	if size := at + end - start + 1; size > cap(r.lines) {
		// The lines are hardly longer than the body, if at all.
		size = max(size, min(2*cap(r.lines), len(r.body)+len(newline)), min(len(r.body)+len(newline), firstBuffer))
		if r.grow == nil {
			r.lines = slices.Grow(r.lines, size-at)
		} else if err := r.grow(&r.lines, int64(size)); err != nil {
			return err
		}
	}
	r.lines = append(append(r.lines, r.records[start:end]...), '\n')
	value := r.lines[at : len(r.lines)-1]
	if bytes.IndexByte(value, '\n') < 0 && bytes.IndexByte(value, '\r') < 0 {
		return nil
	}
	inside := false
	for i := 0; i < len(value); i++ {
		switch c := value[i]; {
		case c == '"':
			inside = !inside
		case c == '\\' && inside:
			i++
		case (c == '\n' || c == '\r') && inside:
			return &bodyError{int64(start + i + r.from), errors.New(`a line end inside of a string: write \n`)}
		case c == '\n' || c == '\r':
			value[i] = ' '
		}
	}
	return nil
}

// misframed gives an error of a framer its place in the body.
func (r *content) misframed(err error) error {
	var f *frame.Error
	if errors.As(err, &f) {
		return &bodyError{int64(f.Offset + r.from), errors.New(f.Msg)}
	}
	return &bodyError{0, err}
}

// fill copies the records into a batch: most bodies are small beside a block,
// whose memory the batch would lose, and the body must stay as it came until an
// answer has named the line at fault.
func (r *content) fill(b *flow.Batch) {
	b.Data = b.Data[:0]
	b.Grow(len(r.records))
	b.Data = append(b.Data, r.records...)
	b.Base, b.Offset = 0, 0
	switch {
	case r.header != nil:
		b.Frame = r.header
	case r.input.Format == "json":
		values, ok := b.Frame.(*frame.JSONValues)
		if !ok {
			values = new(frame.JSONValues)
			b.Frame = values
		}
		*values = frame.JSONValues{}
	}
}

// place gives the offset in the body of a byte of the records. Where they were
// made into lines it looks for the value of that line once more: to remember
// where each came from would cost more memory than the body.
func (r *content) place(offset int64) int64 {
	if len(r.lines) == 0 {
		return offset + int64(r.from)
	}
	var values frame.JSONValues
	from, line := r.body[r.from:], int64(0)
	for pos := 0; ; {
		start, end, next, ok := values.Next(from, pos)
		if !ok {
			return int64(len(r.body))
		}
		if size := int64(end-start) + 1; offset >= line+size {
			line += size
			pos = next
			continue
		}
		return min(int64(r.from+start)+offset-line, int64(len(r.body)))
	}
}
