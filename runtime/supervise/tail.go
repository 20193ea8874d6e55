package supervise

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"sync"
)

// keepLines is how many lines of a component are kept for messages, keepBytes how much of
// one line.
const (
	keepLines = 10
	keepBytes = 500
)

// A tail hands on the lines that a component writes, its name before each, and keeps the
// last ones.
type tail struct {
	mu    sync.Mutex
	name  string
	out   io.Writer
	part  []byte
	lines []string
}

func newTail(name string, out io.Writer) *tail { return &tail{name: name, out: out} }

// Write takes what the component wrote.
func (t *tail) Write(data []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := len(data)
	for {
		i := bytes.IndexByte(data, '\n')
		if i < 0 {
			break
		}
		t.line(append(t.part, data[:i]...))
		t.part, data = t.part[:0], data[i+1:]
	}
	t.part = append(t.part, data...)
	if len(t.part) > 64<<10 { // no line: it is handed on in pieces
		t.line(t.part)
		t.part = t.part[:0]
	}
	return n, nil
}

func (t *tail) line(line []byte) {
	text := strings.TrimRight(string(line), "\r")
	fmt.Fprintf(t.out, "[%s] %s\n", t.name, text)
	if len(text) > keepBytes {
		text = strings.ToValidUTF8(text[:keepBytes], "") + "…"
	}
	t.lines = append(t.lines, text)
	if len(t.lines) > keepLines {
		t.lines = t.lines[1:]
	}
}

// flush hands on a last line that has no end.
func (t *tail) flush() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.part) > 0 {
		t.line(t.part)
		t.part = nil
	}
}

func (t *tail) last() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.Join(t.lines, "\n")
}
