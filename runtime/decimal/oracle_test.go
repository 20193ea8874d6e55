package decimal

import (
	"errors"
	"fmt"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"
)

// The oracle computes with math/big what an operation has to give, from the
// rule of the package documentation alone: the exact value, with the exponent
// nearest to the ideal one that 38 digits and ±6144 allow.

var (
	bigTen   = big.NewInt(10)
	bigLimit = bigPow10(MaxDigits)
)

func bigPow10(n int) *big.Int { return new(big.Int).Exp(bigTen, big.NewInt(int64(n)), nil) }

func (x uint128) big() *big.Int {
	n := new(big.Int).Lsh(new(big.Int).SetUint64(x.hi), 64)
	return n.Add(n, new(big.Int).SetUint64(x.lo))
}

func fromBig(n *big.Int) uint128 {
	return uint128{new(big.Int).Rsh(n, 64).Uint64(), new(big.Int).And(n, new(big.Int).SetUint64(1<<64-1)).Uint64()}
}

// signed returns the coefficient of d with its sign.
func signed(d Decimal) *big.Int {
	n := d.coef.big()
	if d.flags&flagNegative != 0 {
		n.Neg(n)
	}
	return n
}

// result is what an operation gives: a Decimal's parts, or an error.
type result struct {
	coef string // signed
	exp  int
	code Code
}

func (r result) String() string {
	if r.code != noError {
		return r.code.String()
	}
	return fmt.Sprintf("%s × 10^%d", r.coef, r.exp)
}

func resultOf(d Decimal, err error) result {
	if err != nil {
		var e *Error
		if !errors.As(err, &e) {
			panic(err)
		}
		return result{code: e.Code}
	}
	return result{coef: signed(d).String(), exp: int(d.exp)}
}

// oracleSettle is the rule, for the value n × 10^exp.
func oracleSettle(n *big.Int, exp, ideal int) result {
	if n.Sign() == 0 {
		return result{coef: "0", exp: clamp(ideal, -MaxExponent, MaxExponent)}
	}
	text := n.String()
	core := strings.TrimRight(text, "0")
	highest := exp + len(text) - len(core)
	digits := len(strings.TrimPrefix(core, "-"))
	if digits > MaxDigits {
		return result{code: CodeDigits}
	}
	lowest := highest - (MaxDigits - digits)
	from, to := max(lowest, -MaxExponent), min(highest, MaxExponent)
	if from > to {
		return result{code: CodeRange}
	}
	e := clamp(ideal, from, to)
	return result{coef: core + strings.Repeat("0", highest-e), exp: e}
}

func clamp(n, lo, hi int) int { return max(lo, min(n, hi)) }

// aligned returns the signed coefficients of a and b at the smaller exponent.
func aligned(a, b Decimal) (x, y *big.Int, exp int) {
	x, y, exp = signed(a), signed(b), int(min(a.exp, b.exp))
	x.Mul(x, bigPow10(int(a.exp)-exp))
	y.Mul(y, bigPow10(int(b.exp)-exp))
	return x, y, exp
}

func oracleAdd(a, b Decimal) result {
	x, y, exp := aligned(a, b)
	return oracleSettle(x.Add(x, y), exp, exp)
}

func oracleSub(a, b Decimal) result {
	x, y, exp := aligned(a, b)
	return oracleSettle(x.Sub(x, y), exp, exp)
}

func oracleMul(a, b Decimal) result {
	exp := int(a.exp) + int(b.exp)
	return oracleSettle(new(big.Int).Mul(signed(a), signed(b)), exp, exp)
}

func oracleRem(a, b Decimal) result {
	if b.IsZero() {
		return result{code: CodeDivisionByZero}
	}
	x, y, exp := aligned(a, b)
	return oracleSettle(x.Rem(x, y), exp, exp)
}

func oracleQuo(a, b Decimal) result {
	if b.IsZero() {
		return result{code: CodeDivisionByZero}
	}
	ideal := int(a.exp) - int(b.exp)
	if a.IsZero() {
		return oracleSettle(new(big.Int), 0, ideal)
	}
	// 300 places hold every quotient of two such coefficients that ends.
	x, y := signed(a), signed(b)
	const places = 300
	q, r := new(big.Int).QuoRem(new(big.Int).Mul(x, bigPow10(places)), y, new(big.Int))
	if r.Sign() == 0 {
		if exact := oracleSettle(q, ideal-places, ideal); exact.code != CodeDigits {
			return exact
		}
	}
	// Round the quotient of 300 places and a sticky rest to 38 digits.
	neg := q.Sign() < 0
	q.Abs(q)
	drop := len(q.String()) - MaxDigits
	unit := bigPow10(drop)
	q, rest := q.QuoRem(q, unit, new(big.Int))
	twice := rest.Lsh(rest, 1)
	switch c := twice.Cmp(unit); {
	case c > 0, c == 0 && (r.Sign() != 0 || q.Bit(0) == 1):
		q.Add(q, big.NewInt(1))
	}
	exp := ideal - places + drop
	if q.Cmp(bigLimit) == 0 {
		q.Quo(q, bigTen)
		exp++
	}
	if exp < -MaxExponent || exp > MaxExponent {
		return result{code: CodeRange}
	}
	if neg {
		q.Neg(q)
	}
	return result{coef: q.String(), exp: exp}
}

