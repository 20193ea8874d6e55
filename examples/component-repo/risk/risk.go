// Package risk gives each payment a score.
package risk

import (
	"errors"
	"time"
)

// A Config is what a pipeline says under `config`, checked when it is compiled.
type Config struct {
	// Home is the country of the cards.
	Home string `json:"home" flowc:"required"`
	// Usual is the amount, in cents, up to which nobody wonders.
	Usual int64 `json:"usual"`
	// Night is the part of the day, from midnight on, in which few people pay.
	Night time.Duration `json:"night"`
}

// A Payment is the part of an event that the score depends on.
type Payment struct {
	ID       string    `json:"id"`
	Card     string    `json:"card"`
	Merchant Merchant  `json:"merchant"`
	Cents    int64     `json:"cents"`
	At       time.Time `json:"at"`
	Device   *string   `json:"device"`
}

// A Merchant is who is paid.
type Merchant struct {
	Name    string `json:"name"`
	Country string `json:"country"`
}

// A Scored payment is what goes on.
type Scored struct {
	ID       string   `json:"id"`
	Card     string   `json:"card"`
	Merchant string   `json:"merchant"`
	Cents    int64    `json:"cents"`
	Score    int      `json:"score"`
	Reasons  []string `json:"reasons"`
}

// A Scorer keeps no state: each payment is judged by itself.
type Scorer struct{ config Config }

// NewScorer refuses a configuration that can't be meant.
func NewScorer(c Config) (*Scorer, error) {
	if c.Usual <= 0 {
		return nil, errors.New("usual: an amount above 0 is needed")
	}
	return &Scorer{c}, nil
}

// Process scores a payment from 0 to 100.
func (s *Scorer) Process(p Payment) (Scored, error) {
	out := Scored{ID: p.ID, Card: p.Card, Merchant: p.Merchant.Name, Cents: p.Cents}
	add := func(points int, reason string) {
		out.Score = min(out.Score+points, 100)
		out.Reasons = append(out.Reasons, reason)
	}
	if p.Merchant.Country != s.config.Home {
		add(30, "abroad")
	}
	if p.Cents > s.config.Usual {
		add(25, "amount")
	}
	if time.Duration(p.At.Hour())*time.Hour < s.config.Night {
		add(20, "night")
	}
	if p.Device == nil {
		add(10, "no device")
	}
	return out, nil
}
