// Package logfmt finds the wanted values in lines of logfmt, such as
//
//	ts=2026-01-02T03:04:05Z level=info msg="a text" took=12ms cached
//
// The idea is that of package csv: Scan keeps the places of wanted values, and
// they are decoded when the program asks. A value with white space is in double
// quotes, with the escapes of Go. What is read is generous where writers of logs
// are: a value without quotes may hold '=' and '"', and a key may stand alone.
package logfmt

import (
	"bytes"
	"fmt"
	"math"

	"github.com/flowc-dev/flowc/runtime/codec/jsonscan"
	"github.com/flowc-dev/flowc/runtime/codec/text"
)

// A Field is a key that the program wants.
type Field struct {
	Name  string
	Index int // where its value goes in the slice that Scan fills
}

// A Scanner finds the wanted values of lines. It is safe for concurrent use.
type Scanner struct {
	fields []Field
	width  int
}

// NewScanner makes the scanner of these fields.
func NewScanner(fields []Field) *Scanner {
	s := &Scanner{fields: fields}
	for _, f := range fields {
		s.width = max(s.width, f.Index+1)
	}
	return s
}

// Width returns how many cells a scan fills: the largest Index plus one.
func (s *Scanner) Width() int { return s.width }

func fail(at int, msg string) error { return &jsonscan.Error{Offset: at, Msg: msg} }

// Scan fills cells[:Width()] from a line without its line end. Keys that the
// line lacks are absent. A key that stands alone has an empty value behind it.
func (s *Scanner) Scan(line []byte, cells []text.Cell) error {
	cells = cells[:s.width]
	for i := range cells {
		cells[i] = text.Absent
	}
	if uint64(len(line)) > math.MaxUint32 {
		return fail(0, "a line of 4 GiB or more")
	}
	i := 0
	for {
		for i < len(line) && line[i] <= ' ' {
			i++
		}
		if i == len(line) {
			return nil
		}
		key := i
		for i < len(line) && line[i] > ' ' && line[i] != '=' && line[i] != '"' {
			i++
		}
		if i == key {
			return fail(i, "expected a key, found "+jsonscan.Quote(line[i:i+1]))
		}
		if i < len(line) && line[i] == '"' {
			return fail(i, "a quote inside of a key")
		}
		name := line[key:i]
		start := i
		if i < len(line) && line[i] == '=' {
			i++
			start = i
			var err error
			if i, err = valueEnd(line, i); err != nil {
				return err
			}
		}
		for k := range s.fields {
			if f := &s.fields[k]; string(name) == f.Name {
				if !cells[f.Index].IsAbsent() {
					return fail(key, fmt.Sprintf("a second value for %q", name))
				}
				cells[f.Index] = text.Cell{Start: uint32(start), End: uint32(i)}
				break
			}
		}
	}
}

// valueEnd returns the index behind the value that begins at line[i].
func valueEnd(line []byte, i int) (int, error) {
	if i == len(line) || line[i] != '"' {
		for i < len(line) && line[i] > ' ' {
			i++
		}
		return i, nil
	}
	start := i
	for i++; ; i++ {
		k := bytes.IndexAny(line[i:], `"\`)
		if k < 0 || line[i+k] == '\\' && i+k+1 == len(line) {
			return 0, fail(start, "a value without its closing quote")
		}
		if i += k; line[i] == '"' {
			break
		}
		i++ // what is escaped
	}
	if i++; i < len(line) && line[i] > ' ' {
		return 0, fail(i, "text behind the closing quote of a value")
	}
	return i, nil
}
