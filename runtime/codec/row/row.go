// Package row is the form in which records of a type go to sinks of tables: the
// values of the columns one behind the other, each with a byte that says what it
// is. Generated loops append it, sinks read it and make of it what their database
// takes. Nothing in it is text that would have to be parsed again, but decimals,
// which databases take as text.
//
// A record stands in a packet for as long as it takes to write it: the form is
// stored nowhere, and may change with any version.
package row

import (
	"encoding/binary"
	"math"
	"time"

	"github.com/flowc-dev/flowc/runtime/decimal"
)

// A Kind is what a value is.
type Kind byte

// The kinds. Text, Bytes, Decimal (its canonical text) and JSON have bytes.
const (
	Null Kind = iota
	False
	True
	Int
	Uint
	Float
	Text
	Bytes
	Decimal
	Time
	Duration
	JSON
	// A Struct has its fields behind it, a List its elements, and a Map a Text and
	// a value for each entry. Only Parquet has them.
	Struct
	List
	Map
)

// AppendNull appends a value that is not there.
func AppendNull(dst []byte) []byte { return append(dst, byte(Null)) }

// AppendBool appends a bool.
func AppendBool(dst []byte, v bool) []byte {
	if v {
		return append(dst, byte(True))
	}
	return append(dst, byte(False))
}

// AppendInt appends an integer.
func AppendInt(dst []byte, v int64) []byte { return fixed(dst, Int, uint64(v)) }

// AppendUint appends an integer that is never negative.
func AppendUint(dst []byte, v uint64) []byte { return fixed(dst, Uint, v) }

// AppendFloat appends a float64, whatever it is: NaN and the infinities too.
func AppendFloat(dst []byte, v float64) []byte { return fixed(dst, Float, math.Float64bits(v)) }

// AppendDuration appends a length of time.
func AppendDuration(dst []byte, v time.Duration) []byte { return fixed(dst, Duration, uint64(v)) }

func fixed(dst []byte, k Kind, v uint64) []byte {
	return binary.LittleEndian.AppendUint64(append(dst, byte(k)), v)
}

// AppendText appends a string.
func AppendText(dst []byte, v string) []byte { return append(head(dst, Text, len(v)), v...) }

// AppendBytes appends bytes.
func AppendBytes(dst, v []byte) []byte { return append(head(dst, Bytes, len(v)), v...) }

// AppendDecimal appends a decimal with all of its digits.
func AppendDecimal(dst []byte, v decimal.Decimal) []byte {
	dst = head(dst, Decimal, 0)
	at := len(dst)
	return Close(v.Append(dst), at)
}

// AppendTime appends a time to the nanosecond, with its offset.
func AppendTime(dst []byte, v time.Time) []byte {
	_, offset := v.Zone()
	dst = fixed(dst, Time, uint64(v.Unix()))
	dst = binary.LittleEndian.AppendUint32(dst, uint32(v.Nanosecond()))
	return binary.LittleEndian.AppendUint32(dst, uint32(int32(offset)))
}

// AppendStruct begins a mapping: what is appended next are its fields.
func AppendStruct(dst []byte) []byte { return append(dst, byte(Struct)) }

// AppendList begins a list of n values, which are appended next.
func AppendList(dst []byte, n int) []byte { return head(dst, List, n) }

// AppendMap begins a map of n entries: a Text and a value each.
func AppendMap(dst []byte, n int) []byte { return head(dst, Map, n) }

// OpenJSON begins a JSON value: what is appended up to Close is its text.
func OpenJSON(dst []byte) []byte { return head(dst, JSON, 0) }

// Close ends a value whose text begins at at, where OpenJSON left off.
func Close(dst []byte, at int) []byte {
	binary.LittleEndian.PutUint32(dst[at-4:], uint32(len(dst)-at))
	return dst
}

func head(dst []byte, k Kind, n int) []byte {
	return binary.LittleEndian.AppendUint32(append(dst, byte(k)), uint32(n))
}

// A Value is one value of a record.
type Value struct {
	Kind Kind
	// Num is an Int, a Uint's bits, a Float's bits, a Duration in nanoseconds, the
	// seconds of a Time, or how many a List or a Map has.
	Num int64
	// Nanos and Offset are the rest of a Time: nanoseconds in its second, and
	// seconds east of Greenwich.
	Nanos, Offset int32
	// Bytes are those of a Text, Bytes, Decimal or JSON: a view of the record.
	Bytes []byte
}

// Next reads the first value of a record, and returns the rest of it. The record
// is one that the functions of this package made.
func Next(record []byte) (v Value, rest []byte) {
	v.Kind = Kind(record[0])
	record = record[1:]
	switch v.Kind {
	case Null, False, True, Struct:
	case List, Map:
		v.Num = int64(binary.LittleEndian.Uint32(record))
		record = record[4:]
	case Int, Uint, Float, Duration:
		v.Num = int64(binary.LittleEndian.Uint64(record))
		record = record[8:]
	case Time:
		v.Num = int64(binary.LittleEndian.Uint64(record))
		v.Nanos = int32(binary.LittleEndian.Uint32(record[8:]))
		v.Offset = int32(binary.LittleEndian.Uint32(record[12:]))
		record = record[16:]
	default:
		n := binary.LittleEndian.Uint32(record)
		v.Bytes, record = record[4:4+n], record[4+n:]
	}
	return v, record
}

// KindOf is what the first value of a record is.
func KindOf(record []byte) Kind { return Kind(record[0]) }

// NextNum is Next for an Int, a Uint, a Float or a Duration alone: what Value.Num
// has of it.
func NextNum(record []byte) (num int64, rest []byte) {
	return int64(binary.LittleEndian.Uint64(record[1:])), record[9:]
}

// NextBytes is Next for a Text, Bytes, a Decimal or JSON alone.
func NextBytes(record []byte) (b, rest []byte) {
	end := 5 + binary.LittleEndian.Uint32(record[1:])
	return record[5:end:end], record[end:]
}

// Float is the number of a Float.
func (v Value) Float() float64 { return math.Float64frombits(uint64(v.Num)) }

// Time is the time of a Time.
func (v Value) Time() time.Time {
	t := time.Unix(v.Num, int64(v.Nanos))
	if v.Offset == 0 {
		return t.UTC()
	}
	return t.In(time.FixedZone("", int(v.Offset)))
}
