package parquet

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/flowc-dev/flowc/runtime/codec/jsonscan"
	"github.com/flowc-dev/flowc/runtime/codec/row"
	"github.com/flowc-dev/flowc/runtime/decimal"
)

// maxDigits are those of a decimal of the language, and decimalBytes what they
// need: the smallest number of bytes that holds 10^38.
const (
	maxDigits    = 38
	decimalBytes = 16
)

// appendTimeText appends a time with its offset.
func appendTimeText(dst []byte, v row.Value) ([]byte, error) {
	return jsonscan.AppendTimeText(dst, v.Time())
}

// timestamp is a time as a column of micros or nanoseconds has it.
func timestamp(v row.Value, micros bool) (int64, error) {
	unit, name := int64(time.Second), "nanoseconds"
	below := int64(v.Nanos)
	if micros {
		if below%1000 != 0 {
			return 0, fmt.Errorf("%s is finer than a microsecond: write `time: nanos` or `time: text`", v.Time().Format(time.RFC3339Nano))
		}
		unit, below, name = int64(time.Second/time.Microsecond), below/1000, "microseconds"
	}
	if v.Num < math.MinInt64/unit || v.Num > (math.MaxInt64-below)/unit {
		return 0, fmt.Errorf("the year %d is too far away for a column of %s: write `time: micros` or `time: text`", v.Time().Year(), name)
	}
	return v.Num*unit + below, nil
}

// appendDecimal appends a decimal as a whole number of its last place: 16 bytes,
// big-endian two's complement.
func appendDecimal(dst, text []byte, scale int) ([]byte, error) {
	d, err := decimal.ParseBytes(text)
	if err != nil {
		return dst, err
	}
	rounded, err := d.RoundErr(scale)
	if err != nil || !rounded.Equal(d) {
		return dst, fmt.Errorf("%s has more than %d places: write a larger `decimals`, or `decimals: text`", text, scale)
	}
	whole, err := rounded.AddErr(decimal.New(0, -scale)) // with all places
	_, negative, coefficient, exponent := whole.Decompose(nil)
	if err != nil || int(exponent) != -scale {
		return dst, fmt.Errorf("%s has more than %d digits with its %d places: write a smaller `decimals`, or `decimals: text`", text, maxDigits, scale)
	}
	at := len(dst)
	dst = append(dst, make([]byte, decimalBytes)...)
	copy(dst[at+decimalBytes-len(coefficient):], coefficient)
	if negative {
		negate(dst[at:])
	}
	return dst, nil
}

// negate makes a big-endian two's complement number its opposite.
func negate(b []byte) {
	carry := true
	for i, x := range slices.Backward(b) {
		b[i] = ^x
		if carry {
			b[i]++
			carry = b[i] == 0
		}
	}
}

// decimalOf is a whole number of a last place as a decimal.
func decimalOf(b []byte, scale int) (d decimal.Decimal, err error) {
	if len(b) == 0 {
		return d, errors.New("a decimal has no bytes")
	}
	negative := b[0]&0x80 != 0
	if negative {
		b = slices.Clone(b)
		negate(b)
	}
	err = d.Compose(0, negative, b, int32(-scale))
	return d, err
}
