package program

import (
	"fmt"
	"log/slog"
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
	if !p.Bounded() || mode == "never" {
		return func() {}
	}
	done := make(chan struct{})
	var wait sync.WaitGroup
	show := mode == "always" || t.terminal && !t.json
	if !show {
		wait.Go(func() { logProgress(p, done) })
	}
	wait.Go(func() {
		if !show {
			return
		}
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

// logEvery is how often the log says how far the range of a source is, where nobody
// looks at the line.
const logEvery = 30 * time.Second

// logProgress has the log say how far ranges have been read: a backfill takes hours.
func logProgress(p *flow.Program, done <-chan struct{}) {
	tick := time.NewTicker(logEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			s := p.Snapshot()
			for _, f := range s.Sources {
				if f.Range != nil {
					slog.Info("progress", progressAttrs(&f, s.Running)...)
				}
			}
		case <-done:
			return
		}
	}
}

// progressAttrs say how far the range of a source has been read.
func progressAttrs(f *flow.Flow, running time.Duration) []any {
	attrs := []any{
		"node", f.Name, "range", f.Range.Range, "percent", percent(f.Range), "chunks", f.Range.Chunks, "through", f.Range.Ended, "records", f.Records,
	}
	if s := running.Seconds(); s > 0 {
		attrs = append(attrs, "per_second", int64(float64(f.Records)/s))
	}
	if left, ok := f.Range.Left(running.Seconds()); ok {
		attrs = append(attrs, "left", seconds(left))
	}
	return attrs
}

// percent is how much of a range is done: 100 only when all of it is.
func percent(p *flow.Progress) int { return int(p.Share() * 100) }

// ranges say how far the ranges of all sources have been read, and how many seconds
// the slowest still takes; nothing where a source has none.
func ranges(s *flow.Snapshot) (done string, left string) {
	var share, longest float64
	var chunks, ended int
	known := true
	for _, f := range s.Sources {
		if f.Range == nil {
			return "", ""
		}
		share += f.Range.Share()
		chunks, ended = chunks+f.Range.Chunks, ended+f.Range.Ended
		rest, ok := f.Range.Left(s.Running.Seconds())
		known, longest = known && ok, max(longest, rest)
	}
	if len(s.Sources) == 0 {
		return "", ""
	}
	done = fmt.Sprintf("%d%%", int(share*100/float64(len(s.Sources))))
	if chunks > 1 {
		done += fmt.Sprintf(" (%d of %d chunks)", ended, chunks)
	}
	if known {
		left = seconds(longest) + " left"
	}
	return done, left
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
	done, left := ranges(s)
	switch {
	case done != "":
		parts = append(parts, done)
	case known:
		parts = append(parts, fmt.Sprintf("%s of %s (%d%%)", size(bytes), size(total), bytes*100/total))
	case bytes > 0:
		parts = append(parts, size(bytes))
	}
	parts = append(parts, count(records)+" records")
	if run := s.Running.Seconds(); run > 0 {
		parts = append(parts, count(int64(float64(records)/run))+"/s")
		switch {
		case left != "":
			parts = append(parts, left)
		case done == "" && known && bytes > 0:
			left := run * float64(total-bytes) / float64(bytes)
			parts = append(parts, seconds(left)+" left")
		}
	}
	return t.name + ": " + strings.Join(parts, " · ")
}
