package decimal

import (
	"reflect"
	"strings"
	"testing"
	"unsafe"
)

func TestOperators(t *testing.T) {
	nines, ones := strings.Repeat("9", MaxDigits), strings.Repeat("1", MaxDigits)
	third, zeros := "0."+strings.Repeat("3", MaxDigits), strings.Repeat("0", 60)
	for _, c := range []struct{ x, op, y, want string }{
		// The scale of a sum is the larger of the two.
		{"1.5", "+", "2.25", "3.75"},
		{"1.50", "+", "1", "2.50"},
		{"1.50", "+", "0.000", "1.500"},
		{"1e3", "+", "1", "1001"},
		{"1e3", "+", "1e2", "1.1e+3"},
		{"1.00", "-", "1.0", "0.00"},
		{"-1.00", "+", "1.00", "0.00"},
		{"0", "-", "5.0", "-5.0"},
		{"5", "-", "7", "-2"},
		{"-5", "-", "-7", "2"},
		{"0e3", "+", "0e-3", "0.000"},
		// More digits than 38 are none too many where they cancel or are zeros.
		{nines, "+", "1", "1." + zeros[:37] + "e+38"},
		{nines, "+", "2", "decimal-digits"},
		{nines, "-", "1", nines[1:] + "8"},
		{"1e38", "-", "1", nines},
		{"-1e38", "+", "1", "-" + nines},
		{"1", "-", "1e38", "-" + nines},
		{"1e38", "-", "0.1", "decimal-digits"},
		{"1e38", "+", "10", "1." + zeros[:36] + "1e+38"},
		{"1e38", "+", "1", "decimal-digits"},
		{"5" + zeros[:37], "+", "5" + zeros[:37], "1." + zeros[:37] + "e+38"},
		{"1e37", "+", "0.0", "1" + zeros[:37]},
		{"1e100", "+", "0", "1." + zeros[:37] + "e+100"},
		{"1e100", "+", "1" + zeros[:37] + "e30", "1." + zeros[:32] + "10000e+100"},
		{"1e6000", "+", "1e-6000", "decimal-digits"},
		{"1e6000", "-", "1e-6000", "decimal-digits"},
		{"0e6000", "-", "1e-6000", "-1e-6000"},
		{"1e6000", "+", "0e-6000", "1." + zeros[:37] + "e+6000"},
		{nines + "e6144", "+", "1e6144", "decimal-range"},
		{nines + "e6144", "+", nines + "e6144", "decimal-digits"},
		{third, "+", "1", "decimal-digits"},

		// The scale of a product is the sum of the two.
		{"1.50", "*", "2.0", "3.000"},
		{"-1.5", "*", "2", "-3.0"},
		{"-1.5", "*", "-2", "3.0"},
		{"0.0", "*", "-2", "0.0"},
		{"2e3", "*", "3e4", "6e+7"},
		{third, "*", "100", "33." + third[2:38]},
		{third, "*", "3", "0." + nines},
		{third, "*", "7", "decimal-digits"},
		{ones, "*", "1.0", ones},
		{ones, "*", "11", "decimal-digits"},
		{"1" + zeros[:30], "*", "1" + zeros[:30], "1." + zeros[:37] + "e+60"},
		{"1e6144", "*", "1e6144", "decimal-range"},
		{"1e6144", "*", "1e1", "1.0e+6145"},
		{"1e-6144", "*", "1e-1", "decimal-range"},
		{"10e-6144", "*", "1e-1", "1e-6144"},
		{"0e-6144", "*", "1e-6144", "0e-6144"},
		{"0e6144", "*", "5e6144", "0e+6144"},

		// A quotient is exact if it can be, with no more digits than that takes.
		{"10.50", "/", "2", "5.25"},
		{"10.50", "/", "2.0", "5.25"},
		{"2.40", "/", "2", "1.20"},
		{"2.40", "/", "2.00", "1.2"},
		{"100", "/", "10", "10"},
		{"1", "/", "10", "0.1"},
		{"1", "/", "8", "0.125"},
		{"-1", "/", "8", "-0.125"},
		{"6e2", "/", "2", "3e+2"},
		{"6e2", "/", "4", "1.5e+2"},
		{"7e2", "/", "4", "175"},
		{"1", "/", "5e-3", "2e+2"},
		{"0.00", "/", "5", "0.00"},
		{"0", "/", "0.05", "0e+2"},
		{"-0.0", "/", "5", "0.0"},
		// Else it is rounded to 38 digits, half to even.
		{"1", "/", "3", third},
		{"2", "/", "3", "0." + strings.Repeat("6", 37) + "7"},
		{"-2", "/", "3", "-0." + strings.Repeat("6", 37) + "7"},
		{"100", "/", "3", "33." + third[2:38]},
		{"1", "/", "300", "0.00" + third[2:]},
		{"1", "/", "3e30", "3." + third[3:] + "e-31"},
		// A tie after an even and after an odd last digit; less and more than one.
		{"2" + zeros[:36] + "1", "/", "2", "1" + zeros[:37]},
		{"2" + zeros[:36] + "3", "/", "2", "1" + zeros[:36] + "2"},
		{"-2" + zeros[:36] + "1", "/", "20", "-1" + zeros[:36] + ".0"},
		{"-2" + zeros[:36] + "3", "/", "20", "-1" + zeros[:36] + ".2"},
		{"1" + zeros[:36] + "1", "/", "8", "125" + zeros[:34] + ".1"},
		{"3" + zeros[:36] + "3", "/", "8", "375" + zeros[:34] + ".4"},
		// 10 - 11/(10^37+1), and what rounds up to the next power of ten.
		{nines, "/", "1" + zeros[:36] + "1", "9." + nines[:35] + "89"},
		{nines, "/", nines[:37] + "8", "1." + zeros[:37]},
		{nines[:37] + "8", "/", nines, "0." + nines[:37] + "9"},
		{"1", "/", nines, "1." + zeros[:37] + "e-38"},
		{"1", "/", "0", "decimal-division-by-zero"},
		{"0", "/", "0.00", "decimal-division-by-zero"},
		{"1e6144", "/", "1e-1", "1.0e+6145"},
		{"1e6144", "/", "1e-6144", "decimal-range"},
		{"1e-6144", "/", "10", "decimal-range"},
		{"1e-6144", "/", "3", "decimal-range"},
		{"1e-6106", "/", "3", "3." + third[3:] + "e-6107"},
		{"1e-6107", "/", "3", "decimal-range"},
		{"1e6144", "/", "3e-38", "3." + third[3:] + "e+6181"},
		{"1e6144", "/", "3e-39", "decimal-range"},
		{"10e-6144", "/", "10", "1e-6144"},
		{"0e-6144", "/", "1e10", "0e-6144"},

		// A remainder has the sign of the dividend, as in Go, and is always exact.
		{"7", "%", "3", "1"},
		{"-7", "%", "3", "-1"},
		{"7", "%", "-3", "1"},
		{"-7", "%", "-3", "-1"},
		{"7.5", "%", "2.00", "1.50"},
		{"7.50", "%", "2", "1.50"},
		{"6.00", "%", "2", "0.00"},
		{"-6", "%", "2", "0"},
		{"1", "%", "1e6000", "1"},
		{"1e6000", "%", "7", "1"},
		{"1e-6000", "%", "7", "1e-6000"},
		{"-12345678901234567890e6000", "%", "1e-6000", "0e-6000"},
		{nines, "%", "1e38", nines},
		{"5", "%", "0.0", "decimal-division-by-zero"},
	} {
		x, y := MustParse(c.x), MustParse(c.y)
		for _, op := range operators {
			if op.op != c.op {
				continue
			}
			d, err := op.errs(x, y)
			got := resultOf(d, err).code.String()
			if err == nil {
				got = d.String()
			}
			if got != c.want {
				t.Errorf("%s %s %s = %s, want %s", c.x, c.op, c.y, got, c.want)
			}
		}
		checkBinary(t, x, y)
	}
}

