package frame

import "bytes"

// CSVRows cuts into the rows of CSV, in which a cell in quotes may hold line
// ends. It only delimits: whether a row is good is for its reader to say. A
// quote opens a cell at the begin of one and nowhere else, so a stray quote
// spoils its own row alone.
type CSVRows struct {
	Delimiter byte
	Quote     byte
}

// Cut implements Framer. It never fails: a cell whose quotes are not closed
// takes the rest of the stream, and its reader complains.
func (c CSVRows) Cut(block []byte, final bool) (n int, err error) {
	if final {
		return len(block), nil
	}
	if bytes.IndexByte(block, c.Quote) < 0 {
		return bytes.LastIndexByte(block, '\n') + 1, nil
	}
	for n < len(block) {
		end := c.rowEnd(block, n)
		if end < 0 {
			break
		}
		n = end + 1
	}
	return n, nil
}

// Next implements Framer. Rows come without their line ends, blank ones as well.
func (c CSVRows) Next(block []byte, pos int) (start, end, next int, ok bool) {
	if pos >= len(block) {
		return pos, pos, pos, false
	}
	end = c.rowEnd(block, pos)
	if end < 0 {
		end, next = len(block), len(block)
	} else {
		next = end + 1
	}
	if end > pos && block[end-1] == '\r' {
		end--
	}
	return pos, end, next, true
}

// rowEnd returns the index of the LF that ends the row at start, or -1.
func (c CSVRows) rowEnd(b []byte, start int) int {
	i, lf := start, -1
	for {
		if lf < i {
			k := bytes.IndexByte(b[i:], '\n')
			if k < 0 {
				return -1
			}
			lf = i + k
		}
		k := bytes.IndexByte(b[i:lf], c.Quote)
		if k < 0 {
			return lf
		}
		i += k
		if i > start && b[i-1] != c.Delimiter {
			i++ // no cell begins here
			continue
		}
		if i = c.quotedEnd(b, i+1); i < 0 {
			return -1
		}
	}
}

// quotedEnd returns the index behind the quote that closes a cell whose text
// begins at b[i], or -1. Doubled quotes are text.
func (c CSVRows) quotedEnd(b []byte, i int) int {
	for {
		k := bytes.IndexByte(b[i:], c.Quote)
		if k < 0 {
			return -1
		}
		i += k + 1
		if i >= len(b) || b[i] != c.Quote {
			return i
		}
		i++
	}
}
