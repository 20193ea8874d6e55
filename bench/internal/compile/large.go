package compile

import (
	"fmt"
	"strings"
)

const head = `pipeline: large

types:
  Order: {id: string, side: string, qty: int64, price: float64}

sources:
  n0000: {use: file, config: {path: orders.ndjson}, out: Order}

processors:
`

// large writes a pipeline of so many processors of five lines each, in a chain. edit
// changes a constant in the middle.
func large(edit int) string {
	var b strings.Builder
	b.WriteString(head)
	for i := 1; i <= nodes; i++ {
		limit := i
		if i == nodes/2 {
			limit += edit
		}
		fmt.Fprintf(&b, `  n%04d:
    from: n%04d
    filter: in.Qty > limit && (in.Side == "buy" || in.Price*float64(in.Qty) < 1e6)
    let: {limit: %d}
    on_error: {retry: 2, then: stop}
`, i, i-1, limit)
	}
	fmt.Fprintf(&b, "\nsinks:\n  out: {from: n%04d, use: file, config: {path: out.ndjson}}\n", nodes)
	return b.String()
}

const packageCount = 10

// withPackages is large with every tenth node a component of the user's.
func withPackages(n int) string {
	var b strings.Builder
	b.WriteString(head)
	for i := 1; i <= n; i++ {
		if i%10 == 0 {
			fmt.Fprintf(&b, "  n%04d:\n    from: n%04d\n    use: ./rules%d.Allowed\n    on_error:\n      then: stop\n", i, i-1, i/10%packageCount)
			continue
		}
		fmt.Fprintf(&b, "  n%04d:\n    from: n%04d\n    filter: in.Qty > limit\n    let: {limit: %d}\n    on_error: {then: stop}\n", i, i-1, i)
	}
	fmt.Fprintf(&b, "\nsinks:\n  out: {from: n%04d, use: file, config: {path: out.ndjson}}\n", n)
	return b.String()
}

// packages are the user's module and its packages.
func packages() map[string]string {
	files := map[string]string{"go.mod": "module example.com/orders\n\ngo 1.26\n"}
	for i := range packageCount {
		files[fmt.Sprintf("rules%d/rules.go", i)] = fmt.Sprintf(`// Package rules%[1]d says which orders are allowed.
package rules%[1]d

import "strings"

// Order is what the rule looks at.
type Order struct {
	Side string `+"`json:\"side\"`"+`
	Qty  int64  `+"`json:\"qty\"`"+`
}

// Allowed tells whether an order may go on.
func Allowed(o Order) bool { return strings.HasPrefix(o.Side, "b") && o.Qty > %[1]d }
`, i)
	}
	return files
}
