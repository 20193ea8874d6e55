package jsonscan

import (
	"bytes"
	"errors"
)

// Raw returns the raw value, a view of line, after checking it in full.
func Raw(line []byte, s Span, v *Validator) ([]byte, error) {
	if s.Absent() {
		return nil, fail(0, "expected a value, found nothing")
	}
	b := line[:s.End:s.End]
	end, err := v.Value(b, int(s.Start))
	if err == nil && end != int(s.End) {
		err = expectedAt("nothing after the value", b, end)
	}
	if err != nil {
		return nil, err
	}
	return b[s.Start:], nil
}

var errOpenText = errors.New("a raw value with a string that does not end")

// AppendCompact appends a raw value without the white space around its parts.
// Beyond that nothing is changed, and nothing but the ends of strings checked.
func AppendCompact(dst, raw []byte) ([]byte, error) {
	if !hasSpace(raw) {
		return append(dst, raw...), nil
	}
	for i := 0; i < len(raw); {
		switch c := raw[i]; {
		case c == '"':
			q := stringEnd(raw, i+1)
			if q < 0 {
				return dst, errOpenText
			}
			dst = append(dst, raw[i:q+1]...)
			i = q + 1
		case isSpace[c]:
			i++
		default:
			dst = append(dst, c)
			i++
		}
	}
	return dst, nil
}

// hasSpace reports whether there may be white space outside of strings: any is
// enough to look closer.
func hasSpace(raw []byte) bool {
	for _, c := range []byte(" \n\t\r") {
		if bytes.IndexByte(raw, c) >= 0 {
			return true
		}
	}
	return false
}

// AppendLine appends a raw value for a format by lines: as it is, but for white
// space around it, or, where it is spread over several lines, without any white
// space between its parts.
func AppendLine(dst, raw []byte) ([]byte, error) {
	for len(raw) > 0 && isSpace[raw[0]] {
		raw = raw[1:]
	}
	for len(raw) > 0 && isSpace[raw[len(raw)-1]] {
		raw = raw[:len(raw)-1]
	}
	// A line end inside of a string would be a mistake of its own.
	if bytes.IndexByte(raw, '\n') >= 0 || bytes.IndexByte(raw, '\r') >= 0 {
		return AppendCompact(dst, raw)
	}
	return append(dst, raw...), nil
}
