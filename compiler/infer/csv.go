package infer

import (
	"encoding/csv"
	"errors"
	"io"
	"strings"
	"unicode/utf8"
)

// table reads CSV, whose first row names the columns. The records are objects
// then, all of whose values are strings.
func (c *collector) table(r io.Reader) error {
	in := csv.NewReader(r)
	in.Comma = rune(c.source.delimiter)
	in.ReuseRecord = true
	in.FieldsPerRecord = -1 // rows are counted below, for better words
	header, err := in.Read()
	if err == io.EOF {
		return nil
	}
	if err != nil {
		return csvError(err)
	}
	c.root = c.newShape()
	o := &objects{index: map[string]int{}}
	c.root.obj = o
	columns := make([]*field, len(header))
	for i, name := range header {
		at := placeOf(in, i)
		if !utf8.ValidString(name) {
			return notUTF8(at)
		}
		columns[i] = c.column(o, strings.Clone(name), at)
	}
	var scratch []byte
	for !c.full() {
		begin := in.InputOffset()
		row, err := in.Read()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return csvError(err)
		}
		at := placeOf(in, 0)
		if len(row) == 1 && len(columns) > 1 && strings.Trim(row[0], " \t\r") == "" {
			continue // a blank line, which sources skip
		}
		if len(row) != len(columns) {
			return at.errorf("a row of %s, where the header has %d", plural(int64(len(row)), "cell"), len(columns)).
				helpf("a cell that holds the delimiter or a line end stands in quotes")
		}
		c.root.note(object, at)
		o.n++
		o.named += int64(len(columns))
		c.records++
		for i, cell := range row {
			if !utf8.ValidString(cell) {
				return notUTF8(placeOf(in, i))
			}
			f := columns[i]
			f.seen++
			scratch = append(scratch[:0], cell[:min(len(cell), maxText)]...)
			f.shape.noteText(scratch, len(cell) > maxText, placeOf(in, i))
		}
		c.source.largest = max(c.source.largest, in.InputOffset()-begin)
	}
	return nil
}

// column makes the field of a column.
func (c *collector) column(o *objects, name string, at place) *field {
	f := &field{name: name, shape: c.newShape()}
	if i, ok := o.index[name]; ok {
		before := o.fields[i]
		before.double, before.twice = 1, at
		return f // nobody can read it: it is counted, and left out
	}
	o.index[name] = len(o.fields)
	o.fields = append(o.fields, f)
	return f
}

func placeOf(in *csv.Reader, cell int) place {
	line, column := in.FieldPos(cell)
	return place{int64(line), int64(column)}
}

// csvError gives a mistake in CSV its place and its remedy.
func csvError(err error) error {
	var p *csv.ParseError
	if !errors.As(err, &p) {
		return err
	}
	at := place{int64(p.Line), int64(max(p.Column, 1))}
	begin := ""
	if p.StartLine != p.Line {
		begin = ", in the row that begins in line " + thousands(int64(p.StartLine))
	}
	switch {
	case errors.Is(err, csv.ErrBareQuote):
		return at.errorf(`a '"' inside of a cell without quotes%s`, begin).helpf(`a cell that holds one stands in quotes, and there it is doubled: "a ""b"" c"`)
	case errors.Is(err, csv.ErrQuote):
		return at.errorf(`a '"' that neither ends its cell nor is doubled%s`, begin).helpf(`the quote that opens the cell may be missing its end, or one inside is to be doubled: "a ""b"" c"`)
	}
	return at.errorf("%s", p.Err)
}
