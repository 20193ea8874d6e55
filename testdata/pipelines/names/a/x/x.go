// Package x has a namesake.
package x

// A Row is an order.
type Row struct {
	ID  string `json:"id"`
	Qty int    `json:"qty"`
}

// Twice hands a row on under two names.
func Twice(r Row, emit func(Row) error) error {
	for _, suffix := range []string{"-a1", "-a2"} {
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
