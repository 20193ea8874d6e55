package decimal

import (
	"strconv"
	"unsafe"
)

// Floor returns the largest integer that is not above d, with exponent 0; an
// integer with a positive exponent is returned as it is.
func (d Decimal) Floor() Decimal {
	r, fraction := d.split()
	if fraction && d.flags&flagNegative != 0 {
		return build(d.flags, r.increment(), 0)
	}
	return build(d.flags, r, max(0, int(d.exp)))
}

// Ceil returns the smallest integer that is not below d, with exponent 0; an
// integer with a positive exponent is returned as it is.
func (d Decimal) Ceil() Decimal {
	r, fraction := d.split()
	if fraction && d.flags&flagNegative == 0 {
		return build(d.flags, r.increment(), 0)
	}
	return build(d.flags, r, max(0, int(d.exp)))
}

// Trunc returns d without its fraction, with exponent 0; an integer with a
// positive exponent is returned as it is.
func (d Decimal) Trunc() Decimal {
	r, _ := d.split()
	return build(d.flags, r, max(0, int(d.exp)))
}

// Round returns d rounded to the given number of decimal places, half to even.
// The result has exactly that many places, zeros added where d has fewer
// (10.5 rounded to 2 is 10.50) as far as 38 digits reach. Negative places
// round before the point: 1250 rounded to -2 is 1200. It panics with an
// *[Error] only where rounding up carries the exponent out of range.
func (d Decimal) Round(places int) Decimal {
	r, code := round(d, places)
	if code != noError {
		panic(&Error{Op: "Round", Code: code, X: d})
	}
	return r
}

// RoundErr is [Decimal.Round] with the *[Error] returned.
func (d Decimal) RoundErr(places int) (Decimal, error) {
	r, code := round(d, places)
	return checked("Round", r, code, d, Decimal{})
}

// Int64 returns d as an int64. It panics with an *[Error] where d has a
// fraction (10.00 has none) or does not fit.
func (d Decimal) Int64() int64 {
	n, code := toInt64(d)
	if code != noError {
		panic(&Error{Op: "Int64", Code: code, X: d})
	}
	return n
}

// Int64Err is [Decimal.Int64] with the *[Error] returned.
func (d Decimal) Int64Err() (int64, error) {
	n, code := toInt64(d)
	if code != noError {
		return 0, &Error{Op: "Int64", Code: code, X: d}
	}
	return n, nil
}

// Float64 returns the float64 nearest to d, half to even; an infinity where d
// is beyond the range of float64.
func (d Decimal) Float64() float64 {
	// A float64 holds integers up to 2^53 and powers of ten up to 10^22
	// exactly, and one operation on two exact values rounds once.
	if exp := int(d.exp); d.coef.hi == 0 && d.coef.lo <= 1<<53 && -22 <= exp && exp <= 22 {
		f := float64(d.coef.lo)
		if exp < 0 {
			f /= float64pow10[-exp]
		} else {
			f *= float64pow10[exp]
		}
		if d.flags&flagNegative != 0 {
			f = -f
		}
		return f
	}
	var buf [maxText]byte
	text := d.Append(buf[:0])
	// ParseFloat keeps nothing of the text. Its one possible error is a value
	// out of range, and comes with the infinity.
	f, _ := strconv.ParseFloat(unsafe.String(unsafe.SliceData(text), len(text)), 64)
	return f
}

var float64pow10 = [...]float64{
	1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
	1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
}

// split returns the coefficient of d before the point, and whether there is
// anything behind it.
func (d Decimal) split() (whole uint128, fraction bool) {
	switch n := -int(d.exp); {
	case n <= 0:
		return d.coef, false
	case n > MaxDigits:
		return uint128{}, !d.coef.isZero()
	default:
		q, r := d.coef.div(pow10[n])
		return q, !r.isZero()
	}
}

func round(d Decimal, places int) (Decimal, Code) {
	// Beyond these bounds the result no longer depends on places.
	places = max(-2*MaxExponent, min(places, MaxExponent))
	coef, exp, ideal := d.coef, int(d.exp), -max(0, places)
	if n := -places - exp; n > 0 {
		exp = -places
		if n > MaxDigits {
			coef = uint128{} // less than a half
		} else {
			unit := pow10[n]
			q, r := coef.div(unit)
			if rest := unit.sub(r); rest.less(r) || rest == r && q.lo&1 != 0 {
				q = q.increment()
			}
			coef = q
		}
	}
	return settle(d.flags, uint128{}, coef, exp, ideal)
}

func toInt64(d Decimal) (int64, Code) {
	whole, fraction := d.split()
	if fraction {
		return 0, CodeFraction
	}
	if d.exp > 0 {
		shifted, fits := whole.shift(int(d.exp))
		if !fits {
			return 0, CodeInt64
		}
		whole = shifted
	}
	switch {
	case whole.hi != 0:
		return 0, CodeInt64
	case d.flags&flagNegative != 0 && whole.lo <= 1<<63:
		return int64(-whole.lo), noError
	case d.flags&flagNegative == 0 && whole.lo < 1<<63:
		return int64(whole.lo), noError
	}
	return 0, CodeInt64
}
