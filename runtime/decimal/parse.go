package decimal

import "unsafe"

// Parse reads a decimal. It accepts what the grammar of JSON numbers accepts
// and nothing else, whether the text stood in a JSON string, a CSV cell or
// anywhere else:
//
//	[ "-" ] ( "0" | digit1-9 { digit } ) [ "." digit { digit } ] [ ( "e" | "E" ) [ "+" | "-" ] digit { digit } ]
//
// So there is no white space, no "+" in front, no leading zero ("007"), no bare
// point (".5", "5."), no separator, no infinity and no NaN. The text decides
// the scale: "10.50" has two places, "1e3" has one digit and exponent 3. "-0"
// is 0.
//
// Digits count from the first that is not 0 to the last, zeros included; more
// than [MaxDigits] of them, or an exponent of the last digit beyond
// ±[MaxExponent], is an error, also where another spelling of the same value
// would do. The error is an *[Error].
func Parse(s string) (Decimal, error) {
	d, code, at := parse(s)
	if code != noError {
		return Decimal{}, parseError(code, s, at)
	}
	return d, nil
}

// ParseBytes is [Parse] of bytes; it keeps no reference to b.
func ParseBytes(b []byte) (Decimal, error) {
	// A view instead of a copy: parse keeps nothing, parseError clones.
	return Parse(unsafe.String(unsafe.SliceData(b), len(b)))
}

// MustParse is [Parse] for constants: it panics with the *[Error].
func MustParse(s string) Decimal {
	d, err := Parse(s)
	if err != nil {
		panic(err)
	}
	return d
}

// parse reads s; on an error it says where.
func parse(s string) (d Decimal, code Code, at int) {
	// The short way: at most 19 digits without an exponent, so that the
	// coefficient fits in 64 bits. What it does not understand, wrong text
	// included, parseLong looks at from the start.
	var f flags
	i := 0
	if len(s) > 0 && s[0] == '-' {
		f = flagNegative
		i = 1
	}
	if len(s)-i > 20 { // 19 digits and a point
		return parseLong(s)
	}
	var c uint64
	first := i
	for i < len(s) && s[i]-'0' <= 9 {
		c = c*10 + uint64(s[i]-'0')
		i++
	}
	if i == first || s[first] == '0' && i > first+1 || i-first > 19 {
		return parseLong(s)
	}
	exp := 0
	if i < len(s) && s[i] == '.' {
		i++
		point := i
		for i < len(s) && s[i]-'0' <= 9 {
			c = c*10 + uint64(s[i]-'0')
			i++
		}
		exp = point - i
		if exp == 0 {
			return parseLong(s)
		}
	}
	if i < len(s) {
		return parseLong(s)
	}
	return build(f, uint128{lo: c}, exp), noError, 0
}

// parseLong reads any s.
func parseLong(s string) (d Decimal, code Code, at int) {
	var f flags
	i := 0
	if i < len(s) && s[i] == '-' {
		f = flagNegative
		i++
	}
	whole := i
	i = skipDigits(s, i)
	switch {
	case i == whole:
		return d, CodeSyntax, i
	case s[whole] == '0' && i > whole+1:
		return d, CodeSyntax, whole
	}
	wholeEnd, fraction := i, i
	if i < len(s) && s[i] == '.' {
		fraction = i + 1
		i = skipDigits(s, fraction)
		if i == fraction {
			return d, CodeSyntax, i
		}
	}
	end := i
	exp := int64(0)
	if i < len(s) && s[i]|' ' == 'e' {
		i++
		minus := false
		if i < len(s) && (s[i] == '-' || s[i] == '+') {
			minus = s[i] == '-'
			i++
		}
		start := i
		for ; i < len(s) && s[i]-'0' <= 9; i++ {
			// Beyond any length of text, and far from overflow.
			if exp < 1<<50 {
				exp = exp*10 + int64(s[i]-'0')
			}
		}
		if i == start {
			return d, CodeSyntax, i
		}
		if minus {
			exp = -exp
		}
	}
	if i < len(s) {
		return d, CodeSyntax, i
	}

	coef, fit := parseDigits(s[whole:wholeEnd], s[fraction:end])
	if !fit {
		return d, CodeDigits, 0
	}
	exp -= int64(end - fraction)
	if exp < -MaxExponent || exp > MaxExponent {
		return d, CodeRange, 0
	}
	return build(f, coef, int(exp)), noError, 0
}

func skipDigits(s string, i int) int {
	for i < len(s) && s[i]-'0' <= 9 {
		i++
	}
	return i
}

// parseDigits returns the digits of whole and fraction as one integer, and
// whether that has at most 38 digits.
func parseDigits(whole, fraction string) (coef uint128, fit bool) {
	for whole != "" && whole[0] == '0' {
		whole = whole[1:]
	}
	if whole == "" {
		for fraction != "" && fraction[0] == '0' {
			fraction = fraction[1:]
		}
	}
	if len(whole)+len(fraction) > MaxDigits {
		return coef, false
	}
	// 64 bits hold 19 digits, and the rest is at most 19 more.
	const half = MaxDigits / 2
	var c uint64
	n := 0
	for _, part := range [2]string{whole, fraction} {
		for i := range len(part) {
			c = c*10 + uint64(part[i]-'0')
			if n++; n == half {
				coef.lo, c = c, 0
			}
		}
	}
	if n > half {
		coef, _ = coef.mul64(pow10x64[n-half])
	}
	coef, _ = coef.add(uint128{lo: c})
	return coef, true
}
