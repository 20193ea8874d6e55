package parquet

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/format"

	"github.com/flowc-dev/flowc/runtime/codec/jsonscan"
)

// A convert makes JSON of a value. What has no form in JSON becomes its text, so
// that decoding says what does not fit.
type convert = func(dst []byte, v *parquet.Value) []byte

// converter is what makes JSON of the values of a column, in the form that the
// wanted type is read from; nil where they can't be that type. An empty type
// stands for any.
func converter(c *parquet.Column, typ string) convert {
	any := typ == "" || typ == "json"
	switch c.Type().Kind() {
	case parquet.Boolean:
		if any || typ == "bool" {
			return func(dst []byte, v *parquet.Value) []byte { return strconv.AppendBool(dst, v.Boolean()) }
		}
	case parquet.Int32, parquet.Int64:
		return integers(c, typ, any)
	case parquet.Int96:
		if any || typ == "time" {
			return func(dst []byte, v *parquet.Value) []byte { return appendTime(dst, int96Time(v.Int96())) }
		}
	case parquet.Float:
		if any || typ == "float64" {
			return func(dst []byte, v *parquet.Value) []byte { return appendFloat(dst, float64(v.Float())) }
		}
	case parquet.Double:
		if any || typ == "float64" {
			return func(dst []byte, v *parquet.Value) []byte { return appendFloat(dst, v.Double()) }
		}
	case parquet.ByteArray, parquet.FixedLenByteArray:
		return arrays(c, typ, any)
	}
	return nil
}

// integers converts columns that are stored as whole numbers.
func integers(c *parquet.Column, typ string, any bool) convert {
	unsigned := false
	switch l := logical(c).(type) {
	case *format.IntType:
		unsigned = !l.IsSigned
	case *format.DecimalType:
		scale := int(l.Scale)
		if !any && typ != "decimal" && typ != "number" || scale < -maxScale || scale > maxScale {
			return nil
		}
		return func(dst []byte, v *parquet.Value) []byte {
			return appendQuoted(dst, decimalText(signed(v), scale), typ)
		}
	case *format.DateType:
		if !any && typ != "time" {
			return nil
		}
		return func(dst []byte, v *parquet.Value) []byte {
			return appendTime(dst, time.Unix(int64(v.Int32())*86400, 0).UTC())
		}
	case *format.TimestampType:
		if !any && typ != "time" {
			return nil
		}
		unit := unitOf(l.Unit)
		return func(dst []byte, v *parquet.Value) []byte { return appendTime(dst, unixTime(v.Int64(), unit)) }
	case *format.TimeType:
		if !any && typ != "duration" {
			return nil
		}
		unit := unitOf(l.Unit)
		return func(dst []byte, v *parquet.Value) []byte {
			return jsonscan.AppendDuration(dst, time.Duration(signed(v))*unit)
		}
	default:
		unsigned = converted(c, deprecated.Uint8, deprecated.Uint16, deprecated.Uint32, deprecated.Uint64)
	}
	narrow := c.Type().Kind() == parquet.Int32
	switch typ {
	case "duration":
		return func(dst []byte, v *parquet.Value) []byte {
			return jsonscan.AppendDuration(dst, time.Duration(signed(v)))
		}
	case "float64":
		if !narrow {
			return nil // not all of them are floats
		}
	case "int", "int64", "uint64", "decimal", "number", "", "json":
	default:
		return nil
	}
	switch {
	case unsigned && narrow:
		return func(dst []byte, v *parquet.Value) []byte { return strconv.AppendUint(dst, uint64(v.Uint32()), 10) }
	case unsigned:
		return func(dst []byte, v *parquet.Value) []byte { return strconv.AppendUint(dst, v.Uint64(), 10) }
	}
	return func(dst []byte, v *parquet.Value) []byte { return strconv.AppendInt(dst, signed(v), 10) }
}

