package flow

import (
	"bufio"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// replayedFile is the index of the letters that were replayed: a line each, the ID
// and when. It only grows; a line that is not whole does not count.
const replayedFile = "replayed"

// ReadReplayed tells which letters of a state folder (StateDir) were replayed, and
// when.
func ReadReplayed(dir string) (map[string]time.Time, error) {
	path := filepath.Join(dir, replayedFile)
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, &StateError{Path: path, Reason: "the index of replayed letters can't be read", Err: err}
	}
	defer f.Close()
	replayed := map[string]time.Time{}
	if err := parseReplayed(f, replayed); err != nil {
		return nil, &StateError{Path: path, Reason: "the index of replayed letters can't be read", Err: err}
	}
	return replayed, nil
}

// parseReplayed adds the lines of an index to the letters that are known.
func parseReplayed(text io.Reader, replayed map[string]time.Time) error {
	lines := bufio.NewScanner(text)
	for lines.Scan() {
		id, when, ok := strings.Cut(lines.Text(), " ")
		at, err := time.Parse(time.RFC3339, when)
		if ok && err == nil {
			replayed[id] = at
		}
	}
	return lines.Err()
}

// replayedLines are the lines of an index for letters.
func replayedLines(ids []string, at time.Time) string {
	var text strings.Builder
	for _, id := range ids {
		text.WriteString(id + " " + at.UTC().Format(time.RFC3339) + "\n")
	}
	return text.String()
}

// noteReplayed adds letters to the index, for good.
func noteReplayed(dir string, ids []string, at time.Time) error {
	if len(ids) == 0 {
		return nil
	}
	path := filepath.Join(dir, replayedFile)
	failed := func(err error) error {
		return &StateError{Path: path, Reason: "replayed letters can't be noted", Err: err}
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return failed(err)
	}
	defer f.Close()
	size, err := f.Seek(0, 2)
	if err != nil {
		return failed(err)
	}
	text := replayedLines(ids, at)
	last := []byte{'\n'}
	if size > 0 {
		if _, err := f.ReadAt(last, size-1); err != nil {
			return failed(err)
		}
	}
	if last[0] != '\n' { // a crash tore the last line
		text = "\n" + text
	}
	if _, err := f.WriteAt([]byte(text), size); err != nil {
		return failed(err)
	}
	if err := f.Sync(); err != nil {
		return failed(err)
	}
	if err := syncDir(dir); err != nil {
		return failed(err)
	}
	return nil
}
