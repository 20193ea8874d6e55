//go:build goexperiment.jsonv2

package main

import (
	"bytes"
	"encoding/json/v2"

	"github.com/flowc-dev/flowc/bench/contenders/fixed"
)

// event is what W2 reads.
type event struct {
	ID           string `json:"id"`
	Type         string `json:"type"`
	At           string `json:"at"`
	Account      string `json:"account"`
	Counterparty string `json:"counterparty"`
	Amount       string `json:"amount"`
}

// projected is what W2 writes.
type projected struct {
	ID           string `json:"id"`
	At           string `json:"at"`
	Account      string `json:"account"`
	Counterparty string `json:"counterparty"`
	Amount       string `json:"amount"`
	Fee          string `json:"fee"`
}

func payments(lines []byte, outs [][]byte) error {
	out := outs[0]
	for line := range bytes.Lines(lines) {
		var e event
		if err := json.Unmarshal(line, &e); err != nil {
			return err
		}
		if e.Type != "payment" {
			continue
		}
		amount, err := fixed.Parse(e.Amount)
		if err != nil {
			return err
		}
		if amount.CmpInt(100) <= 0 {
			continue
		}
		fee, err := amount.Mul(fixed.Decimal{Mantissa: 25, Places: 4})
		if err != nil {
			return err
		}
		small := projected{e.ID, e.At, e.Account, e.Counterparty, e.Amount, fee.String()}
		text, err := json.Marshal(&small)
		if err != nil {
			return err
		}
		out = append(append(out, text...), '\n')
	}
	outs[0] = out
	return nil
}
