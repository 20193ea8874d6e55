package csv

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"
	"strconv"
	"strings"
	"unsafe"

	"github.com/flowc-dev/flowc/runtime/codec/jsonscan"
	"github.com/flowc-dev/flowc/runtime/codec/text"
)

// A Field is a column that the program wants.
type Field struct {
	Name     string // as in the header
	Index    int    // where its cell goes in the slice that Scan fills
	Optional bool   // the header may lack it: the cell is then absent
}

// A Scanner finds the wanted cells of rows. It is ready once Header or Columns
// has told it the columns, and then safe for concurrent use.
type Scanner struct {
	format Format
	fields []Field
	width  int   // cells that a scan fills
	wanted []int // for each column where its cell goes, or -1

	delimiters, quotes uint64 // the two bytes, eight times
}

// NewScanner makes the scanner of these columns.
func NewScanner(format Format, fields []Field) *Scanner {
	const ones = 0x0101010101010101
	s := &Scanner{format: format, fields: fields, delimiters: ones * uint64(format.Delimiter), quotes: ones * uint64(format.Quote)}
	if format.Quote == 0 {
		s.quotes = s.delimiters // none beside the delimiters
	}
	for _, f := range fields {
		s.width = max(s.width, f.Index+1)
	}
	return s
}

// Width returns how many cells a scan fills: the largest Index plus one.
func (s *Scanner) Width() int { return s.width }

// Header reads the columns from the first row.
func (s *Scanner) Header(row []byte) error {
	var names []string
	var slab jsonscan.Slab
	err := s.split(row, func(c text.Cell) error {
		name, err := s.format.StringCopy(row, c, &slab)
		names = append(names, name)
		return err
	})
	if err != nil {
		return err
	}
	return s.Columns(names)
}

// Columns sets the columns of data without a header.
func (s *Scanner) Columns(names []string) error {
	s.wanted = make([]int, len(names))
	for i := range s.wanted {
		s.wanted[i] = -1
	}
	for _, f := range s.fields {
		found := false
		for i, name := range names {
			if name != f.Name {
				continue
			}
			if found {
				return fail(0, fmt.Sprintf("two columns are named %q", name))
			}
			found = true
			s.wanted[i] = f.Index
		}
		if !found && !f.Optional {
			return fail(0, fmt.Sprintf("no column is named %q: the columns are %s", f.Name, strings.Join(names, ", ")))
		}
	}
	return nil
}

// Scan fills cells[:Width()] from a row without its line end.
func (s *Scanner) Scan(row []byte, cells []text.Cell) error {
	cells = cells[:s.width]
	for i := range cells {
		cells[i] = text.Absent
	}
	if uint64(len(row)) > math.MaxUint32 {
		return fail(0, "a row of 4 GiB or more")
	}
	// Eight bytes at a time, all delimiters of a word from one look at it. load
	// is within bounds where i+8 <= n.
	n := len(row)
	p := unsafe.Pointer(unsafe.SliceData(row))
	column, start, i := 0, 0, 0
	for i+8 <= n {
		x := binary.LittleEndian.Uint64((*[8]byte)(unsafe.Add(p, i))[:])
		m := equalBytes(x, s.delimiters) | equalBytes(x, s.quotes)
		word := i
		i += 8
		for ; m != 0; m &= m - 1 {
			at := word + bits.TrailingZeros64(m)>>3
			if row[at] != s.format.Delimiter {
				end, err := s.quoted(row, start, at)
				if err != nil {
					return err
				}
				i = end // the delimiter that follows, or the end
				break
			}
			if column >= len(s.wanted) {
				return s.ragged(row)
			}
			if k := s.wanted[column]; k >= 0 {
				cells[k] = text.Cell{Start: uint32(start), End: uint32(at)}
			}
			column++
			start = at + 1
		}
	}
	for ; i < n; i++ {
		c := row[i]
		if c == s.format.Delimiter {
			if column >= len(s.wanted) {
				return s.ragged(row)
			}
			if k := s.wanted[column]; k >= 0 {
				cells[k] = text.Cell{Start: uint32(start), End: uint32(i)}
			}
			column++
			start = i + 1
		} else if c == s.format.Quote && c != 0 {
			end, err := s.quoted(row, start, i)
			if err != nil {
				return err
			}
			i = end - 1
		}
	}
	if column != len(s.wanted)-1 {
		return s.ragged(row)
	}
	if k := s.wanted[column]; k >= 0 {
		cells[k] = text.Cell{Start: uint32(start), End: uint32(n)}
	}
	return nil
}

// equalBytes marks exactly the bytes of x that equal those of y.
func equalBytes(x, y uint64) uint64 {
	const low = 0x7f7f7f7f7f7f7f7f
	x ^= y
	return ^((x&low + low) | x | low)
}

// quoted returns where the cell at start ends, whose first quote is at.
func (s *Scanner) quoted(row []byte, start, at int) (end int, err error) {
	q := s.format.Quote
	if at != start {
		return 0, fail(at, "a "+strconv.QuoteRune(rune(q))+" inside of a cell without quotes")
	}
	i := at + 1
	for {
		k := bytes.IndexByte(row[i:], q)
		if k < 0 {
			return 0, fail(at, "a cell without its closing "+strconv.QuoteRune(rune(q)))
		}
		i += k + 1
		if i < len(row) && row[i] == q {
			i++
			continue
		}
		if i < len(row) && row[i] != s.format.Delimiter {
			return 0, fail(i, "text behind the closing "+strconv.QuoteRune(rune(q))+" of a cell")
		}
		return i, nil
	}
}

// split calls f with the cells of a row.
func (s *Scanner) split(row []byte, f func(text.Cell) error) error {
	start := 0
	for {
		end := start
		if end < len(row) && s.format.Quote != 0 && row[end] == s.format.Quote {
			var err error
			if end, err = s.quoted(row, start, start); err != nil {
				return err
			}
		}
		for end < len(row) && row[end] != s.format.Delimiter {
			if row[end] == s.format.Quote && s.format.Quote != 0 {
				_, err := s.quoted(row, start, end)
				return err
			}
			end++
		}
		if err := f(text.Cell{Start: uint32(start), End: uint32(end)}); err != nil {
			return err
		}
		if end == len(row) {
			return nil
		}
		start = end + 1
	}
}

// ragged is the error of a row with the wrong number of cells, or of one that
// can't be split beyond that number.
func (s *Scanner) ragged(row []byte) error {
	cells := 0
	if err := s.split(row, func(text.Cell) error { cells++; return nil }); err != nil {
		return err
	}
	return fail(0, fmt.Sprintf("a row of %d cells, where there are %d columns", cells, len(s.wanted)))
}
