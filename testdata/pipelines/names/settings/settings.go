// Package settings has a name that the generated package declares itself.
package settings

// An Order is an order.
type Order struct {
	ID  string `json:"id"`
	Qty int    `json:"qty"`
}

// Same gives an order back.
func Same(o Order) Order { return o }
