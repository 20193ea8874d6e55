package spool

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// An Entry is a line of the ledger. Whatever has these fields can be booked.
type Entry struct {
	ID    string `json:"id"`
	Shop  string `json:"shop"`
	Cents int64  `json:"cents"`
}

// LedgerConfig is the config of the sink.
type LedgerConfig struct {
	// Dir is the folder of the ledger, which is made where it is not there.
	Dir string `json:"dir" flowc:"required"`
}

// A Ledger is a transactional sink: a folder of segments, each a file with a
// checkpoint in its first line and entries behind it. A segment is made under another
// name and linked to its own when it is whole and on disk, so that it is there with
// its checkpoint or not at all; and a link is made by one program alone, so a second
// copy of this one can't add to what it does not know.
type Ledger struct {
	dir string
	// written are the entries since the last Commit.
	written bytes.Buffer
	entries int
	// last is the number of the last segment.
	last int
}

// NewLedger is called when the program starts.
func NewLedger(c LedgerConfig) *Ledger { return &Ledger{dir: c.Dir} }

// Open finds the end of the ledger.
func (l *Ledger) Open(context.Context) error {
	if err := os.MkdirAll(l.dir, 0o777); err != nil {
		return err
	}
	numbers, err := l.segments()
	if len(numbers) > 0 {
		l.last = numbers[len(numbers)-1]
	}
	return err
}

// Write takes entries over; they are in the ledger with the next Commit.
func (l *Ledger) Write(_ context.Context, entries []Entry) error {
	for _, e := range entries {
		line, err := json.Marshal(e)
		if err != nil {
			return err
		}
		l.written.Write(append(line, '\n'))
		l.entries++
	}
	return nil
}

// Committed makes the sink transactional, with Commit: it is the checkpoint of the
// last segment. To the sink it is a text that means nothing.
func (l *Ledger) Committed(context.Context) (string, error) {
	numbers, err := l.segments()
	if err != nil || len(numbers) == 0 {
		return "", err
	}
	l.last = numbers[len(numbers)-1]
	return l.checkpoint(l.last)
}

// Commit adds a segment with what was written since the last one, and the checkpoint
// next in the place of previous.
func (l *Ledger) Commit(_ context.Context, previous, next string) error {
	if l.entries == 0 && previous == next {
		return nil
	}
	present := ""
	if l.last > 0 {
		var err error
		if present, err = l.checkpoint(l.last); err != nil {
			return err
		}
	}
	switch {
	case previous == next: // the records alone
		next = present
	case present != previous:
		return errFenced
	}
	head, err := json.Marshal(map[string]string{"checkpoint": next})
	if err != nil {
		return err
	}
	if err := l.publish(l.last+1, append(append(head, '\n'), l.written.Bytes()...)); err != nil {
		return err
	}
	l.last++
	l.written.Reset()
	l.entries = 0
	return nil
}

// publish makes a segment, on disk when it returns.
func (l *Ledger) publish(number int, data []byte) error {
	f, err := os.CreateTemp(l.dir, "new-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(data)
	err = errors.Join(err, f.Sync(), f.Close())
	if err != nil {
		return err
	}
	if err := os.Link(f.Name(), l.path(number)); errors.Is(err, fs.ErrExist) {
		return errFenced
	} else if err != nil {
		return err
	}
	dir, err := os.Open(l.dir)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// A fencedError is what Commit returns where another program has added a segment.
type fencedError struct{}

func (fencedError) Error() string { return "another program has added to the ledger" }
func (fencedError) Fenced() bool  { return true }

var errFenced error = fencedError{}

func (l *Ledger) path(number int) string {
	return filepath.Join(l.dir, fmt.Sprintf("%08d.segment", number))
}

// segments are the numbers of the segments, in order.
func (l *Ledger) segments() ([]int, error) {
	entries, err := os.ReadDir(l.dir)
	var numbers []int
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name(), ".segment"); ok {
			n, err := strconv.Atoi(name)
			if err != nil {
				return nil, fmt.Errorf("%s is no segment: %w", e.Name(), err)
			}
			numbers = append(numbers, n)
		}
	}
	return numbers, err
}

// checkpoint reads that of a segment.
func (l *Ledger) checkpoint(number int) (string, error) {
	data, err := os.ReadFile(l.path(number))
	if err != nil {
		return "", err
	}
	line, _, _ := bytes.Cut(data, []byte("\n"))
	var head struct{ Checkpoint string }
	if err := json.Unmarshal(line, &head); err != nil {
		return "", fmt.Errorf("%s: %w", l.path(number), err)
	}
	return head.Checkpoint, nil
}
