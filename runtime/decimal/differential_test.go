package decimal

import (
	"math"
	"math/big"
	"strconv"
	"testing"
)

// rounds is the number of random cases a differential test runs.
func rounds(short int) int {
	if testing.Short() {
		return short
	}
	return 4 * short
}

// operators are the operations on two operands, in all their forms.
var operators = []struct {
	op     string
	panics func(a, b Decimal) Decimal
	errs   func(a, b Decimal) (Decimal, error)
	oracle func(a, b Decimal) result
}{
	{"+", Decimal.Add, Decimal.AddErr, oracleAdd},
	{"-", Decimal.Sub, Decimal.SubErr, oracleSub},
	{"*", Decimal.Mul, Decimal.MulErr, oracleMul},
	{"/", Decimal.Quo, Decimal.QuoErr, oracleQuo},
	{"%", Decimal.Rem, Decimal.RemErr, oracleRem},
}

// recovered runs f and returns what it panicked with as an error.
func recovered[T any](f func() T) (r T, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = p.(*Error) // anything else is a failure
		}
	}()
	return f(), nil
}

func checkBinary(t *testing.T, a, b Decimal) {
	t.Helper()
	for _, op := range operators {
		want := op.oracle(a, b)
		d, err := op.errs(a, b)
		if got := resultOf(d, err); got != want {
			t.Fatalf("%v %s %v = %v, want %v", a, op.op, b, got, want)
		}
		p, perr := recovered(func() Decimal { return op.panics(a, b) })
		if got := resultOf(p, perr); got != want {
			t.Fatalf("%v %s %v = %v, want %v", a, op.op, b, got, want)
		}
		if err == nil {
			checkValid(t, d)
			if d.IsNumber() != a.IsNumber() {
				t.Fatalf("%v %s %v has lost the form of the left operand", a, op.op, b)
			}
			continue
		}
		if e := perr.(*Error); e.Op != op.op || !e.X.Equal(a) || !e.Y.Equal(b) {
			t.Fatalf("%v %s %v failed with other operands: %v", a, op.op, b, e)
		}
	}
}

// checkValid fails where d breaks what every Decimal has to be.
func checkValid(t *testing.T, d Decimal) {
	t.Helper()
	if !d.coef.fits() || d.exp < -MaxExponent || d.exp > MaxExponent || d.coef.isZero() && d.flags&flagNegative != 0 {
		t.Fatalf("invalid decimal: %#v", d)
	}
}

func TestArithmeticAgainstBig(t *testing.T) {
	s := newSource(t)
	for range rounds(10_000) {
		a, b := s.pair()
		checkBinary(t, a, b)
	}
}

func TestArithmeticOfBorders(t *testing.T) {
	s := newSource(t)
	for _, x := range bordersOfCoef {
		for range 8 {
			y := bordersOfCoef[s.IntN(len(bordersOfCoef))]
			exp := s.exp()
			checkBinary(t, build(flags(s.IntN(4)), x, exp), build(flags(s.IntN(4)), y, clamp(exp+s.IntN(80)-40, -MaxExponent, MaxExponent)))
		}
	}
}

func TestCompareAgainstBig(t *testing.T) {
	s := newSource(t)
	for range rounds(20_000) {
		a, b := s.pair()
		want := oracleCmp(a, b)
		if got := a.Cmp(b); got != want {
			t.Fatalf("%v cmp %v = %d, want %d", a, b, got, want)
		}
		if a.Equal(b) != (want == 0) || a.Less(b) != (want < 0) {
			t.Fatalf("%v and %v: Equal or Less differ from Cmp", a, b)
		}
		if (a.Reduce().String() == b.Reduce().String()) != (want == 0) {
			t.Fatalf("reduced %v is %v, reduced %v is %v, but cmp is %d", a, a.Reduce(), b, b.Reduce(), want)
		}
		most, least := Max(a, b), Min(a, b)
		if most.Less(a) || most.Less(b) || a.Less(least) || b.Less(least) {
			t.Fatalf("max %v, min %v of %v and %v", most, least, a, b)
		}
	}
}