func TestCmp(t *testing.T) {
	// In ascending order; those of one line are equal.
	ordered := [][]string{
		{"-99999999999999999999999999999999999999e6144"},
		{"-1e6144"},
		{"-1e38"},
		{"-99999999999999999999999999999999999999"},
		{"-100", "-1e2", "-100.00"},
		{"-1.01"},
		{"-1", "-1.0000000"},
		{"-0.99"},
		{"-1e-6144"},
		{"0", "-0", "0.00", "0e6144", "0e-6144"},
		{"1e-6144"},
		{"1e-38"},
		{"0.99999999999999999999999999999999999999"},
		{"1", "1.0", "1.0000000000000000000000000000000000000"},
		{"1.0000000000000000000000000000000000001"},
		{"18446744073709551615", "184467440737095516150e-1"},
		{"18446744073709551616", "18446744073709551616.000"},
		{"99999999999999999999999999999999999999"},
		{"1e38", "10e37"},
		{"1e39"},
		{"99999999999999999999999999999999999999e6144"},
	}
	for i, line := range ordered {
		for j, other := range ordered {
			want := 0
			switch {
			case i < j:
				want = -1
			case i > j:
				want = 1
			}
			for _, x := range line {
				for _, y := range other {
					a, b := MustParse(x), MustParse(y).AsNumber()
					if got := a.Cmp(b); got != want {
						t.Errorf("%s cmp %s = %d, want %d", x, y, got, want)
					}
				}
			}
		}
	}
}

