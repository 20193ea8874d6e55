package decimal

import (
	"math"
	"strings"
	"testing"
)

func TestRound(t *testing.T) {
	nines := strings.Repeat("9", MaxDigits)
	for _, c := range []struct {
		text   string
		places int
		want   string
	}{
		{"2.345", 2, "2.34"},
		{"2.355", 2, "2.36"},
		{"2.3450000001", 2, "2.35"},
		{"-2.345", 2, "-2.34"},
		{"-2.355", 2, "-2.36"},
		{"0.5", 0, "0"},
		{"-0.5", 0, "0"},
		{"1.5", 0, "2"},
		{"2.5", 0, "2"},
		{"0.004", 2, "0.00"},
		{"0.005", 2, "0.00"},
		{"0.0051", 2, "0.01"},
		{"9.995", 2, "10.00"},
		// Zeros are added up to the places asked for.
		{"10.5", 2, "10.50"},
		{"10", 2, "10.00"},
		{"1e3", 2, "1000.00"},
		{"1e3", 0, "1000"},
		{nines, 2, nines},
		{"1e36", 2, "1" + strings.Repeat("0", 36) + ".0"},
		// Negative places.
		{"1250", -2, "1200"},
		{"1350", -2, "1400"},
		{"1250.01", -2, "1300"},
		{"49", -2, "0"},
		{"50", -2, "0"},
		{"51", -2, "100"},
		{"1.234e6", -2, "1234000"},
		{"1.25e6", -5, "1200000"},
		// Extremes.
		{"0." + nines, 37, "1." + strings.Repeat("0", 37)},
		{nines, -38, "1." + strings.Repeat("0", 37) + "e+38"},
		{"1e-6144", 6144, "1e-6144"},
		{"1e-6144", 2, "0.00"},
		{"1e-6144", math.MaxInt, "1e-6144"},
		{"1.5", math.MinInt, "0"},
		{"1e6144", math.MinInt, "0"},
		{nines + "e6144", -6182, "decimal-range"},
	} {
		d, err := MustParse(c.text).RoundErr(c.places)
		got := resultOf(d, err).code.String()
		if err == nil {
			got = d.String()
		}
		if got != c.want {
			t.Errorf("%s rounded to %d places = %s, want %s", c.text, c.places, got, c.want)
		}
	}
}

func TestIntegerParts(t *testing.T) {
	for _, c := range []struct{ text, floor, ceil, trunc string }{
		{"0.00", "0", "0", "0"},
		{"1.00", "1", "1", "1"},
		{"1.01", "1", "2", "1"},
		{"-1.01", "-2", "-1", "-1"},
		{"0.5", "0", "1", "0"},
		{"-0.5", "-1", "0", "0"},
		{"9.99", "9", "10", "9"},
		{"1e-6144", "0", "1", "0"},
		{"-1e-6144", "-1", "0", "0"},
		{"12", "12", "12", "12"},
		{"1.2e3", "1.2e+3", "1.2e+3", "1.2e+3"},
		{"-1e6144", "-1e+6144", "-1e+6144", "-1e+6144"},
	} {
		d := MustParse(c.text)
		if d.Floor().String() != c.floor || d.Ceil().String() != c.ceil || d.Trunc().String() != c.trunc {
			t.Errorf("%s: floor %s, ceil %s, trunc %s; want %+v", c.text, d.Floor(), d.Ceil(), d.Trunc(), c)
		}
	}
}

func TestInt64(t *testing.T) {
	for _, c := range []struct {
		text string
		want int64
		code Code
	}{
		{"0", 0, noError},
		{"-0.00", 0, noError},
		{"10.00", 10, noError},
		{"-12e2", -1200, noError},
		{"9223372036854775807", math.MaxInt64, noError},
		{"-9223372036854775808.0", math.MinInt64, noError},
		{"9223372036854775808", 0, CodeInt64},
		{"-9223372036854775809", 0, CodeInt64},
		{"1e19", 0, CodeInt64},
		{"1e6144", 0, CodeInt64},
		{"0e6144", 0, noError},
		{"10.5", 0, CodeFraction},
		{"1e-6144", 0, CodeFraction},
		{"0e-6144", 0, noError},
	} {
		n, err := MustParse(c.text).Int64Err()
		if n != c.want || resultOf(Decimal{}, err).code != c.code {
			t.Errorf("Int64 of %s = %d, %v; want %d, %v", c.text, n, err, c.want, c.code)
		}
	}
}

func TestFloat64(t *testing.T) {
	for text, want := range map[string]float64{
		"0.00": 0, "0.1": 0.1, "-0.3": -0.3, "12345.67": 12345.67, "1e22": 1e22, "1e23": 1e23,
		"9007199254740993":                        9007199254740992,
		"9007199254740993.00000000000000000001":   9007199254740994,
		"0.1000000000000000055511151231257827021": 0.1,
		"1e6144": math.Inf(1), "-1e309": math.Inf(-1), "1e-6144": 0, "5e-324": 5e-324,
	} {
		if got := MustParse(text).Float64(); got != want || math.Signbit(got) != math.Signbit(want) {
			t.Errorf("Float64 of %s = %v, want %v", text, got, want)
		}
	}
}
