package decimal

import (
	"errors"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	zeros, nines := strings.Repeat("0", 6144), strings.Repeat("9", MaxDigits)
	for _, c := range []struct {
		text string
		coef string
		exp  int
	}{
		{"0", "0", 0},
		{"-0", "0", 0},
		{"-0.00", "0", -2},
		{"7", "7", 0},
		{"10.50", "1050", -2},
		{"-10.50", "-1050", -2},
		{"0.001", "1", -3},
		{"100", "100", 0},
		{"1e3", "1", 3},
		{"1E3", "1", 3},
		{"1e+3", "1", 3},
		{"1e-3", "1", -3},
		{"1.50e2", "150", 0},
		{"1.50e1", "150", -1},
		{"1e0003", "1", 3},
		{"1e00000000000000000000000000000000003", "1", 3},
		{"0e5", "0", 5},
		{"1e6144", "1", 6144},
		{"1e-6144", "1", -6144},
		{"1.5e6145", "15", 6144},
		{"0." + zeros[:6143] + "1", "1", -6144},
		{"0." + zeros, "0", -6144},
		{"1." + zeros[:37], "1" + zeros[:37], -37},
		{nines, nines, 0},
		{"-" + nines, "-" + nines, 0},
		{nines + "e6144", nines, 6144},
		{"0." + zeros[:200] + nines, nines, -238},
		{"9999999999999999999", "9999999999999999999", 0},
		{"18446744073709551615", "18446744073709551615", 0},
		{"18446744073709551616", "18446744073709551616", 0},
		{"1234567890123456789.5", "12345678901234567895", -1},
		{"12345678901234567890123456789012345678", "12345678901234567890123456789012345678", 0},
		{"0.12345678901234567890123456789012345678", "12345678901234567890123456789012345678", -38},
		{"0e-0", "0", 0},
		{zeros[:1] + ".5e" + zeros + "1", "5", 0},
	} {
		got, err := Parse(c.text)
		if r := resultOf(got, err); r != (result{coef: c.coef, exp: c.exp}) {
			t.Errorf("Parse(%.60q) = %v, want %s × 10^%d", c.text, r, c.coef, c.exp)
		}
		if got.IsNumber() {
			t.Errorf("Parse(%.60q) has the number form", c.text)
		}
	}
}

func TestParseErrors(t *testing.T) {
	digits := strings.Repeat("1", 39)
	for _, c := range []struct {
		text string
		code Code
		at   int
		says string
	}{
		{"", CodeSyntax, 0, `decimal: "" is not a decimal number: it is empty`},
		{"-", CodeSyntax, 1, `decimal: "-" is not a decimal number: a digit is missing at byte 1`},
		{"+1", CodeSyntax, 0, `decimal: "+1" is not a decimal number: unexpected '+' at byte 0`},
		{" 1", CodeSyntax, 0, `decimal: " 1" is not a decimal number: unexpected ' ' at byte 0`},
		{"1 ", CodeSyntax, 1, `decimal: "1 " is not a decimal number: unexpected ' ' at byte 1`},
		{"007", CodeSyntax, 0, `decimal: "007" is not a decimal number: a leading zero at byte 0`},
		{"-01.5", CodeSyntax, 1, `decimal: "-01.5" is not a decimal number: a leading zero at byte 1`},
		{".5", CodeSyntax, 0, `decimal: ".5" is not a decimal number: unexpected '.' at byte 0`},
		{"5.", CodeSyntax, 2, `decimal: "5." is not a decimal number: a digit is missing at byte 2`},
		{"5.e1", CodeSyntax, 2, `decimal: "5.e1" is not a decimal number: unexpected 'e' at byte 2`},
		{"1.2.3", CodeSyntax, 3, `decimal: "1.2.3" is not a decimal number: unexpected '.' at byte 3`},
		{"1,234.50", CodeSyntax, 1, `decimal: "1,234.50" is not a decimal number: unexpected ',' at byte 1`},
		{"1_000", CodeSyntax, 1, `decimal: "1_000" is not a decimal number: unexpected '_' at byte 1`},
		{"1e", CodeSyntax, 2, `decimal: "1e" is not a decimal number: a digit is missing at byte 2`},
		{"1e+", CodeSyntax, 3, `decimal: "1e+" is not a decimal number: a digit is missing at byte 3`},
		{"1e5.0", CodeSyntax, 3, `decimal: "1e5.0" is not a decimal number: unexpected '.' at byte 3`},
		{"0x10", CodeSyntax, 1, `decimal: "0x10" is not a decimal number: unexpected 'x' at byte 1`},
		{"NaN", CodeSyntax, 0, `decimal: "NaN" is not a decimal number: unexpected 'N' at byte 0`},
		{"1\x00", CodeSyntax, 1, `decimal: "1\x00" is not a decimal number: unexpected byte 0x0 at byte 1`},
		{"١", CodeSyntax, 0, `decimal: "١" is not a decimal number: unexpected byte 0xd9 at byte 0`},
		{digits, CodeDigits, 0, `decimal: "` + digits + `" needs more than 38 significant digits`},
		{"0.1" + digits[1:], CodeDigits, 0, `decimal: "0.` + digits + `" needs more than 38 significant digits`},
		{"1." + strings.Repeat("0", 38), CodeDigits, 0, `decimal: "1.` + strings.Repeat("0", 38) + `" needs more than 38 significant digits`},
		{"1e6145", CodeRange, 0, `decimal: "1e6145" needs an exponent beyond ±6144`},
		{"1e-6145", CodeRange, 0, `decimal: "1e-6145" needs an exponent beyond ±6144`},
		{"0.1e-6144", CodeRange, 0, `decimal: "0.1e-6144" needs an exponent beyond ±6144`},
		{"0e9999", CodeRange, 0, `decimal: "0e9999" needs an exponent beyond ±6144`},
		{"1e99999999999999999999999999", CodeRange, 0, `decimal: "1e99999999999999999999999999" needs an exponent beyond ±6144`},
		{"1e-18446744073709551616", CodeRange, 0, `decimal: "1e-18446744073709551616" needs an exponent beyond ±6144`},
	} {
		d, err := Parse(c.text)
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("Parse(%q) = %v, %v, want an *Error", c.text, d, err)
			continue
		}
		if e.Code != c.code || e.Offset != c.at || e.Error() != c.says {
			t.Errorf("Parse(%q):\n got %v at %d: %s\nwant %v at %d: %s", c.text, e.Code, e.Offset, e, c.code, c.at, c.says)
		}
		if _, err := recovered(func() Decimal { return MustParse(c.text) }); resultOf(d, err).code != c.code {
			t.Errorf("MustParse(%q) panics with %v, want %v", c.text, err, c.code)
		}
	}
}

