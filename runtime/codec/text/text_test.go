package text

import (
	"fmt"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/runtime/codec/jsonscan"
)

func TestDecoders(t *testing.T) {
	var slab jsonscan.Slab
	var v jsonscan.Validator
	decode := map[string]func(b []byte) (any, error){
		"int":      func(b []byte) (any, error) { return Int64(b) },
		"small":    func(b []byte) (any, error) { return Int(b) },
		"uint":     func(b []byte) (any, error) { return Uint64(b) },
		"float":    func(b []byte) (any, error) { return Float64(b) },
		"bool":     func(b []byte) (any, error) { return Bool(b) },
		"time":     func(b []byte) (any, error) { return Time(b) },
		"duration": func(b []byte) (any, error) { return Duration(b) },
		"bytes":    func(b []byte) (any, error) { return Bytes(b, &slab) },
		"decimal":  func(b []byte) (any, error) { return Decimal(b) },
		"number":   func(b []byte) (any, error) { return Number(b) },
		"enum":     func(b []byte) (any, error) { return Enum(b, []string{"buy", "sell"}) },
		"raw":      func(b []byte) (any, error) { r, err := Raw(b, &v); return string(r), err },
		"valid":    func(b []byte) (any, error) { return nil, Valid(b) },
	}
	for _, tc := range []struct{ kind, text, want string }{
		{"int", "-12", "-12"},
		{"int", "007", `expected an integer, found "007" (byte 0)`},
		{"int", "+7", `expected an integer, found "+7" (byte 0)`},
		{"int", "", `expected an integer, found "" (byte 0)`},
		{"int", "9223372036854775808", `expected an integer of 64 bits, found "9223372036854775808" (byte 0)`},
		{"small", "12", "12"},
		{"uint", "-1", `expected an integer of 0 or more, found "-1" (byte 0)`},
		{"float", "1.5e3", "1500"},
		{"float", "NaN", `expected a number, found "NaN" (byte 0)`},
		{"float", "1e999", `expected a number within the range of a float64, found "1e999" (byte 0)`},
		{"bool", "TRUE", "true"},
		{"bool", "False", "false"},
		{"bool", "1", `expected true or false, found "1" (byte 0)`},
		{"time", "2026-01-02T03:04:05.5Z", "2026-01-02 03:04:05.5 +0000 UTC"},
		{"time", "2026-01-02", `expected a time such as 2006-01-02T15:04:05Z, found "2026-01-02" (byte 0)`},
		{"duration", "1m", "1m0s"},
		{"duration", "1 m", `expected a duration such as 1h30m, found "1 m" (byte 0)`},
		{"bytes", "AAE=", "[0 1]"},
		{"bytes", "AAE", `expected bytes in base64, found "AAE" (byte 0)`},
		{"decimal", "10.50", "10.50"},
		{"decimal", `"10.50"`, `expected a decimal number, found "\"10.50\"" (byte 0)`},
		{"number", "", `expected a decimal number, found "" (byte 0)`},
		{"number", strings.Repeat("9", 39), `expected a decimal number of at most 38 digits, found "` + strings.Repeat("9", 39) + `" (byte 0)`},
		{"enum", "sell", "1"},
		{"enum", "Sell", `expected buy | sell, found "Sell" (byte 0)`},
		{"raw", " [1] ", "[1]"},
		{"raw", "[1", "expected ',' or ']', found the end of the record (byte 2)"},
		{"valid", "é", "<nil>"},
		{"valid", "é\xe9t\xe9", `text that is not UTF-8: "\xe9t\xe9" (byte 2)`},
	} {
		got, err := decode[tc.kind]([]byte(tc.text))
		text := fmt.Sprint(got)
		if err != nil {
			text = err.Error()
		}
		if text != tc.want {
			t.Errorf("%s of %q:\n got %s\nwant %s", tc.kind, tc.text, text, tc.want)
		}
	}
}

func TestCell(t *testing.T) {
	if (Cell{}).IsAbsent() || !Absent.IsAbsent() || string((Cell{1, 3}).Of([]byte("abcd"))) != "bc" {
		t.Error("cells")
	}
}
