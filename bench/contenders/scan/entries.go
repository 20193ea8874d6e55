package scan

import "github.com/flowc-dev/flowc/bench/contenders/fixed"

// The fields that W3 reads.
const (
	entryType = iota
	entryAsset
	entryAmount
	entryPrice
)

var entryNames = []string{"type", "asset", "amount", "price"}

// Entries is W3 by a walk over each whole line.
type Entries struct{ walker *Walker }

// NewEntries makes one; it serves one goroutine.
func NewEntries() *Entries { return &Entries{NewWalker(entryNames...)} }

// Process appends to the three outputs what W3 gives for the lines.
func (p *Entries) Process(lines []byte, outs [][]byte) error {
	for len(lines) > 0 {
		var line []byte
		line, lines = NextLine(lines)
		if err := p.walker.Line(line); err != nil {
			return err
		}
		v := p.walker.Values
		kind, ok := v[entryType].Text(line)
		if !ok {
			return ErrMissing
		}
		out := outputOf(kind)
		if out < 0 {
			return ErrType
		}
		keep, err := keeps(out, v[tested[out]].Of(line))
		if err != nil {
			return err
		}
		if keep {
			outs[out] = append(append(outs[out], line...), '\n')
		}
	}
	return nil
}

// EarlyEntries is W3 by a look at each line that stops at the field which its type
// is filtered by.
type EarlyEntries struct{ stopper *Stopper }

// NewEarlyEntries makes one; it serves one goroutine.
func NewEarlyEntries() *EarlyEntries { return &EarlyEntries{NewStopper(entryNames...)} }

// Process appends to the three outputs what W3 gives for the lines.
func (p *EarlyEntries) Process(lines []byte, outs [][]byte) error {
	for len(lines) > 0 {
		var line []byte
		line, lines = NextLine(lines)
		out, keep, err := p.line(line)
		if err != nil {
			return err
		}
		if keep {
			outs[out] = append(append(outs[out], line...), '\n')
		}
	}
	return nil
}

func (p *EarlyEntries) line(line []byte) (out int, keep bool, err error) {
	if err := p.stopper.Start(line); err != nil {
		return 0, false, err
	}
	var v [4]Span
	out = -1
	for {
		field, value, err := p.stopper.Next()
		if err != nil {
			return 0, false, err
		}
		if field < 0 {
			return 0, false, ErrMissing
		}
		v[field] = value
		if field == entryType {
			kind, ok := value.Text(line)
			if !ok {
				return 0, false, ErrMissing
			}
			if out = outputOf(kind); out < 0 {
				return 0, false, ErrType
			}
		}
		// The type may come after the field that it is filtered by.
		if out >= 0 && v[tested[out]].To > 0 {
			keep, err = keeps(out, v[tested[out]].Of(line))
			return out, keep, err
		}
	}
}

// outputOf gives the output of a type of event, or -1.
func outputOf(kind []byte) int {
	switch string(kind) {
	case "payment":
		return 0
	case "trade":
		return 1
	case "transfer":
		return 2
	}
	return -1
}

// tested has the field by which the events of each output are filtered.
var tested = [...]int{entryAmount, entryPrice, entryAsset}

// keeps tells whether an event goes to its output, by the value of its field.
func keeps(out int, value []byte) (bool, error) {
	if len(value) < 2 || value[0] != '"' {
		return false, ErrMissing
	}
	text := value[1 : len(value)-1]
	if out == 2 {
		return string(text) == "XLM", nil
	}
	d, err := fixed.Parse(text)
	if err != nil {
		return false, err
	}
	if out == 0 {
		return d.CmpInt(100) > 0, nil
	}
	return d.CmpInt(1) < 0, nil
}
