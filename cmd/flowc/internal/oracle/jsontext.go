package oracle

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

// A member is one of an object, by places in its text.
type member struct {
	name       string
	key        int // where the key begins
	start, end int // of the value
}

// badKey stands for a key that can't be read: no field is called so.
const badKey = "\xff"

// space is the index of the first byte from i on that is no white space.
func space(b []byte, i int) int {
	for i < len(b) && strings.IndexByte(" \t\r\n", b[i]) >= 0 {
		i++
	}
	return i
}

// stringEnd is the index behind the string that begins at b[i].
func stringEnd(b []byte, i int) (int, error) {
	for i++; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i + 1, nil
		}
	}
	return 0, fmt.Errorf("a string does not end")
}

// valueEnd is the index behind the value at b[i]. Brackets and strings delimit;
// what lies between is not looked at.
func valueEnd(b []byte, i int) (int, error) {
	if i >= len(b) {
		return 0, fmt.Errorf("no value")
	}
	switch c := b[i]; {
	case c == '"':
		return stringEnd(b, i)
	case c == '{' || c == '[':
		var open []byte
		for i < len(b) {
			switch c := b[i]; c {
			case '"':
				end, err := stringEnd(b, i)
				if err != nil {
					return 0, err
				}
				i = end
				continue
			case '{', '[':
				open = append(open, c)
			case '}', ']':
				if open[len(open)-1] != c-2 {
					return 0, fmt.Errorf("brackets do not match")
				}
				open = open[:len(open)-1]
				if len(open) == 0 {
					return i + 1, nil
				}
			}
			i++
		}
		return 0, fmt.Errorf("a bracket is not closed")
	case isScalarByte(c):
		for i < len(b) && isScalarByte(b[i]) {
			i++
		}
		return i, nil
	}
	return 0, fmt.Errorf("no value")
}

func isScalarByte(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '+' || c == '-' || c == '.'
}

// members are those of the object that b is, with nothing but white space
// around it.
func members(b []byte) ([]member, error) {
	i := space(b, 0)
	if i >= len(b) || b[i] != '{' {
		return nil, fmt.Errorf("no object")
	}
	var out []member
	i = space(b, i+1)
	for first := true; ; first = false {
		if i < len(b) && b[i] == '}' {
			break
		}
		if !first {
			if i >= len(b) || b[i] != ',' {
				return nil, fmt.Errorf("no comma")
			}
			i = space(b, i+1)
		}
		if i >= len(b) || b[i] != '"' {
			return nil, fmt.Errorf("no key")
		}
		end, err := stringEnd(b, i)
		if err != nil {
			return nil, err
		}
		name, err := unquote(b[i:end])
		if err != nil {
			name = badKey
		}
		m := member{name: name, key: i}
		if i = space(b, end); i >= len(b) || b[i] != ':' {
			return nil, fmt.Errorf("no colon")
		}
		m.start = space(b, i+1)
		if m.end, err = valueEnd(b, m.start); err != nil {
			return nil, err
		}
		out = append(out, m)
		i = space(b, m.end)
	}
	if i = space(b, i+1); i < len(b) {
		return nil, fmt.Errorf("text behind the object")
	}
	return out, nil
}

// elements are the raw elements of the list that b is.
func elements(b []byte) ([][]byte, error) {
	if len(b) == 0 || b[0] != '[' {
		return nil, fmt.Errorf("no list")
	}
	var out [][]byte
	i := space(b, 1)
	for first := true; ; first = false {
		if i < len(b) && b[i] == ']' {
			break
		}
		if !first {
			if i >= len(b) || b[i] != ',' {
				return nil, fmt.Errorf("no comma")
			}
			i = space(b, i+1)
		}
		end, err := valueEnd(b, i)
		if err != nil {
			return nil, err
		}
		out = append(out, b[i:end])
		i = space(b, end)
	}
	if i+1 != len(b) {
		return nil, fmt.Errorf("text behind the list")
	}
	return out, nil
}

// unquote is the text of a JSON string, which has to be a good one: no invalid
// UTF-8, no half of a surrogate pair.
func unquote(b []byte) (string, error) {
	if len(b) < 2 || b[0] != '"' || !utf8.Valid(b) || halfSurrogate(b) {
		return "", fmt.Errorf("no string")
	}
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return "", err
	}
	return s, nil
}

// halfSurrogate tells whether an escape in b is half of a surrogate pair.
func halfSurrogate(b []byte) bool {
	for i := 0; i < len(b); i++ {
		if b[i] != '\\' || i+1 >= len(b) {
			continue
		}
		if b[i+1] != 'u' {
			i++
			continue
		}
		u := escaped(b[i:])
		switch {
		case u >= 0xdc00 && u < 0xe000:
			return true
		case u >= 0xd800 && u < 0xdc00:
			low := escaped(b[i+6:])
			if low < 0xdc00 || low >= 0xe000 {
				return true
			}
			i += 6
		}
		i += 5
	}
	return false
}

// escaped is the number in an escape \uXXXX at the begin of b, or -1.
func escaped(b []byte) int {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return -1
	}
	n := 0
	if _, err := fmt.Sscanf(string(b[2:6]), "%04x", &n); err != nil {
		return -1
	}
	return n
}

// isStrict tells whether b is one JSON value that encoding/json/v2 accepts: good
// text, and no name twice in an object.
func isStrict(b []byte) bool {
	if !json.Valid(b) || !utf8.Valid(b) || halfSurrogate(b) {
		return false
	}
	return uniqueNames(b)
}

func uniqueNames(b []byte) bool {
	b = bytes.TrimSpace(b)
	switch b[0] {
	case '{':
		seen := map[string]bool{}
		list, err := members(b)
		if err != nil {
			return false
		}
		for _, m := range list {
			if seen[m.name] || !uniqueNames(b[m.start:m.end]) {
				return false
			}
			seen[m.name] = true
		}
	case '[':
		list, err := elements(b)
		if err != nil {
			return false
		}
		for _, e := range list {
			if !uniqueNames(e) {
				return false
			}
		}
	}
	return true
}

// compact is JSON without the white space around its parts; false for what
// isStrict refuses.
func compact(b []byte) []byte {
	var buf bytes.Buffer
	if err := json.Compact(&buf, b); err != nil {
		return nil
	}
	return buf.Bytes()
}

// squeezed is b without white space outside of strings, whatever it is.
func squeezed(b []byte) []byte {
	var out []byte
	for i := 0; i < len(b); {
		if b[i] == '"' {
			end, err := stringEnd(b, i)
			if err != nil {
				end = len(b)
			}
			out = append(out, b[i:end]...)
			i = end
			continue
		}
		if j := space(b, i); j > i {
			i = j
			continue
		}
		out = append(out, b[i])
		i++
	}
	return out
}
