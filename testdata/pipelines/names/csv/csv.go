// Package csv has the name of a package that generated code uses.
package csv

// A Row is an order.
type Row struct {
	ID  string `json:"id"`
	Qty int    `json:"qty"`
}

// Double doubles the quantity.
func Double(r Row) (Row, error) {
	r.Qty *= 2
	return r, nil
}
