package decimal

import "testing"

// Decimals lie in the hot loop of generated programs, which allocates nothing
// a record.
func TestNoAllocations(t *testing.T) {
	buf := make([]byte, 0, 2*maxText)
	short, long := MustParse("12345.67"), MustParse("1234567890123456789012345678.9012345678")
	far := MustParse("-2.5e-40")
	number, quoted, escaped := []byte("1234567890123456789012.345"), []byte(`"12345.67"`), []byte(`"1\u002e5"`)
	for name, f := range map[string]func(){
		"Parse":       func() { sinkDecimal, _ = Parse("12345.67") },
		"ParseBytes":  func() { sinkDecimal, _ = ParseBytes(number) },
		"ParseJSON":   func() { sinkDecimal, _ = ParseJSON(quoted) },
		"escaped":     func() { sinkDecimal, _ = ParseJSON(escaped) },
		"Append":      func() { sinkBytes = long.Append(buf); sinkBytes = far.Append(buf) },
		"AppendJSON":  func() { sinkBytes = short.AppendJSON(buf) },
		"Cmp":         func() { sinkInt = short.Cmp(long) + far.Cmp(long) },
		"Max":         func() { sinkDecimal = Max(short, long, far) },
		"Add":         func() { sinkDecimal = short.Add(short); sinkDecimal = long.Add(New(1, 20)) },
		"Sub":         func() { sinkDecimal = short.Sub(short); sinkDecimal = long.Sub(long) },
		"Mul":         func() { sinkDecimal = short.Mul(short); sinkDecimal = long.Mul(New(10, 0)) },
		"Quo":         func() { sinkDecimal = short.Quo(long); sinkDecimal = long.Quo(short) },
		"Rem":         func() { sinkDecimal = short.Rem(long); sinkDecimal = long.Rem(short) },
		"Round":       func() { sinkDecimal = short.Round(1); sinkDecimal = long.Round(2) },
		"Floor":       func() { sinkDecimal = long.Floor() },
		"Int64":       func() { sinkInt = int(New(1200, -2).Int64()) },
		"Float64":     func() { sinkFloat = short.Float64(); sinkFloat = long.Float64() },
		"Reduce":      func() { sinkDecimal = long.Reduce() },
		"Decompose":   func() { _, _, sinkBytes, _ = long.Decompose(buf) },
		"AddErr":      func() { sinkDecimal, _ = short.AddErr(long) },
		"UnmarshalTo": func() { var d Decimal; _ = d.UnmarshalJSON(quoted); sinkDecimal = d },
	} {
		if n := testing.AllocsPerRun(100, f); n != 0 {
			t.Errorf("%s allocates %v times", name, n)
		}
	}
	if n := testing.AllocsPerRun(100, func() { _ = sinkString(short.String()) }); n > 1 {
		t.Errorf("String allocates %v times", n)
	}
}

//go:noinline
func sinkString(s string) int { return len(s) }
