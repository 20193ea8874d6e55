package main

import (
	"time"

	"github.com/flowc-dev/flowc/bench/contenders/fixed"
	totals "github.com/flowc-dev/flowc/bench/contenders/minutes"
)

// minutes is W4: a decoder and one goroutine that adds up.
func minutes(p *pipeline, input, output string) {
	events := stage(p, read(p, input), decodeEntry)
	p.stages.Go(func() {
		var t totals.Totals
		for e := range events {
			at, err := time.Parse(time.RFC3339, e.At)
			if err != nil {
				p.fail(err)
				continue
			}
			amount, err := fixed.Parse(e.Amount)
			if err != nil {
				p.fail(err)
				continue
			}
			p.fail(t.Add([]byte(e.Asset), at.Truncate(time.Minute).Unix()/60, amount))
		}
		p.fail(totals.Write(output, []*totals.Totals{&t}))
	})
}
