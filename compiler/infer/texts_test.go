package infer

import (
	"testing"

	"github.com/flowc-dev/flowc/runtime/codec/jsonscan"
	celltext "github.com/flowc-dev/flowc/runtime/codec/text"
	"github.com/flowc-dev/flowc/runtime/decimal"
)

func TestClassify(t *testing.T) {
	for s, want := range map[string]class{
		"": empty, "a": words, "-": words, "+": words, ".": words, "true": booleans, "FALSE": booleans, "tRue": words,
		"0": integers, "-0": integers, "12": integers, "1.0": fractions, "1e3": fractions, "-1E-3": fractions,
		"007": words, "1_000": words, "0x1f": words, "1.2.3": words, "NaN": words, "Infinity": words,
		"+1": oddNumbers, ".5": oddNumbers, "5.": oddNumbers, "-.5e3": oddNumbers, "1,000": oddNumbers, "12,345,678.50": oddNumbers, "1,00": words, "01.5": words,
		"2026-01-02T03:04:05Z": times, "2026-01-02T03:04:05.5+01:00": times, "2026-01-02t03:04:05Z": words, "2026-01-02 03:04:05Z": words,
		"2026-02-30T03:04:05Z": words, "2026-01-02T24:00:00Z": words, "2026-01-02T03:04:60Z": words, "2026-01-02T03:04:05,5Z": words,
		"2026-01-02T03:04:05.Z": words, "2026-01-02T3:04:05Z": words, "2026-01-02T03:04:05+24:00": words, "2026-01-02T03:04:05+01:60": words,
		"2026-01-02": dates, "2026-13-02": words, "2026-01-02 03:04:05": dateTimes, "2026-01-02T03:04:05": zoneless,
		"1h": durations, "1h30m": durations, "-0.5s": durations, "1d": words, "+5ms": durations, "5 m": words, "1µs": durations, "h": words,
	} {
		if got := (&texts{}).classify([]byte(s)); got != want {
			t.Errorf("%q is of class %d, want %d", s, got, want)
		}
	}
}

// FuzzClassify holds that what is taken for a value of a type can be read as one.
func FuzzClassify(f *testing.F) {
	for _, s := range []string{"0", "-12", "1.5e-3", "2026-01-02T03:04:05.123+01:00", "2026-01-02T03:04:05Z", "1h30m5s", "true", "007", "1e7000", "123456789012345678901234567890123456789", "12345678901234567890", "0e99999", "-0.0"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		b := []byte(s)
		c := (&texts{}).classify(b)
		if _, ok := jsonscan.ParseTime(b); ok != (c == times) {
			t.Errorf("%q: a time for jsonscan: %v, for infer: %v", s, ok, c == times)
		}
		if _, err := celltext.Duration(b); err != nil && c == durations {
			t.Errorf("%q: %v", s, err)
		}
		if _, err := celltext.Bool(b); (err == nil) != (c == booleans) {
			t.Errorf("%q: %v", s, err)
		}
		n, _, ok := parseNumber(b)
		_, err := decimal.ParseBytes(b)
		if (err == nil) != (ok && n.exact) {
			t.Errorf("%q: exact for infer: %v; %v", s, ok && n.exact, err)
		}
		if _, err := celltext.Float64(b); (err == nil) != (ok && n.double) {
			t.Errorf("%q: a float64 for infer: %v; %v", s, ok && n.double, err)
		}
		if !ok || !n.integer {
			return
		}
		if _, err := celltext.Int64(b); (err == nil) != (n.size <= bits64) {
			t.Errorf("%q: %v, size %d", s, err, n.size)
		}
		if _, err := celltext.Uint64(b); !n.negative && (err == nil) != (n.size <= unsigned64) {
			t.Errorf("%q: %v, size %d", s, err, n.size)
		}
	})
}

func TestSizes(t *testing.T) {
	for s, want := range map[string]numberSize{
		"0": bits32, "2147483647": bits32, "2147483648": bits64, "-2147483648": bits32, "-2147483649": bits64,
		"9223372036854775807": bits64, "9223372036854775808": unsigned64, "-9223372036854775808": bits64, "-9223372036854775809": larger,
		"18446744073709551615": unsigned64, "18446744073709551616": larger, "100000000000000000000000": larger,
	} {
		n, _, ok := parseNumber([]byte(s))
		if !ok || !n.integer || n.size != want {
			t.Errorf("%s: %+v, want size %d", s, n, want)
		}
	}
}