func TestRoundingAgainstBig(t *testing.T) {
	s := newSource(t)
	check := func(d, got Decimal, err error, want result, what string, places int) {
		t.Helper()
		if r := resultOf(got, err); r != want {
			t.Fatalf("%s of %v to %d places = %v, want %v", what, d, places, r, want)
		}
		if err == nil {
			checkValid(t, got)
			if got.IsNumber() != d.IsNumber() {
				t.Fatalf("%s of %v lost its form", what, d)
			}
		}
	}
	for range rounds(10_000) {
		d := s.decimal()
		check(d, d.Floor(), nil, oracleRound(d, 0, "floor"), "Floor", 0)
		check(d, d.Ceil(), nil, oracleRound(d, 0, "ceil"), "Ceil", 0)
		check(d, d.Trunc(), nil, oracleRound(d, 0, "trunc"), "Trunc", 0)
		places := -int(d.exp) + s.IntN(90) - 45
		switch s.IntN(4) {
		case 0:
			places = s.IntN(3 * MaxExponent) // often more than there can be
		case 1:
			places = s.IntN(10) - 3
		}
		want := oracleRound(d, places, "even")
		got, err := d.RoundErr(places)
		check(d, got, err, want, "RoundErr", places)
		got, err = recovered(func() Decimal { return d.Round(places) })
		check(d, got, err, want, "Round", places)
	}
}

func TestInt64AgainstBig(t *testing.T) {
	s := newSource(t)
	for range rounds(10_000) {
		d := s.decimal()
		switch s.IntN(3) {
		case 0:
			d = FromInt64(int64(s.Uint64()) >> s.IntN(64))
			if n := s.IntN(12); d.coef.digits()+n <= MaxDigits {
				d.coef, _ = d.coef.shift(n) // the same, with places
				d.exp = int16(-n)
			}
		case 1: // around the ends of the range
			d = build(flags(s.IntN(2)), uint128{lo: 1<<63 + s.Uint64N(5) - 2}, 0)
		}
		n := signed(d)
		code := noError
		if d.exp < 0 {
			r := new(big.Int)
			if n.QuoRem(n, bigPow10(-int(d.exp)), r); r.Sign() != 0 {
				code = CodeFraction
			}
		} else {
			n.Mul(n, bigPow10(int(d.exp)))
		}
		if code == noError && !n.IsInt64() {
			code = CodeInt64
		}
		got, err := d.Int64Err()
		got2, err2 := recovered(d.Int64)
		if resultOf(Decimal{}, err).code != code || resultOf(Decimal{}, err2).code != code {
			t.Fatalf("Int64 of %v: %v and %v, want %v", d, err, err2, code)
		}
		if err == nil && (got != n.Int64() || got2 != got) {
			t.Fatalf("Int64 of %v = %d and %d, want %v", d, got, got2, n)
		}
	}
}

func TestFloat64AgainstBig(t *testing.T) {
	s := newSource(t)
	for range rounds(5_000) {
		d := s.decimal()
		r := new(big.Rat).SetInt(signed(d))
		if p := bigPow10(int(math.Abs(float64(d.exp)))); d.exp < 0 {
			r.Quo(r, new(big.Rat).SetInt(p))
		} else {
			r.Mul(r, new(big.Rat).SetInt(p))
		}
		want, _ := r.Float64()
		if got := d.Float64(); got != want {
			t.Fatalf("Float64 of %v = %v, want %v", d, got, want)
		}
	}
}

func TestTextAgainstBig(t *testing.T) {
	s := newSource(t)
	for range rounds(20_000) {
		d := s.decimal()
		text := d.String()
		if want := oracleText(d); text != want {
			t.Fatalf("text of %#v = %s, want %s", d, text, want)
		}
		if len(text) > maxText {
			t.Fatalf("%s is longer than %d bytes", text, maxText)
		}
		checkRoundTrip(t, d)
	}
}

