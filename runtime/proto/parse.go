package proto

import (
	"encoding/binary"
	"unicode/utf8"
	"unsafe"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// Batches and answers are parsed into few pieces of memory: texts are parts of one text, the
// payloads parts of the frame, and the events of a batch lie side by side. What is unusual in
// any way is left to the general parser, which judges.

// A cursor reads a message that lies in data, and once more as a text.
type cursor struct {
	data []byte
	text string
	at   int
	end  int
}

// field reads the begin of a field: of a message, a text or bytes the place (from, to), of a
// number its value. ok is false where it is something else, or broken.
func (c *cursor) field() (number int, value uint64, from, to int, ok bool) {
	tag, ok := c.varint()
	if !ok || tag>>3 == 0 || tag>>3 > 15 {
		return 0, 0, 0, 0, false
	}
	number = int(tag >> 3)
	switch tag & 7 {
	case 0:
		value, ok = c.varint()
		return number, value, -1, -1, ok
	case 2:
		n, ok := c.varint()
		if !ok || n > uint64(c.end-c.at) {
			return 0, 0, 0, 0, false
		}
		from, to = c.at, c.at+int(n)
		c.at = to
		return number, 0, from, to, true
	}
	return 0, 0, 0, 0, false
}

func (c *cursor) varint() (uint64, bool) {
	v, n := binary.Uvarint(c.data[c.at:c.end])
	if n <= 0 {
		return 0, false
	}
	c.at += n
	return v, true
}

func (c *cursor) in(from, to int) cursor { return cursor{c.data, c.text, from, to} }

// string is a text of the frame.
func (c *cursor) string(from, to int, into *string) bool {
	if from < 0 {
		return false
	}
	*into = c.text[from:to]
	return utf8.ValidString(*into)
}

// body is the cursor in the message of a frame whose only field is this one.
func body(data []byte, field int) (c cursor, ok bool) {
	c = cursor{data: data, end: len(data)}
	number, _, from, to, ok := c.field()
	if !ok || number != field || from < 0 || to != len(data) {
		return c, false
	}
	c.text = unsafe.String(&data[0], len(data)) // of the parts that are payloads no text is made, and nobody writes to the others
	return c.in(from, to), true
}

// A parsing is a batch or an answer that is being parsed: what both have.
type parsing struct {
	slab
	number   uint64
	events   []*Event
	failures []*Failure
}

// parse reads the message of a frame whose only field is this one. What only one kind of
// message has is own's.
func parse(data []byte, field int, own func(c cursor, number int, value uint64, from, to int) bool) (*parsing, bool) {
	c, ok := body(data, field)
	if !ok {
		return nil, false
	}
	p := &parsing{slab: slab{n: c.count(2)}}
	p.events = make([]*Event, 0, min(p.n, slabEvents))
	for c.at < c.end {
		number, value, from, to, ok := c.field()
		if !ok {
			return nil, false
		}
		switch {
		case number == 1 && from < 0:
			p.number = value
		case number == 2 && from >= 0:
			e, ok := p.event(c.in(from, to))
			if !ok {
				return nil, false
			}
			p.events = append(p.events, e)
		case number == 4 && from >= 0:
			f := &Failure{}
			if proto.Unmarshal(data[from:to], f) != nil {
				return nil, false
			}
			p.failures = append(p.failures, f)
		case !own(c, number, value, from, to):
			return nil, false
		}
	}
	if len(p.events) == 0 {
		p.events = nil
	}
	return p, true
}

func parseBatch(data []byte) (*Batch, bool) {
	m := &Batch{}
	p, ok := parse(data, fieldBatch, func(c cursor, number int, _ uint64, from, to int) bool {
		return number == 3 && c.string(from, to, &m.Position)
	})
	if !ok {
		return nil, false
	}
	m.Number, m.Events, m.Failures = p.number, p.events, p.failures
	return m, true
}

func parseAnswer(data []byte) (*Answer, bool) {
	m := &Answer{}
	p, ok := parse(data, fieldAnswer, func(c cursor, number int, value uint64, from, to int) bool {
		switch {
		case number == 3 && from >= 0:
			for of := c.in(from, to); of.at < of.end; {
				place, ok := of.varint()
				if !ok {
					return false
				}
				m.Of = append(m.Of, uint32(place))
			}
		case number == 5 && from < 0:
			m.More = value != 0
		default:
			return false
		}
		return true
	})
	if !ok {
		return nil, false
	}
	m.Number, m.Events, m.Failures = p.number, p.events, p.failures
	return m, true
}

// count is how many fields of a number follow, as far as that can be told at a glance.
func (c *cursor) count(field int) int {
	n := 0
	for look := *c; look.at < look.end; {
		number, _, _, _, ok := look.field()
		if !ok {
			break
		}
		if number == field {
			n++
		}
	}
	return n
}

// slabEvents is how many events lie side by side.
const slabEvents = 1024

// A slab has the memory of n events.
type slab struct {
	n       int
	events  []Event
	times   []timestamppb.Timestamp
	cursors []StellarCursor
	// metadata is that of the event before, and raw the bytes that it was: it is mostly the
	// same again.
	metadata map[string]string
	raw      string
}

func (s *slab) event(c cursor) (*Event, bool) {
	if len(s.events) == 0 {
		s.events = make([]Event, min(max(s.n, 1), slabEvents))
	}
	e := &s.events[0]
	s.events = s.events[1:]
	first, last := -1, -1 // of the metadata
	for c.at < c.end {
		before := c.at
		number, _, from, to, ok := c.field()
		if !ok || from < 0 {
			return nil, false
		}
		switch number {
		case 1:
			ok = c.string(from, to, &e.Id)
		case 2:
			ok = c.string(from, to, &e.Type)
		case 3:
			e.Payload = c.data[from:to:to]
		case 4:
			if first < 0 {
				first = before
			} else if last != before { // it lies in pieces
				return nil, false
			}
			last = c.at
		case 5:
			ok = e.Timestamp == nil && s.time(c.in(from, to), e)
		case 6:
			ok = c.string(from, to, &e.SourceComponentId)
		case 7:
			ok = c.string(from, to, &e.ContentType)
		case 8:
			ok = e.StellarCursor == nil && s.cursor(c.in(from, to), e)
		default:
			ok = false
		}
		if !ok {
			return nil, false
		}
	}
	if first >= 0 {
		m, ok := s.mapping(c.in(first, last))
		if !ok {
			return nil, false
		}
		e.Metadata = m
	}
	return e, true
}

func (s *slab) time(c cursor, e *Event) bool {
	if len(s.times) == 0 {
		s.times = make([]timestamppb.Timestamp, min(max(s.n, 1), slabEvents))
	}
	t := &s.times[0]
	s.times = s.times[1:]
	for c.at < c.end {
		number, value, from, _, ok := c.field()
		if !ok || from >= 0 {
			return false
		}
		switch number {
		case 1:
			t.Seconds = int64(value)
		case 2:
			t.Nanos = int32(value)
		default:
			return false
		}
	}
	e.Timestamp = t
	return true
}

func (s *slab) cursor(c cursor, e *Event) bool {
	if len(s.cursors) == 0 {
		s.cursors = make([]StellarCursor, min(max(s.n, 1), slabEvents))
	}
	at := &s.cursors[0]
	s.cursors = s.cursors[1:]
	for c.at < c.end {
		number, value, from, _, ok := c.field()
		if !ok || from >= 0 {
			return false
		}
		switch number {
		case 1:
			at.LedgerSequence = value
		case 2:
			at.IndexInLedger = uint32(value)
		default:
			return false
		}
	}
	e.StellarCursor = at
	return true
}

// mapping is the metadata that lies in a row.
func (s *slab) mapping(c cursor) (map[string]string, bool) {
	raw := c.text[c.at:c.end]
	if s.metadata != nil && raw == s.raw {
		return s.metadata, true
	}
	m := make(map[string]string)
	for c.at < c.end {
		_, _, from, to, ok := c.field()
		if !ok {
			return nil, false
		}
		var key, value string
		for entry := c.in(from, to); entry.at < entry.end; {
			number, _, from, to, ok := entry.field()
			switch {
			case !ok || from < 0:
				return nil, false
			case number == 1:
				ok = entry.string(from, to, &key)
			case number == 2:
				ok = entry.string(from, to, &value)
			default:
				return nil, false
			}
			if !ok {
				return nil, false
			}
		}
		m[key] = value
	}
	s.metadata, s.raw = m, raw
	return m, true
}
