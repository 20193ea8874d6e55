// Package scan has the two scanners written by hand that everything else is
// measured against. Both find the values of a few top-level keys in a line that
// is a JSON object, as slices of the line; neither decodes, checks or copies what
// the workload does not ask for.
//
// A Walker goes over the whole line: every string and every nesting is delimited,
// to the closing brace. A Stopper goes only as far as it has to.
//
// Three things make them fast. The end of a string is an IndexByte for the quote
// and a look at the byte before it, which covers escapes without looking at what
// is between. The keys of the last line are expected again in the same order, so
// that a key costs one or two 64-bit comparisons; a line with other keys takes the
// slower way and is learned in turn. Values are places in the line, so an output
// is made of copies of the input's bytes.
package scan

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"math/bits"
)

// ErrStructure says that a line is no JSON object as far as strings and nesting
// tell, or that a key asked for is there twice.
var ErrStructure = errors.New("not one well-nested JSON object")

// ErrMissing says that a line lacks a key that the workload reads.
var ErrMissing = errors.New("a key that is read is missing")

// ErrType says that an event is of no type that the workload knows.
var ErrType = errors.New("unknown type of event")

// A Span is the place of a value in its line: a string with its quotes. It is
// {0, 0} for a key that the line has not.
type Span struct{ From, To int }

// Of gives the bytes of the value.
func (s Span) Of(line []byte) []byte { return line[s.From:s.To] }

// Text gives what is between the quotes of a string, escapes as they are, and
// false for a value that is no string.
func (s Span) Text(line []byte) ([]byte, bool) {
	if s.To-s.From < 2 || line[s.From] != '"' {
		return nil, false
	}
	return line[s.From+1 : s.To-1], true
}

// A slot is a key that is expected next: its bytes with quotes and colon.
type slot struct {
	head, mask uint64 // its first eight bytes, and which of them count
	tail       uint64 // its last eight bytes, where it is longer than eight
	length     int
	need       int // bytes that the line must still have: the key and a value, and eight to load
	field      int // where its value goes
}

func newSlot(key []byte, field int) slot {
	s := slot{mask: ^uint64(0), length: len(key), need: max(8, len(key)+1), field: field}
	var first [8]byte
	copy(first[:], key)
	s.head = binary.LittleEndian.Uint64(first[:])
	if len(key) < 8 {
		s.mask = 1<<(8*len(key)) - 1
	} else {
		s.tail = binary.LittleEndian.Uint64(key[len(key)-8:])
	}
	return s
}

// longest is the longest key, with quotes and colon, that two loads cover.
const longest = 16

// stringEnd gives the place after the closing quote of the string whose content
// starts at i, or -1. Most strings are short: their end is among the first bytes,
// which a comparison of eight at once finds sooner than a call can.
func stringEnd(b []byte, i int) int {
	e := i
	if i+16 <= len(b) {
		word := b[i : i+16]
		if hit := quotesIn(word[:8]); hit != 0 {
			e += bits.TrailingZeros64(hit) / 8
			goto found
		}
		if hit := quotesIn(word[8:]); hit != 0 {
			e += 8 + bits.TrailingZeros64(hit)/8
			goto found
		}
		e += 16
	}
	if j := bytes.IndexByte(b[e:], '"'); j >= 0 {
		e += j
		goto found
	}
	return -1
found:
	if b[e-1] != '\\' {
		return e + 1
	}
	return escapedEnd(b, i, e)
}

// quotesIn sets the high bit of each byte of eight that is a quote. Above the first
// quote there may be false hits; the lowest is right.
func quotesIn(b []byte) uint64 {
	x := binary.LittleEndian.Uint64(b) ^ quotes
	return (x - ones) &^ x & highs
}

const (
	ones   = 0x0101010101010101
	highs  = 0x80 * ones
	quotes = '"' * ones
)

// escapedEnd goes on from a quote at e that has a backslash before it.
func escapedEnd(b []byte, i, e int) int {
	for {
		slashes := 0
		for k := e - 1; k >= i && b[k] == '\\'; k-- {
			slashes++
		}
		if slashes%2 == 0 {
			return e + 1
		}
		j := bytes.IndexByte(b[e+1:], '"')
		if j < 0 {
			return -1
		}
		e += 1 + j
	}
}

// nestedEnd gives the place after the object or list that starts at i, or -1.
// Which brackets are open is a stack of bits; what is deeper than 64 levels takes
// a stack of bytes.
func nestedEnd(b []byte, i int) int {
	var open uint64 // 1: an object
	begin, depth := i, 0
	for ; i < len(b); i++ {
		switch b[i] {
		case '"':
			e := stringEnd(b, i+1)
			// A string is mostly followed by another one.
			for e > 0 && e+1 < len(b) && b[e+1] == '"' && (b[e] == ':' || b[e] == ',') {
				e = stringEnd(b, e+2)
			}
			if e < 0 {
				return -1
			}
			i = e - 1
		case '{', '[':
			if depth++; depth > 64 {
				return deepEnd(b, begin)
			}
			open <<= 1
			if b[i] == '{' {
				open |= 1
			}
		case '}', ']':
			if (open&1 == 1) != (b[i] == '}') {
				return -1
			}
			open >>= 1
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return -1
}

func deepEnd(b []byte, i int) int {
	var open []byte
	for ; i < len(b); i++ {
		switch c := b[i]; c {
		case '"':
			e := stringEnd(b, i+1)
			if e < 0 {
				return -1
			}
			i = e - 1
		case '{', '[':
			open = append(open, c+2) // '{'+2 is '}', '['+2 is ']'
		case '}', ']':
			if open[len(open)-1] != c {
				return -1
			}
			if open = open[:len(open)-1]; len(open) == 0 {
				return i + 1
			}
		}
	}
	return -1
}

// plain has the bytes of numbers, true, false and null.
var plain = func() (set [256]bool) {
	for _, c := range []byte("0123456789+-.abcdefghijklmnopqrstuvwxyzE") {
		set[c] = true
	}
	return set
}()

// plainEnd gives the place after the number, true, false or null at i.
func plainEnd(b []byte, i int) int {
	for i < len(b) && plain[b[i]] {
		i++
	}
	return i
}

// valueEnd gives the place after the value at i, or -1.
func valueEnd(b []byte, i int) int {
	switch b[i] {
	case '"':
		return stringEnd(b, i+1)
	case '{', '[':
		return nestedEnd(b, i)
	case ',', '}', ']', ':':
		return -1
	}
	return plainEnd(b, i)
}

func skipSpace(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\t' || b[i] == '\r') {
		i++
	}
	return i
}

// name gives the text of a key given with its quotes; escapes are rare enough for
// the standard library.
func name(key []byte) (string, error) {
	if bytes.IndexByte(key, '\\') < 0 {
		return string(key[1 : len(key)-1]), nil
	}
	var s string
	if err := json.Unmarshal(key, &s); err != nil {
		return "", ErrStructure
	}
	return s, nil
}
