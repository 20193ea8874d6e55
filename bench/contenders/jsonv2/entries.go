//go:build goexperiment.jsonv2

package main

import (
	"bytes"
	"encoding/json/v2"
	"fmt"
	"time"

	"github.com/flowc-dev/flowc/bench/contenders/fixed"
	"github.com/flowc-dev/flowc/bench/contenders/minutes"
)

// entry is what W3 reads.
type entry struct {
	Type   string `json:"type"`
	Asset  string `json:"asset"`
	Amount string `json:"amount"`
	Price  string `json:"price"`
}

func entries(lines []byte, outs [][]byte) error {
	for line := range bytes.Lines(lines) {
		var e entry
		if err := json.Unmarshal(line, &e); err != nil {
			return err
		}
		to, keep := 0, false
		switch e.Type {
		case "payment":
			amount, err := fixed.Parse(e.Amount)
			if err != nil {
				return err
			}
			to, keep = 0, amount.CmpInt(100) > 0
		case "trade":
			price, err := fixed.Parse(e.Price)
			if err != nil {
				return err
			}
			to, keep = 1, price.CmpInt(1) < 0
		case "transfer":
			to, keep = 2, e.Asset == "XLM"
		default:
			return fmt.Errorf("unknown type of event %q", e.Type)
		}
		if keep {
			outs[to] = append(outs[to], line...)
		}
	}
	return nil
}

// dated is what W4 reads.
type dated struct {
	At     time.Time `json:"at"`
	Asset  string    `json:"asset"`
	Amount string    `json:"amount"`
}

func total(t *minutes.Totals, lines []byte) error {
	for line := range bytes.Lines(lines) {
		var e dated
		if err := json.Unmarshal(line, &e); err != nil {
			return err
		}
		amount, err := fixed.Parse(e.Amount)
		if err != nil {
			return err
		}
		if err := t.Add([]byte(e.Asset), e.At.Truncate(time.Minute).Unix()/60, amount); err != nil {
			return err
		}
	}
	return nil
}
