package logfmt

import (
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
	"unsafe"

	"github.com/flowc-dev/flowc/runtime/codec/jsonscan"
)

// appendUnescaped appends the text of a value, given without its quotes. The
// escapes are Go's; a pair of surrogates as JSON writes it is taken as well.
func appendUnescaped(dst, src []byte) ([]byte, error) {
	s := unsafe.String(unsafe.SliceData(src), len(src)) // read only
	for i := 0; i < len(s); {
		if s[i] != '\\' {
			dst = append(dst, s[i])
			i++
			continue
		}
		if r := surrogates(s[i:]); r != utf8.RuneError {
			dst = utf8.AppendRune(dst, r)
			i += 12
			continue
		}
		if i+1 < len(s) && s[i+1] == '/' {
			dst = append(dst, '/')
			i += 2
			continue
		}
		r, multibyte, tail, err := strconv.UnquoteChar(s[i:], '"')
		if err != nil {
			return nil, fail(i, "no escape begins with "+jsonscan.Quote(src[i:min(i+2, len(src))]))
		}
		if multibyte {
			dst = utf8.AppendRune(dst, r)
		} else {
			dst = append(dst, byte(r))
		}
		i = len(s) - len(tail)
	}
	return dst, nil
}

// surrogates returns the character that two \u escapes stand for, or RuneError.
func surrogates(s string) rune {
	if len(s) < 12 || s[:2] != `\u` || s[6:8] != `\u` {
		return utf8.RuneError
	}
	high, err1 := strconv.ParseUint(s[2:6], 16, 16)
	low, err2 := strconv.ParseUint(s[8:12], 16, 16)
	if err1 != nil || err2 != nil {
		return utf8.RuneError
	}
	return utf16.DecodeRune(rune(high), rune(low))
}
