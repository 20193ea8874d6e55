package scan

import (
	"github.com/flowc-dev/flowc/bench/contenders/fixed"
	"github.com/flowc-dev/flowc/bench/contenders/minutes"
)

var minuteNames = []string{"at", "asset", "amount"}

// Minutes is W4 by a walk over each whole line.
type Minutes struct {
	walker *Walker
	Totals minutes.Totals
}

// NewMinutes makes one; it serves one goroutine.
func NewMinutes() *Minutes { return &Minutes{walker: NewWalker(minuteNames...)} }

// Process adds the lines to the totals.
func (p *Minutes) Process(lines []byte, _ [][]byte) error {
	for len(lines) > 0 {
		var line []byte
		line, lines = NextLine(lines)
		if err := p.walker.Line(line); err != nil {
			return err
		}
		if err := addMinute(&p.Totals, line, p.walker.Values); err != nil {
			return err
		}
	}
	return nil
}

// EarlyMinutes is W4 by a look at each line that stops when it has the three fields.
type EarlyMinutes struct {
	stopper *Stopper
	Totals  minutes.Totals
}

// NewEarlyMinutes makes one; it serves one goroutine.
func NewEarlyMinutes() *EarlyMinutes { return &EarlyMinutes{stopper: NewStopper(minuteNames...)} }

// Process adds the lines to the totals.
func (p *EarlyMinutes) Process(lines []byte, _ [][]byte) error {
	for len(lines) > 0 {
		var line []byte
		line, lines = NextLine(lines)
		if err := p.stopper.Start(line); err != nil {
			return err
		}
		var v [3]Span
		for range v {
			field, value, err := p.stopper.Next()
			if err != nil {
				return err
			}
			if field < 0 {
				return ErrMissing
			}
			v[field] = value
		}
		if err := addMinute(&p.Totals, line, v[:]); err != nil {
			return err
		}
	}
	return nil
}

func addMinute(t *minutes.Totals, line []byte, v []Span) error {
	at, okAt := v[0].Text(line)
	asset, okAsset := v[1].Text(line)
	text, okAmount := v[2].Text(line)
	if !okAt || !okAsset || !okAmount {
		return ErrMissing
	}
	minute, err := minutes.Of(at)
	if err != nil {
		return err
	}
	amount, err := fixed.Parse(text)
	if err != nil {
		return err
	}
	return t.Add(asset, minute, amount)
}
