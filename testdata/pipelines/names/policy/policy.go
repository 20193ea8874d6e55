// Package policy has a name that the generated package declares itself.
package policy

// Keeps tells whether an order is kept.
func Keeps(qty int) bool { return qty != 0 }
