package postgres

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/flowc-dev/flowc/runtime/codec/jsonscan"
)

// Types of the server whose text is not simply a text.
const (
	typeBool        = 16
	typeBytea       = 17
	typeInt8        = 20
	typeInt2        = 21
	typeInt4        = 23
	typeOID         = 26
	typeJSON        = 114
	typeFloat4      = 700
	typeFloat8      = 701
	typeDate        = 1082
	typeTimestamp   = 1114
	typeTimestamptz = 1184
	typeInterval    = 1186
	typeNumeric     = 1700
	typeJSONB       = 3802
)

// append appends a value as JSON: in the form that the wanted type is read from
// where the value has one, else as what it is, so that decoding says what does not
// fit.
func (f *field) append(dst, text []byte) []byte {
	switch f.oid {
	case typeBool:
		return strconv.AppendBool(dst, string(text) == "t")
	case typeInt2, typeInt4, typeInt8, typeOID, typeNumeric, typeFloat4, typeFloat8:
		if f.typ == "duration" {
			if n, err := strconv.ParseInt(string(text), 10, 64); err == nil {
				return jsonscan.AppendDuration(dst, time.Duration(n))
			}
		}
		if n := len(text); n > 0 && text[n-1] >= '0' && text[n-1] <= '9' { // no NaN, no Infinity
			return append(dst, text...)
		}
	case typeJSON, typeJSONB:
		return appendCompact(dst, text)
	case typeBytea:
		if digits, ok := bytes.CutPrefix(text, []byte(`\x`)); ok {
			if raw, err := hex.AppendDecode(nil, digits); err == nil {
				return append(base64.StdEncoding.AppendEncode(append(dst, '"'), raw), '"')
			}
		}
	case typeTimestamptz, typeTimestamp:
		if t, err := time.Parse("2006-01-02 15:04:05.999999", strings.TrimSuffix(string(text), "+00")); err == nil {
			return strconv.AppendQuote(dst, t.Format(time.RFC3339Nano))
		}
	case typeDate:
		if t, err := time.Parse(time.DateOnly, string(text)); err == nil && f.typ == "time" {
			return strconv.AppendQuote(dst, t.Format(time.RFC3339Nano))
		}
	case typeInterval:
		if d, ok := parseInterval(string(text)); ok && f.typ == "duration" {
			return jsonscan.AppendDuration(dst, d)
		}
	default:
		if f.typ == "json" && json.Valid(text) {
			return appendCompact(dst, text)
		}
	}
	if out, err := jsonscan.AppendString(dst, string(text)); err == nil {
		return out
	}
	return strconv.AppendQuoteToASCII(dst, string(text)) // not UTF-8
}

// parseInterval reads the time of an interval that has no days or months, which
// are of no one length: -01:30:00.5.
func parseInterval(text string) (time.Duration, bool) {
	rest, negative := strings.CutPrefix(text, "-")
	hours, rest, ok := strings.Cut(rest, ":")
	if !ok {
		return 0, false
	}
	minutes, seconds, ok := strings.Cut(rest, ":")
	if !ok {
		return 0, false
	}
	sign := ""
	if negative {
		sign = "-"
	}
	d, err := time.ParseDuration(sign + hours + "h" + minutes + "m" + seconds + "s")
	return d, err == nil
}

// appendCompact appends JSON on one line.
func appendCompact(dst, text []byte) []byte {
	if bytes.IndexByte(text, '\n') < 0 {
		return append(dst, text...)
	}
	b := bytes.NewBuffer(dst)
	if err := json.Compact(b, text); err != nil {
		return append(dst, bytes.ReplaceAll(text, []byte("\n"), nil)...)
	}
	return b.Bytes()
}
