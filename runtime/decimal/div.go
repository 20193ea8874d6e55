package decimal

// Quo returns d / x: the exact quotient where 38 digits hold it, with the
// difference of the exponents or the one nearest below it that exactness
// needs, and otherwise the quotient rounded to 38 digits, half to even. It
// panics with an *[Error] where x is 0 or the exponent goes out of range.
func (d Decimal) Quo(x Decimal) Decimal {
	r, code := quo(d, x)
	if code != noError {
		panic(&Error{Op: "/", Code: code, X: d, Y: x})
	}
	return r
}

// Rem returns the remainder of the division of d by x truncated to an integer,
// as Go's % does: its sign is that of d, and d == q*x + r for an integer q. It
// is always exact, however far apart the operands are, and panics with an
// *[Error] only where x is 0.
func (d Decimal) Rem(x Decimal) Decimal {
	r, code := rem(d, x)
	if code != noError {
		panic(&Error{Op: "%", Code: code, X: d, Y: x})
	}
	return r
}

// QuoErr is [Decimal.Quo] with the *[Error] returned.
func (d Decimal) QuoErr(x Decimal) (Decimal, error) {
	r, code := quo(d, x)
	return checked("/", r, code, d, x)
}

// RemErr is [Decimal.Rem] with the *[Error] returned.
func (d Decimal) RemErr(x Decimal) (Decimal, error) {
	r, code := rem(d, x)
	return checked("%", r, code, d, x)
}

func quo(a, b Decimal) (Decimal, Code) {
	if b.coef.isZero() {
		return Decimal{}, CodeDivisionByZero
	}
	f := a.flags ^ b.flags&flagNegative
	ideal := int(a.exp) - int(b.exp)
	x, y := a.coef, b.coef
	if x.isZero() {
		return settle(f, x, x, ideal, ideal)
	}
	if y.hi == 0 {
		// Most quotients that are exact at all are so with a few more digits.
		if q, n, exact := quoShort(x, y.lo); exact {
			return settle(f, uint128{}, q, ideal-n, ideal-n)
		}
	}

	// Scale x so that the quotient has exactly 38 digits before the point. With
	// both aligned at their first digits, x/y lies between 0.1 and 10.
	shift := y.digits() - x.digits()
	ax, ay := x, y
	if shift > 0 {
		ax, _ = x.shift(shift)
	} else {
		ay, _ = y.shift(-shift)
	}
	n := MaxDigits
	if !ax.less(ay) {
		n--
	}
	var hi, lo uint128
	if shift > 0 {
		hi, lo = ax.mul(pow10[n])
	} else {
		hi, lo = x.mul(pow10[n+shift])
	}
	n += shift
	q, r := div256(hi, lo, y)
	if r.isZero() {
		q, back := q.stripZeros(n)
		return settle(f, uint128{}, q, ideal-n+back, ideal-n+back)
	}
	// Half to even: r and y-r are the distances to the neighbours. The one above
	// still has 38 digits: of two coefficients of 38 digits, the quotient stays
	// further than that below a power of ten.
	if rest := y.sub(r); rest.less(r) || rest == r && q.lo&1 != 0 {
		q = q.increment()
	}
	if !inRange(ideal - n) {
		return Decimal{}, CodeRange
	}
	return build(f, q, ideal-n), noError
}

// quoShort returns x / y with the fewest decimal places n for which it is
// exact, where that is at most 19 and the dividend fits in 128 bits.
func quoShort(x uint128, y uint64) (q uint128, n int, exact bool) {
	if q, r := x.div64(y); r == 0 {
		return q, 0, true
	}
	if x.hi != 0 {
		return q, 0, false
	}
	n = len(pow10x64) - 1
	q, r := shift64(x.lo, n).div64(y) // less than 10^38, as y is not 1
	if r != 0 {
		return q, 0, false
	}
	q, back := q.stripZeros(n)
	return q, n - back, true
}

func rem(a, b Decimal) (Decimal, Code) {
	if b.coef.isZero() {
		return Decimal{}, CodeDivisionByZero
	}
	x, y, exp := a.coef, b.coef, a.exp
	switch {
	case a.exp < b.exp:
		shifted, fits := y.shift(int(b.exp) - int(a.exp))
		if !fits {
			return a, noError // b is larger than a
		}
		_, x = x.div(shifted)
	case a.exp == b.exp:
		_, x = x.div(y)
	default:
		// x × 10^gap modulo y needs no x × 10^gap.
		_, x = x.div(y)
		x = mulMod(x, pow10Mod(int(a.exp)-int(b.exp), y), y)
		exp = b.exp
	}
	return build(a.flags, x, int(exp)), noError
}

// mulMod returns x × y modulo m, for x < m.
func mulMod(x, y, m uint128) uint128 {
	hi, lo := x.mul(y)
	_, r := div256(hi, lo, m) // x < m and y < 2^128, so hi < m
	return r
}

// pow10Mod returns 10^n modulo m, or 10^n itself where that has 38 digits or
// fewer.
func pow10Mod(n int, m uint128) uint128 {
	if n <= MaxDigits {
		return pow10[n]
	}
	_, p := uint128{lo: 1}.div(m)
	_, base := uint128{lo: 10}.div(m)
	for ; n > 0; n >>= 1 {
		if n&1 != 0 {
			p = mulMod(p, base, m)
		}
		base = mulMod(base, base, m)
	}
	return p
}
