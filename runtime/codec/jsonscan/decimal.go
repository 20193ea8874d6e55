package jsonscan

import (
	"errors"

	"github.com/flowc-dev/flowc/runtime/decimal"
)

// Decimal decodes an exact decimal, from a number or from a string that holds
// one. The result is written as a string again.
func Decimal(line []byte, s Span) (decimal.Decimal, error) {
	v := line[s.Start:s.End]
	if len(v) > 1 && v[0] == '"' {
		// What a decimal is made of stands for itself in a string, so that only
		// what is none can have escapes.
		if d, err := decimal.ParseBytes(v[1 : len(v)-1]); err == nil {
			return d, nil
		}
		text, verbatim, err := content(line, s)
		if !verbatim && err == nil {
			text, err = unescaped(nil, text, s)
		}
		if err != nil {
			return decimal.Decimal{}, err
		}
		v = text
	}
	d, err := decimal.ParseBytes(v)
	if err != nil {
		return decimal.Decimal{}, expected(wantDecimal(err), line, int(s.Start), int(s.End))
	}
	return d, nil
}

// wantDecimal says what a text should have been that decimal refused with err.
func wantDecimal(err error) string {
	var e *decimal.Error
	if errors.As(err, &e) {
		switch e.Code {
		case decimal.CodeDigits:
			return "a decimal number of at most 38 digits"
		case decimal.CodeRange:
			return "a decimal number with an exponent within ±6144"
		}
	}
	return "a decimal number"
}

// Number is Decimal for a field that is written as a number.
func Number(line []byte, s Span) (decimal.Decimal, error) {
	d, err := Decimal(line, s)
	return d.AsNumber(), err
}
