package main

import (
	"encoding/json"

	"github.com/flowc-dev/flowc/bench/contenders/fixed"
)

// event has all fields of a payment.
type event struct {
	ID           string `json:"id"`
	Type         string `json:"type"`
	At           string `json:"at"`
	Account      string `json:"account"`
	Counterparty string `json:"counterparty"`
	Asset        struct {
		Code   string `json:"code"`
		Issuer string `json:"issuer"`
	} `json:"asset"`
	Amount     string   `json:"amount"`
	Ledger     int64    `json:"ledger"`
	FeeCharged int64    `json:"fee_charged"`
	Successful bool     `json:"successful"`
	Memo       string   `json:"memo"`
	Tags       []string `json:"tags"`
	Balances   []struct {
		Asset  string `json:"asset"`
		Before string `json:"before"`
		After  string `json:"after"`
	} `json:"balances"`
	Envelope string `json:"envelope"`
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

// pass decodes each event to see that it is one, and writes its line.
func pass(p *pipeline, input, output string) {
	write(p, stage(p, read(p, input), func(line []byte) ([]byte, bool, error) {
		var e event
		return line, true, json.Unmarshal(line, &e)
	}), output)
}

// payments is W2, five stages between the reader and the writer.
func payments(p *pipeline, input, output string) {
	events := stage(p, read(p, input), decode)
	paid := stage(p, events, func(e *event) (*event, bool, error) { return e, e.Type == "payment", nil })
	large := stage(p, paid, func(e *event) (*event, bool, error) {
		keep, err := over100(e)
		return e, keep, err
	})
	small := stage(p, large, func(e *event) (*projected, bool, error) {
		s, err := project(e)
		return s, true, err
	})
	lines := stage(p, small, func(s *projected) ([]byte, bool, error) {
		line, err := json.Marshal(s)
		return line, true, err
	})
	write(p, lines, output)
}

func decode(line []byte) (*event, bool, error) {
	e := new(event)
	return e, true, json.Unmarshal(line, e)
}

func over100(e *event) (bool, error) {
	amount, err := fixed.Parse(e.Amount)
	return err == nil && amount.CmpInt(100) > 0, err
}

func project(e *event) (*projected, error) {
	amount, err := fixed.Parse(e.Amount)
	if err != nil {
		return nil, err
	}
	fee, err := amount.Mul(fixed.Decimal{Mantissa: 25, Places: 4})
	return &projected{e.ID, e.At, e.Account, e.Counterparty, e.Amount, fee.String()}, err
}
