package csv

import "bytes"

// AppendString appends a cell, in quotes only where it could not be read back
// otherwise.
func (f Format) AppendString(dst []byte, s string) []byte {
	start := len(dst)
	return f.Quoted(append(dst, s...), start)
}

// Quoted finishes a cell whose text, dst[start:], was appended by other means:
// it puts quotes around it if it needs them.
func (f Format) Quoted(dst []byte, start int) []byte {
	cell := dst[start:]
	if f.Quote == 0 || !f.needsQuotes(cell) {
		return dst
	}
	// From the end to the front, so that the cell moves in place.
	n := len(dst)
	dst = append(dst, f.Quote, f.Quote)
	for range bytes.Count(cell, []byte{f.Quote}) {
		dst = append(dst, f.Quote)
	}
	to := len(dst) - 1
	for i := n - 1; i >= start; i-- {
		to--
		dst[to] = dst[i]
		if dst[i] == f.Quote {
			to--
			dst[to] = f.Quote
		}
	}
	dst[start] = f.Quote
	dst[len(dst)-1] = f.Quote
	return dst
}

func (f Format) needsQuotes(cell []byte) bool {
	for _, c := range cell {
		if c == f.Delimiter || c == f.Quote || c == '\n' || c == '\r' {
			return true
		}
	}
	return false
}

// AppendDelimiter begins the next cell.
func (f Format) AppendDelimiter(dst []byte) []byte { return append(dst, f.Delimiter) }

// AppendEnd ends the row that began at dst[start:]. A row of one empty cell is
// put in quotes, since a blank line is no row.
func (f Format) AppendEnd(dst []byte, start int) []byte {
	if len(dst) == start && f.Quote != 0 {
		dst = append(dst, f.Quote, f.Quote)
	}
	return append(dst, '\n')
}