func TestMaxAndMinKeepTheFirstOfEqualOnes(t *testing.T) {
	a, b, c := MustParse("1.0"), MustParse("1.00"), MustParse("0.5")
	for _, r := range []struct {
		got  Decimal
		want string
	}{
		{Max(a), "1.0"},
		{Max(a, b), "1.0"},
		{Max(b, a), "1.00"},
		{Max(c, b, a), "1.00"},
		{Min(a), "1.0"},
		{Min(a, b), "1.0"},
		{Min(b, a), "1.00"},
		{Min(b, c, a), "0.5"},
	} {
		if r.got.String() != r.want {
			t.Errorf("got %s, want %s", r.got, r.want)
		}
	}
}

func TestUnary(t *testing.T) {
	for _, c := range []struct {
		text     string
		sign     int
		neg, abs string
		reduced  string
	}{
		{"0.00", 0, "0.00", "0.00", "0"},
		{"0e5", 0, "0e+5", "0e+5", "0"},
		{"1.50", 1, "-1.50", "1.50", "1.5"},
		{"-1.50", -1, "1.50", "1.50", "-1.5"},
		{"1200", 1, "-1200", "1200", "1.2e+3"},
		{"1000000000000000000000", 1, "-1000000000000000000000", "1000000000000000000000", "1e+21"},
		{"10e6144", 1, "-1.0e+6145", "1.0e+6145", "1.0e+6145"}, // no exponent above 6144
	} {
		d := MustParse(c.text)
		if d.Sign() != c.sign || d.IsZero() != (c.sign == 0) || d.Neg().String() != c.neg ||
			d.Abs().String() != c.abs || d.Reduce().String() != c.reduced {
			t.Errorf("%s: sign %d, zero %t, neg %s, abs %s, reduced %s; want %+v",
				c.text, d.Sign(), d.IsZero(), d.Neg(), d.Abs(), d.Reduce(), c)
		}
	}
}

