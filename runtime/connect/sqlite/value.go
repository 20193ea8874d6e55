package sqlite

import (
	"bytes"
	"database/sql/driver"
	"encoding/base64"
	"encoding/json"
	"math"
	"strconv"
	"time"

	"github.com/flowc-dev/flowc/runtime/codec/jsonscan"
)

// append appends a value as JSON: in the form that the wanted type is read from
// where the value has one, else as what it is, so that decoding says what does not
// fit.
func (f *field) append(dst []byte, v driver.Value) []byte {
	switch v := v.(type) {
	case int64:
		switch {
		case f.typ == "bool" && (v == 0 || v == 1):
			return strconv.AppendBool(dst, v == 1)
		case f.typ == "duration":
			return jsonscan.AppendDuration(dst, time.Duration(v))
		}
		return strconv.AppendInt(dst, v, 10)
	case float64:
		if out, err := jsonscan.AppendFloat(dst, v); err == nil {
			return out
		}
		return strconv.AppendQuote(dst, strconv.FormatFloat(v, 'g', -1, 64)) // an infinity
	case []byte:
		return append(base64.StdEncoding.AppendEncode(append(dst, '"'), v), '"')
	case string:
		return f.text(dst, v)
	case bool:
		return strconv.AppendBool(dst, v)
	case time.Time:
		return strconv.AppendQuote(dst, v.Format(time.RFC3339Nano))
	}
	return append(dst, "null"...)
}

// sqlTimes are the forms in which SQLite's own functions write a time, which is
// UTC.
var sqlTimes = []string{"2006-01-02 15:04:05.999999999", "2006-01-02 15:04", "2006-01-02T15:04:05.999999999", time.DateOnly}

func (f *field) text(dst []byte, v string) []byte {
	switch f.typ {
	case "json":
		if out, ok := appendCompact(dst, []byte(v)); ok {
			return out
		}
	case "uint64":
		if _, err := strconv.ParseUint(v, 10, 64); err == nil {
			return append(dst, v...)
		}
	case "float64":
		if n, err := strconv.ParseFloat(v, 64); err == nil && !math.IsNaN(n) && !math.IsInf(n, 0) {
			return strconv.AppendFloat(dst, n, 'g', -1, 64)
		}
	case "time":
		for _, form := range sqlTimes {
			if t, err := time.Parse(form, v); err == nil {
				return strconv.AppendQuote(dst, t.Format(time.RFC3339Nano))
			}
		}
	}
	if out, err := jsonscan.AppendString(dst, v); err == nil {
		return out
	}
	return strconv.AppendQuoteToASCII(dst, v) // not UTF-8
}

// appendCompact appends JSON on one line; false where it is none.
func appendCompact(dst, text []byte) ([]byte, bool) {
	if !json.Valid(text) {
		return dst, false
	}
	if bytes.IndexByte(text, '\n') < 0 {
		return append(dst, text...), true
	}
	b := bytes.NewBuffer(dst)
	if err := json.Compact(b, text); err != nil {
		return dst, false
	}
	return b.Bytes(), true
}
