package jsonscan

import (
	"encoding/base64"
	"math"
	"strconv"
	"time"
	"unicode/utf8"
	"unsafe"
)

// The writers append JSON to dst and return it, as append does. Those that meet
// values which JSON has no form for return an error as well; what they appended
// until then is of no use.

const (
	errUTF8  unwritable = "a string that is not valid UTF-8 has no form in JSON"
	errFloat unwritable = "NaN and infinities have no form in JSON"
)

// An unwritable is why a value can't be written.
type unwritable string

func (e unwritable) Error() string { return string(e) }

// Code is that of a value which is not of its type.
func (unwritable) Code() string { return "value" }

// Permanent tells the engine that trying again is of no use.
func (unwritable) Permanent() bool { return true }

// AppendString appends s as a string with as few escapes as JSON allows.
func AppendString(dst []byte, s string) ([]byte, error) {
	dst = append(dst, '"')
	b := unsafe.Slice(unsafe.StringData(s), len(s)) // read only
	i := plainText(b, 0)
	if i == len(b) {
		dst = append(dst, s...)
		return append(dst, '"'), nil
	}
	from := 0
	for i < len(b) {
		c := b[i]
		if c < utf8.RuneSelf {
			dst = append(dst, s[from:i]...)
			dst = appendEscape(dst, c)
			i++
			from = i
		} else {
			r, n := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && n <= 1 {
				return dst, errUTF8
			}
			i += n
		}
		i = plainText(b, i)
	}
	dst = append(dst, s[from:]...)
	return append(dst, '"'), nil
}

// plainText returns the index of the first byte of b at or after i that must be
// escaped or is beyond ASCII, or len(b).
func plainText(b []byte, i int) int {
	n := len(b)
	p := unsafe.Pointer(unsafe.SliceData(b))
	if n < 8 {
		for i < n && b[i]-0x20 < 0x80-0x20 && b[i] != '"' && b[i] != '\\' {
			i++
		}
		return i
	}
	for ; i+8 <= n; i += 8 {
		x := load64(p, i)
		if m := specialBytes(x) | quoteBytes(x); m != 0 {
			return i + firstByte(m)
		}
	}
	if i < n {
		x := loadLast(p, n, i) // the padding counts as control characters
		i += firstByte(specialBytes(x) | quoteBytes(x))
	}
	return i
}

func appendEscape(dst []byte, c byte) []byte {
	const hex = "0123456789abcdef"
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\b':
		return append(dst, '\\', 'b')
	case '\f':
		return append(dst, '\\', 'f')
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	}
	return append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
}

// AppendInt appends an integer.
func AppendInt(dst []byte, v int64) []byte { return strconv.AppendInt(dst, v, 10) }

// AppendUint appends an integer.
func AppendUint(dst []byte, v uint64) []byte { return strconv.AppendUint(dst, v, 10) }

// AppendFloat appends the shortest number that reads back as v, with an exponent
// below 1e-6 and from 1e21 on, as in JavaScript.
func AppendFloat(dst []byte, v float64) ([]byte, error) {
	abs := math.Abs(v)
	if 1e-6 <= abs && abs < 1e8 {
		if b, ok := appendDecimals(dst, v, abs); ok {
			return b, nil
		}
	}
	if abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		if math.IsInf(v, 0) {
			return dst, errFloat
		}
		dst = strconv.AppendFloat(dst, v, 'e', -1, 64)
		// e-07 becomes e-7.
		if n := len(dst); dst[n-4] == 'e' && dst[n-2] == '0' {
			dst[n-2] = dst[n-1]
			dst = dst[:n-1]
		}
		return dst, nil
	}
	if v != v {
		return dst, errFloat
	}
	return strconv.AppendFloat(dst, v, 'f', -1, 64), nil
}

// appendDecimals appends v if at most six digits behind the point say it, as is
// so with most numbers of people. The product is rounded, but with less than 15
// digits only one decimal of that scale reads back as v, and it is the shortest
// once its zeros are cut: the quotient of two exact numbers is what reading
// gives.
func appendDecimals(dst []byte, v, abs float64) (b []byte, ok bool) {
	const scale = 1e6
	m := uint64(abs*scale + 0.5)
	if float64(m)/scale != abs {
		return dst, false
	}
	if v < 0 {
		dst = append(dst, '-')
	}
	whole, fraction := m/scale, m%scale
	dst = strconv.AppendUint(dst, whole, 10)
	if fraction == 0 {
		return dst, true
	}
	var digits [7]byte
	digits[0] = '.'
	n := 0
	for i := 6; i > 0; i-- {
		digits[i] = byte('0' + fraction%10)
		fraction /= 10
		if n == 0 && digits[i] != '0' {
			n = i + 1
		}
	}
	return append(dst, digits[:n]...), true
}

// AppendBool appends true or false.
func AppendBool(dst []byte, v bool) []byte { return strconv.AppendBool(dst, v) }

// AppendBytes appends a string in base64 (standard alphabet, with padding).
func AppendBytes(dst, v []byte) []byte {
	dst = append(dst, '"')
	dst = base64.StdEncoding.AppendEncode(dst, v)
	return append(dst, '"')
}

// AppendDuration appends a string in Go's form.
func AppendDuration(dst []byte, d time.Duration) []byte {
	dst = append(dst, '"')
	dst = append(dst, d.String()...)
	return append(dst, '"')
}
