package fixed

import (
	"errors"
	"math/big"
	"math/rand/v2"
	"testing"
)

func random(r *rand.Rand) Decimal {
	m := r.Int64N([]int64{10, 1e6, 1e18}[r.IntN(3)])
	if r.IntN(2) == 0 {
		m = -m
	}
	return Decimal{m, r.IntN(18)}
}

func rat(t *testing.T, d Decimal) *big.Rat {
	t.Helper()
	v, ok := new(big.Rat).SetString(d.String())
	if !ok {
		t.Fatalf("%v prints as %q", d, d.String())
	}
	return v
}

func TestArithmeticIsExact(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 50_000 {
		a, b := random(r), random(r)
		if p, err := Parse(a.String()); err == nil && p != a {
			t.Fatalf("%v prints as %q, which reads as %v", a, a.String(), p)
		}
		if sum, err := a.Add(b); err == nil {
			if want := new(big.Rat).Add(rat(t, a), rat(t, b)); rat(t, sum).Cmp(want) != 0 || sum.Places != max(a.Places, b.Places) {
				t.Fatalf("%s + %s = %s", a, b, sum)
			}
		} else if !errors.Is(err, ErrRange) {
			t.Fatal(err)
		}
		if product, err := a.Mul(b); err == nil {
			if want := new(big.Rat).Mul(rat(t, a), rat(t, b)); rat(t, product).Cmp(want) != 0 || product.Places != a.Places+b.Places {
				t.Fatalf("%s * %s = %s", a, b, product)
			}
			if c := product.CmpInt(1); c != rat(t, product).Cmp(big.NewRat(1, 1)) {
				t.Fatalf("%s against 1: %d", product, c)
			}
		} else if !errors.Is(err, ErrRange) {
			t.Fatal(err)
		}
		n := r.Int32N(2000) - 1000
		if c := a.CmpInt(n); c != rat(t, a).Cmp(new(big.Rat).SetInt64(int64(n))) {
			t.Fatalf("%s against %d: %d", a, n, c)
		}
	}
}

func TestParse(t *testing.T) {
	for text, want := range map[string]error{
		"0": nil, "12.50": nil, "-0.001": nil, "123456789012345678": nil,
		"": ErrSyntax, "-": ErrSyntax, ".": ErrSyntax, ".5": ErrSyntax, "5.": ErrSyntax, "1.2.3": ErrSyntax, "1e5": ErrSyntax, "+1": ErrSyntax, " 1": ErrSyntax,
		"1234567890123456789": ErrRange, "1.2345678901234567890": ErrRange,
	} {
		d, err := Parse(text)
		if !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", text, err, want)
		}
		if err == nil && d.String() != text {
			t.Errorf("%q is printed as %q", text, d)
		}
	}
}
