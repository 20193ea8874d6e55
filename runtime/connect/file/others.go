package file

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"
)

// What other programs do to a file while it is written: they move it away (as
// logrotate does), cut it short (copytruncate), or remove it.

// A removedError is a file that was removed with records in it that were not
// durable yet. They are gone; the file is begun anew with the next ones.
type removedError struct{ bytes int64 }

func (e *removedError) Error() string {
	return fmt.Sprintf("the file was removed while it was written, and %d bytes that were not durable are gone with it", e.bytes)
}

// Permanent tells the engine that trying again is of no use: the senders are
// told, or the program stops and goes on from its checkpoint.
func (e *removedError) Permanent() bool { return true }

// keepUp looks whether the file is still as long as it was, before more is
// written: behind an end that is not there any more a hole would come first.
func (t *target) keepUp() error {
	if !t.regular || t.packs || t.config.Mode != "append" || t.length == 0 {
		return nil
	}
	if t.file == nil {
		return t.reopen()
	}
	info, err := t.file.Stat()
	if err != nil || info.Size() >= t.length {
		return err
	}
	return t.goOnAt(info.Size())
}

// goOnAt goes on with a file that others have cut to a size.
func (t *target) goOnAt(size int64) error {
	t.length, t.head, t.synced = size, nil, min(size, t.synced)
	if size > 0 {
		return t.mend()
	}
	t.records = len(t.buffer) > 0
	if header := t.output.Header; t.records && len(header) > 0 {
		t.buffer = append(append([]byte(nil), header...), t.buffer...)
	}
	return nil
}

// keepPlace looks, when everything is durable, whether the file is still at its
// place. One that was moved away is left alone, and its place begun anew.
func (t *target) keepPlace() error {
	now, err := t.file.Stat()
	if err != nil {
		return err
	}
	there, err := os.Stat(t.name)
	switch {
	case err == nil && os.SameFile(now, there):
		t.synced = t.length
		return nil
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	}
	lost := t.length - t.synced
	removed := isRemoved(now) && lost > 0
	if t.config.Mode != "append" {
		removed = true // what is renamed at the end must be at its place
	} else {
		if err := t.closeFile(); err != nil {
			return err
		}
		t.length, t.synced, t.records, t.head, t.begun = 0, 0, false, nil, time.Now()
		t.anew = true
	}
	if removed {
		return &removedError{lost}
	}
	return nil
}