func TestFormFollowsTheLeftOperand(t *testing.T) {
	x := MustParse("7.25")
	n := x.AsNumber()
	if x.IsNumber() || !n.IsNumber() || n.AsString().IsNumber() || !n.Equal(x) {
		t.Fatal("the form is not what it was set to")
	}
	for _, op := range operators {
		if op.panics(x, n).IsNumber() || !op.panics(n, x).IsNumber() {
			t.Errorf("%s: the form is not that of the left operand", op.op)
		}
	}
	for name, f := range map[string]func(Decimal) Decimal{
		"Neg": Decimal.Neg, "Abs": Decimal.Abs, "Floor": Decimal.Floor, "Ceil": Decimal.Ceil, "Trunc": Decimal.Trunc,
		"Reduce": Decimal.Reduce, "Round": func(d Decimal) Decimal { return d.Round(1) },
	} {
		if f(x).IsNumber() || !f(n).IsNumber() || !f(n.Sub(n)).IsNumber() {
			t.Errorf("%s: the form is not kept", name)
		}
	}
}

// Generated programs must not compare decimals with ==, and copy many of them.
func TestShape(t *testing.T) {
	if reflect.TypeFor[Decimal]().Comparable() {
		t.Error("a Decimal can be compared with ==")
	}
	if size := unsafe.Sizeof(Decimal{}); size > 24 { // 20 where words have 32 bits
		t.Errorf("a Decimal has %d bytes", size)
	}
	var zero Decimal
	if zero.String() != "0" || !zero.IsZero() || !zero.Add(FromInt64(5)).Equal(FromInt64(5)) {
		t.Error("the zero value is not 0")
	}
	if got := fromBig(bigLimit); got != (uint128{limitHi, limitLo}) {
		t.Errorf("the limit is %v", got)
	}
}

func TestErrorMessages(t *testing.T) {
	third := MustParse("1").Quo(MustParse("3"))
	for _, c := range []struct {
		f    func() Decimal
		want string
	}{
		{func() Decimal { return third.Add(FromInt64(1)) }, "decimal: 0.33333333333333333333333333333333333333 + 1 needs more than 38 significant digits; Round an operand first"},
		{func() Decimal { return New(1, 6144).Mul(New(1, 6144)) }, "decimal: 1e+6144 * 1e+6144 needs an exponent beyond ±6144"},
		{func() Decimal { return MustParse("5.00").Quo(Decimal{}) }, "decimal: 5.00 / 0 divides by zero"},
		{func() Decimal { return MustParse("5.00").Rem(Decimal{}) }, "decimal: 5.00 % 0 divides by zero"},
		{func() Decimal { return FromInt64(MustParse("10.5").Int64()) }, "decimal: Int64 of 10.5: the value has a fraction; Round, Floor, Ceil or Trunc it first"},
		{func() Decimal { return FromInt64(New(1, 19).Int64()) }, "decimal: Int64 of 1e+19: the value is too large for an int64"},
		{func() Decimal { return MustParse("99999999999999999999999999999999999999e6144").Round(-6182) }, "decimal: Round of 9.9999999999999999999999999999999999999e+6181 needs an exponent beyond ±6144"},
		{func() Decimal { return New(7, 7000) }, "decimal: New of 7 needs an exponent beyond ±6144"},
	} {
		_, err := recovered(c.f)
		if err == nil || err.Error() != c.want {
			t.Errorf("got  %v\nwant %s", err, c.want)
			continue
		}
		if !err.(*Error).Permanent() {
			t.Errorf("%v is not permanent", err)
		}
	}
}

// The names are part of what users see in dead letters.
func TestCodeNames(t *testing.T) {
	names := map[Code]string{
		CodeSyntax: "decimal-syntax", CodeDigits: "decimal-digits", CodeRange: "decimal-range",
		CodeDivisionByZero: "decimal-division-by-zero", CodeFraction: "decimal-fraction", CodeInt64: "decimal-int64",
		99: "decimal-code-99",
	}
	for code, want := range names {
		if code.String() != want {
			t.Errorf("code %d is %s, want %s", uint8(code), code, want)
		}
	}
}
