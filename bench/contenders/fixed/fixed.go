// Package fixed has the exact decimals of the contenders written by hand: a
// whole number and a number of places, in 64 bits. What does not fit is refused,
// never rounded.
package fixed

import (
	"cmp"
	"errors"
	"math"
	"math/bits"
	"strconv"
)

// ErrRange says that a decimal, or the result of a calculation, does not fit.
var ErrRange = errors.New("decimal needs more than 18 digits")

// ErrSyntax says that a text is no plain decimal (digits, a point, digits).
var ErrSyntax = errors.New("not a decimal")

// A Decimal is Mantissa / 10^Places.
type Decimal struct {
	Mantissa int64
	Places   int
}

// Parse reads a plain decimal such as 12, -3.50: no exponent, no plus sign.
func Parse[T []byte | string](text T) (Decimal, error) {
	i, negative := 0, false
	if len(text) > 0 && text[0] == '-' {
		i, negative = 1, true
	}
	first, point := i, -1
	var m uint64
	for ; i < len(text); i++ {
		c := text[i] - '0'
		switch {
		case c <= 9:
			m = m*10 + uint64(c)
		case text[i] == '.' && point < 0 && i > first:
			point = i
		default:
			return Decimal{}, ErrSyntax
		}
	}
	digits, places := len(text)-first, 0
	if point >= 0 {
		digits--
		places = len(text) - point - 1
		if places == 0 {
			return Decimal{}, ErrSyntax
		}
	}
	if digits == 0 {
		return Decimal{}, ErrSyntax
	}
	if digits > 18 {
		return Decimal{}, ErrRange
	}
	d := Decimal{int64(m), places}
	if negative {
		d.Mantissa = -d.Mantissa
	}
	return d, nil
}

// CmpInt compares d with a whole number, as cmp.Compare does.
func (d Decimal) CmpInt(n int32) int {
	if d.Places >= len(powers) { // a product: below one, and n is whole
		return cmp.Or(cmp.Compare(0, n), cmp.Compare(d.Mantissa, 0))
	}
	p := powers[d.Places]
	if d.Places < 10 {
		return cmp.Compare(d.Mantissa, int64(n)*p)
	}
	if c := cmp.Compare(d.Mantissa/p, int64(n)); c != 0 {
		return c
	}
	return cmp.Compare(d.Mantissa%p, 0)
}

// Mul gives d·e with the places of both, as exact decimals have it.
func (d Decimal) Mul(e Decimal) (Decimal, error) {
	high, low := bits.Mul64(magnitude(d.Mantissa), magnitude(e.Mantissa))
	if high != 0 || low > math.MaxInt64 {
		return Decimal{}, ErrRange
	}
	m := int64(low)
	if (d.Mantissa < 0) != (e.Mantissa < 0) {
		m = -m
	}
	return Decimal{m, d.Places + e.Places}, nil
}

// Add gives d+e with the places of the one that has more.
func (d Decimal) Add(e Decimal) (Decimal, error) {
	if d.Places < e.Places {
		d, e = e, d
	}
	if d.Places-e.Places >= len(powers) {
		return Decimal{}, ErrRange
	}
	if d.Places > e.Places {
		scaled, err := e.Mul(Decimal{powers[d.Places-e.Places], d.Places - e.Places})
		if err != nil {
			return Decimal{}, err
		}
		e = scaled
	}
	sum := d.Mantissa + e.Mantissa
	if (sum < d.Mantissa) != (e.Mantissa < 0) {
		return Decimal{}, ErrRange
	}
	return Decimal{sum, d.Places}, nil
}

// Append appends d as text, with all of its places.
func (d Decimal) Append(b []byte) []byte {
	if d.Mantissa < 0 {
		b = append(b, '-')
	}
	m := magnitude(d.Mantissa)
	if d.Places == 0 {
		return strconv.AppendUint(b, m, 10)
	}
	whole, frac := m, uint64(0)
	if d.Places < len(powers) {
		p := uint64(powers[d.Places])
		whole, frac = m/p, m%p
	} else {
		whole, frac = 0, m
	}
	b = strconv.AppendUint(b, whole, 10)
	b = append(b, '.')
	var digits [40]byte
	for i := d.Places - 1; i >= 0; i-- {
		digits[i] = byte('0' + frac%10)
		frac /= 10
	}
	return append(b, digits[:d.Places]...)
}

// String is Append as a string.
func (d Decimal) String() string { return string(d.Append(nil)) }

func magnitude(v int64) uint64 {
	if v < 0 {
		return uint64(-v)
	}
	return uint64(v)
}

var powers = [...]int64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18}
