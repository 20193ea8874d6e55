// Package pricing is a component with a constructor that takes a config.
package pricing

import (
	"context"
	"errors"
)

type Config struct{ Currency string }

type Converter struct{ config Config }

func NewConverter(c Config) (*Converter, error) { return &Converter{c}, nil }

// A Payment has of the event what this package needs.
type Payment struct {
	ID      string `json:"id"`
	Account string `json:"account"`
	Amount  string `json:"amount"`
}

type Priced struct {
	ID       string `json:"id"`
	Amount   string `json:"amount"`
	Currency string `json:"currency"`
}

func (c *Converter) Process(_ context.Context, p Payment) (Priced, error) {
	if p.Account == "?" {
		return Priced{}, errors.New("no account")
	}
	return Priced{p.ID, p.Amount, c.config.Currency}, nil
}
