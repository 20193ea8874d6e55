package jsonscan

import (
	"unicode/utf16"
	"unicode/utf8"
	"unsafe"
)

// plainPrefix returns how many bytes at the begin of b are ASCII text that
// stands for itself in a JSON string.
func plainPrefix(b []byte) int {
	n, i := len(b), 0
	p := unsafe.Pointer(unsafe.SliceData(b))
	if n < 8 {
		if n > 0 {
			// The padding counts as control characters.
			i = firstByte(specialBytes(loadPadded(p, n, 0)))
		}
		return i
	}
	for ; i+8 <= n; i += 8 {
		if m := specialBytes(load64(p, i)); m != 0 {
			return i + firstByte(m)
		}
	}
	if i < n {
		i += firstByte(specialBytes(loadLast(p, n, i)))
	}
	return i
}

// verbatimPrefix returns how many bytes at the begin of b stand for themselves
// in a JSON string: no quote, escape, control character or invalid UTF-8. b[:i]
// is known to be so.
func verbatimPrefix(b []byte, i int) int {
	for i < len(b) {
		c := b[i]
		if c < utf8.RuneSelf {
			if c < 0x20 || c == '\\' || c == '"' {
				return i
			}
			i++
			continue
		}
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n <= 1 {
			return i
		}
		i += n
	}
	return i
}

// appendUnescaped appends the text of a JSON string, given without its quotes.
// The place of an error is relative to src.
func appendUnescaped(dst, src []byte) ([]byte, *Error) {
	i := 0
	for i < len(src) {
		k := verbatimPrefix(src, i)
		dst = append(dst, src[i:k]...)
		if i = k; i == len(src) {
			break
		}
		switch c := src[i]; {
		case c == '"':
			return dst, &Error{Offset: i, Msg: "a quote inside a string"}
		case c < 0x20:
			return dst, errControl(i, c)
		case c != '\\':
			return dst, errInvalidUTF8(i)
		}
		r, size, bad := escape(src[i:])
		if bad != nil {
			bad.Offset += i
			return dst, bad
		}
		dst = utf8.AppendRune(dst, r)
		i += size
	}
	return dst, nil
}

func errControl(at int, c byte) *Error {
	return &Error{Offset: at, Msg: "a control character inside a string (it is written " + string(appendEscape(nil, c)) + ")"}
}

func errInvalidUTF8(at int) *Error { return &Error{Offset: at, Msg: "invalid UTF-8 inside a string"} }

// escape reads the escape, or pair of escapes, that b begins with, and returns
// what it stands for and its size.
func escape(b []byte) (r rune, size int, bad *Error) {
	if len(b) < 2 {
		return 0, 0, &Error{Offset: 0, Msg: "a backslash at the end of a string"}
	}
	switch c := b[1]; c {
	case '"', '\\', '/':
		return rune(c), 2, nil
	case 'b':
		return '\b', 2, nil
	case 'f':
		return '\f', 2, nil
	case 'n':
		return '\n', 2, nil
	case 'r':
		return '\r', 2, nil
	case 't':
		return '\t', 2, nil
	case 'u':
		r, ok := hex4(b[2:])
		if !ok {
			return 0, 0, &Error{Offset: 0, Msg: `four hexadecimal digits must follow \u`}
		}
		if !utf16.IsSurrogate(r) {
			return r, 6, nil
		}
		if len(b) >= 12 && b[6] == '\\' && b[7] == 'u' {
			if low, ok := hex4(b[8:]); ok {
				if r = utf16.DecodeRune(r, low); r != utf8.RuneError {
					return r, 12, nil
				}
			}
		}
		return 0, 0, &Error{Offset: 0, Msg: "half a surrogate pair inside a string"}
	}
	return 0, 0, &Error{Offset: 0, Msg: "no escape begins with " + found(b, 0, 2)}
}

// hex4 reads four hexadecimal digits.
func hex4(b []byte) (r rune, ok bool) {
	if len(b) < 4 {
		return 0, false
	}
	for _, c := range b[:4] {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}
