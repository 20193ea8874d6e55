package proto

import (
	"google.golang.org/protobuf/encoding/protowire"
)

// Lengths of messages in messages are written in four bytes each, whatever they are, so that
// they can be filled in when the message is written: a varint may have leading zeros.

// open begins a message in a field.
func open(b []byte, field protowire.Number) (_ []byte, begin int) {
	b = protowire.AppendTag(b, field, protowire.BytesType)
	return append(b, 0, 0, 0, 0), len(b) + 4
}

// shut ends it.
func shut(b []byte, begin int) []byte {
	n := len(b) - begin
	b[begin-4], b[begin-3], b[begin-2], b[begin-1] = byte(n)|0x80, byte(n>>7)|0x80, byte(n>>14)|0x80, byte(n>>21)&0x7f
	return b
}

// The field of a batch is the same in FromPipeline and FromComponent.
const (
	fieldBatch  = 2
	fieldAnswer = 3
)

func appendBatch(b []byte, m *Batch) []byte {
	b, begin := open(b, fieldBatch)
	b = appendUint(b, 1, m.GetNumber())
	b = appendEvents(b, m.GetEvents())
	b = appendText(b, 3, m.GetPosition())
	b = appendFailures(b, m.GetFailures())
	return shut(b, begin)
}

func appendAnswer(b []byte, m *Answer) []byte {
	b, begin := open(b, fieldAnswer)
	b = appendUint(b, 1, m.GetNumber())
	b = appendEvents(b, m.GetEvents())
	if len(m.GetOf()) > 0 {
		var at int
		b, at = open(b, 3)
		for _, of := range m.GetOf() {
			b = protowire.AppendVarint(b, uint64(of))
		}
		b = shut(b, at)
	}
	b = appendFailures(b, m.GetFailures())
	if m.GetMore() {
		b = appendUint(b, 5, 1)
	}
	return shut(b, begin)
}

func appendEvents(b []byte, events []*Event) []byte {
	for _, e := range events {
		var begin int
		b, begin = open(b, 2)
		b = shut(appendEvent(b, e), begin)
	}
	return b
}

func appendEvent(b []byte, e *Event) []byte {
	b = appendText(b, 1, e.GetId())
	b = appendText(b, 2, e.GetType())
	if len(e.GetPayload()) > 0 {
		b = protowire.AppendTag(b, 3, protowire.BytesType)
		b = protowire.AppendBytes(b, e.GetPayload())
	}
	for key, value := range e.GetMetadata() {
		b = protowire.AppendTag(b, 4, protowire.BytesType)
		b = protowire.AppendVarint(b, uint64(2+protowire.SizeBytes(len(key))+protowire.SizeBytes(len(value))))
		b = protowire.AppendString(protowire.AppendTag(b, 1, protowire.BytesType), key)
		b = protowire.AppendString(protowire.AppendTag(b, 2, protowire.BytesType), value)
	}
	if t := e.GetTimestamp(); t != nil {
		var begin int
		b, begin = open(b, 5)
		b = appendUint(b, 1, uint64(t.GetSeconds()))
		b = appendUint(b, 2, uint64(int64(t.GetNanos())))
		b = shut(b, begin)
	}
	b = appendText(b, 6, e.GetSourceComponentId())
	b = appendText(b, 7, e.GetContentType())
	if c := e.GetStellarCursor(); c != nil {
		var begin int
		b, begin = open(b, 8)
		b = appendUint(b, 1, c.GetLedgerSequence())
		b = appendUint(b, 2, uint64(c.GetIndexInLedger()))
		b = shut(b, begin)
	}
	return b
}

func appendFailures(b []byte, failures []*Failure) []byte {
	for _, f := range failures {
		var begin int
		b, begin = open(b, 4)
		b = appendUint(b, 1, uint64(f.GetIndex()))
		b = appendText(b, 2, f.GetMessage())
		b = appendText(b, 3, f.GetCode())
		b = appendFlag(b, 4, f.GetTransient())
		b = appendFlag(b, 5, f.GetUntried())
		b = shut(b, begin)
	}
	return b
}

func appendUint(b []byte, field protowire.Number, v uint64) []byte {
	if v == 0 {
		return b
	}
	return protowire.AppendVarint(protowire.AppendTag(b, field, protowire.VarintType), v)
}

func appendFlag(b []byte, field protowire.Number, v bool) []byte {
	if !v {
		return b
	}
	return appendUint(b, field, 1)
}

func appendText(b []byte, field protowire.Number, v string) []byte {
	if v == "" {
		return b
	}
	return protowire.AppendString(protowire.AppendTag(b, field, protowire.BytesType), v)
}
