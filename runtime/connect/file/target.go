package file

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/flowc-dev/flowc/runtime/connect"
)

const (
	// bufferSize is how much waits in memory before it is written.
	bufferSize = 64 << 10
	// directSize is from where on records are not copied into the buffer first.
	directSize = 32 << 10
)

// A target is one file being written.
//
// What is given to it goes into the buffer or behind the end of the file, in one
// piece or not at all: a write that fails leaves the file as if it had not been
// tried, so that it can be tried again, or go on with other records.
//
// In mode replace the file grows beside its place under another name and is
// renamed at the end.
type target struct {
	path   string // as the pipeline names it
	place  string // where it is published: path, behind symbolic links
	name   string // under which it is written
	config *SinkConfig
	output *connect.Output
	how    string // compression

	file    *os.File // nil while it is closed to save a descriptor
	open    *int     // files that the sink has open
	regular bool
	// length is the end of what is in the file for good, buffer what comes
	// behind it.
	length int64
	synced int64 // what of length is durable, at its place
	anew   bool  // another file is at the place now, or none: see others.go
	buffer []byte
	packer packer // compresses into the buffer
	packs  bool   // packer is inside of a stream

	// records tells that the file holds some: no header comes, and elements of
	// an array need a comma.
	records bool
	table   *table // of a Parquet file
	whole   int64  // of a Parquet file with its footer: where that begins
	dirty   bool   // something was written since the last fsync
	fresh   bool   // the file's name is not durable yet
	lost    error
	turned  bool // this run has rotated the file
	ending  bool // the file has what the format has at its end
	rotated int  // the number of the last file that was rotated
	// shelved are those that are not published yet, stated is the last that a
	// checkpoint has been asked for with: see rotate.go.
	shelved []int
	stated  int
	begun   time.Time
	head    *head
	noted   int    // see note.go
	used    uint64 // when it was used last, by the sink's count
}

// A packer compresses what is written into it. Both gzip and zstd have these.
type packer interface {
	io.WriteCloser
	Reset(io.Writer)
}

// saved is the state of one file in a checkpoint.
type saved struct {
	// Length is the committed length in bytes.
	Length int64 `json:"length"`
	// Rotated is the number of the last file that was rotated before this one.
	Rotated int `json:"rotated,omitempty"`
	// Head tells the file from another one.
	Head *head `json:"head,omitempty"`
	// Begun is when the file was begun, for `rotate: {every}`.
	Begun time.Time `json:"begun,omitzero"`
	// Rows are those of a Parquet file that are not in it yet.
	Rows *savedRows `json:"rows,omitempty"`
}

// newTarget finds out what a path is; the file is opened by begin or restore.
func newTarget(path string, c *SinkConfig, out *connect.Output, open *int) (*target, error) {
	t := &target{open: open, path: path, place: path, config: c, output: out, how: compression(c.Compression, path)}
	if t.how == zstded && out.Zstd == nil {
		return nil, errNoZstd
	}
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return nil, errors.New("it is a folder")
	case err == nil && !info.Mode().IsRegular():
		if out.Format == parquetFormat {
			return nil, errors.New("it is no regular file, and a Parquet file is not written from begin to end")
		}
		t.name = path // a pipe or a device
		return t, nil
	case err == nil:
		if real, err := filepath.EvalSymlinks(path); err == nil {
			t.place = real
		}
	}
	t.regular = true
	t.name = t.place
	if c.Mode == "replace" {
		t.name = partName(t.place)
	}
	return t, makeDir(filepath.Dir(t.place))
}

// openFile opens the file under its working name and locks it.
func (t *target) openFile() error {
	if !t.regular {
		f, err := os.OpenFile(t.name, os.O_WRONLY, 0)
		if err == nil {
			t.file = f
			*t.open++
		}
		return err
	}
	_, err := os.Lstat(t.name)
	t.fresh = t.fresh || errors.Is(err, fs.ErrNotExist)
	f, err := os.OpenFile(t.name, os.O_RDWR|os.O_CREATE, t.mode())
	if err != nil {
		return err
	}
	if err := lock(f); err != nil {
		f.Close()
		return err
	}
	t.file = f
	*t.open++
	return nil
}

