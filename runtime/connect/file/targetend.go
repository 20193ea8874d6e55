package file

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// close ends the file. Where all records are there it gets its name; else it
// stays as it is for the next start, or goes where no next start can use it.
func (t *target) close(done, resumes bool) error {
	var err error
	if done && t.lost == nil && !t.ending && (t.records || !t.turned) {
		err = t.end()
	}
	if err == nil {
		err = t.sync()
	}
	if err == nil && done && t.table != nil && t.file != nil {
		err = t.file.Truncate(t.length) // an end that was there before, and longer
	}
	if cerr := t.closeFile(); err == nil {
		err = cerr
	}
	if err == nil && done {
		err = t.release(t.rotated)
	}
	if t.table != nil {
		if cerr := t.table.closeFile(); err == nil {
			err = cerr
		}
		if err = t.conclude(err, done, resumes); err == nil && done {
			return t.table.clear(-1) // what they have is in what was published
		}
		return err
	}
	return t.conclude(err, done, resumes)
}

// conclude gives a closed file its name, or removes it. err is what was wrong with
// it by now.
func (t *target) conclude(err error, done, resumes bool) error {
	switch {
	case t.config.Mode != "replace" || !t.regular:
		return err
	case err == nil && done && t.turned && !t.records:
		return nil // all of it is in rotated files
	case err == nil && done:
		return t.publish(t.place)
	case !resumes:
		_ = os.Remove(t.name) // nobody can go on with it
		if t.table != nil {
			_ = t.table.clear(-1)
		}
	}
	return err
}

// end writes what the format has at its end.
func (t *target) end() error {
	if t.table != nil {
		return t.endTable()
	}
	tail := t.header() // a table without rows has its header
	if t.output.Format == "json" {
		tail = []byte("\n]\n")
		if !t.records {
			tail = []byte("[]\n")
		}
	}
	if len(tail) == 0 {
		return nil
	}
	t.dirty = true
	return t.append(tail)
}

// publish gives the file its name and makes that durable.
func (t *target) publish(name string) error {
	if err := os.Rename(t.name, name); err != nil {
		return err
	}
	return syncDir(filepath.Dir(name))
}

// unpublish takes back a file that was published when the program died before
// it could note that. It is the same file if it begins as it did.
func (t *target) unpublish(at saved) error {
	if t.config.Mode != "replace" || at.Head == nil {
		return nil
	}
	if _, err := os.Lstat(t.name); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := os.Open(t.place)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err == nil {
		var same bool
		if same, err = at.Head.is(f); err == nil && (!same || info.Size() < at.Length) {
			err = errOther
		}
	}
	f.Close()
	if errors.Is(err, errOther) {
		return nil // restore says what is wrong
	}
	if err != nil {
		return err
	}
	return os.Rename(t.place, t.name)
}

// mend gets a file ready to be appended to that may have been left in the middle
// of a record: the program died, and nobody knows how far it had come.
func (t *target) mend() error {
	info, err := t.file.Stat()
	if err != nil {
		return err
	}
	t.length, t.synced, t.records = info.Size(), info.Size(), info.Size() > 0
	if !t.records {
		return nil
	}
	if t.how != plain {
		whole, err := wholeLength(t.file, t.how)
		if err != nil {
			return err
		}
		t.length, t.synced = whole, whole
		return t.file.Truncate(whole)
	}
	if header := t.output.Header; len(header) > 0 {
		begin := make([]byte, len(header))
		if _, err := io.ReadFull(io.NewSectionReader(t.file, 0, t.length), begin); err != nil || !bytes.Equal(begin, header) {
			return fmt.Errorf("it begins with another header than %q: move it away", bytes.TrimRight(header, "\r\n"))
		}
	}
	last := make([]byte, 1)
	if _, err := t.file.ReadAt(last, t.length-1); err != nil {
		return err
	}
	if last[0] != '\n' && t.output.Format != "bytes" {
		// The line that is not whole stays one of its own.
		t.buffer = append([]byte{'\n'}, t.buffer...)
		t.dirty = true
	}
	return nil
}
