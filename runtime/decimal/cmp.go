package decimal

// Cmp returns -1, 0 or 1 for d < x, d == x, d > x. It compares values: 1.0
// and 1.00 are equal. Every pair of Decimals can be compared.
func (d Decimal) Cmp(x Decimal) int {
	if (d.flags|x.flags)&flagNegative != 0 {
		if d.flags&flagNegative == 0 {
			return 1
		}
		if x.flags&flagNegative == 0 {
			return -1
		}
		d, x = x, d // both negative: the larger one has the smaller magnitude
	}
	if d.exp == x.exp {
		return d.coef.cmp(x.coef)
	}
	return cmpScales(d, x)
}

// Equal reports whether d and x have the same value.
func (d Decimal) Equal(x Decimal) bool { return d.Cmp(x) == 0 }

// Less reports whether d < x.
func (d Decimal) Less(x Decimal) bool { return d.Cmp(x) < 0 }

// Max returns the largest of its operands, and of equal ones the first.
func Max(d Decimal, more ...Decimal) Decimal {
	for _, x := range more {
		if d.Less(x) {
			d = x
		}
	}
	return d
}

// Min returns the smallest of its operands, and of equal ones the first.
func Min(d Decimal, more ...Decimal) Decimal {
	for _, x := range more {
		if x.Less(d) {
			d = x
		}
	}
	return d
}

// cmpScales compares the magnitudes of d and x of different exponents.
func cmpScales(d, x Decimal) int {
	sign := 1
	if d.exp < x.exp {
		d, x, sign = x, d, -1
	}
	gap := int(d.exp) - int(x.exp)
	if d.coef.hi == 0 && gap < len(pow10x64) {
		return sign * shift64(d.coef.lo, gap).cmp(x.coef)
	}
	coef, fits := d.coef.shift(gap)
	if !fits {
		return sign // what needs more than 128 bits is larger than any coefficient
	}
	return sign * coef.cmp(x.coef)
}
