package infer

import (
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// string reads the string that begins here, and checks all of it. It returns the
// text, or the begin of it (some limit bytes) and long. The bytes are valid until
// something is read.
func (r *jsonReader) string(limit int) (b []byte, long bool, err error) {
	in := r.in
	// The short way: all of it in the buffer, and nothing to decode.
	for i := in.pos + 1; i < len(in.buf); i++ {
		c := in.buf[i]
		if c == '"' {
			b = in.buf[in.pos+1 : i]
			in.pos = i + 1
			if len(b) > limit {
				return b[:limit], true, nil
			}
			return b, false, nil
		}
		if c == '\\' || c < ' ' || c >= utf8.RuneSelf {
			break
		}
	}
	return r.longString(limit)
}

// longString reads a string byte by byte.
func (r *jsonReader) longString(limit int) (b []byte, long bool, err error) {
	in := r.in
	in.pos++
	b = r.scratch[:0]
	for {
		c, ok := in.peek()
		if len(b) > limit {
			b, long = b[:limit], true
		}
		switch {
		case !ok:
			return nil, false, r.unexpected("a closing '\"'")
		case c == '"':
			in.pos++
			r.scratch = b
			return b, long, nil
		case c == '\\':
			at := in.place()
			var ch rune
			if ch, err = r.escape(at); err != nil {
				return nil, false, err
			}
			b = utf8.AppendRune(b, ch)
		case c < ' ':
			e := in.place().errorf("a control character, %s, inside of a string", quoteRune(rune(c)))
			if c == '\n' {
				e = in.place().errorf("the line ends inside of a string")
			}
			return nil, false, e.helpf("JSON writes it as an escape: %s", jsonEscape(c))
		case c < utf8.RuneSelf:
			in.pos++
			b = append(b, c)
		default:
			at := in.place()
			var ch [utf8.UTFMax]byte
			n := 0
			for n < len(ch) && !utf8.FullRune(ch[:n]) {
				if ch[n], ok = in.peek(); !ok {
					break
				}
				n++
				in.pos++
			}
			if v, size := utf8.DecodeRune(ch[:n]); v == utf8.RuneError && size <= 1 {
				return nil, false, notUTF8(at)
			}
			b = append(b, ch[:n]...)
		}
	}
}

func jsonEscape(c byte) string {
	switch c {
	case '\n':
		return `\n`
	case '\t':
		return `\t`
	case '\r':
		return `\r`
	}
	return `\u00` + strconv.FormatUint(uint64(c)+0x100, 16)[1:]
}

func notUTF8(at place) *Error {
	return at.errorf("text that is not UTF-8").
		helpf("convert the sample: `iconv -f LATIN1 -t UTF-8 FILE | flowc infer -`, with the encoding that it has")
}

// escape reads an escape of a string, which begins at a place.
func (r *jsonReader) escape(at place) (rune, error) {
	r.in.pos++
	c, ok := r.in.peek()
	if !ok {
		return 0, r.unexpected("an escape")
	}
	switch c {
	case '"', '\\', '/':
	case 'b':
		c = '\b'
	case 'f':
		c = '\f'
	case 'n':
		c = '\n'
	case 'r':
		c = '\r'
	case 't':
		c = '\t'
	case 'u':
		return r.unicodeEscape(at)
	default:
		return 0, at.errorf(`an escape that JSON does not have: \ and %s`, r.in.found()).helpf(`a backslash in a string is written twice: \\`)
	}
	r.in.pos++
	return rune(c), nil
}

// unicodeEscape reads what follows the backslash of \u0061, two of which make
// one character beyond 16 bits.
func (r *jsonReader) unicodeEscape(at place) (rune, error) {
	v, err := r.hex()
	if err != nil || !utf16.IsSurrogate(v) {
		return v, err
	}
	half := at.errorf(`half of a character: \u%04x needs the other half`, v).
		helpf(`a character beyond \uffff is written as itself, or as two escapes`)
	for _, want := range []byte{'\\', 'u'} {
		if c, _ := r.in.peek(); c != want {
			return 0, half
		}
		if want == '\\' {
			r.in.pos++
		}
	}
	low, err := r.hex()
	if err != nil {
		return 0, err
	}
	if v = utf16.DecodeRune(v, low); v == utf8.RuneError {
		return 0, half
	}
	return v, nil
}

// hex reads the u that stands here and four digits.
func (r *jsonReader) hex() (rune, error) {
	r.in.pos++
	v := rune(0)
	for range 4 {
		c, ok := r.in.peek()
		switch {
		case ok && c-'0' <= 9:
			v = v<<4 | rune(c-'0')
		case ok && c|0x20 >= 'a' && c|0x20 <= 'f':
			v = v<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, r.unexpected(`four hexadecimal digits behind \u`)
		}
		r.in.pos++
	}
	return v, nil
}
