package scan

import "bytes"

// Pass is W1 with types: every line is walked, none is changed.
type Pass struct{ walker *Walker }

// NewPass makes one; it serves one goroutine.
func NewPass() *Pass { return &Pass{NewWalker()} }

// Process walks the lines, and gives them back.
func (p *Pass) Process(lines []byte, outs [][]byte) error {
	outs[0] = lines
	for len(lines) > 0 {
		var line []byte
		line, lines = NextLine(lines)
		if err := p.walker.Line(line); err != nil {
			return err
		}
	}
	return nil
}

// Lines is W1 as text: lines are counted and given back.
type Lines struct{ Count int }

// Process counts the lines, and gives them back.
func (l *Lines) Process(lines []byte, outs [][]byte) error {
	outs[0] = lines
	l.Count += bytes.Count(lines, []byte{'\n'})
	if lines[len(lines)-1] != '\n' {
		l.Count++
	}
	return nil
}
