package parse

import (
	"bytes"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// The decoders below read scalars of YAML from the text itself. The parser's
// values are not used: it loses tabs, accepts hexadecimal digits that are none
// and cannot tell where a character came from. From the parser comes only
// where a scalar begins and, for plain ones, what belongs to it.

// A scalar is one decoded scalar: [start, end) of the text.
type scalar struct {
	textBuilder
	start, end int
	style      Style
}

// A scalarError is why a scalar cannot be decoded.
type scalarError struct {
	from, to int // the place in the text
	message  string
	help     string
	escape   bool // the place is an escape that does not exist
}

// plainScalar decodes src[start:end], whose lines fold.
func plainScalar(src []byte, start, end int) *scalar {
	s := &scalar{start: start, end: end, style: Plain}
	for i := start; i < end; {
		if isSpace(src[i]) {
			i = s.fold(src, i, end)
			continue
		}
		j := i
		for j < end && !isSpace(src[j]) {
			j++
		}
		s.copy(src, i, j)
		i = j
	}
	return s
}

// fold reads white space at i. With line breaks in it, it is a space (one
// break) or line feeds (several); else it stays. It returns what follows.
func (s *scalar) fold(src []byte, i, end int) int {
	breaks, j := 0, i
	for ; j < end && isSpace(src[j]); j++ {
		if src[j] == '\n' {
			breaks++
		}
	}
	switch breaks {
	case 0:
		s.copy(src, i, j)
	case 1:
		s.put(" ", i, j)
	default:
		s.put(string(bytes.Repeat([]byte{'\n'}, breaks-1)), i, j)
	}
	return j
}

// singleQuoted decodes the scalar whose opening quote is at start.
func singleQuoted(src []byte, start int) (*scalar, *scalarError) {
	s := &scalar{start: start, style: SingleQuoted}
	for i := start + 1; i < len(src); {
		switch c := src[i]; {
		case c == '\'' && i+1 < len(src) && src[i+1] == '\'':
			s.put("'", i, i+2)
			i += 2
		case c == '\'':
			s.end = i + 1
			return s, nil
		case isSpace(c):
			i = s.fold(src, i, len(src))
		default:
			s.copy(src, i, i+1)
			i++
		}
	}
	return nil, &scalarError{start, start + 1, "this single quote is never closed", "add a closing `'`; a quote inside is written twice: `''`", false}
}

var simpleEscapes = map[byte]string{
	'0': "\x00", 'a': "\a", 'b': "\b", 't': "\t", '\t': "\t", 'n': "\n", 'v': "\v", 'f': "\f", 'r': "\r", 'e': "\x1b",
	' ': " ", '"': `"`, '/': "/", '\\': `\`, 'N': "\u0085", '_': "\u00a0", 'L': "\u2028", 'P': "\u2029",
}

// doubleQuoted decodes the scalar whose opening quote is at start.
func doubleQuoted(src []byte, start int) (*scalar, *scalarError) {
	s := &scalar{start: start, style: DoubleQuoted}
	for i := start + 1; i < len(src); {
		switch c := src[i]; {
		case c == '"':
			s.end = i + 1
			return s, nil
		case isSpace(c):
			i = s.fold(src, i, len(src))
		case c != '\\':
			s.copy(src, i, i+1)
			i++
		default:
			next, err := s.escape(src, i)
			if err != nil {
				return nil, err
			}
			i = next
		}
	}
	return nil, &scalarError{start, start + 1, "this double quote is never closed", "add a closing `\"`; a quote inside is written `\\\"`", false}
}

// escape decodes the escape at i and returns what follows.
func (s *scalar) escape(src []byte, i int) (int, *scalarError) {
	if i+1 >= len(src) {
		return 0, &scalarError{s.start, s.start + 1, "this double quote is never closed", "add a closing `\"`", false}
	}
	c := src[i+1]
	if text, ok := simpleEscapes[c]; ok {
		s.put(text, i, i+2)
		return i + 2, nil
	}
	digits := 0
	switch c {
	case 'x':
		digits = 2
	case 'u':
		digits = 4
	case 'U':
		digits = 8
	case '\n', '\r':
		return s.escapedBreak(src, i), nil
	default:
		_, n := utf8.DecodeRune(src[i+1:])
		return 0, &scalarError{
			i, i + 1 + n, "`" + string(src[i:i+1+n]) + "` is no escape of a double-quoted YAML string",
			"use single quotes, which have no escapes", true,
		}
	}
	r, ok := hexRune(src, i+2, digits)
	end := i + 2 + digits
	if ok && c == 'u' && utf16.IsSurrogate(r) {
		low, lowOK := rune(0), false
		if end+1 < len(src) && src[end] == '\\' && src[end+1] == 'u' {
			low, lowOK = hexRune(src, end+2, 4)
		}
		if r = utf16.DecodeRune(r, low); lowOK && r != utf8.RuneError {
			end += 6
		} else {
			return 0, &scalarError{i, i + 6, "`" + string(src[i:i+6]) + "` is half of a surrogate pair", "write both halves, or the character itself", false}
		}
	}
	if !ok || !utf8.ValidRune(r) {
		end = min(end, len(src))
		return 0, &scalarError{
			i, end, "`\\" + string(c) + "` needs " + strconv.Itoa(digits) + " hexadecimal digits that name a character",
			"write the character itself, or `\\\\` for a backslash", false,
		}
	}
	s.put(string(r), i, end)
	return end, nil
}

// escapedBreak joins the lines at the backslash at i: the break and the white
// space that begins the next line are no content, empty lines between are.
func (s *scalar) escapedBreak(src []byte, i int) int {
	breaks, j := 0, i+1
	for ; j < len(src) && isSpace(src[j]); j++ {
		if src[j] == '\n' {
			breaks++
		}
	}
	s.put(string(bytes.Repeat([]byte{'\n'}, max(0, breaks-1))), i, j)
	return j
}

func hexRune(src []byte, at, digits int) (rune, bool) {
	if at+digits > len(src) {
		return 0, false
	}
	v, err := strconv.ParseUint(string(src[at:at+digits]), 16, 32)
	if err != nil || v > utf8.MaxRune {
		return 0, false
	}
	return rune(v), true
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }
