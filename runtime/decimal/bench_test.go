package decimal

import (
	"strconv"
	"testing"
)

// What the benchmarks compute lands here, so that it is computed.
var (
	sinkDecimal Decimal
	sinkInt     int
	sinkBytes   []byte
	sinkFloat   float64
)

func BenchmarkParse(b *testing.B) {
	for _, s := range []string{"0", "7", "12345.67", "-0.0000001", "1234567890.1234567", "12345678901234567890.12", "12345678901234567890123456.789012345678", "1.5e-7"} {
		b.Run(s, func(b *testing.B) {
			text := []byte(s)
			for b.Loop() {
				sinkDecimal, _ = ParseBytes(text)
			}
		})
	}
	// Texts of changing length, so that branches are not learnt by heart.
	b.Run("mixed", func(b *testing.B) {
		texts := mixedTexts()
		i := 0
		for b.Loop() {
			sinkDecimal, _ = ParseBytes(texts[i&1023])
			i++
		}
	})
}

// mixedTexts returns 1024 amounts of 1 to 9 digits with 0 to 7 places.
func mixedTexts() [][]byte {
	texts := make([][]byte, 1024)
	state := uint64(1)
	for i := range texts {
		state = state*6364136223846793005 + 1442695040888963407
		n := int64(state>>33) % [...]int64{10, 1000, 100_000, 1_000_000_000}[state>>62]
		texts[i] = New(n, -int(state>>40)%8).Append(nil)
	}
	return texts
}

func BenchmarkAppend(b *testing.B) {
	for _, s := range []string{"0", "7", "12345.67", "-0.0000001", "1234567890.1234567", "12345678901234567890.12", "12345678901234567890123456.789012345678", "1.5e+7"} {
		b.Run(s, func(b *testing.B) {
			d := MustParse(s)
			buf := make([]byte, 0, maxText)
			for b.Loop() {
				sinkBytes = d.Append(buf)
			}
		})
	}
	b.Run("mixed", func(b *testing.B) {
		var ds [1024]Decimal
		for i, t := range mixedTexts() {
			ds[i], _ = ParseBytes(t)
		}
		buf := make([]byte, 0, maxText)
		i := 0
		for b.Loop() {
			sinkBytes = ds[i&1023].Append(buf)
			i++
		}
	})
}

// pairs of operands: the usual ones first.
var benchPairs = []struct{ name, x, y string }{
	{"same scale", "12345.67", "100.05"},
	{"constant", "12345.67", "100"},
	{"other sign", "12345.67", "-100.05"},
	{"two scales", "12345.67", "0.0725000"},
	{"20 digits", "123456789012345678.90", "987654321098765432.10"},
	{"30 digits", "1234567890123456789012345678.90", "9876543.21"},
}

func BenchmarkCmp(b *testing.B) {
	for _, p := range benchPairs {
		b.Run(p.name, func(b *testing.B) {
			x, y := MustParse(p.x), MustParse(p.y)
			for b.Loop() {
				sinkInt = x.Cmp(y)
			}
		})
	}
}

func BenchmarkEqual(b *testing.B) {
	x, y := MustParse("12345.67"), MustParse("12345.68")
	for b.Loop() {
		if x.Equal(y) {
			sinkInt++
		}
	}
}

func BenchmarkAdd(b *testing.B) { benchOperator(b, Decimal.Add) }
func BenchmarkSub(b *testing.B) { benchOperator(b, Decimal.Sub) }
func BenchmarkMul(b *testing.B) { benchOperator(b, Decimal.Mul) }
func BenchmarkQuo(b *testing.B) { benchOperator(b, Decimal.Quo) }
func BenchmarkRem(b *testing.B) { benchOperator(b, Decimal.Rem) }

func benchOperator(b *testing.B, op func(x, y Decimal) Decimal) {
	for _, p := range benchPairs {
		x, y := MustParse(p.x), MustParse(p.y)
		if _, err := recovered(func() Decimal { return op(x, y) }); err != nil {
			continue
		}
		b.Run(p.name, func(b *testing.B) {
			for b.Loop() {
				sinkDecimal = op(x, y)
			}
		})
	}
}

func BenchmarkQuoExact(b *testing.B) {
	for _, p := range [][2]string{{"10.50", "2"}, {"1", "8"}, {"12345.67", "100"}, {"1", "3"}, {"12345678901234567890123456789012345678", "1.25"}} {
		b.Run(p[0]+" by "+p[1], func(b *testing.B) {
			x, y := MustParse(p[0]), MustParse(p[1])
			for b.Loop() {
				sinkDecimal = x.Quo(y)
			}
		})
	}
}

// BenchmarkSum is the accumulator of an aggregation.
func BenchmarkSum(b *testing.B) {
	x := MustParse("12345.67")
	var sum Decimal
	for b.Loop() {
		sum = sum.Add(x)
	}
	sinkDecimal = sum
}

func BenchmarkRound(b *testing.B) {
	x := MustParse("12345.675")
	for b.Loop() {
		sinkDecimal = x.Round(2)
	}
}

func BenchmarkInt64(b *testing.B) {
	x := MustParse("12345.00")
	for b.Loop() {
		sinkInt = int(x.Int64())
	}
}

func BenchmarkFloat64(b *testing.B) {
	for _, s := range []string{"12345.67", "1234567890123456789.01"} {
		b.Run(s, func(b *testing.B) {
			x := MustParse(s)
			for b.Loop() {
				sinkFloat = x.Float64()
			}
		})
	}
}

// The standard library at comparable work, as a yardstick.
func BenchmarkYardstick(b *testing.B) {
	b.Run("strconv.ParseFloat", func(b *testing.B) {
		for b.Loop() {
			sinkFloat, _ = strconv.ParseFloat("12345.67", 64)
		}
	})
	b.Run("strconv.AppendFloat", func(b *testing.B) {
		buf := make([]byte, 0, maxText)
		for b.Loop() {
			sinkBytes = strconv.AppendFloat(buf, 12345.67, 'f', -1, 64)
		}
	})
	b.Run("strconv.AppendInt", func(b *testing.B) {
		buf := make([]byte, 0, maxText)
		for b.Loop() {
			sinkBytes = strconv.AppendInt(buf, 1234567, 10)
		}
	})
}
