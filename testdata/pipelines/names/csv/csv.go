// Package csv has the name of a package that generated code uses.
package csv

// A Line is an order.
type Line struct {
	ID  string `json:"id"`
	Qty int    `json:"qty"`
}

// Double doubles the quantity.
func Double(r Line) (Line, error) {
	r.Qty *= 2
	return r, nil
}
