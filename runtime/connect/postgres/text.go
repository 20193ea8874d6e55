package postgres

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/flowc-dev/flowc/runtime/codec/row"
)

// appendText appends a value that is not null as the text that a column reads. It
// is an error where the column would change it in silence.
func (c *column) appendText(dst []byte, v row.Value) ([]byte, error) {
	switch v.Kind {
	case row.False:
		return append(dst, 'f'), nil
	case row.True:
		return append(dst, 't'), nil
	case row.Int:
		return strconv.AppendInt(dst, v.Num, 10), nil
	case row.Uint:
		return strconv.AppendUint(dst, uint64(v.Num), 10), nil
	case row.Float:
		return c.float(dst, v.Float())
	case row.Duration:
		return c.duration(dst, time.Duration(v.Num))
	case row.Time:
		return c.time(dst, v.Time())
	case row.Bytes:
		return hex.AppendEncode(append(dst, `\x`...), v.Bytes), nil
	case row.Decimal:
		if c.base == "numeric" && c.places >= 0 && placesOf(v.Bytes) > c.places {
			return dst, fmt.Errorf("%s has more than the %d decimal places of %s", v.Bytes, c.places, c.typ)
		}
		return append(dst, v.Bytes...), nil
	}
	switch {
	case bytes.IndexByte(v.Bytes, 0) >= 0:
		return dst, errors.New("it holds a NUL, which no text of PostgreSQL can")
	case !utf8.Valid(v.Bytes):
		return dst, errors.New("it is not UTF-8")
	}
	return append(dst, v.Bytes...), nil
}

func (c *column) float(dst []byte, f float64) ([]byte, error) {
	switch {
	case math.IsInf(f, 1):
		return append(dst, "Infinity"...), nil
	case math.IsInf(f, -1):
		return append(dst, "-Infinity"...), nil
	}
	return strconv.AppendFloat(dst, f, 'g', -1, 64), nil
}

// placesOf is how many decimal places a decimal's text has, zeros at its end not
// counted: 1.50 has one, 15e-3 has three.
func placesOf(text []byte) int {
	digits, exponent := text, 0
	if i := bytes.IndexByte(text, 'e'); i >= 0 {
		digits = text[:i]
		exponent, _ = strconv.Atoi(string(text[i+1:]))
	}
	point := bytes.IndexByte(digits, '.')
	if point < 0 {
		point = len(digits)
	}
	last := len(digits) - 1
	for last > point && digits[last] == '0' {
		last--
	}
	return max(0, last-point-exponent)
}

// second are the nanoseconds of the smallest step of a time.
func (c *column) step() int64 {
	step := int64(time.Second)
	for range min(c.places, 6) {
		step /= 10
	}
	return step
}

func (c *column) time(dst []byte, t time.Time) ([]byte, error) {
	if c.places >= 0 {
		if int64(t.Nanosecond())%c.step() != 0 {
			return dst, fmt.Errorf("%s is finer than %s: round it (`.Truncate(%s)`), or make the column text", t.Format(time.RFC3339Nano), c.typ, stepName(c.step()))
		}
		t = t.UTC()
	}
	y := t.Year()
	if y < 1 || y > 9999 {
		return dst, fmt.Errorf("the year %d has no form that every program reads", y)
	}
	if _, offset := t.Zone(); offset%60 != 0 {
		return dst, fmt.Errorf("RFC 3339 has no form for an offset of %d seconds", offset)
	}
	return t.AppendFormat(dst, time.RFC3339Nano), nil
}

func stepName(step int64) string {
	switch step {
	case int64(time.Microsecond):
		return "time.Microsecond"
	case int64(time.Millisecond):
		return "time.Millisecond"
	case int64(time.Second):
		return "time.Second"
	}
	return strconv.FormatInt(step, 10)
}

func (c *column) duration(dst []byte, d time.Duration) ([]byte, error) {
	switch {
	case c.isText():
		return append(dst, d.String()...), nil
	case c.base != "interval":
		return strconv.AppendInt(dst, int64(d), 10), nil
	case int64(d)%c.step() != 0:
		return dst, fmt.Errorf("%s is finer than %s: round it (`.Truncate(%s)`), or make the column bigint", d, c.typ, stepName(c.step()))
	}
	return append(strconv.AppendInt(dst, d.Microseconds(), 10), " microseconds"...), nil
}