// checkRoundTrip fails where a text of d does not give d back, scale and all.
func checkRoundTrip(t *testing.T, d Decimal) {
	t.Helper()
	want := resultOf(d, nil)
	for way, read := range map[string]func() (Decimal, error){
		"Parse":      func() (Decimal, error) { return Parse(d.String()) },
		"ParseBytes": func() (Decimal, error) { return ParseBytes(d.Append(nil)) },
		"ParseJSON":  func() (Decimal, error) { return ParseJSON(d.AppendJSON(nil)) },
		"Compose": func() (x Decimal, err error) {
			form, neg, coef, exp := d.Decompose(nil)
			err = x.Compose(form, neg, coef, exp)
			return x, err
		},
	} {
		got, err := read()
		if r := resultOf(got, err); r != want {
			t.Fatalf("%s of %v = %v, want %v", way, d, r, want)
		}
	}
}

func TestIntegersAgainstStrconv(t *testing.T) {
	s := newSource(t)
	for range rounds(5_000) {
		n := int64(s.Uint64()) >> s.IntN(64)
		if got := FromInt64(n).String(); got != strconv.FormatInt(n, 10) {
			t.Fatalf("FromInt64(%d) is %s", n, got)
		}
		if got := FromUint64(uint64(n)).String(); got != strconv.FormatUint(uint64(n), 10) {
			t.Fatalf("FromUint64(%d) is %s", uint64(n), got)
		}
		exp := s.IntN(3*MaxExponent) - 3*MaxExponent/2
		got, err := recovered(func() Decimal { return New(n, exp) })
		if r, want := resultOf(got, err), oracleSettle(big.NewInt(n), exp, exp); r != want {
			t.Fatalf("New(%d, %d) = %v, want %v", n, exp, r, want)
		}
	}
}

func TestUint128AgainstBig(t *testing.T) {
	s := newSource(t)
	any := func() uint128 {
		x := uint128{s.Uint64(), s.Uint64()}
		switch s.IntN(4) {
		case 0:
			x.hi = 0
		case 1:
			x.hi >>= s.IntN(64)
		case 2: // long runs of ones reach the rare corrections of division
			x = uint128{-(s.Uint64() >> 60), -(s.Uint64() >> s.IntN(64))}
		}
		return x
	}
	two128 := new(big.Int).Lsh(big.NewInt(1), 128)
	for range rounds(50_000) {
		x, y, z := any(), any(), any()
		hi, lo := x.mul(y)
		got := new(big.Int).Add(new(big.Int).Mul(hi.big(), two128), lo.big())
		if want := new(big.Int).Mul(x.big(), y.big()); got.Cmp(want) != 0 {
			t.Fatalf("%v × %v = %v, want %v", x, y, got, want)
		}
		if want := len(x.big().String()); x.digits() != want {
			t.Fatalf("%v has %d digits, not %d", x.big(), want, x.digits())
		}
		if y.isZero() {
			continue
		}
		q, r := x.div(y)
		wantQ, wantR := new(big.Int).QuoRem(x.big(), y.big(), new(big.Int))
		if q.big().Cmp(wantQ) != 0 || r.big().Cmp(wantR) != 0 {
			t.Fatalf("%v / %v = %v rest %v, want %v rest %v", x, y, q.big(), r.big(), wantQ, wantR)
		}
		_, hi = hi.div(y)
		q, r = div256(hi, z, y)
		dividend := new(big.Int).Add(new(big.Int).Mul(hi.big(), two128), z.big())
		wantQ, wantR = new(big.Int).QuoRem(dividend, y.big(), new(big.Int))
		if q.big().Cmp(wantQ) != 0 || r.big().Cmp(wantR) != 0 {
			t.Fatalf("%v / %v = %v rest %v, want %v rest %v", dividend, y.big(), q.big(), r.big(), wantQ, wantR)
		}
	}
}