// An error of a long text shows the part that is wrong.
func TestParseErrorIsShort(t *testing.T) {
	long := strings.Repeat("1", 5000) + "x" + strings.Repeat("2", 5000)
	_, err := Parse(long)
	var e *Error
	if !errors.As(err, &e) || e.Code != CodeSyntax || e.Offset != 5000 {
		t.Fatalf("got %#v", err)
	}
	if len(e.Error()) > 250 || !strings.Contains(e.Text, "1x2") || !strings.Contains(e.Error(), "unexpected 'x' at byte 5000") {
		t.Errorf("message: %s", e)
	}
	if _, err := Parse("x" + long); !strings.HasPrefix(err.(*Error).Text, "x1") {
		t.Errorf("message: %s", err)
	}
	if _, err := Parse(long[:5000]); !strings.HasSuffix(err.(*Error).Text, "1…") {
		t.Errorf("message: %s", err)
	}
}

// What ParseBytes reads may be overwritten at once.
func TestParseBytesKeepsNothing(t *testing.T) {
	b := []byte("not a number")
	_, err := ParseBytes(b)
	before := err.Error()
	copy(b, "overwritten!")
	if err.Error() != before {
		t.Errorf("the error has changed from %s to %s", before, err)
	}
}

var grammar = regexp.MustCompile(`^(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?$`)

// oracleParse reads s as the documentation of Parse says.
func oracleParse(s string) result {
	m := grammar.FindStringSubmatch(s)
	if m == nil || strings.HasSuffix(s, "\n") {
		return result{code: CodeSyntax}
	}
	digits := strings.TrimLeft(m[2]+m[3], "0")
	if len(digits) > MaxDigits {
		return result{code: CodeDigits}
	}
	exp := new(big.Int)
	if m[4] != "" {
		exp.SetString(strings.TrimPrefix(m[4], "+"), 10)
	}
	exp.Sub(exp, big.NewInt(int64(len(m[3]))))
	if exp.CmpAbs(big.NewInt(MaxExponent)) > 0 {
		return result{code: CodeRange}
	}
	if digits == "" {
		return result{coef: "0", exp: int(exp.Int64())}
	}
	return result{coef: m[1] + digits, exp: int(exp.Int64())}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"0", "-0.00", "12345.67", "1e-7", "1.5E+300", "9999999999999999999", "99999999999999999999", "007", "1.", ".1",
		"12345678901234567890123456789012345678", "123456789012345678901234567890123456789", "1e6144", "-1e-6145",
		"0.00000000000000000000000000000000000000000000000000001", "1e99999999999999999999", "1 ", "1\n", "+1", "Infinity",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := Parse(s)
		if got, want := resultOf(d, err), oracleParse(s); got != want {
			t.Fatalf("Parse(%q) = %v, want %v", s, got, want)
		}
		b, berr := ParseBytes([]byte(s))
		if resultOf(b, berr) != resultOf(d, err) {
			t.Fatalf("ParseBytes(%q) = %v, Parse %v", s, resultOf(b, berr), resultOf(d, err))
		}
		if err != nil {
			return
		}
		checkValid(t, d)
		checkRoundTrip(t, d)
		if text := d.String(); text != oracleText(d) || len(text) > maxText {
			t.Fatalf("text of %q is %s, want %s", s, text, oracleText(d))
		}
		if want, err := strconv.ParseFloat(s, 64); d.Float64() != want {
			t.Fatalf("Float64 of %q is %v, want %v (%v)", s, d.Float64(), want, err)
		}
	})
}

func FuzzOperators(f *testing.F) {
	f.Add("1", "3")
	f.Add("10.50", "-0.001")
	f.Add("1e6000", "1e-6000")
	f.Add("99999999999999999999999999999999999999", "1")
	f.Add("1e38", "-1")
	f.Add("0e-6144", "5e6144")
	f.Fuzz(func(t *testing.T, x, y string) {
		a, err := Parse(x)
		if err != nil {
			return
		}
		b, err := Parse(y)
		if err != nil {
			return
		}
		checkBinary(t, a, b)
		if got, want := a.Cmp(b), oracleCmp(a, b); got != want {
			t.Fatalf("%s cmp %s = %d, want %d", x, y, got, want)
		}
	})
}
