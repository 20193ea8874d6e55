// Package logfile is the log of processes in a folder: lines with their time and the name
// of their process, in files of a bounded size.
package logfile

import (
	"bytes"
	"os"
	"strconv"
	"sync"
	"time"
)

// Files is how many files of a log there are before the newest, each of at most maxBytes.
const (
	Files    = 2
	maxBytes = 10 << 20
)

// A File is a log that is written. A disk that is full
// loses lines, and stops no program for that.
type File struct {
	path  string
	limit int64

	mu   sync.Mutex
	file *os.File
	size int64
	line bytes.Buffer
}

// Open goes on with a log.
func Open(path string) (*File, error) {
	l := &File{path: path, limit: maxBytes}
	return l, l.open()
}

func (l *File) open() error {
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
	return nil
}

// Put writes a line.
func (l *File) Put(process string, text []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.line.Reset()
	l.line.Write(time.Now().UTC().AppendFormat(l.line.AvailableBuffer(), Time))
	l.line.WriteString(" " + process + " ")
	l.line.Write(text)
	l.line.WriteByte('\n')
	if l.size > 0 && l.size+int64(l.line.Len()) > l.limit {
		l.rotate()
	}
	if l.file == nil && l.open() != nil {
		return
	}
	n, _ := l.file.Write(l.line.Bytes())
	l.size += int64(n)
}

// Time is the form of a line's time: one of one width, so that lines are alike.
const Time = "2006-01-02T15:04:05.000000000Z"

// rotate makes log.1 of log, log.2 of log.1 and so on; the oldest goes.
func (l *File) rotate() {
	_ = l.file.Close()
	l.file, l.size = nil, 0
	for n := Files; n > 1; n-- {
		_ = os.Rename(Rotated(l.path, n-1), Rotated(l.path, n))
	}
	_ = os.Rename(l.path, Rotated(l.path, 1))
}

// Rotated is the name of the nth file before the newest.
func Rotated(path string, n int) string { return path + "." + strconv.Itoa(n) }

// Close ends it; nothing is written behind it.
func (l *File) Close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file != nil {
		_ = l.file.Close()
	}
}
