// Package rules says which payments count.
package rules

// A Charge is what these rules need to know of a payment. A pipeline's event
// fits when it has the two fields; whatever else it has is of no interest here.
type Charge struct {
	Cents    int64  `json:"cents"`
	Currency string `json:"currency"`
}

// Chargeable keeps payments that cost something, in a currency that we settle.
func Chargeable(c Charge) bool {
	if c.Cents <= 0 {
		return false
	}
	switch c.Currency {
	case "EUR", "USD", "GBP":
		return true
	}
	return false
}
