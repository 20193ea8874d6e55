package program

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// progressEvery is how often the line is written anew.
const progressEvery = 250 * time.Millisecond

// progress shows how far a bounded program has got, in one line that is written
// over and over, where somebody looks at it. stop takes the line away.
func (t *teller) progress(p *flow.Program, mode string) (stop func()) {
	show := mode == "on" || mode != "off" && t.terminal && !t.json
	if !show || !p.Bounded() {
		return func() {}
	}
	done := make(chan struct{})
	var wait sync.WaitGroup
	wait.Go(func() {
		tick := time.NewTicker(progressEvery)
		defer tick.Stop()
		shown := false
		for {
			select {
			case <-tick.C:
				if s := p.Snapshot(); s.Running > 0 {
					fmt.Fprintf(t.w, "\r%s\x1b[K", t.progressLine(&s))
					shown = true
				}
			case <-done:
				if shown {
					fmt.Fprint(t.w, "\r\x1b[K")
				}
				return
			}
		}
	})
	return func() {
		close(done)
		wait.Wait()
	}
}

func (t *teller) progressLine(s *flow.Snapshot) string {
	var records, bytes, total int64
	known := len(s.Sources) > 0
	for _, f := range s.Sources {
		records += f.Records
		bytes += f.Bytes
		total += f.Total
		known = known && f.Total > 0
	}
	known = known && total >= bytes
	var parts []string
	switch {
	case known:
		parts = append(parts, fmt.Sprintf("%s of %s (%d%%)", size(bytes), size(total), bytes*100/total))
	case bytes > 0:
		parts = append(parts, size(bytes))
	}
	parts = append(parts, count(records)+" records")
	if run := s.Running.Seconds(); run > 0 {
		parts = append(parts, count(int64(float64(records)/run))+"/s")
		if known && bytes > 0 {
			left := run * float64(total-bytes) / float64(bytes)
			parts = append(parts, seconds(left)+" left")
		}
	}
	return t.name + ": " + strings.Join(parts, " · ")
}
