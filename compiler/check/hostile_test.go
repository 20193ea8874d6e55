package check_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/compiler/check"
)

// TestHostile checks texts that are made to take long, or to end in the code
// around them; each must end in an expression or in an error. (That it is quick
// is seen when it is not: the test binary's own limit ends it.)
func TestHostile(t *testing.T) {
	repeat := strings.Repeat
	tests := []struct {
		name, text string
		fine       bool
	}{
		{"parentheses", repeat("(", 3000) + "in.Qty" + repeat(")", 3000), true},
		{"too many parentheses", repeat("(", 200_000) + "1" + repeat(")", 200_000), false},
		{"minus", repeat("-", 1) + repeat(" -", 3000) + "in.Amount", true},
		{"long sum", "in.Amount" + repeat(" + in.Amount*in.Qty", 2000), true},
		{"long mistaken sum", "in.Amount" + repeat(" + in.Amount*in.Qty", 2000) + " + in.ID", false},
		{"chain of variables", "x := in.Amount\n" + repeat("x = x*in.Qty + 1\n", 2000) + "return x", true},
		{"chain of declarations", "x0 := in.Amount\n" + chain(500) + "return x500", true},
		{"many mistakes", repeat("x := in.Foo\n_ = x\n", 500) + "return 1", false},
		{"small constants", "in.Amount * (1" + repeat(" * 1e-300", 300) + ")", false},
		{"large constants", "in.Amount * 1e300 * (1" + repeat("*1e6", 3000) + ")", false},
		{"exponent", "in.Amount > 1e999999999999", false},
		{"hexadecimal exponent", "in.Amount > 0x1p-1000000000", false},
		{"shift", "in.Amount > 1<<1000000", false},
		{"out of the function", "1\n}\nfunc init() { panic(1)", false},
		{"out of the function and back", "return 1 }; func init() { for {} ", false},
		{"comment to the end", "in.Ok /* ", false},
		{"line directive", "//line evil.go:99\nreturn in.Totl", false},
		{"zero byte", "in.ID == \"\x00\"", false},
		{"no UTF-8", "in.ID == \"\xff\"", false},
		{"byte order mark", "in.ID == \"\ufeff\"", false},
		{"package clause", "package main", false},
		{"import", "import \"os\"\nreturn 1", false},
		{"labels", "L:\nfor { break L }\nreturn 1", true},
		{"recursion", "var f func(int) int\nf = func(n int) int { return f(n) }\nreturn f(1)", true},
		{"type of itself", "type T struct{ t T }\nreturn 1", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			e, l := checkText(newChecker(), test.text, check.Any("x"))
			if (e != nil) == l.HasErrors() {
				t.Errorf("expression %v with %v", e, l)
			}
			if (e != nil) != test.fine {
				t.Errorf("fine is %t: %v", e != nil, l)
			}
			for _, d := range l {
				if len(d.Message) > 1000 {
					t.Errorf("a message of %d bytes", len(d.Message))
				}
			}
		})
	}
}

// chain declares x1, x2, … up to xn, each with the one before.
func chain(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "x%d := x%d * in.Qty\n", i+1, i)
	}
	return b.String()
}
