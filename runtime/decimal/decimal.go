// Package decimal is exact decimal arithmetic: what a Decimal says is what was
// read or computed, to the last digit and with its trailing zeros, or there is
// an error. Nothing is ever rounded behind the caller's back; the one
// operation that rounds by nature is division.
//
// # Values
//
// A Decimal is coefficient × 10^exponent with a sign. The coefficient has at
// most [MaxDigits] digits, the exponent lies within ±[MaxExponent]. "10.50" is
// 1050 × 10^-2 and differs in its text, though not in its value, from "10.5":
// the scale is kept, and trailing zeros count as digits. There is no negative
// zero, no infinity and no NaN. The zero Decimal is 0.
//
// A Decimal is a small value (24 bytes, no pointer) to be passed and copied as
// a number is. Comparing two with == does not compile, because equal values may
// have different scales: use [Decimal.Equal]. A map key or a hash is made of
// [Decimal.Reduce], which has one form a value.
//
// # Scale of results
//
// Each operation has an ideal exponent, that of the General Decimal Arithmetic
// specification, and gives the exact value with the exponent nearest to the
// ideal one that 38 digits and the exponent's range allow:
//
//	a + b, a - b   the smaller exponent      1.5 + 2.25   = 3.75    1.50 + 1 = 2.50
//	a * b          the sum of both           1.50 * 2.0   = 3.000
//	a / b          the difference            10.50 / 2    = 5.25    1 / 8    = 0.125
//	a % b          the smaller exponent      7.5 % 2.00   = 1.50
//
// So a result gives up trailing zeros where 38 digits have no place for them
// (0.333… × 100 is 33.3…, still 38 digits), but never another digit: an exact
// value that cannot be held is an error. Where the exact quotient needs more
// than 38 digits, division rounds it to 38, half to even.
//
// # Errors
//
// Operators have to work inside expressions, a.Add(b).Mul(c), so they panic,
// always with an *[Error] and never with anything else. The runtime recovers
// it and makes it the error of the record. Each operation that can fail has a
// second form that returns the error instead: [Decimal.AddErr] and its like.
//
// # Two forms in JSON
//
// The language's types `decimal` and `number` are both this type. A bit of the
// value, its form, says how it is written to JSON: as a string, which is the
// default, or as a number ([Decimal.AsNumber]). Both forms read either. A
// result has the form of its left operand.
package decimal

const (
	// MaxDigits is the number of significant digits a Decimal can hold,
	// trailing zeros included.
	MaxDigits = 38
	// MaxExponent bounds the exponent on both sides: the smallest positive
	// Decimal is 1e-6144, the largest is 38 nines × 10^6144.
	MaxExponent = 6144
)

// Decimal is an exact decimal number; see the package documentation. The zero
// value is 0, in the string form. Decimals are immutable and safe for
// concurrent use, as integers are.
type Decimal struct {
	// An array of functions cannot be compared, so == does not compile. It
	// stands first because a field of size zero at the end would add padding.
	// Four fields are what the compiler still keeps in registers.
	_     [0]func()
	coef  uint128
	exp   int16
	flags flags
}

// flags are the bits of a Decimal beside its digits.
type flags uint8

const (
	flagNegative flags = 1 << iota // never set on a zero
	flagNumber                     // written to JSON as a number
)

// build builds a Decimal from parts that are known to be in range, and keeps
// zero free of a sign.
func build(f flags, coef uint128, exp int) Decimal {
	if coef.isZero() {
		f &^= flagNegative
	}
	return Decimal{coef: coef, exp: int16(exp), flags: f}
}

// New returns coef × 10^exp: New(1050, -2) is 10.50. It panics with an *[Error]
// where the exponent lies beyond ±[MaxExponent] and the value cannot be written
// with another one.
func New(coef int64, exp int) Decimal {
	d := FromInt64(coef)
	r, code := settle(d.flags, uint128{}, d.coef, exp, exp)
	if code != noError {
		panic(&Error{Op: "New", Code: code, X: d})
	}
	return r
}

// FromInt64 returns n with exponent 0.
func FromInt64(n int64) Decimal {
	if n < 0 {
		return Decimal{coef: uint128{lo: -uint64(n)}, flags: flagNegative}
	}
	return Decimal{coef: uint128{lo: uint64(n)}}
}

// FromUint64 returns n with exponent 0.
func FromUint64(n uint64) Decimal {
	return Decimal{coef: uint128{lo: n}}
}

// AsNumber returns d in the form that is written to JSON as a number.
func (d Decimal) AsNumber() Decimal {
	d.flags |= flagNumber
	return d
}

// AsString returns d in the form that is written to JSON as a string, the
// form that a Decimal has from the start.
func (d Decimal) AsString() Decimal {
	d.flags &^= flagNumber
	return d
}

// IsNumber reports whether d is written to JSON as a number.
func (d Decimal) IsNumber() bool { return d.flags&flagNumber != 0 }

// IsZero reports whether d is 0, of any scale.
func (d Decimal) IsZero() bool { return d.coef.isZero() }

// Sign returns -1, 0 or 1 for a negative, zero or positive d.
func (d Decimal) Sign() int {
	switch {
	case d.coef.isZero():
		return 0
	case d.flags&flagNegative != 0:
		return -1
	}
	return 1
}

// Neg returns -d. The negative of 0 is 0.
func (d Decimal) Neg() Decimal {
	if !d.coef.isZero() {
		d.flags ^= flagNegative
	}
	return d
}

// Abs returns d without its sign.
func (d Decimal) Abs() Decimal {
	d.flags &^= flagNegative
	return d
}

// Reduce returns the value of d without trailing zeros (0 with exponent 0):
// two Decimals are equal exactly when their reduced texts are, so the text of
// a reduced Decimal is what a map key or a hash is made of.
func (d Decimal) Reduce() Decimal {
	if d.coef.isZero() {
		d.exp = 0
		return d
	}
	coef, n := d.coef.stripZeros(MaxExponent - int(d.exp))
	d.coef, d.exp = coef, d.exp+int16(n)
	return d
}
