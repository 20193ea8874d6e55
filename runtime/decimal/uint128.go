package decimal

import "math/bits"

// uint128 is an unsigned integer of 128 bits. Coefficients stay below 10^38,
// which is less than 2^128; intermediate results use the rest.
type uint128 struct{ hi, lo uint64 }

// pow10 holds the powers of ten that fit in 128 bits.
var pow10 = func() (p [MaxDigits + 1]uint128) {
	p[0] = uint128{lo: 1}
	for i := 1; i < len(p); i++ {
		p[i], _ = p[i-1].mul64(10)
	}
	return p
}()

// pow10x64 holds the powers of ten that fit in 64 bits.
var pow10x64 = [...]uint64{
	1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10,
	1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
}

// The limit of coefficients, 10^38, as constants: comparisons with it are on
// every path.
const (
	limitHi = 0x4b3b4ca85a86c47a
	limitLo = 0x098a224000000000
)

// fits reports whether x has at most 38 digits.
func (x uint128) fits() bool {
	return x.hi < limitHi || x.hi == limitHi && x.lo < limitLo
}

func (x uint128) isZero() bool { return x.hi|x.lo == 0 }

func (x uint128) less(y uint128) bool {
	return x.hi < y.hi || x.hi == y.hi && x.lo < y.lo
}

// cmp returns -1, 0 or 1 for x < y, x == y, x > y.
func (x uint128) cmp(y uint128) int {
	switch {
	case x == y:
		return 0
	case x.less(y):
		return -1
	}
	return 1
}

// add returns x + y and the carry out of 128 bits, 0 or 1.
func (x uint128) add(y uint128) (sum uint128, carry uint64) {
	sum.lo, carry = bits.Add64(x.lo, y.lo, 0)
	sum.hi, carry = bits.Add64(x.hi, y.hi, carry)
	return sum, carry
}

// increment returns x + 1 for x < 2^128 - 1.
func (x uint128) increment() uint128 {
	x, _ = x.add(uint128{lo: 1})
	return x
}

// sub returns x - y for x ≥ y.
func (x uint128) sub(y uint128) (diff uint128) {
	var borrow uint64
	diff.lo, borrow = bits.Sub64(x.lo, y.lo, 0)
	diff.hi, _ = bits.Sub64(x.hi, y.hi, borrow)
	return diff
}

// mul64 returns x × y and what overflows 128 bits.
func (x uint128) mul64(y uint64) (p uint128, over uint64) {
	h, lo := bits.Mul64(x.lo, y)
	over, mid := bits.Mul64(x.hi, y)
	mid, carry := bits.Add64(mid, h, 0)
	return uint128{mid, lo}, over + carry
}

// mul returns x × y as a number of 256 bits.
func (x uint128) mul(y uint128) (hi, lo uint128) {
	a, over := x.mul64(y.lo)
	b, top := x.mul64(y.hi)
	mid, c := bits.Add64(a.hi, b.lo, 0)
	h, c := bits.Add64(over, b.hi, c)
	return uint128{top + c, h}, uint128{mid, a.lo}
}

// shift returns x × 10^n for n ≥ 0, and whether that fits in 128 bits.
func (x uint128) shift(n int) (uint128, bool) {
	if x.hi == 0 && n < len(pow10x64) {
		return shift64(x.lo, n), true
	}
	if n > MaxDigits {
		return uint128{}, x.isZero()
	}
	hi, lo := x.mul(pow10[n])
	return lo, hi.isZero()
}

// shift64 returns x × 10^n for 0 ≤ n ≤ 19: the usual case of shift, small
// enough to be inlined.
func shift64(x uint64, n int) (p uint128) {
	p.hi, p.lo = bits.Mul64(x, pow10x64[n])
	return p
}

