package jsonscan

import "testing"

func TestDecimal(t *testing.T) {
	for raw, want := range map[string]string{
		`"10.50"`:        `"10.50" 10.50`,
		`10.50`:          `"10.50" 10.50`,
		`-3`:             `"-3" -3`,
		`"\u0031\u0030"`: `"10" 10`,
		`"abc"`:          `expected a decimal number, found "abc" (byte 1)`,
		`true`:           `expected a decimal number, found true (byte 1)`,
		`"1.5\n"`:        `expected a decimal number, found "1.5\n" (byte 1)`,
		`"\ud800"`:       `half a surrogate pair inside a string (byte 2)`,
		`1e7000`:         `expected a decimal number with an exponent within ±6144, found 1e7000 (byte 1)`,
		`[1]`:            `expected a decimal number, found [1] (byte 1)`,
		`""`:             `expected a decimal number, found "" (byte 1)`,
		`"1234567890.0123456789012345678901234567890"`: `expected a decimal number of at most 38 digits, found "1234567890.0123456789012345678901234567… (byte 1)`,
	} {
		line := " " + raw
		s := Span{1, uint32(len(line))}
		d, err := Decimal([]byte(line), s)
		n, nerr := Number([]byte(line), s)
		got := ""
		if err != nil {
			got = err.Error()
		} else {
			got = string(d.AppendJSON(nil)) + " " + string(n.AppendJSON(nil))
		}
		if got != want || (err == nil) != (nerr == nil) {
			t.Errorf("%s:\n got %s\nwant %s", raw, got, want)
		}
	}
	line, s := whole(`"1234.5678901"`)
	if n := testing.AllocsPerRun(10, func() { _, _ = Decimal(line, s) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
