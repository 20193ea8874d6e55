package decimal

import (
	"encoding/binary"
	"strconv"
)

// The forms of a number in the decimal interface of database/sql.
const (
	sqlFinite   = 0
	sqlInfinite = 1
)

// Decompose returns the parts of d in the way that database/sql and its
// drivers exchange decimals: form is always 0 (finite), the coefficient is
// big-endian without leading zeros (empty for 0) and uses buf where that has
// room for it.
func (d Decimal) Decompose(buf []byte) (form byte, negative bool, coefficient []byte, exponent int32) {
	var all [16]byte
	binary.BigEndian.PutUint64(all[:8], d.coef.hi)
	binary.BigEndian.PutUint64(all[8:], d.coef.lo)
	coefficient = append(buf[:0], trimZeros(all[:])...)
	return sqlFinite, d.flags&flagNegative != 0, coefficient, int32(d.exp)
}

// Compose sets d from the parts that [Decimal.Decompose] describes, keeping the
// form of d. As when a text is read, more than 38 digits or an exponent out of
// range is an *[Error], and so are infinities and NaN.
func (d *Decimal) Compose(form byte, negative bool, coefficient []byte, exponent int32) error {
	if form != sqlFinite {
		text := "NaN"
		if form == sqlInfinite {
			text = "Infinity"
		}
		return &Error{Op: "compose", Code: CodeSyntax, Text: text, reason: "it is not finite"}
	}
	coefficient = trimZeros(coefficient)
	var all [16]byte
	if len(coefficient) <= len(all) {
		copy(all[len(all)-len(coefficient):], coefficient)
	}
	coef := uint128{binary.BigEndian.Uint64(all[:8]), binary.BigEndian.Uint64(all[8:])}
	var f flags
	if negative {
		f = flagNegative
	}
	code := noError
	switch {
	case len(coefficient) > len(all) || !coef.fits():
		code = CodeDigits
	case exponent < -MaxExponent || exponent > MaxExponent:
		code = CodeRange
	default:
		return d.set(build(f, coef, int(exponent)), nil)
	}
	text := "coefficient of " + strconv.Itoa(len(coefficient)) + " bytes, exponent " + strconv.Itoa(int(exponent))
	return &Error{Op: "compose", Code: code, Text: text}
}

func trimZeros(b []byte) []byte {
	for len(b) > 0 && b[0] == 0 {
		b = b[1:]
	}
	return b
}
