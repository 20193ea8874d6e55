package decimal_test

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/flowc-dev/flowc/runtime/decimal"
)

func Example() {
	price, _ := decimal.Parse("10.50")
	quantity := decimal.FromInt64(3)
	total := price.Mul(quantity)
	fmt.Println(total, total.Quo(decimal.FromInt64(4)), total.Round(0))
	fmt.Println(total.Equal(decimal.MustParse("31.5")))
	// Output:
	// 31.50 7.875 32
	// true
}

// Operators panic, so that they can stand in expressions; whoever runs them
// recovers the *Error.
func ExampleError() {
	share := func(part, total decimal.Decimal) (r decimal.Decimal, err error) {
		defer func() {
			if e, ok := recover().(*decimal.Error); ok {
				err = e
			}
		}()
		return part.Quo(total).Mul(decimal.FromInt64(100)), nil
	}
	fmt.Println(share(decimal.FromInt64(1), decimal.FromInt64(3)))
	_, err := share(decimal.FromInt64(1), decimal.FromInt64(0))
	fmt.Println(err)
	var e *decimal.Error
	fmt.Println(errors.As(err, &e), e.Code)
	// Output:
	// 33.333333333333333333333333333333333333 <nil>
	// decimal: 1 / 0 divides by zero
	// true decimal-division-by-zero
}

func ExampleDecimal_AddErr() {
	_, err := decimal.New(1, 6000).AddErr(decimal.New(1, -6000))
	fmt.Println(err)
	// Output:
	// decimal: 1e+6000 + 1e-6000 needs more than 38 significant digits; Round an operand first
}

func ExampleDecimal_AsNumber() {
	d := decimal.MustParse("10.50")
	text, _ := json.Marshal([]decimal.Decimal{d, d.AsNumber()})
	fmt.Println(string(text))
	// Output:
	// ["10.50",10.50]
}

func ExampleDecimal_Round() {
	for _, s := range []string{"2.345", "2.355", "10.5", "1250"} {
		d := decimal.MustParse(s)
		fmt.Println(d.Round(2), d.Round(0), d.Round(-2))
	}
	// Output:
	// 2.34 2 0
	// 2.36 2 0
	// 10.50 10 0
	// 1250.00 1250 1200
}

func ExampleDecimal_Reduce() {
	counts := map[string]int{}
	for _, s := range []string{"1.0", "1.00", "10e-1", "2"} {
		counts[decimal.MustParse(s).Reduce().String()]++
	}
	fmt.Println(counts)
	// Output:
	// map[1:3 2:1]
}

func ExampleDecimal_Append() {
	for _, s := range []string{"-12345.670", "0.0000001", "1e-25", "12e3"} {
		fmt.Printf("%s\n", decimal.MustParse(s).Append(nil))
	}
	// Output:
	// -12345.670
	// 0.0000001
	// 1e-25
	// 1.2e+4
}
