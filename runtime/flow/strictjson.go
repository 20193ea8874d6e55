package flow

import (
	"bytes"
	"encoding/json"
	"strconv"
	"unicode/utf8"
)

// strictJSON tells whether data is one JSON value that every reader understands
// alike: valid UTF-8, no half of a surrogate pair, no key twice in one object.
// Only such a record may stand in a dead letter as it is. dense tells that there
// is no white space between its parts.
func strictJSON(data []byte) (ok, dense bool) {
	if !utf8.Valid(data) || !json.Valid(data) {
		return false, false
	}
	s := strict{data: data}
	s.value()
	return !s.bad, !s.spaced && s.at == len(data)
}

// strict walks over JSON that is known to be valid.
type strict struct {
	data []byte
	at   int
	bad  bool
	// spaced tells that white space was passed.
	spaced bool
	// keys are those of the objects that are open, the innermost last.
	keys [][]byte
}

func (s *strict) space() {
	for s.at < len(s.data) {
		switch s.data[s.at] {
		case ' ', '\t', '\n', '\r':
			s.spaced = true
			s.at++
		default:
			return
		}
	}
}

func (s *strict) value() {
	s.space()
	switch s.data[s.at] {
	case '{':
		s.object()
	case '[':
		s.array()
	case '"':
		s.text()
	default:
		for s.at < len(s.data) {
			switch s.data[s.at] {
			case ',', '}', ']', ' ', '\t', '\n', '\r':
				return
			}
			s.at++
		}
	}
}

func (s *strict) object() {
	s.at++
	outer := len(s.keys)
	defer func() { s.keys = s.keys[:outer] }()
	var many map[string]bool // of an object with so many keys that looking through them takes long
	for !s.bad {
		s.space()
		switch s.data[s.at] {
		case '}':
			s.at++
			return
		case ',':
			s.at++
			s.space()
		}
		key := s.text()
		if s.bad {
			return
		}
		if many = s.note(outer, key, many); s.bad {
			return
		}
		s.space()
		s.at++ // the colon
		s.value()
	}
}

// fewKeys is up to how many keys of an object are looked through one by one.
const fewKeys = 32

// note adds a key to those of the object whose keys begin at outer, and looks
// whether it is there already.
func (s *strict) note(outer int, key []byte, many map[string]bool) map[string]bool {
	if many == nil {
		for _, k := range s.keys[outer:] {
			s.bad = s.bad || bytes.Equal(k, key)
		}
		if s.keys = append(s.keys, key); len(s.keys)-outer <= fewKeys {
			return nil
		}
		many = map[string]bool{}
		for _, k := range s.keys[outer:] {
			many[string(k)] = true
		}
		return many
	}
	s.bad = s.bad || many[string(key)]
	many[string(key)] = true
	return many
}

func (s *strict) array() {
	s.at++
	for !s.bad {
		s.space()
		switch s.data[s.at] {
		case ']':
			s.at++
			return
		case ',':
			s.at++
		}
		s.value()
	}
}

// text passes a string and gives its value, which is good as long as the data.
func (s *strict) text() []byte {
	start := s.at
	s.at++
	escaped := false
	for s.data[s.at] != '"' {
		if s.data[s.at] != '\\' {
			s.at++
			continue
		}
		escaped = true
		if s.data[s.at+1] != 'u' {
			s.at += 2
			continue
		}
		switch unit := s.unit(s.at); {
		case unit < 0xD800 || unit > 0xDFFF:
			s.at += 6
		case unit < 0xDC00 && s.pair(s.at+6):
			s.at += 12
		default:
			s.bad = true
			return nil
		}
	}
	s.at++
	quoted := s.data[start:s.at]
	if !escaped {
		return quoted[1 : len(quoted)-1]
	}
	var value string
	if json.Unmarshal(quoted, &value) != nil {
		s.bad = true
	}
	return []byte(value)
}

// unit is the number of the \uXXXX at a place.
func (s *strict) unit(at int) uint64 {
	n, _ := strconv.ParseUint(string(s.data[at+2:at+6]), 16, 32)
	return n
}

func (s *strict) pair(at int) bool {
	if at+6 > len(s.data) || s.data[at] != '\\' || s.data[at+1] != 'u' {
		return false
	}
	low := s.unit(at)
	return low >= 0xDC00 && low <= 0xDFFF
}
