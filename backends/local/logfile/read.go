package logfile

import (
	"bufio"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/flowc-dev/flowc/backends/deploy"
)

// followEvery is how often somebody who follows a log looks for more.
const followEvery = 200 * time.Millisecond

// Read hands over the lines of a log. Who follows gets what comes, from whichever process
// writes it, until ctx ends, or until over, which may be nil, says that nothing more comes.
func Read(ctx context.Context, path string, o deploy.LogOptions, over func() bool, line func(deploy.Line)) error {
	var lines []deploy.Line
	keep := func(l deploy.Line) {
		if !l.Time.Before(o.Since) {
			lines = append(lines, l)
		}
	}
	for n := Files; n > 0; n-- {
		old, err := os.Open(Rotated(path, n))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		err = (&tail{file: old}).read(keep)
		_ = old.Close()
		if err != nil {
			return err
		}
	}
	newest := &tail{path: path}
	defer newest.close()
	if err := newest.more(keep); err != nil {
		return err
	}
	for _, l := range last(lines, o.Tail) {
		line(l)
	}
	lines = nil
	for o.Follow {
		ended := over != nil && over() // what is written after this was asked is not waited for
		if !ended {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(followEvery):
			}
		}
		if err := newest.more(line); err != nil || ended {
			return err
		}
	}
	return nil
}

// last are the last n lines of each instance, in their order; all for -1.
func last(lines []deploy.Line, n int) []deploy.Line {
	if n < 0 {
		return lines
	}
	counts := map[string]int{}
	from := make([]bool, len(lines))
	for i := len(lines) - 1; i >= 0; i-- {
		name := lines[i].Instance
		from[i] = counts[name] < n
		counts[name]++
	}
	var all []deploy.Line
	for i, l := range lines {
		if from[i] {
			all = append(all, l)
		}
	}
	return all
}

// A tail reads a log that grows, and that is another file from time to time.
type tail struct {
	path   string
	file   *os.File
	reader *bufio.Reader
	rest   strings.Builder // of a line that has no end yet
	last   deploy.Line
}

// more reads what has come: the rest of the file that it has, and then the one that is in
// its place.
func (t *tail) more(line func(deploy.Line)) error {
	for {
		if t.file == nil {
			file, err := os.Open(t.path)
			if errors.Is(err, fs.ErrNotExist) {
				return nil // it is just made, or all of it was deleted
			}
			if err != nil {
				return err
			}
			t.file, t.reader = file, nil
		}
		now, err := os.Stat(t.path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		mine, merr := t.file.Stat()
		if merr != nil {
			return merr
		}
		// What is not there any more gets no more lines, so it is read to its end after
		// this was seen.
		if err := t.read(line); err != nil {
			return err
		}
		if err == nil && os.SameFile(now, mine) {
			return nil
		}
		t.close()
	}
}

// read reads whole lines up to the end of the file.
func (t *tail) read(line func(deploy.Line)) error {
	if t.reader == nil {
		t.reader = bufio.NewReader(t.file)
	}
	for {
		text, err := t.reader.ReadString('\n')
		t.rest.WriteString(text)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		l := parse(strings.TrimSuffix(t.rest.String(), "\n"))
		if l.Time.IsZero() { // printed by other means, it belongs to what is before it
			l.Time, l.Instance = t.last.Time, t.last.Instance
		}
		t.last = l
		line(l)
		t.rest.Reset()
	}
}

func (t *tail) close() {
	if t.file != nil {
		_ = t.file.Close()
	}
	t.file, t.reader = nil, nil
	t.rest.Reset()
}

// parse takes a line apart; one that is none of ours is text.
func parse(text string) deploy.Line {
	stamp, rest, _ := strings.Cut(text, " ")
	at, err := time.Parse(Time, stamp)
	if err != nil {
		return deploy.Line{Text: text}
	}
	process, said, _ := strings.Cut(rest, " ")
	return deploy.Line{Instance: process, Time: at, Text: said}
}
