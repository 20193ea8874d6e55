// Package x has a namesake.
package x

// An Item is an order.
type Item struct {
	ID  string `json:"id"`
	Qty int    `json:"qty"`
}

// Twice hands a row on under two names.
func Twice(r Item, emit func(Item) error) error {
	for _, suffix := range []string{"-b1", "-b2"} {
		out := r
		out.ID += suffix
		if err := emit(out); err != nil {
			return err
		}
	}
	return nil
}

// Less takes one off.
func Less(n int) int { return n - 1 }
