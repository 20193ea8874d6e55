package live

import (
	"bytes"
	"fmt"
	"io"
	"sync"
)

// lines writes whole lines of several writers to one.
type lines struct {
	mu sync.Mutex
	to io.Writer
}

func (l *lines) printf(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	fmt.Fprintf(l.to, format+"\n", args...)
}

// writer puts a text before each line of what is written to it. What is longer than
// longest is written before its end has come; 0 is no bound.
func (l *lines) writer(prefix string, longest int) *lineWriter {
	return &lineWriter{lines: l, prefix: []byte(prefix), longest: longest}
}

// A lineWriter keeps what is no whole line yet.
type lineWriter struct {
	lines   *lines
	prefix  []byte
	longest int
	rest    []byte
	inside  bool // a part of the line was written
}

// Write never keeps b.
func (w *lineWriter) Write(b []byte) (int, error) {
	n := len(b)
	for {
		i := bytes.IndexByte(b, '\n')
		if i < 0 {
			break
		}
		w.rest = append(w.rest, b[:i+1]...)
		b = b[i+1:]
		if err := w.put(); err != nil {
			return 0, err
		}
	}
	w.rest = append(w.rest, b...)
	if w.longest > 0 && len(w.rest) >= w.longest {
		return n, w.put()
	}
	return n, nil
}

// put writes what is there.
func (w *lineWriter) put() error {
	w.lines.mu.Lock()
	defer w.lines.mu.Unlock()
	if !w.inside {
		if _, err := w.lines.to.Write(w.prefix); err != nil {
			return err
		}
	}
	w.inside = !bytes.HasSuffix(w.rest, []byte("\n"))
	_, err := w.lines.to.Write(w.rest)
	w.rest = w.rest[:0]
	return err
}

// flush writes what has no end of a line.
func (w *lineWriter) flush() {
	if len(w.rest) == 0 {
		return
	}
	if len(w.prefix) > 0 {
		w.rest = append(w.rest, '\n')
	}
	_ = w.put()
}

// A lineCaller hands over whole lines, without their ends. What is longer than longest is
// handed over in parts.
type lineCaller struct {
	name    string
	line    func(process string, text []byte)
	longest int
	rest    []byte
}

// Write never keeps b.
func (w *lineCaller) Write(b []byte) (int, error) {
	n := len(b)
	for {
		i := bytes.IndexByte(b, '\n')
		if i < 0 {
			break
		}
		text := b[:i]
		if len(w.rest) > 0 {
			w.rest = append(w.rest, text...)
			text = w.rest
		}
		w.line(w.name, text)
		w.rest, b = w.rest[:0], b[i+1:]
	}
	w.rest = append(w.rest, b...)
	if len(w.rest) >= w.longest {
		w.flush()
	}
	return n, nil
}

// flush hands over what has no end of a line.
func (w *lineCaller) flush() {
	if len(w.rest) > 0 {
		w.line(w.name, w.rest)
		w.rest = w.rest[:0]
	}
}