func oracleCmp(a, b Decimal) int {
	x, y, _ := aligned(a, b)
	return x.Cmp(y)
}

// oracleRound rounds d to a multiple of 10^-places in the way of mode: "floor",
// "ceil", "trunc" or "even".
func oracleRound(d Decimal, places int, mode string) result {
	exp, ideal := int(d.exp), -max(places, 0)
	n := signed(d)
	if drop := -places - exp; drop > 0 {
		unit := bigPow10(drop)
		q, r := new(big.Int).DivMod(n, unit, new(big.Int)) // floor, for a positive unit
		up := false
		switch mode {
		case "ceil":
			up = r.Sign() > 0
		case "trunc":
			up = r.Sign() > 0 && n.Sign() < 0
		case "even":
			c := new(big.Int).Lsh(r, 1).Cmp(unit)
			up = c > 0 || c == 0 && q.Bit(0) == 1
		}
		if up {
			q.Add(q, big.NewInt(1))
		}
		n, exp = q, -places
	} else if mode != "even" {
		ideal = exp // integers stay as they are
	}
	return oracleSettle(n, exp, ideal)
}

// oracleText writes d as the documentation of Append says.
func oracleText(d Decimal) string {
	digits := d.coef.big().String()
	exp := int(d.exp)
	first := len(digits) + exp - 1
	var s string
	switch {
	case exp > 0 || first < -24:
		s = digits[:1]
		if len(digits) > 1 {
			s += "." + digits[1:]
		}
		s += fmt.Sprintf("e%+d", first)
	case exp == 0:
		s = digits
	default:
		if zeros := 1 - exp - len(digits); zeros > 0 {
			digits = strings.Repeat("0", zeros) + digits
		}
		s = digits[:len(digits)+exp] + "." + digits[len(digits)+exp:]
	}
	if d.flags&flagNegative != 0 {
		s = "-" + s
	}
	return s
}

// source makes random operands, with a liking for borders.
type source struct{ *rand.Rand }

func newSource(t testing.TB) source {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	return source{rand.New(rand.NewPCG(seed, 1))}
}

var bordersOfCoef = func() (all []uint128) {
	add := func(n *big.Int) {
		for delta := int64(-2); delta <= 2; delta++ {
			m := new(big.Int).Add(n, big.NewInt(delta))
			if m.Sign() >= 0 && m.Cmp(bigLimit) < 0 {
				all = append(all, fromBig(m))
			}
		}
	}
	for n := 0; n <= MaxDigits; n++ {
		add(bigPow10(n))
		add(new(big.Int).Quo(bigPow10(n), big.NewInt(2)))
		add(new(big.Int).Quo(bigPow10(n), big.NewInt(3)))
	}
	for n := uint(0); n < 127; n++ {
		add(new(big.Int).Lsh(big.NewInt(1), n))
	}
	for n := int64(0); n < 54; n++ {
		add(new(big.Int).Exp(big.NewInt(5), big.NewInt(n), nil))
	}
	return all
}()

func (s source) coef() uint128 {
	switch s.IntN(6) {
	case 0:
		return bordersOfCoef[s.IntN(len(bordersOfCoef))]
	case 1: // trailing zeros
		n := s.IntN(MaxDigits)
		_, c := (uint128{s.Uint64(), s.Uint64()}).div(pow10[MaxDigits-n])
		c, _ = c.shift(n)
		return c
	case 2:
		return uint128{lo: s.Uint64N(1000)}
	}
	_, c := (uint128{s.Uint64(), s.Uint64()}).div(pow10[1+s.IntN(MaxDigits)])
	return c
}

func (s source) exp() int {
	switch s.IntN(20) {
	case 0:
		return s.IntN(2*MaxExponent+1) - MaxExponent
	case 1:
		return -MaxExponent + s.IntN(80)
	case 2:
		return MaxExponent - s.IntN(80)
	case 3, 4, 5, 6:
		return s.IntN(160) - 80
	}
	return s.IntN(24) - 20
}

func (s source) decimal() Decimal {
	return build(flags(s.IntN(4)), s.coef(), s.exp())
}

// pair makes two operands that have something to do with each other.
func (s source) pair() (a, b Decimal) {
	a, b = s.decimal(), s.decimal()
	switch s.IntN(4) {
	case 0:
		b.exp = a.exp
	case 1:
		b.exp = int16(clamp(int(a.exp)+s.IntN(100)-50, -MaxExponent, MaxExponent))
	case 2: // (nearly) the same value, at another scale
		if n := s.IntN(MaxDigits + 1); a.coef.digits()+n <= MaxDigits && int(a.exp)-n >= -MaxExponent {
			b.coef, _ = a.coef.shift(n)
			b.exp = a.exp - int16(n)
			b.coef, _ = b.coef.add(uint128{lo: s.Uint64N(2)})
			if !b.coef.fits() {
				b.coef = pow10[MaxDigits-1]
			}
		}
	}
	return build(a.flags, a.coef, int(a.exp)), build(b.flags, b.coef, int(b.exp))
}
