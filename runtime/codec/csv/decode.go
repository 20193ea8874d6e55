package csv

import (
	"bytes"
	"time"
	"unsafe"

	"github.com/flowc-dev/flowc/runtime/codec/jsonscan"
	"github.com/flowc-dev/flowc/runtime/codec/text"
	"github.com/flowc-dev/flowc/runtime/decimal"
)

// The decoders read a cell that Scan has found and that is not absent. An empty
// cell is "" to String; for other types it means that there is no value:
// IsEmpty tells. Offsets of errors are places in the row.

// IsEmpty reports whether a cell has no text, in quotes or without.
func (f Format) IsEmpty(row []byte, c text.Cell) bool {
	return c.Start == c.End || c.End-c.Start == 2 && f.inQuotes(row, c)
}

func (f Format) inQuotes(row []byte, c text.Cell) bool {
	return f.Quote != 0 && c.Start < c.End && row[c.Start] == f.Quote
}

// inner returns what stands between the quotes of a cell, or all of it, and
// where that begins. Doubled quotes are still doubled.
func (f Format) inner(row []byte, c text.Cell) (b []byte, at int) {
	if f.inQuotes(row, c) {
		return row[c.Start+1 : c.End-1], int(c.Start) + 1
	}
	return row[c.Start:c.End], int(c.Start)
}

// Text returns the text of a cell: a view of row, or of scratch where the cell
// has doubled quotes. It need not be UTF-8.
func (f Format) Text(row []byte, c text.Cell, scratch *jsonscan.Slab) (b []byte, inRow bool) {
	b, _ = f.inner(row, c)
	if !f.inQuotes(row, c) || bytes.IndexByte(b, f.Quote) < 0 {
		return b, true
	}
	// The copy is made single in its place.
	b = scratch.Bytes(b)
	n := 0
	for i := 0; i < len(b); i++ {
		b[n] = b[i]
		n++
		if b[i] == f.Quote {
			i++
		}
	}
	return b[:n:n], false
}

// shift moves the place of an error in a cell's text to its place in the row; it
// is short of it behind doubled quotes.
func (f Format) shift(err error, row []byte, c text.Cell) error {
	if err == nil {
		return nil
	}
	_, at := f.inner(row, c)
	return jsonscan.Shift(err, at)
}

// String decodes a cell as text, a view as Text says. Text that is not UTF-8 is
// an error.
func (f Format) String(row []byte, c text.Cell, scratch *jsonscan.Slab) (string, error) {
	b, _ := f.Text(row, c, scratch)
	if err := text.Valid(b); err != nil {
		return "", f.shift(err, row, c)
	}
	return unsafe.String(unsafe.SliceData(b), len(b)), nil
}

// StringCopy decodes a cell as text into slab, whatever becomes of row.
func (f Format) StringCopy(row []byte, c text.Cell, slab *jsonscan.Slab) (string, error) {
	b, inRow := f.Text(row, c, slab)
	if err := text.Valid(b); err != nil {
		return "", f.shift(err, row, c)
	}
	if inRow {
		return slab.String(b), nil
	}
	return unsafe.String(unsafe.SliceData(b), len(b)), nil
}

// Enum decodes a cell that is one of names, and returns its index there.
func (f Format) Enum(row []byte, c text.Cell, names []string) (int, error) {
	var scratch jsonscan.Slab
	b, _ := f.Text(row, c, &scratch)
	v, err := text.Enum(b, names)
	return v, f.shift(err, row, c)
}

// Raw decodes a cell that holds JSON, which is checked in full.
func (f Format) Raw(row []byte, c text.Cell, v *jsonscan.Validator, scratch *jsonscan.Slab) ([]byte, error) {
	b, _ := f.Text(row, c, scratch)
	raw, err := text.Raw(b, v)
	return raw, f.shift(err, row, c)
}

// Int64 decodes an integer.
func (f Format) Int64(row []byte, c text.Cell) (int64, error) {
	b, _ := f.inner(row, c)
	v, err := text.Int64(b)
	return v, f.shift(err, row, c)
}

// Int decodes an integer that fits an int.
func (f Format) Int(row []byte, c text.Cell) (int, error) {
	b, _ := f.inner(row, c)
	v, err := text.Int(b)
	return v, f.shift(err, row, c)
}

// Uint64 decodes an integer that is not negative.
func (f Format) Uint64(row []byte, c text.Cell) (uint64, error) {
	b, _ := f.inner(row, c)
	v, err := text.Uint64(b)
	return v, f.shift(err, row, c)
}

// Float64 decodes a number.
func (f Format) Float64(row []byte, c text.Cell) (float64, error) {
	b, _ := f.inner(row, c)
	v, err := text.Float64(b)
	return v, f.shift(err, row, c)
}

// Bool decodes true or false.
func (f Format) Bool(row []byte, c text.Cell) (bool, error) {
	b, _ := f.inner(row, c)
	v, err := text.Bool(b)
	return v, f.shift(err, row, c)
}

// Time decodes a time by RFC 3339.
func (f Format) Time(row []byte, c text.Cell) (time.Time, error) {
	b, _ := f.inner(row, c)
	v, err := text.Time(b)
	return v, f.shift(err, row, c)
}

// Duration decodes a duration in Go's form.
func (f Format) Duration(row []byte, c text.Cell) (time.Duration, error) {
	b, _ := f.inner(row, c)
	v, err := text.Duration(b)
	return v, f.shift(err, row, c)
}

// Bytes decodes base64 into slab.
func (f Format) Bytes(row []byte, c text.Cell, slab *jsonscan.Slab) ([]byte, error) {
	b, _ := f.inner(row, c)
	v, err := text.Bytes(b, slab)
	return v, f.shift(err, row, c)
}

// Decimal decodes an exact decimal, which is written to JSON as a string.
func (f Format) Decimal(row []byte, c text.Cell) (decimal.Decimal, error) {
	b, _ := f.inner(row, c)
	v, err := text.Decimal(b)
	return v, f.shift(err, row, c)
}

// Number decodes an exact decimal, which is written to JSON as a number.
func (f Format) Number(row []byte, c text.Cell) (decimal.Decimal, error) {
	b, _ := f.inner(row, c)
	v, err := text.Number(b)
	return v, f.shift(err, row, c)
}
