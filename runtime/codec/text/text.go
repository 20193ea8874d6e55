// Package text reads values from formats in which everything is text: cells of
// CSV, values of logfmt, groups of a regular expression.
//
// The idea: text says a value as JSON would, without the quotes. So the number
// grammar, the limits and the words of errors are those of package jsonscan, and
// a value that passes from one format to another stays what it is. Offsets of
// errors (*jsonscan.Error) count from the begin of the text.
package text

import (
	"errors"
	"strings"
	"time"
	"unicode/utf8"
	"unsafe"

	"github.com/flowc-dev/flowc/runtime/codec/jsonscan"
	"github.com/flowc-dev/flowc/runtime/decimal"
)

// A Cell says where a value lies in a line of text: line[Start:End], with its
// quotes if it has some.
type Cell struct{ Start, End uint32 }

// Absent is the cell of a value that the line does not have. It differs from an
// empty one.
var Absent = Cell{1, 0}

// IsAbsent reports whether the line has no such value.
func (c Cell) IsAbsent() bool { return c.Start > c.End }

// Of returns the raw bytes of the cell, which must be one of line's and not
// absent.
func (c Cell) Of(line []byte) []byte { return line[c.Start:c.End:c.End] }

func all(b []byte) jsonscan.Span { return jsonscan.Span{End: uint32(len(b))} }

func expected(what string, b []byte) error {
	return &jsonscan.Error{Msg: "expected " + what + ", found " + jsonscan.Quote(b)}
}

// Valid checks that b is UTF-8.
func Valid(b []byte) error {
	if utf8.Valid(b) {
		return nil
	}
	i := 0
	for {
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n <= 1 {
			return &jsonscan.Error{Offset: i, Msg: "text that is not UTF-8: " + jsonscan.Quote(b[i:min(i+4, len(b))])}
		}
		i += n
	}
}

// Int64 reads an integer as JSON writes it: no plus sign, no leading zeros.
func Int64(b []byte) (int64, error) {
	v, err := jsonscan.Int64(b, all(b))
	return v, reword(err, b)
}

// Int reads an integer that fits an int.
func Int(b []byte) (int, error) {
	v, err := jsonscan.Int(b, all(b))
	return v, reword(err, b)
}

// Uint64 reads an integer that is not negative.
func Uint64(b []byte) (uint64, error) {
	v, err := jsonscan.Uint64(b, all(b))
	return v, reword(err, b)
}

// Float64 reads a number as JSON writes it.
func Float64(b []byte) (float64, error) {
	v, err := jsonscan.Float64(b, all(b))
	return v, reword(err, b)
}

// reword shows the text in quotes, where jsonscan shows raw JSON.
func reword(err error, b []byte) error {
	if err == nil {
		return nil
	}
	e, ok := errors.AsType[*jsonscan.Error](err)
	if !ok {
		return err
	}
	what, _, _ := strings.Cut(e.Msg, ", found ")
	return &jsonscan.Error{Offset: e.Offset, Msg: what + ", found " + jsonscan.Quote(b)}
}

// Bool reads true or false, also in the spellings True and TRUE of spreadsheets
// and Python.
func Bool(b []byte) (bool, error) {
	switch string(b) {
	case "true", "True", "TRUE":
		return true, nil
	case "false", "False", "FALSE":
		return false, nil
	}
	return false, expected("true or false", b)
}

// Time reads a time by RFC 3339.
func Time(b []byte) (time.Time, error) {
	if t, ok := jsonscan.ParseTime(b); ok {
		return t, nil
	}
	return time.Time{}, expected("a time such as 2006-01-02T15:04:05Z", b)
}

// Duration reads a duration in Go's form, such as 1h30m or 250ms.
func Duration(b []byte) (time.Duration, error) {
	d, err := time.ParseDuration(unsafe.String(unsafe.SliceData(b), len(b))) // keeps it in its error only
	if err != nil {
		return 0, expected("a duration such as 1h30m", b)
	}
	return d, nil
}

// Bytes reads base64 (standard alphabet, with padding) into slab.
func Bytes(b []byte, slab *jsonscan.Slab) ([]byte, error) {
	v, err := slab.DecodeBase64(b)
	if err != nil {
		return nil, expected("bytes in base64", b)
	}
	return v, nil
}

// Decimal reads an exact decimal, which is written to JSON as a string.
func Decimal(b []byte) (decimal.Decimal, error) {
	if len(b) > 0 && b[0] == '"' { // a string to jsonscan
		return decimal.Decimal{}, expected("a decimal number", b)
	}
	v, err := jsonscan.Decimal(b, all(b))
	return v, reword(err, b)
}

// Number reads an exact decimal, which is written to JSON as a number.
func Number(b []byte) (decimal.Decimal, error) {
	d, err := Decimal(b)
	return d.AsNumber(), err
}

// Enum reads one of names, and returns its index there.
func Enum(b []byte, names []string) (int, error) {
	for i, n := range names {
		if string(b) == n {
			return i, nil
		}
	}
	return 0, expected(strings.Join(names, " | "), b)
}

// Raw checks that b is a JSON value in full, and returns it without the white
// space around it.
func Raw(b []byte, v *jsonscan.Validator) ([]byte, error) {
	if err := v.Record(b); err != nil {
		return nil, err
	}
	start, end := jsonscan.SkipSpace(b, 0), len(b)
	for jsonscan.SkipSpace(b, end-1) == len(b) {
		end--
	}
	return b[start:end:end], nil
}
