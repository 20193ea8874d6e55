package supervisor

import (
	"bytes"
	"os"
	"strconv"
	"sync"
	"time"
)

// The log has so many bytes a file at the most, and so many files before the newest.
const (
	logBytes = 10 << 20
	logFiles = 2
)

// A logFile is what the processes of a group say: lines with their time and the name of
// their process. A disk that is full loses lines, and stops no program for that.
type logFile struct {
	path  string
	limit int64

	mu   sync.Mutex
	file *os.File
	size int64
	line bytes.Buffer
}

// openLog goes on with the log of a folder.
func openLog(path string) (*logFile, error) {
	l := &logFile{path: path, limit: logBytes}
	return l, l.open()
}

func (l *logFile) open() error {
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

// put writes a line.
func (l *logFile) put(process string, text []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.line.Reset()
	l.line.Write(time.Now().UTC().AppendFormat(l.line.AvailableBuffer(), logTime))
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

// logTime is a time of one width, so that lines are alike.
const logTime = "2006-01-02T15:04:05.000000000Z"

// rotate makes log.1 of log, log.2 of log.1 and so on; the oldest goes.
func (l *logFile) rotate() {
	_ = l.file.Close()
	l.file, l.size = nil, 0
	for n := logFiles; n > 1; n-- {
		_ = os.Rename(rotated(l.path, n-1), rotated(l.path, n))
	}
	_ = os.Rename(l.path, rotated(l.path, 1))
}

func rotated(path string, n int) string { return path + "." + strconv.Itoa(n) }

func (l *logFile) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file != nil {
		_ = l.file.Close()
	}
}
