package http

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/flowc-dev/flowc/runtime/codec/jsonscan"
)

// A place is where in a JSON value another one stands: the keys that lead there.
// A number is one of the elements of an array, * the first member whatever it is
// called. No keys are the value itself.
type place []string

// parsePlace reads `result.items`.
func parsePlace(text string) (place, error) {
	if text == "" {
		return nil, nil
	}
	p := place(strings.Split(text, "."))
	for _, key := range p {
		if key == "" {
			return nil, fmt.Errorf("%q names no place in JSON: write the keys that lead there, with dots between", text)
		}
	}
	return p, nil
}

func (p place) String() string { return strings.Join(p, ".") }

// A span is a part of a text.
type span struct{ start, end int }

// find gives the value at the place; ok is false where there is none, or null. An
// error is a *jsonscan.Error: what was passed is no JSON.
func (p place) find(b []byte) (at span, ok bool, err error) {
	i := jsonscan.SkipSpace(b, 0)
	for _, key := range p {
		if i >= len(b) {
			return span{}, false, nil
		}
		switch b[i] {
		case '{':
			i, ok, err = member(b, i, key)
		case '[':
			i, ok, err = element(b, i, key)
		default:
			return span{}, false, nil
		}
		if !ok || err != nil {
			return span{}, false, err
		}
	}
	end, err := jsonscan.SkipValue(b, i)
	if err != nil {
		return span{}, false, err
	}
	if string(b[i:end]) == "null" {
		return span{}, false, nil
	}
	return span{i, end}, true, nil
}

// isNull tells whether null stands at the place.
func (p place) isNull(b []byte) bool {
	last := len(p) - 1
	at, ok, err := p[:last].find(b)
	if !ok || err != nil || b[at.start] != '{' {
		return false
	}
	i, ok, err := member(b, at.start, p[last])
	return ok && err == nil && bytes.HasPrefix(b[i:], []byte("null"))
}

// member gives where the value of a member begins, of the object that begins at
// b[i].
func member(b []byte, i int, key string) (at int, ok bool, err error) {
	for i = jsonscan.SkipSpace(b, i+1); i < len(b) && b[i] != '}'; {
		end, err := jsonscan.SkipString(b, i)
		if err != nil {
			return 0, false, err
		}
		name := b[i:end]
		if i = jsonscan.SkipSpace(b, end); i >= len(b) || b[i] != ':' {
			return 0, false, &jsonscan.Error{Offset: i, Msg: "expected a colon behind a key"}
		}
		i = jsonscan.SkipSpace(b, i+1)
		if key == "*" || isKey(name, key) {
			return i, true, nil
		}
		if i, err = pass(b, i); err != nil {
			return 0, false, err
		}
	}
	return 0, false, nil
}

// element gives where an element of the array that begins at b[i] begins.
func element(b []byte, i int, key string) (at int, ok bool, err error) {
	n := 0
	if key != "*" {
		number, nerr := strconv.ParseUint(key, 10, 31)
		if nerr != nil { // no element is called so
			number = 1 << 31
		}
		n = int(number)
	}
	for i = jsonscan.SkipSpace(b, i+1); i < len(b) && b[i] != ']'; n-- {
		if n == 0 {
			return i, true, nil
		}
		if i, err = pass(b, i); err != nil {
			return 0, false, err
		}
	}
	return 0, false, nil
}

// elements are the elements of an array.
func elements(b []byte) ([]span, error) {
	i := jsonscan.SkipSpace(b, 0)
	if i >= len(b) || b[i] != '[' {
		return nil, &jsonscan.Error{Offset: i, Msg: "expected an array"}
	}
	var all []span
	for i = jsonscan.SkipSpace(b, i+1); i < len(b) && b[i] != ']'; {
		end, err := jsonscan.SkipValue(b, i)
		if err != nil {
			return nil, err
		}
		all = append(all, span{i, end})
		if i, err = pass(b, i); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// pass gives where the next part of an object or array begins, behind the value at
// b[i] and its comma.
func pass(b []byte, i int) (int, error) {
	end, err := jsonscan.SkipValue(b, i)
	if err != nil {
		return 0, err
	}
	i = jsonscan.SkipSpace(b, end)
	if i < len(b) && b[i] == ',' {
		i = jsonscan.SkipSpace(b, i+1)
		if i < len(b) && b[i] != '}' && b[i] != ']' {
			return i, nil
		}
	} else if i < len(b) && (b[i] == '}' || b[i] == ']') {
		return i, nil
	}
	return 0, &jsonscan.Error{Offset: i, Msg: "expected a comma, or the end of an object or array"}
}

// isKey tells whether a key in quotes is a name.
func isKey(quoted []byte, name string) bool {
	if string(quoted[1:len(quoted)-1]) == name {
		return true
	}
	var text string
	return json.Unmarshal(quoted, &text) == nil && text == name
}

// word gives a JSON text or number as text; ok is false for all else.
func word(raw []byte) (text string, ok bool) {
	switch {
	case len(raw) == 0:
		return "", false
	case raw[0] == '"':
		err := json.Unmarshal(raw, &text)
		return text, err == nil
	case raw[0] == '-' || raw[0] >= '0' && raw[0] <= '9':
		return string(raw), true
	}
	return "", false
}