// arrays converts columns that are stored as bytes.
func arrays(c *parquet.Column, typ string, any bool) convert {
	text := false
	switch l := logical(c).(type) {
	case *format.DecimalType:
		scale := int(l.Scale)
		if !any && typ != "decimal" && typ != "number" || scale < -maxScale || scale > maxScale {
			return nil
		}
		return func(dst []byte, v *parquet.Value) []byte {
			d, err := decimalOf(v.ByteArray(), scale)
			if err != nil {
				return strconv.AppendQuote(dst, "0x"+hex.EncodeToString(v.ByteArray())) // more than 38 digits
			}
			return appendQuoted(dst, d.String(), typ)
		}
	case *format.UUIDType:
		if any || typ == "string" || typ == "enum" {
			return func(dst []byte, v *parquet.Value) []byte { return appendUUID(dst, v.ByteArray()) }
		}
	case *format.JsonType:
		if any {
			return appendJSON
		}
		text = true
	case *format.StringType, *format.EnumType:
		text = true
	default:
		if any && converted(c, deprecated.Json) {
			return appendJSON
		}
		text = converted(c, deprecated.UTF8, deprecated.Enum, deprecated.Json)
	}
	switch typ {
	case "bytes":
		return func(dst []byte, v *parquet.Value) []byte { return jsonscan.AppendBytes(dst, v.ByteArray()) }
	case "string", "enum", "time", "duration", "decimal", "number":
		return appendText
	case "json":
		if text {
			return appendJSON
		}
	}
	switch {
	case !any:
		return nil
	case text:
		return appendText
	}
	return func(dst []byte, v *parquet.Value) []byte { return jsonscan.AppendBytes(dst, v.ByteArray()) }
}

func signed(v *parquet.Value) int64 {
	if v.Kind() == parquet.Int32 {
		return int64(v.Int32())
	}
	return v.Int64()
}

// appendQuoted appends the text of a decimal: as a number where that is wanted.
func appendQuoted(dst []byte, text, typ string) []byte {
	if typ == "number" {
		return append(dst, text...)
	}
	return append(append(append(dst, '"'), text...), '"')
}

// maxScale is the largest scale that a decimal of the language can have.
const maxScale = 6144

// decimalText is a whole number of a last place.
func decimalText(v int64, scale int) string {
	digits := strconv.FormatInt(v, 10)
	if scale <= 0 {
		return digits + strings.Repeat("0", -scale)
	}
	sign := ""
	if v < 0 {
		sign, digits = "-", digits[1:]
	}
	if len(digits) <= scale {
		digits = strings.Repeat("0", scale-len(digits)+1) + digits
	}
	return sign + digits[:len(digits)-scale] + "." + digits[len(digits)-scale:]
}

func appendText(dst []byte, v *parquet.Value) []byte {
	b := v.ByteArray()
	if out, err := jsonscan.AppendString(dst, string(b)); err == nil {
		return out
	}
	return strconv.AppendQuoteToASCII(dst, string(b)) // not UTF-8
}

func appendJSON(dst []byte, v *parquet.Value) []byte {
	b := v.ByteArray()
	if !json.Valid(b) {
		return appendText(dst, v)
	}
	if bytes.IndexByte(b, '\n') < 0 {
		return append(dst, b...)
	}
	out := bytes.NewBuffer(dst)
	if err := json.Compact(out, b); err != nil {
		return appendText(dst, v)
	}
	return out.Bytes()
}

func appendFloat(dst []byte, f float64) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return strconv.AppendQuote(dst, strconv.FormatFloat(f, 'g', -1, 64))
	}
	out, err := jsonscan.AppendFloat(dst, f)
	if err != nil {
		return strconv.AppendFloat(dst, f, 'g', -1, 64)
	}
	return out
}

func appendTime(dst []byte, t time.Time) []byte {
	if out, err := jsonscan.AppendTime(dst, t); err == nil {
		return out
	}
	return strconv.AppendQuote(dst, t.String()) // a year of five digits
}

func appendUUID(dst, b []byte) []byte {
	if len(b) != 16 {
		return strconv.AppendQuote(dst, hex.EncodeToString(b))
	}
	return fmt.Appendf(dst, `"%x-%x-%x-%x-%x"`, b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// unitOf is the unit of a column of times.
func unitOf(u format.TimeUnit) time.Duration {
	switch u.Value.(type) {
	case *format.MilliSeconds:
		return time.Millisecond
	case *format.MicroSeconds:
		return time.Microsecond
	}
	return time.Nanosecond
}

// unixTime is the time so many units after 1970.
func unixTime(n int64, unit time.Duration) time.Time {
	perSecond := int64(time.Second / unit)
	sec, below := n/perSecond, n%perSecond
	return time.Unix(sec, below*int64(unit)).UTC()
}

// int96Time is the old form of times: nanoseconds of a day, and a Julian day.
func int96Time(v deprecated.Int96) time.Time {
	const epoch = 2440588 // the Julian day of 1970-01-01
	nanos := int64(v[0]) | int64(v[1])<<32
	return time.Unix((int64(v[2])-epoch)*86400, 0).Add(time.Duration(nanos)).UTC()
}

// typeText is a column's type in messages.
func typeText(c *parquet.Column) string {
	if c.Leaf() {
		return c.Type().String()
	}
	switch {
	case isMap(c):
		return "a map"
	case isList(c):
		return "a list"
	}
	return "a group of fields"
}
