package flow

import (
	"encoding/json"
	"strconv"
	"unicode/utf8"
)

// strictJSON tells whether data is one JSON value that every reader understands
// alike: valid UTF-8, no half of a surrogate pair, no key twice in one object.
// Only such a record may stand in a dead letter as it is.
func strictJSON(data []byte) bool {
	if !utf8.Valid(data) || !json.Valid(data) {
		return false
	}
	s := strict{data: data}
	s.value()
	return !s.bad
}

// strict walks over JSON that is known to be valid.
type strict struct {
	data []byte
	at   int
	bad  bool
}

func (s *strict) space() {
	for s.at < len(s.data) {
		switch s.data[s.at] {
		case ' ', '\t', '\n', '\r':
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
	var seen map[string]bool
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
		if seen[key] {
			s.bad = true
			return
		}
		if seen == nil {
			seen = map[string]bool{}
		}
		seen[key] = true
		s.space()
		s.at++ // the colon
		s.value()
	}
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

// text passes a string and gives its value.
func (s *strict) text() string {
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
			return ""
		}
	}
	s.at++
	quoted := s.data[start:s.at]
	if !escaped {
		return string(quoted[1 : len(quoted)-1])
	}
	var value string
	if json.Unmarshal(quoted, &value) != nil {
		s.bad = true
	}
	return value
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
