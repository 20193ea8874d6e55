package program

import (
	"bytes"
	"os"
	"sync"
	"time"
)

// A run's log has the form that the logs of all processes on a machine have: the time, the
// name of the process, the text. It has so many bytes a file, and one file before the newest
// as often as runLogFiles says.
const (
	runLogBytes    = 10 << 20
	runLogFiles    = 2
	runLogTime     = "2006-01-02T15:04:05.000000000Z"
	longestRunLine = 64 << 10
)

// A runLog is the log of a run. A disk that is full loses lines, and stops nothing.
type runLog struct {
	path string

	mu   sync.Mutex
	over bool
	// streams tells that standard output and error of the process are this file.
	streams bool
	of      string
	file    *os.File
	size    int64
	line    bytes.Buffer
}

func openRunLog(path string) (*runLog, error) {
	l := &runLog{path: path, of: "program"}
	return l, l.open()
}

func (l *runLog) open() error {
	file, err := os.OpenFile(l.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	info, err := file.Stat()
	if err != nil {
		_ = file.Close()
		return err
	}
	l.file, l.size = file, info.Size()
	if l.streams {
		return l.becomeStreams()
	}
	return nil
}

func (l *runLog) name(of string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.of = of
}

// put writes a line.
func (l *runLog) put(text []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.line.Reset()
	l.line.Write(time.Now().UTC().AppendFormat(l.line.AvailableBuffer(), runLogTime))
	l.line.WriteString(" " + l.of + " ")
	l.line.Write(text)
	l.line.WriteByte('\n')
	if l.size > 0 && l.size+int64(l.line.Len()) > runLogBytes {
		l.rotate()
	}
	if l.file == nil && l.open() != nil {
		return
	}
	n, _ := l.file.Write(l.line.Bytes())
	l.size += int64(n)
}

// lookAtSize is how often it is looked how much others have written into the log.
const lookAtSize = 5 * time.Second

// takeStreams makes standard output and error of the process the log: what is printed by
// whatever means comes there as it is, between the lines.
func (l *runLog) takeStreams() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.becomeStreams(); err != nil {
		return err
	}
	l.streams = true
	go func() {
		for range time.Tick(lookAtSize) {
			if !l.measure() {
				return
			}
		}
	}()
	return nil
}

// measure sees how large the log is by now; false is at its end.
func (l *runLog) measure() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.over || l.file == nil {
		return !l.over
	}
	if info, err := l.file.Stat(); err == nil {
		l.size = info.Size()
	}
	if l.size > runLogBytes {
		l.rotate()
		_ = l.open()
	}
	return true
}

func (l *runLog) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.over = true
}

// rotate makes log.1 of log, and log.2 of log.1; the oldest goes.
func (l *runLog) rotate() {
	_ = l.file.Close()
	l.file, l.size = nil, 0
	name := func(n int) string { return l.path + "." + string(rune('0'+n)) }
	for n := runLogFiles; n > 1; n-- {
		_ = os.Rename(name(n-1), name(n))
	}
	_ = os.Rename(l.path, name(1))
}

// stream is a writer of what comes in pieces.
func (l *runLog) stream() *runStream { return &runStream{log: l} }

// A runStream makes lines of what one stream says.
type runStream struct {
	log *runLog

	mu   sync.Mutex
	rest []byte
}

// Write never keeps b, and never fails.
func (s *runStream) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(b)
	for {
		i := bytes.IndexByte(b, '\n')
		if i < 0 {
			break
		}
		s.rest = append(s.rest, b[:i]...)
		s.put()
		b = b[i+1:]
	}
	if s.rest = append(s.rest, b...); len(s.rest) >= longestRunLine {
		s.put()
	}
	return n, nil
}

// flush writes what has no end of a line.
func (s *runStream) flush() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.put()
}

// put writes what is there as a line. The line of progress, which is written over and
// over, is none.
func (s *runStream) put() {
	text := bytes.TrimSuffix(s.rest, []byte("\r"))
	if i := bytes.LastIndexByte(text, '\r'); i >= 0 {
		text = text[i+1:]
	}
	text = bytes.TrimPrefix(text, []byte("\x1b[K"))
	if len(text) > 0 {
		s.log.put(text)
	}
	s.rest = s.rest[:0]
}
