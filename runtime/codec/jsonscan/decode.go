package jsonscan

import (
	"math"
	"strconv"
	"strings"
	"time"
	"unsafe"
)

// The decoders read the value at a span that a scan or an iterator has set: a
// whole value, with nothing around it. An absent span is no value: callers look
// at Absent (and at IsNull, where null is welcome) first. Offsets of errors are
// places in line.

// String decodes a string. The result is a view of line where the string has no
// escapes, else it lies in scratch: it is valid as long as both are.
func String(line []byte, s Span, scratch *Slab) (string, error) {
	v, verbatim, err := content(line, s)
	if !verbatim && err == nil {
		v, err = unescapeInto(scratch, v, s)
	}
	return view(v), err
}

// StringCopy decodes a string into slab, whatever becomes of line.
func StringCopy(line []byte, s Span, slab *Slab) (string, error) {
	v, verbatim, err := content(line, s)
	if verbatim {
		return slab.String(v), nil
	}
	if err == nil {
		v, err = unescapeInto(slab, v, s)
	}
	return view(v), err
}

// content returns what stands between the quotes of a string, and whether it
// stands for itself. If not, it has escapes or mistakes.
func content(line []byte, s Span) (v []byte, verbatim bool, err error) {
	v = line[s.Start:s.End]
	if len(v) < 2 || v[0] != '"' {
		return nil, false, expected("a string", line, int(s.Start), int(s.End))
	}
	v = v[1 : len(v)-1]
	// What follows a short string in the line is read along with it, and masked.
	if k := len(v); k <= 8 && int(s.Start)+9 <= len(line) {
		x := load64(unsafe.Pointer(unsafe.SliceData(line)), int(s.Start)+1)
		if specialBytes(x)<<(64-8*uint(k)) == 0 {
			return v, true, nil
		}
	}
	i := plainPrefix(v)
	if i < len(v) {
		i = verbatimPrefix(v, i)
	}
	return v, i == len(v), nil
}

// unescaped is the text of a string whose content, v, lies at s. It is appended
// to dst if there is something to unescape.
func unescaped(dst, v []byte, s Span) ([]byte, error) {
	b, bad := appendUnescaped(dst, v)
	if bad != nil {
		bad.Offset += int(s.Start) + 1
		return nil, bad
	}
	return b, nil
}

func unescapeInto(slab *Slab, v []byte, s Span) ([]byte, error) {
	b, err := unescaped(slab.open(len(v)), v, s) // what escapes stand for is shorter
	if err != nil {
		return nil, err
	}
	return slab.take(b), nil
}

// Enum decodes a string that is one of names, and returns its index there.
func Enum(line []byte, s Span, names []string) (int, error) {
	v, verbatim, err := content(line, s)
	if !verbatim && err == nil {
		var buf [64]byte
		v, err = unescaped(buf[:0], v, s)
	}
	if err != nil {
		return 0, err
	}
	for i, n := range names {
		if string(v) == n {
			return i, nil
		}
	}
	return 0, expected(strings.Join(names, " | "), line, int(s.Start), int(s.End))
}

// Bool decodes true or false.
func Bool(line []byte, s Span) (bool, error) {
	switch string(line[s.Start:s.End]) {
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return false, expected("true or false", line, int(s.Start), int(s.End))
}

// Bytes decodes a string in base64 (standard alphabet, with padding) into slab.
func Bytes(line []byte, s Span, slab *Slab) ([]byte, error) {
	const what = "bytes in base64"
	if !s.IsString(line) {
		return nil, expected(what, line, int(s.Start), int(s.End))
	}
	src, verbatim, err := content(line, s)
	if !verbatim && err == nil {
		src, err = unescaped(nil, src, s)
	}
	if err != nil {
		return nil, err
	}
	b, err := slab.DecodeBase64(src)
	if err != nil {
		return nil, expected(what, line, int(s.Start), int(s.End))
	}
	return b, nil
}

// Duration decodes a string in Go's form, such as "1h30m" or "250ms".
func Duration(line []byte, s Span) (time.Duration, error) {
	const what = `a duration such as "1h30m"`
	if !s.IsString(line) {
		return 0, expected(what, line, int(s.Start), int(s.End))
	}
	v, verbatim, err := content(line, s)
	if !verbatim && err == nil {
		v, err = unescaped(nil, v, s)
	}
	if err != nil {
		return 0, err
	}
	d, err := time.ParseDuration(view(v))
	if err != nil {
		return 0, expected(what, line, int(s.Start), int(s.End))
	}
	return d, nil
}

// Int64 decodes an integer. A number with a point or an exponent is none.
func Int64(line []byte, s Span) (int64, error) {
	v := line[s.Start:s.End]
	neg := len(v) > 0 && v[0] == '-'
	if neg {
		v = v[1:]
	}
	u, ok, digits := parseUint(v)
	switch {
	case !digits:
		return 0, expected("an integer", line, int(s.Start), int(s.End))
	case ok && neg && u <= 1<<63:
		return int64(-u), nil
	case ok && !neg && u < 1<<63:
		return int64(u), nil
	}
	return 0, expected("an integer of 64 bits", line, int(s.Start), int(s.End))
}

// Int decodes an integer that fits an int.
func Int(line []byte, s Span) (int, error) {
	v, err := Int64(line, s)
	if err == nil && int64(int(v)) != v {
		err = expected("an integer of 32 bits", line, int(s.Start), int(s.End))
	}
	return int(v), err
}

// Uint64 decodes an integer that is not negative.
func Uint64(line []byte, s Span) (uint64, error) {
	u, ok, digits := parseUint(line[s.Start:s.End])
	switch {
	case !digits:
		return 0, expected("an integer of 0 or more", line, int(s.Start), int(s.End))
	case !ok:
		return 0, expected("an integer of 64 bits", line, int(s.Start), int(s.End))
	}
	return u, nil
}

// parseUint reads digits without leading zeros. ok is false where they do not
// fit, digits where they are none.
func parseUint(v []byte) (u uint64, ok, digits bool) {
	if len(v) == 0 || v[0] == '0' && len(v) > 1 {
		return 0, false, false
	}
	short := v[:min(len(v), 19)] // so many always fit
	for _, c := range short {
		if c -= '0'; c > 9 {
			return 0, false, false
		}
		u = u*10 + uint64(c)
	}
	ok = true
	for _, c := range v[len(short):] {
		if c -= '0'; c > 9 {
			return 0, false, false
		}
		if u > (math.MaxUint64-uint64(c))/10 {
			ok = false
		}
		u = u*10 + uint64(c)
	}
	return u, ok, true
}

// Float64 decodes a number. One beyond the range of a float64 is an error; one
// that a float64 can't hold exactly is rounded, as everywhere in Go.
func Float64(line []byte, s Span) (float64, error) {
	v := line[s.Start:s.End]
	n, ok := parseNumber(v)
	if !ok {
		return 0, expected("a number", line, int(s.Start), int(s.End))
	}
	// Both operands are exact up to these limits, so the result is rounded once.
	if n.exact && n.mantissa < 1<<53 && -22 <= n.exponent && n.exponent <= 22 {
		f := float64(n.mantissa)
		if n.exponent < 0 {
			f /= pow10[-n.exponent]
		} else {
			f *= pow10[n.exponent]
		}
		if n.negative {
			f = -f
		}
		return f, nil
	}
	f, err := strconv.ParseFloat(view(v), 64)
	if err != nil {
		return 0, expected("a number within the range of a float64", line, int(s.Start), int(s.End))
	}
	return f, nil
}

var pow10 = [...]float64{
	1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
	1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
}

// view shows bytes as a string to a function that does not keep it.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
