package row

import (
	"encoding/base64"
	"strconv"
	"time"

	"github.com/flowc-dev/flowc/runtime/codec/jsonscan"
)

// A Shape is what a column is called, and what its parts are: the fields of a
// Struct, the element of a List, the value of a Map.
type Shape struct {
	Name  string
	Parts []Shape
}

// appendFields appends the fields of a record, or of a Struct in one, as a JSON
// object; columns are called by a JSON string with a colon behind it.
func appendFields(dst, record []byte, columns []Shape) (out, rest []byte) {
	dst = append(dst, '{')
	first := true
	for i := range columns {
		var v Value
		v, record = Next(record)
		if v.Kind == Null {
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst, record = appendParts(append(dst, columns[i].Name...), record, v, columns[i].Parts)
	}
	return append(dst, '}'), record
}

// appendParts appends a value, whose parts stand behind it in the record.
func appendParts(dst, record []byte, v Value, parts []Shape) (out, rest []byte) {
	switch v.Kind {
	case Struct:
		return appendFields(dst, record, parts)
	case List, Map:
	default:
		return appendValue(dst, v), record
	}
	begin, end := byte('['), byte(']')
	if v.Kind == Map {
		begin, end = '{', '}'
	}
	dst = append(dst, begin)
	for i := range v.Num {
		if i > 0 {
			dst = append(dst, ',')
		}
		var part Value
		if v.Kind == Map {
			part, record = Next(record)
			dst = append(appendValue(dst, part), ':')
		}
		part, record = Next(record)
		if part.Kind == Null {
			dst = append(dst, "null"...)
			continue
		}
		dst, record = appendParts(dst, record, part, parts[0].Parts)
	}
	return append(dst, end), record
}

// Input makes a JSON object of each record that a sink gets, for people who look
// for what became of it. Values that are not there are left out, and what JSON has
// no form for is its text. columns are the names of the columns in their order.
func Input(columns ...string) func(record []byte) []byte {
	shapes := make([]Shape, len(columns))
	for i, name := range columns {
		shapes[i].Name = name
	}
	return InputOf(shapes...)
}

// InputOf is Input for columns that have parts.
func InputOf(columns ...Shape) func(record []byte) []byte {
	quoteNames(columns)
	return func(record []byte) []byte {
		object, _ := appendFields(nil, record, columns)
		return object
	}
}

// quoteNames makes names what stands before a value in JSON.
func quoteNames(columns []Shape) {
	for i := range columns {
		if quoted, err := jsonscan.AppendString(nil, columns[i].Name); err == nil {
			columns[i].Name = string(quoted) + ":"
		}
		quoteNames(columns[i].Parts)
	}
}

func appendValue(dst []byte, v Value) []byte {
	switch v.Kind {
	case False, True:
		return strconv.AppendBool(dst, v.Kind == True)
	case Int:
		return strconv.AppendInt(dst, v.Num, 10)
	case Uint:
		return strconv.AppendUint(dst, uint64(v.Num), 10)
	case Float:
		out, err := jsonscan.AppendFloat(dst, v.Float())
		if err != nil { // NaN, or an infinity
			return strconv.AppendQuote(dst, strconv.FormatFloat(v.Float(), 'g', -1, 64))
		}
		return out
	case Duration:
		return jsonscan.AppendDuration(dst, time.Duration(v.Num))
	case Time:
		out, err := jsonscan.AppendTime(dst, v.Time())
		if err != nil { // a year of five digits
			return strconv.AppendQuote(dst, v.Time().String())
		}
		return out
	case Bytes:
		dst = base64.StdEncoding.AppendEncode(append(dst, '"'), v.Bytes)
		return append(dst, '"')
	case Decimal:
		return append(append(append(dst, '"'), v.Bytes...), '"')
	case JSON:
		return append(dst, v.Bytes...)
	}
	out, err := jsonscan.AppendString(dst, string(v.Bytes))
	if err != nil { // not UTF-8
		return strconv.AppendQuoteToASCII(dst, string(v.Bytes))
	}
	return out
}