// closeFile closes the file, if it is open.
func (t *target) closeFile() error {
	if t.file == nil {
		return nil
	}
	err := t.file.Close()
	t.file = nil
	*t.open--
	return err
}

// mode is the permissions of a file that is made: those of the one that it will
// replace.
func (t *target) mode() fs.FileMode {
	if info, err := os.Stat(t.place); err == nil {
		return info.Mode().Perm()
	}
	return 0o644
}

// begin opens the file for a run that begins: empty in mode replace, at its end
// in mode append.
func (t *target) begin() error {
	t.begun = time.Now()
	if !t.regular {
		return t.openFile()
	}
	numbers, err := closedNumbers(t.place)
	if err != nil {
		return err
	}
	if len(numbers) > 0 { // numbers go on behind those of earlier runs
		t.rotated = numbers[len(numbers)-1]
	}
	if err := t.dropShelved(); err != nil {
		return err
	}
	if err := t.openFile(); err != nil {
		return err
	}
	if t.table != nil {
		if err := t.table.begin(); err != nil {
			return err
		}
	}
	if t.config.Mode == "replace" {
		return t.file.Truncate(0) // after the lock: another program may be writing
	}
	return t.mend()
}

// restore opens the file as it was at a checkpoint.
func (t *target) restore(at saved) error {
	t.begun, t.rotated, t.stated = at.Begun, at.Rotated, at.Rotated
	if t.begun.IsZero() {
		t.begun = time.Now()
	}
	if !t.regular {
		return t.openFile()
	}
	gone, err := t.unrotate(at)
	if err != nil {
		return err
	}
	if gone {
		at, t.begun = saved{}, time.Now()
	}
	if err := t.unpublish(at); err != nil {
		return err
	}
	if err := t.openFile(); err != nil {
		return err
	}
	info, err := t.file.Stat()
	if err != nil {
		return err
	}
	same, err := at.Head.is(t.file)
	switch {
	case err != nil:
		return err
	case same && info.Size() >= at.Length:
		t.length, t.records, t.head = at.Length, at.Length > 0, at.Head
		if t.table != nil {
			whole, err := t.restoreTable(at, info.Size())
			if err != nil {
				return err
			}
			if whole { // until its end is written anew, as it is: who dies before that finds the same
				t.synced = t.length
				return nil
			}
		}
		t.synced = t.length
		return t.file.Truncate(t.length)
	case t.config.Mode == "append":
		// Somebody moved the file away or replaced it: what was committed is
		// there, wherever that is now.
		return t.mend()
	}
	return fmt.Errorf("it is not the file of which %d bytes had been written: put that back, or start over with --fresh", at.Length)
}

// reopen opens a file that was closed to save a descriptor, or that is begun anew.
func (t *target) reopen() error {
	if t.file != nil {
		return nil
	}
	if err := t.openFile(); err != nil || !t.regular {
		return err
	}
	if t.anew {
		t.anew = false
		return t.mend()
	}
	info, err := t.file.Stat()
	if err != nil || info.Size() >= t.length {
		return err
	}
	return t.goOnAt(info.Size()) // others have removed it or cut it short
}

// state is what a checkpoint says of the file, which has been synced.
func (t *target) state() (saved, error) {
	at := saved{Length: t.length, Rotated: t.rotated}
	if !t.regular {
		return saved{}, nil
	}
	if err := t.release(t.stated); err != nil { // another checkpoint is asked for: the last one is durable
		return at, err
	}
	t.stated = t.rotated
	if t.config.Rotate.Every > 0 && t.records {
		at.Begun = t.begun.UTC().Truncate(time.Millisecond)
	}
	if t.table != nil {
		if t.ending {
			at.Length = t.whole // its footer is written anew
		}
		var err error
		if at.Rows, err = t.table.state(); err != nil {
			return at, err
		}
	}
	if t.length > 0 && (t.head == nil || t.head.Bytes < headSize && int64(t.head.Bytes) < t.length) {
		if err := t.reopen(); err != nil {
			return at, err
		}
		var err error
		if t.head, err = headOf(t.file, t.length); err != nil {
			return at, err
		}
	}
	at.Head = t.head
	return at, nil
}
