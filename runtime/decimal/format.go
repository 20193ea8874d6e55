package decimal

import (
	"math/bits"
	"strconv"
)

const (
	// minPlain is the lowest place of a first digit that is written plainly:
	// 0.000000000000000000000001 is the smallest unit that ledgers count in.
	minPlain = -24
	// maxText is the length of the longest text: a sign, "0.", 23 zeros and 38
	// digits.
	maxText = 64
)

// String returns the canonical text of d, as [Decimal.Append] writes it.
func (d Decimal) String() string {
	var buf [maxText]byte
	return string(d.Append(buf[:0]))
}

// Append appends the canonical text of d to dst: at most 64 bytes, which
// [Parse] reads back to the same digits and the same scale. Notation is plain
// (-12345.67, 0.0010) unless zeros would have to be added that are no digits
// of d (a positive exponent: 12e3 is 1.2e+4) or the first digit stands below
// the 24th decimal place (1e-25). Exponent notation has one digit before the
// point.
func (d Decimal) Append(dst []byte) []byte {
	n, exp := d.coef.digits(), int(d.exp)
	first := n + exp - 1 // the place of the first digit: 0 for units
	if exp > 0 || first < minPlain {
		return d.appendScientific(dst, n, first)
	}

	size := n
	if exp < 0 {
		size = max(n, 1-exp) + 1 // a point, and zeros in front: 0.05
	}
	if d.flags&flagNegative != 0 {
		size++
	}
	at := len(dst)
	dst = extend(dst, size)
	buf := dst[at:]
	if d.flags&flagNegative != 0 {
		buf[0] = '-'
		buf = buf[1:]
	}
	switch {
	case exp == 0:
		writeDigits(buf, d.coef)
	case first >= 0:
		// Write all digits one to the right, then move the whole part left.
		writeDigits(buf[1:], d.coef)
		whole := first + 1
		copy(buf, buf[1:1+whole])
		buf[whole] = '.'
	default:
		writeDigits(buf, d.coef)
		buf[1] = '.'
	}
	return dst
}

// appendScientific appends d, of n digits, with the exponent of its first one.
func (d Decimal) appendScientific(dst []byte, n, first int) []byte {
	if d.flags&flagNegative != 0 {
		dst = append(dst, '-')
	}
	at := len(dst)
	if n == 1 {
		dst = append(dst, '0'+byte(d.coef.lo))
	} else {
		dst = extend(dst, n+1)
		buf := dst[at:]
		writeDigits(buf[1:], d.coef)
		buf[0], buf[1] = buf[1], '.'
	}
	dst = append(dst, 'e')
	if first >= 0 {
		dst = append(dst, '+')
	}
	return strconv.AppendInt(dst, int64(first), 10)
}

// extend returns dst with n more bytes, of any content.
func extend(dst []byte, n int) []byte {
	if cap(dst)-len(dst) < n {
		dst = append(dst, make([]byte, n)...)
		return dst
	}
	return dst[:len(dst)+n]
}

// pairs holds 00 to 99.
const pairs = "" +
	"0001020304050607080910111213141516171819" +
	"2021222324252627282930313233343536373839" +
	"4041424344454647484950515253545556575859" +
	"6061626364656667686970717273747576777879" +
	"8081828384858687888990919293949596979899"

// writeDigits fills buf with the digits of x, which are at most as many, and
// with zeros in front of them.
func writeDigits(buf []byte, x uint128) {
	if x.hi != 0 {
		// The last 19 digits, then the rest, which fits in 64 bits.
		var low uint64
		x.lo, low = bits.Div64(x.hi, x.lo, 1e19)
		cut := len(buf) - 19
		writeDigits64(buf[cut:], low)
		buf = buf[:cut]
	}
	writeDigits64(buf, x.lo)
}

func writeDigits64(buf []byte, x uint64) {
	i := len(buf)
	for x >= 100 && i >= 2 {
		p := x % 100 * 2
		x /= 100
		i -= 2
		buf[i+1] = pairs[p+1]
		buf[i] = pairs[p]
	}
	for i > 0 {
		i--
		buf[i] = '0' + byte(x%10)
		x /= 10
	}
}
