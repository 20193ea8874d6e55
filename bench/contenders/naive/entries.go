package main

import (
	"encoding/json"
	"fmt"

	"github.com/flowc-dev/flowc/bench/contenders/fixed"
)

// entry has all fields of a ledger entry, and the line that it came in.
type entry struct {
	ID      string `json:"id"`
	Type    string `json:"type"`
	At      string `json:"at"`
	Account string `json:"account"`
	Asset   string `json:"asset"`
	Amount  string `json:"amount"`
	Price   string `json:"price"`
	Ledger  int64  `json:"ledger"`
	OK      bool   `json:"ok"`

	line []byte
}

func decodeEntry(line []byte) (*entry, bool, error) {
	e := &entry{line: line}
	return e, true, json.Unmarshal(line, e)
}

// entries is W3: a router, and for each type a filter and a writer.
func entries(p *pipeline, input string, outputs []string) {
	routes := map[string]chan *entry{
		"payment":  make(chan *entry, room),
		"trade":    make(chan *entry, room),
		"transfer": make(chan *entry, room),
	}
	events := stage(p, read(p, input), decodeEntry)
	p.stages.Go(func() {
		for e := range events {
			if to := routes[e.Type]; to != nil {
				to <- e
			} else {
				p.fail(fmt.Errorf("unknown type of event %q", e.Type))
			}
		}
		for _, to := range routes {
			close(to)
		}
	})
	filtered := func(kind, output string, keep func(*entry) (bool, error)) {
		write(p, stage(p, routes[kind], func(e *entry) ([]byte, bool, error) {
			ok, err := keep(e)
			return e.line, ok, err
		}), output)
	}
	filtered("payment", outputs[0], func(e *entry) (bool, error) {
		amount, err := fixed.Parse(e.Amount)
		return err == nil && amount.CmpInt(100) > 0, err
	})
	filtered("trade", outputs[1], func(e *entry) (bool, error) {
		price, err := fixed.Parse(e.Price)
		return err == nil && price.CmpInt(1) < 0, err
	})
	filtered("transfer", outputs[2], func(e *entry) (bool, error) { return e.Asset == "XLM", nil })
}
