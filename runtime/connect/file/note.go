package file

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// A file that a record's path asks for first is in no checkpoint yet. If the
// program dies before the next one, its records come again, and nothing would
// tell which of those in the file have been written before. So a note beside the
// file says how it was when it was opened; it goes when a checkpoint that has the
// file is durable, which is certain at the next but one.
const (
	unnoted   = iota
	noted     // there is a note
	inState   // a checkpoint has been asked for since
	committed // that checkpoint is durable, as another one is asked for
)

// beginNoted begins the file, or goes back to what the note of a run that died
// says, and writes a note where that is wanted.
func (t *target) beginNoted(wanted bool) error {
	at, found, err := t.readNote()
	if err != nil {
		return err
	}
	if found {
		err = t.restore(at)
	} else {
		err = t.begin()
	}
	if err != nil || !t.regular {
		return err
	}
	if !wanted || !found && t.config.Mode == "replace" && t.config.Rotate == (Rotate{}) {
		return nil // a file that is begun anew needs no note
	}
	t.noted = noted
	if found {
		return nil
	}
	now, err := t.state()
	if err != nil {
		return err
	}
	return t.writeNote(now)
}

// committed is called when a checkpoint is made.
func (t *target) committed() error {
	if t.noted == unnoted {
		return nil
	}
	if t.noted++; t.noted < committed {
		return nil
	}
	t.noted = unnoted
	return t.dropNote()
}

// idle tells whether nothing is known of the file that a new look at it would
// not tell.
func (t *target) idle() bool {
	if t.table != nil && (t.table.count > 0 || len(t.table.old) > 0) {
		return false
	}
	if t.config.Mode == "replace" && t.records { // it has no name yet
		return false
	}
	return t.file == nil && len(t.shelved) == 0 && t.noted == unnoted && len(t.buffer) == 0
}

func (t *target) readNote() (at saved, found bool, err error) {
	data, err := os.ReadFile(noteName(t.place))
	if errors.Is(err, fs.ErrNotExist) || !t.regular {
		return at, false, nil
	}
	if err != nil {
		return at, false, err
	}
	err = json.NewDecoder(bytes.NewReader(data)).Decode(&at)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		// Its end is missing: it was not durable yet, so nothing was written behind it.
		return saved{}, false, nil
	}
	if err != nil {
		return at, false, fmt.Errorf("the note %s of a run that died can't be read (delete it to keep the file as it is): %w", noteName(t.place), err)
	}
	return at, true, nil
}

// writeNote makes the note durable before anything is written to the file.
func (t *target) writeNote(at saved) error {
	data, err := json.Marshal(at)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(noteName(t.place), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		if err = f.Sync(); isNoSync(err) {
			err = nil
		}
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = syncDir(filepath.Dir(t.place))
	}
	if err != nil {
		_ = os.Remove(noteName(t.place)) // a note that may not last is none
	}
	return err
}

func (t *target) dropNote() error {
	if !t.regular {
		return nil
	}
	if err := os.Remove(noteName(t.place)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
