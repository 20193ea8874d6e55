package sandbox

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"
)

// mostLog is how large the log becomes before a new file begins; the one before is kept.
const mostLog = 16 << 20

// A logFile takes lines of all that is in a sandbox: the time, the name, the text.
type logFile struct {
	folder Folder

	mu   sync.Mutex
	file *os.File
	size int64
}

func openLog(f Folder) (*logFile, error) {
	l := &logFile{folder: f}
	return l, l.open()
}

func (l *logFile) open() error {
	file, err := os.OpenFile(l.folder.Path("log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	info, err := file.Stat()
	if err != nil {
		file.Close()
		return err
	}
	l.file, l.size = file, info.Size()
	return nil
}

// put writes a text, which may have several lines. A disk that is full costs the text, and
// no service.
func (l *logFile) put(name, text string) {
	var b strings.Builder
	at := time.Now().Format("2006-01-02T15:04:05.000Z07:00")
	for line := range strings.SplitSeq(text, "\n") {
		b.WriteString(at + " " + name + " " + line + "\n")
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.size > mostLog {
		l.file.Close()
		_ = os.Rename(l.folder.Path("log"), l.folder.Path("log.1"))
		if l.open() != nil {
			return
		}
	}
	n, _ := l.file.WriteString(b.String())
	l.size += int64(n)
}

// of is a writer of the lines of one name.
func (l *logFile) of(name string) io.Writer { return &named{log: l, name: name} }

// A named writer gets whole lines, which may have their name before them.
type named struct {
	log  *logFile
	name string
}

// Write never keeps b.
func (n *named) Write(b []byte) (int, error) {
	n.log.put(n.name, strings.TrimPrefix(string(bytes.TrimRight(b, "\n")), "["+n.name+"] "))
	return len(b), nil
}

// A Line is one of the log.
type Line struct {
	Time, Name, Text string
}

// ParseLine reads a line of the log.
func ParseLine(text string) (Line, error) {
	at, rest, ok := strings.Cut(text, " ")
	name, text, _ := strings.Cut(rest, " ")
	if !ok || name == "" {
		return Line{}, fmt.Errorf("%q is no line of a log", text)
	}
	return Line{at, name, text}, nil
}
