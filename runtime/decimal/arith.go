package decimal

// Add returns d + x. It panics with an *[Error] where the exact sum needs more
// than 38 digits.
func (d Decimal) Add(x Decimal) Decimal {
	r, code := add(d, x)
	if code != noError {
		panic(&Error{Op: "+", Code: code, X: d, Y: x})
	}
	return r
}

// Sub returns d - x. It panics as [Decimal.Add] does.
func (d Decimal) Sub(x Decimal) Decimal {
	r, code := add(d, x.Neg())
	if code != noError {
		panic(&Error{Op: "-", Code: code, X: d, Y: x})
	}
	return r
}

// Mul returns d × x. It panics with an *[Error] where the exact product needs
// more than 38 digits or an exponent out of range.
func (d Decimal) Mul(x Decimal) Decimal {
	r, code := mul(d, x)
	if code != noError {
		panic(&Error{Op: "*", Code: code, X: d, Y: x})
	}
	return r
}

// AddErr is [Decimal.Add] with the *[Error] returned.
func (d Decimal) AddErr(x Decimal) (Decimal, error) {
	r, code := add(d, x)
	return checked("+", r, code, d, x)
}

// SubErr is [Decimal.Sub] with the *[Error] returned.
func (d Decimal) SubErr(x Decimal) (Decimal, error) {
	r, code := add(d, x.Neg())
	return checked("-", r, code, d, x)
}

// MulErr is [Decimal.Mul] with the *[Error] returned.
func (d Decimal) MulErr(x Decimal) (Decimal, error) {
	r, code := mul(d, x)
	return checked("*", r, code, d, x)
}

// checked turns the code of an operation into an error. The nil error must be
// one without a type.
func checked(op string, r Decimal, code Code, x, y Decimal) (Decimal, error) {
	if code != noError {
		return Decimal{}, &Error{Op: op, Code: code, X: x, Y: y}
	}
	return r, nil
}

func add(a, b Decimal) (Decimal, Code) {
	form := a.flags & flagNumber
	if a.exp < b.exp {
		a, b = b, a
	}
	x, y := a.coef, b.coef
	if gap := int(a.exp) - int(b.exp); gap > 0 {
		if x.hi == 0 && gap < len(pow10x64) {
			x = shift64(x.lo, gap)
		} else {
			var fits bool
			if x, fits = x.shift(gap); !fits {
				return addWide(form, a, b)
			}
		}
	}
	f := a.flags & flagNegative
	var r uint128
	if f == b.flags&flagNegative {
		var carry uint64
		if r, carry = x.add(y); carry != 0 {
			return addWide(form, a, b)
		}
	} else if y.less(x) {
		r = x.sub(y)
	} else {
		r = y.sub(x)
		f ^= flagNegative
	}
	if !r.fits() {
		return addWide(form, a, b)
	}
	return build(f|form, r, int(b.exp)), noError
}

// addWide is add, for a.exp ≥ b.exp, where 128 bits do not hold the aligned
// operands, or 38 digits not the sum: that may still be exact with fewer zeros
// at its end.
func addWide(form flags, a, b Decimal) (Decimal, Code) {
	ideal := int(b.exp)
	if b.coef.isZero() {
		return settle(a.flags&flagNegative|form, uint128{}, a.coef, int(a.exp), ideal)
	}
	exp, y := int(b.exp), b.coef
	gap := int(a.exp) - exp
	if gap > MaxDigits {
		var n int
		y, n = y.stripZeros(gap)
		exp += n
		gap -= n
		if gap > MaxDigits {
			// The first digit of a and the last of b, which is not 0, are
			// further apart than 38 digits.
			return Decimal{}, CodeDigits
		}
	}
	hi, lo := a.coef.mul(pow10[gap])
	if (a.flags^b.flags)&flagNegative == 0 {
		var carry uint64
		if lo, carry = lo.add(y); carry != 0 {
			hi = hi.increment()
		}
	} else {
		// Of a and b, a is the larger: aligned it has more than 38 digits.
		if lo.less(y) {
			hi = hi.sub(uint128{lo: 1})
		}
		lo = lo.sub(y)
	}
	return settle(a.flags&flagNegative|form, hi, lo, exp, ideal)
}

func mul(a, b Decimal) (Decimal, Code) {
	f := a.flags ^ b.flags&flagNegative
	exp := int(a.exp) + int(b.exp)
	hi, lo := a.coef.mul(b.coef)
	if hi.isZero() && lo.fits() && inRange(exp) {
		return build(f, lo, exp), noError
	}
	return settle(f, hi, lo, exp, exp)
}

func inRange(exp int) bool { return uint(exp+MaxExponent) <= 2*MaxExponent }

// settle returns the exact value (hi, lo) × 10^exp with the exponent nearest to
// ideal, or why there is no such Decimal. The coefficient is less than 10^76,
// and ideal is at most exp.
func settle(f flags, hi, lo uint128, exp, ideal int) (Decimal, Code) {
	switch {
	case hi.isZero() && lo.isZero():
		return build(f, lo, max(-MaxExponent, min(ideal, MaxExponent))), noError
	case !hi.isZero() || !lo.fits():
		// Too many digits, by n: the last n have to be zeros.
		q, _ := div256(hi, lo, pow10[MaxDigits])
		n := q.digits()
		var r uint128
		if lo, r = div256(hi, lo, pow10[n]); !r.isZero() {
			return Decimal{}, CodeDigits
		}
		exp += n
	case exp > ideal:
		n := min(exp-ideal, MaxDigits-lo.digits())
		lo, _ = lo.shift(n)
		exp -= n
	}
	switch {
	case exp < -MaxExponent:
		n := -MaxExponent - exp
		if n > MaxDigits {
			return Decimal{}, CodeRange
		}
		var r uint128
		if lo, r = lo.div(pow10[n]); !r.isZero() {
			return Decimal{}, CodeRange
		}
		exp += n
	case exp > MaxExponent:
		n := exp - MaxExponent
		if n > MaxDigits-lo.digits() {
			return Decimal{}, CodeRange
		}
		lo, _ = lo.shift(n)
		exp -= n
	}
	return build(f, lo, exp), noError
}
