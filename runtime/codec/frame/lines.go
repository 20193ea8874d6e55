package frame

import "bytes"

// Lines cuts into lines, which end with LF or CRLF; the last one may lack it.
// Next returns them without their ends, and blank lines as well: formats that
// have none jump over them.
type Lines struct{}

// Cut implements Framer. It never fails.
func (Lines) Cut(block []byte, final bool) (n int, err error) {
	if final {
		return len(block), nil
	}
	return bytes.LastIndexByte(block, '\n') + 1, nil
}

// Next implements Framer.
func (Lines) Next(block []byte, pos int) (start, end, next int, ok bool) {
	if pos >= len(block) {
		return pos, pos, pos, false
	}
	end = len(block)
	next = end
	if k := bytes.IndexByte(block[pos:], '\n'); k >= 0 {
		end = pos + k
		next = end + 1
	}
	if end > pos && block[end-1] == '\r' {
		end--
	}
	return pos, end, next, true
}

// IsBlank reports whether a record is nothing but white space.
func IsBlank(record []byte) bool {
	for _, c := range record {
		if c != ' ' && c != '\t' && c != '\r' && c != '\n' {
			return false
		}
	}
	return true
}

// Whole takes the whole stream as one record.
type Whole struct{}

// Cut implements Framer: nothing is whole before the end.
func (Whole) Cut(block []byte, final bool) (n int, err error) {
	if final {
		return len(block), nil
	}
	return 0, nil
}

// Next implements Framer. An empty stream has no record.
func (Whole) Next(block []byte, pos int) (start, end, next int, ok bool) {
	return pos, len(block), len(block), pos < len(block)
}
