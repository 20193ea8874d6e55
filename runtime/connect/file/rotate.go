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
	if err := t.shelve(t.rotated + 1); err != nil {
		return err
	}
	t.rotated++
	t.ending, t.records, t.length, t.synced, t.head, t.begun = false, false, 0, 0, nil, time.Now()
	t.turned = true
	if t.table != nil {
		t.table.groups = nil
	}
	if t.config.Mode == "replace" {
		return nil
	}
	return t.forget()
}

// shelve puts the n-th rotated file aside. One that is only good as a whole gets its
// name when it is certain that it never changes: when a checkpoint that has it is
// durable. Until then it would be taken back if the program died, and whoever had read
// it would see its records twice.
func (t *target) shelve(n int) error {
	if t.config.Mode != "replace" {
		return t.publish(closedName(t.place, n))
	}
	if err := t.publish(wholeName(t.place, n)); err != nil {
		return err
	}
	t.shelved = append(t.shelved, n)
	return nil
}

// release publishes the rotated files up to a number.
func (t *target) release(until int) error {
	for len(t.shelved) > 0 && t.shelved[0] <= until {
		n := t.shelved[0]
		if err := os.Rename(wholeName(t.place, n), closedName(t.place, n)); err != nil {
			return err
		}
		t.shelved = t.shelved[1:]
		if len(t.shelved) > 0 && t.shelved[0] <= until {
			continue
		}
		if err := syncDir(filepath.Dir(t.place)); err != nil {
			return err
		}
		return t.forget()
	}
	return nil
}

// dropShelved removes what an earlier run has left aside, and this one does not go on
// with.
func (t *target) dropShelved() error {
	numbers, err := wholeNumbers(t.place)
	if err != nil {
		return err
	}
	for _, n := range numbers {
		if err := os.Remove(wholeName(t.place, n)); err != nil {
			return err
		}
	}
	return nil
}

// unrotate takes back what was rotated after the checkpoint: the first of those
// files is the one that was being written then, the others came later. What was
// rotated before it is published. gone tells that the first one was deleted since
// (`keep`), and the file begins anew.
func (t *target) unrotate(at saved) (gone bool, err error) {
	var after []string // the files behind the checkpoint
	first := ""
	for _, form := range []func(string, int) string{closedName, wholeName} {
		numbers, err := numbersOf(t.place, form)
		if err != nil {
			return false, err
		}
		for _, n := range numbers {
			name := form(t.place, n)
			switch {
			case n > at.Rotated+1:
				after = append(after, name)
			case n == at.Rotated+1:
				first = name
			case name == wholeName(t.place, n):
				t.shelved = append(t.shelved, n)
			}
		}
	}
	if err := t.release(at.Rotated); err != nil {
		return false, err
	}
	if first == "" && len(after) == 0 {
		return false, nil
	}
	for _, name := range after {
		if err := os.Remove(name); err != nil {
			return false, err
		}
	}
	// What is under the working name was begun after the checkpoint as well.
	if err := os.Remove(t.name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	if first == "" {
		return true, nil
	}
	if err := os.Rename(first, t.name); err != nil {
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