// digits returns the number of decimal digits of x; 0 has one.
func (x uint128) digits() int {
	if x.hi == 0 {
		// 1233/4096 is a little more than log10(2), so n is exact or one too
		// large; the power of ten tells which.
		n := bits.Len64(x.lo|1) * 1233 >> 12
		if n < len(pow10x64) && x.lo >= pow10x64[n] {
			n++
		}
		return max(n, 1)
	}
	n := (64 + bits.Len64(x.hi)) * 1233 >> 12
	if n < len(pow10) && !x.less(pow10[n]) {
		n++
	}
	return n
}

// div64 returns the quotient and the remainder of x / y.
func (x uint128) div64(y uint64) (q uint128, r uint64) {
	if x.hi == 0 {
		return uint128{lo: x.lo / y}, x.lo % y
	}
	q.hi, r = x.hi/y, x.hi%y
	q.lo, r = bits.Div64(r, x.lo, y)
	return q, r
}

// div returns the quotient and the remainder of x / y.
func (x uint128) div(y uint128) (q, r uint128) {
	if y.hi == 0 {
		q, r.lo = x.div64(y.lo)
		return q, r
	}
	if x.less(y) {
		return uint128{}, x
	}
	return div256(uint128{}, x, y)
}

// div256 returns the quotient and the remainder of (hi, lo) / y. It needs
// hi < y, so that the quotient has 128 bits.
func div256(hi, lo, y uint128) (q, r uint128) {
	if y.hi == 0 {
		q.hi, r.lo = bits.Div64(hi.lo, lo.hi, y.lo)
		q.lo, r.lo = bits.Div64(r.lo, lo.lo, y.lo)
		return q, r
	}
	// Knuth's algorithm D, two digits of base 2^64. The divisor is shifted
	// until its top bit is set: then the estimate of a quotient digit from the
	// top of the divisor alone is at most two too large.
	s := uint(bits.LeadingZeros64(y.hi))
	y = uint128{y.hi<<s | y.lo>>(64-s), y.lo << s}
	u3 := hi.hi<<s | hi.lo>>(64-s)
	u2 := hi.lo<<s | lo.hi>>(64-s)
	u1 := lo.hi<<s | lo.lo>>(64-s)
	u0 := lo.lo << s
	q.hi, r = div192(uint128{u3, u2}, u1, y)
	q.lo, r = div192(r, u0, y)
	return q, uint128{r.hi >> s, r.lo>>s | r.hi<<(64-s)}
}

// div192 returns the quotient and the remainder of (u, low) / y for u < y and
// a y whose top bit is set: one digit of a long division.
func div192(u uint128, low uint64, y uint128) (q uint64, r uint128) {
	var rest, carry uint64
	if u.hi >= y.hi { // u.hi == y.hi: the estimate would need 65 bits
		q = ^uint64(0)
		rest, carry = bits.Add64(u.lo, y.hi, 0)
	} else {
		q, rest = bits.Div64(u.hi, u.lo, y.hi)
	}
	// Now q × y.hi + (carry, rest) = u. Subtract q × y.lo, and correct q
	// while that is more than there is.
	hi, lo := bits.Mul64(q, y.lo)
	for carry == 0 && (uint128{rest, low}).less(uint128{hi, lo}) {
		q--
		rest, carry = bits.Add64(rest, y.hi, 0)
		var b uint64
		lo, b = bits.Sub64(lo, y.lo, 0)
		hi -= b
	}
	// The true remainder has 128 bits, so what carry stands for cancels.
	return q, uint128{rest, low}.sub(uint128{hi, lo})
}

// stripZeros divides x, which is not 0, by ten as often as that leaves no
// remainder, at most limit times, and returns how often it did.
func (x uint128) stripZeros(limit int) (uint128, int) {
	// What 10^n divides, 2^n divides: for most numbers this alone is the answer.
	limit = min(limit, bits.TrailingZeros64(x.lo))
	n := 0
	for step := 32; step > 0; step >>= 1 {
		if n+step > limit {
			continue
		}
		if q, r := x.div(pow10[step]); r.isZero() {
			x = q
			n += step
		}
	}
	return x, n
}
