package file

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// rotateIfDue closes the file when it is large or old enough, and begins the
// next one.
func (t *target) rotateIfDue() error {
	r := &t.config.Rotate
	size := t.length + int64(len(t.buffer))
	if t.table != nil {
		size += t.table.size()
	}
	if !t.regular || !t.records || (r.Bytes <= 0 || size < r.Bytes) && (r.Every <= 0 || time.Since(t.begun) < r.Every) {
		return nil
	}
	// A failure here is tried again with the next record: what the format has at
	// its end is added only once.
	if !t.ending {
		if err := t.end(); err != nil {
			return err
		}
		t.ending = true
	}
	if err := t.sync(); err != nil {
		return err
	}
	if err := t.closeFile(); err != nil {
		return err
	}
	if err := t.publish(closedName(t.place, t.rotated+1)); err != nil {
		return err
	}
	t.rotated++
	t.ending, t.records, t.length, t.synced, t.head, t.begun = false, false, 0, 0, nil, time.Now()
	t.turned = true
	if t.table != nil {
		t.table.groups = nil
	}
	return t.forget()
}

// unrotate takes back what was rotated after the checkpoint: the first of those
// files is the one that was being written then, the others came later. gone
// tells that the first one was deleted since (`keep`), and the file begins anew.
func (t *target) unrotate(at saved) (gone bool, err error) {
	numbers, err := closedNumbers(t.place)
	if err != nil {
		return false, err
	}
	first := false
	later := 0
	for _, n := range numbers {
		switch {
		case n <= at.Rotated:
		case n == at.Rotated+1:
			first = true
		default:
			later++
			if err := os.Remove(closedName(t.place, n)); err != nil {
				return false, err
			}
		}
	}
	if !first && later == 0 {
		return false, nil
	}
	// What is under the working name was begun after the checkpoint as well.
	if err := os.Remove(t.name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	if !first {
		return true, nil
	}
	if err := os.Rename(closedName(t.place, at.Rotated+1), t.name); err != nil {
		return false, err
	}
	return false, syncDir(filepath.Dir(t.name))
}

// forget deletes the oldest rotated files beyond those to keep.
func (t *target) forget() error {
	keep := t.config.Rotate.Keep
	if keep <= 0 {
		return nil
	}
	numbers, err := closedNumbers(t.place)
	if err != nil {
		return err
	}
	for len(numbers) > keep {
		if err := os.Remove(closedName(t.place, numbers[0])); err != nil {
			return err
		}
		numbers = numbers[1:]
	}
	return nil
}
