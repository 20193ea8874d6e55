package logfmt

import (
	"bytes"
	"time"
	"unsafe"

	"github.com/flowc-dev/flowc/runtime/codec/jsonscan"
	"github.com/flowc-dev/flowc/runtime/codec/text"
	"github.com/flowc-dev/flowc/runtime/decimal"
)

// The decoders read a value that Scan has found and that is not absent. An empty
// value is "" to String; for other types it means that there is no value:
// IsEmpty tells.

// IsEmpty reports whether a value has no text, in quotes or without. A key that
// stands alone is not empty to Bool.
func IsEmpty(line []byte, c text.Cell) bool { return len(inner(line, c)) == 0 }

func isQuoted(line []byte, c text.Cell) bool { return c.Start < c.End && line[c.Start] == '"' }

// inner returns what stands between the quotes of a value, or all of it.
func inner(line []byte, c text.Cell) []byte {
	if isQuoted(line, c) {
		return line[c.Start+1 : c.End-1]
	}
	return line[c.Start:c.End]
}

// Text returns the text of a value: a view of line, or of scratch where the
// value has escapes. It need not be UTF-8.
func Text(line []byte, c text.Cell, scratch *jsonscan.Slab) (b []byte, inLine bool, err error) {
	b = inner(line, c)
	if !isQuoted(line, c) || bytes.IndexByte(b, '\\') < 0 {
		return b, true, nil
	}
	var buf [256]byte
	plain, err := appendUnescaped(buf[:0], b)
	if err != nil {
		return nil, false, jsonscan.Shift(err, int(c.Start)+1)
	}
	return scratch.Bytes(plain), false, nil
}

// shift moves the place of an error in a value's text to its place in the line;
// it is short of it behind escapes.
func shift(err error, line []byte, c text.Cell) error {
	at := int(c.Start)
	if isQuoted(line, c) {
		at++
	}
	return jsonscan.Shift(err, at)
}

// String decodes a value as text, a view as Text says. Text that is not UTF-8 is
// an error.
func String(line []byte, c text.Cell, scratch *jsonscan.Slab) (string, error) {
	b, _, err := Text(line, c, scratch)
	if err == nil {
		err = shift(text.Valid(b), line, c)
	}
	if err != nil {
		return "", err
	}
	return unsafe.String(unsafe.SliceData(b), len(b)), nil
}

// StringCopy decodes a value as text into slab, whatever becomes of line.
func StringCopy(line []byte, c text.Cell, slab *jsonscan.Slab) (string, error) {
	b, inLine, err := Text(line, c, slab)
	if err == nil {
		err = shift(text.Valid(b), line, c)
	}
	if err != nil {
		return "", err
	}
	if inLine {
		return slab.String(b), nil
	}
	return unsafe.String(unsafe.SliceData(b), len(b)), nil
}

// Enum decodes a value that is one of names, and returns its index there.
func Enum(line []byte, c text.Cell, names []string, scratch *jsonscan.Slab) (int, error) {
	b, _, err := Text(line, c, scratch)
	if err != nil {
		return 0, err
	}
	v, err := text.Enum(b, names)
	return v, shift(err, line, c)
}

// Raw decodes a value that holds JSON, which is checked in full.
func Raw(line []byte, c text.Cell, v *jsonscan.Validator, scratch *jsonscan.Slab) ([]byte, error) {
	b, _, err := Text(line, c, scratch)
	if err != nil {
		return nil, err
	}
	raw, err := text.Raw(b, v)
	return raw, shift(err, line, c)
}

// Bool decodes true or false. A key that stands alone is true.
func Bool(line []byte, c text.Cell) (bool, error) {
	if c.Start == c.End && (c.Start == 0 || line[c.Start-1] != '=') {
		return true, nil
	}
	v, err := text.Bool(inner(line, c))
	return v, shift(err, line, c)
}

// Int64 decodes an integer.
func Int64(line []byte, c text.Cell) (int64, error) {
	v, err := text.Int64(inner(line, c))
	return v, shift(err, line, c)
}

// Int decodes an integer that fits an int.
func Int(line []byte, c text.Cell) (int, error) {
	v, err := text.Int(inner(line, c))
	return v, shift(err, line, c)
}

// Uint64 decodes an integer that is not negative.
func Uint64(line []byte, c text.Cell) (uint64, error) {
	v, err := text.Uint64(inner(line, c))
	return v, shift(err, line, c)
}

// Float64 decodes a number.
func Float64(line []byte, c text.Cell) (float64, error) {
	v, err := text.Float64(inner(line, c))
	return v, shift(err, line, c)
}

// Time decodes a time by RFC 3339.
func Time(line []byte, c text.Cell) (time.Time, error) {
	v, err := text.Time(inner(line, c))
	return v, shift(err, line, c)
}

// Duration decodes a duration in Go's form.
func Duration(line []byte, c text.Cell) (time.Duration, error) {
	v, err := text.Duration(inner(line, c))
	return v, shift(err, line, c)
}

// Bytes decodes base64 into slab.
func Bytes(line []byte, c text.Cell, slab *jsonscan.Slab) ([]byte, error) {
	v, err := text.Bytes(inner(line, c), slab)
	return v, shift(err, line, c)
}

// Decimal decodes an exact decimal, which is written to JSON as a string.
func Decimal(line []byte, c text.Cell) (decimal.Decimal, error) {
	v, err := text.Decimal(inner(line, c))
	return v, shift(err, line, c)
}

// Number decodes an exact decimal, which is written to JSON as a number.
func Number(line []byte, c text.Cell) (decimal.Decimal, error) {
	v, err := text.Number(inner(line, c))
	return v, shift(err, line, c)
}
