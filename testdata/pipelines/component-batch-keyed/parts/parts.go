// Package parts has a component that takes batches.
package parts

import (
	"context"
	"errors"
)

// An Order is what it takes, and gives.
type Order struct {
	ID string `json:"id"`
	N  int    `json:"n"`
}

// A Refused is an error of some records.
type Refused map[int]error

func (r Refused) Error() string { return "some are refused" }

// Failed are they, by their place among those that were given.
func (r Refused) Failed() map[int]error { return r }

// Priced refuses numbers that 5 divides, and panics at 7.
func Priced(_ context.Context, all []Order) ([]Order, error) {
	refused := Refused{}
	var out []Order
	for i, o := range all {
		switch {
		case o.N == 7:
			panic("seven")
		case o.N%5 == 0:
			refused[i] = errors.New("refused")
		default:
			out = append(out, o)
		}
	}
	if len(refused) > 0 {
		return out, refused
	}
	return out, nil
}
