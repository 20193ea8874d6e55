package program

import (
	"testing"
	"time"
)

func TestValues(t *testing.T) {
	var (
		text  string
		n     int
		n64   int64
		u64   uint64
		f     float64
		b     bool
		d     time.Duration
		bytes int64
		list  []string
	)
	for _, test := range []struct {
		v     Value
		good  map[string]string // what is set, what String gives
		wrong []string
	}{
		{String(&text), map[string]string{"": "", " a ": " a "}, nil},
		{Int(&n), map[string]string{"-5": "-5", "+7": "7"}, []string{"", "1.5", "1e3", "x"}},
		{Int64(&n64), map[string]string{"9223372036854775807": "9223372036854775807"}, []string{"9223372036854775808"}},
		{Uint64(&u64), map[string]string{"18446744073709551615": "18446744073709551615"}, []string{"-1"}},
		{Float64(&f), map[string]string{"1.50": "1.5", "1e3": "1000"}, []string{"NaN", "Inf", "1e999", "x"}},
		{Bool(&b), map[string]string{"true": "true", "false": "false"}, []string{"yes", "1", ""}},
		{Duration(&d), map[string]string{"90s": "1m30s"}, []string{"90", ""}},
		{Bytes(&bytes), map[string]string{"0": "0B", "1500": "1500B", "2048": "2KiB", "1MiB": "1MiB", "3 MB": "3000000B", "1GiB": "1GiB", "5B": "5B", "10KB": "10000B"}, []string{"", "x", "-1", "1.5MB", "9999999999GB", "KB"}},
		{Strings(&list), map[string]string{"": "", "a": "a", "a, b ,c": "a,b,c"}, nil},
	} {
		for in, want := range test.good {
			if err := test.v.Set(in); err != nil || test.v.String() != want {
				t.Errorf("%s %q: %v, %q, want %q", test.v.Type(), in, err, test.v.String(), want)
			}
			before := test.v.String()
			if err := test.v.Set(before); err != nil || test.v.String() != before {
				t.Errorf("%s: %q does not read back: %v", test.v.Type(), before, err)
			}
		}
		before := test.v.String()
		for _, in := range test.wrong {
			if err := test.v.Set(in); err == nil || test.v.String() != before {
				t.Errorf("%s takes %q", test.v.Type(), in)
			}
		}
	}
	custom := Text("decimal", func() string { return text }, func(s string) error { text = s + "!"; return nil })
	if err := custom.Set("1"); err != nil || custom.String() != "1!" || custom.Type() != "decimal" {
		t.Error(custom)
	}
}

func TestNear(t *testing.T) {
	known := []string{"--set", "--set-file", "--fresh", "ledger.config.path", "from"}
	for name, want := range map[string]string{"form": "from", "--frehs": "--fresh", "leger.confg.path": "ledger.config.path", "something": "", "--sett": "--set"} {
		if got := near(name, known); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

func TestForms(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -12345: "-12,345"} {
		if got := count(n); got != want {
			t.Errorf("count(%d) is %s", n, got)
		}
	}
	for s, want := range map[float64]string{0.2149: "0.21s", 59.9: "59.90s", 192: "3m12s", 3725.2: "1h02m05s"} {
		if got := seconds(s); got != want {
			t.Errorf("seconds(%g) is %s", s, got)
		}
	}
	for n, want := range map[int64]string{0: "0 B", 999: "999 B", 1000: "1.0 kB", 99_900: "100 kB", 1_250_000: "1.2 MB", 5_000_000_000_000: "5.0 TB"} {
		if got := size(n); got != want {
			t.Errorf("size(%d) is %s", n, got)
		}
	}
	if got := excerpt([]byte("a\nb\x00\xff")); got != "a b··" {
		t.Errorf("%q", got)
	}
	for address, want := range map[string]string{":9090": "localhost:9090", "0.0.0.0:1": "localhost:1", "[::]:1": "localhost:1", "10.0.0.1:2": "10.0.0.1:2", "x": "x"} {
		if got := dialable(address); got != want {
			t.Errorf("%s: %s", address, got)
		}
	}
}
