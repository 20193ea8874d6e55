package shop

import (
	"context"
	"errors"
	"fmt"
	"os"
)

// Order is what the components of this package look at.
type Order struct {
	ID  string `json:"id"`
	Qty int    `json:"qty"`
}

// Big keeps orders of more than one piece.
func Big(o Order) bool { return o.Qty > 1 }

// Config is the converter's.
type Config struct {
	Currency string  `json:"currency" flowc:"required"`
	Rate     float64 `json:"rate"`
}

// A Converter prices orders.
type Converter struct{ c Config }

// NewConverter returns a converter.
func NewConverter(c Config) (*Converter, error) {
	if c.Rate <= 0 {
		return nil, errors.New("rate must be larger than 0")
	}
	return &Converter{c}, nil
}

// Priced is an order with its price.
type Priced struct {
	ID    string  `json:"id"`
	Qty   int     `json:"qty"`
	Price float64 `json:"price"`
	Cur   string  `json:"currency,omitempty"`
}

// Process prices an order.
func (c *Converter) Process(_ context.Context, o Order) (Priced, error) {
	return Priced{ID: o.ID, Qty: o.Qty, Price: float64(o.Qty) * c.c.Rate, Cur: c.c.Currency}, nil
}

// A Part is one piece.
type Part struct {
	ID string `json:"id"`
	N  int    `json:"n"`
}

// Split makes one part of each piece.
func Split(p Priced) []Part {
	var out []Part
	for i := range p.Qty {
		out = append(out, Part{p.ID, i})
	}
	return out
}

// Counter counts orders into a file.
func Counter(_ context.Context, ps []Priced) error {
	f, err := os.OpenFile("count.txt", os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer f.Close()
	for _, p := range ps {
		fmt.Fprintln(f, p.ID)
	}
	return nil
}
