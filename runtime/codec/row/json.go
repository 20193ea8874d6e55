package row

import (
	"encoding/base64"
	"strconv"
	"time"

	"github.com/flowc-dev/flowc/runtime/codec/jsonscan"
)

// AppendJSON appends a record as a JSON object, for people who look for what
// became of it: columns are its names in order, each as a JSON string with its
// colon. Values that are not there are left out, and what JSON has no form for is
// its text.
func AppendJSON(dst, record []byte, columns []string) []byte {
	dst = append(dst, '{')
	first := true
	for _, name := range columns {
		var v Value
		v, record = Next(record)
		if v.Kind == Null {
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = appendValue(append(dst, name...), v)
	}
	return append(dst, '}')
}

// Input is AppendJSON for the dead letters of a sink, whose columns it is given by
// their names.
func Input(columns ...string) func(record []byte) []byte {
	for i, name := range columns {
		if quoted, err := jsonscan.AppendString(nil, name); err == nil {
			columns[i] = string(quoted) + ":"
		}
	}
	return func(record []byte) []byte { return AppendJSON(nil, record, columns) }
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
