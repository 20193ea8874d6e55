package envelope

import (
	"encoding/binary"
	"maps"
	"slices"
	"time"
)

// The kinds of values among `meta`.
const (
	metaText = iota + 1
	metaInt
	metaUint
	metaBool
	metaTime
	metaTexts
)

// A Meta is `meta` of a record on its way to another process: the values of fields by
// their names, of which each process takes those that it reads. Texts are kept byte for
// byte: the key of a message may be no UTF-8.
//
//	each field: a kind (1 byte), a length (uvarint) and the name, a length and the value
//	text: its bytes; int: varint; uint: uvarint; bool: 1 byte
//	time: what time.Time.MarshalBinary gives
//	map of texts: nothing for nil; else 1 and, of each entry, name and value with lengths
type Meta []byte

func (m Meta) add(kind byte, name string, value []byte) Meta {
	m = append(m, kind)
	return Add(appendText(m, name), value)
}

// WithText adds a text.
func (m Meta) WithText(name, v string) Meta { return m.add(metaText, name, []byte(v)) }

// WithInt adds a whole number.
func (m Meta) WithInt(name string, v int64) Meta {
	return m.add(metaInt, name, binary.AppendVarint(nil, v))
}

// WithUint adds a number that is not negative.
func (m Meta) WithUint(name string, v uint64) Meta {
	return m.add(metaUint, name, binary.AppendUvarint(nil, v))
}

// WithBool adds a truth value.
func (m Meta) WithBool(name string, v bool) Meta {
	value := []byte{0}
	if v {
		value[0] = 1
	}
	return m.add(metaBool, name, value)
}

// WithTime adds a time, with its zone as far as that is an offset.
func (m Meta) WithTime(name string, v time.Time) Meta {
	value, err := v.MarshalBinary()
	if err != nil { // an offset that no zone has
		value, _ = v.UTC().MarshalBinary()
	}
	return m.add(metaTime, name, value)
}

// WithTexts adds a map of texts.
func (m Meta) WithTexts(name string, v map[string]string) Meta {
	var value []byte
	if v != nil {
		value = []byte{1}
	}
	for _, key := range slices.Sorted(maps.Keys(v)) {
		value = appendText(appendText(value, key), v[key])
	}
	return m.add(metaTexts, name, value)
}

// value finds a field; nil where it is not there, or is of another kind.
func (m Meta) value(kind byte, name string) []byte {
	rest := []byte(m)
	for len(rest) > 0 {
		k := rest[0]
		n, after, err := part(rest[1:])
		if err != nil {
			return nil
		}
		v, after, err := part(after)
		if err != nil {
			return nil
		}
		if k == kind && string(n) == name {
			return v
		}
		rest = after
	}
	return nil
}

// Text is a text; empty where there is none of the name, as all of these are.
func (m Meta) Text(name string) string { return string(m.value(metaText, name)) }

// Int is a whole number.
func (m Meta) Int(name string) int64 {
	v, _ := binary.Varint(m.value(metaInt, name))
	return v
}

// Uint is a number that is not negative.
func (m Meta) Uint(name string) uint64 {
	v, _ := binary.Uvarint(m.value(metaUint, name))
	return v
}

// Bool is a truth value.
func (m Meta) Bool(name string) bool {
	v := m.value(metaBool, name)
	return len(v) > 0 && v[0] != 0
}

// Time is a time.
func (m Meta) Time(name string) (v time.Time) {
	if v.UnmarshalBinary(m.value(metaTime, name)) != nil {
		return time.Time{}
	}
	return v
}

// Texts is a map of texts.
func (m Meta) Texts(name string) map[string]string {
	rest := m.value(metaTexts, name)
	if len(rest) == 0 {
		return nil
	}
	texts := map[string]string{}
	for rest = rest[1:]; len(rest) > 0; {
		key, after, err := text(rest)
		if err != nil {
			return texts
		}
		if texts[key], rest, err = text(after); err != nil {
			return texts
		}
	}
	return texts
}
