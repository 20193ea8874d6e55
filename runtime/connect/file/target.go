package file

import (
	"bytes"
	"compress/gzip"
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
	buffer []byte
	packer packer // compresses into the buffer
	packs  bool   // packer is inside of a stream

	// records tells that the file holds some: no header comes, and elements of
	// an array need a comma.
	records bool
	dirty   bool // something was written since the last fsync
	fresh   bool // the file's name is not durable yet
	lost    error
	turned  bool // this run has rotated the file
	ending  bool // the file has what the format has at its end
	rotated int  // the number of the last file that was rotated
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
	if err := t.openFile(); err != nil {
		return err
	}
	if t.config.Mode == "replace" {
		return t.file.Truncate(0) // after the lock: another program may be writing
	}
	return t.mend()
}

// restore opens the file as it was at a checkpoint.
func (t *target) restore(at saved) error {
	t.begun, t.rotated = time.Now(), at.Rotated
	if !t.regular {
		return t.openFile()
	}
	gone, err := t.unrotate(at)
	if err != nil {
		return err
	}
	if gone {
		at = saved{}
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
		return t.file.Truncate(at.Length)
	case t.config.Mode == "append":
		// Somebody moved the file away or replaced it: what was committed is
		// there, wherever that is now.
		return t.mend()
	}
	return fmt.Errorf("it is not the file of which %d bytes had been written: put that back, or start over with --fresh", at.Length)
}

// reopen opens a file that was closed to save a descriptor.
func (t *target) reopen() error {
	if t.file != nil {
		return nil
	}
	return t.openFile()
}

// header is what a table begins with.
func (t *target) header() []byte {
	if t.records {
		return nil
	}
	return t.output.Header
}

// write takes over records, or returns an error and takes none. Where the format
// needs something between records, ends tells them apart.
func (t *target) write(data []byte, ends []uint32) error {
	if len(data) == 0 && len(ends) == 0 {
		return nil
	}
	if t.lost != nil {
		return t.lost
	}
	if err := t.rotateIfDue(); err != nil {
		return err
	}
	if len(t.buffer) >= bufferSize || len(t.buffer) > 0 && len(data) >= directSize {
		// What waits goes first, and if it can't, nothing of data is taken.
		if err := t.flush(); err != nil {
			return err
		}
	}
	switch {
	case t.output.Format == "json":
		if err := t.writeArray(data, ends); err != nil {
			return err
		}
	case t.how == plain && len(data) >= directSize && (t.records || len(t.output.Header) == 0):
		if err := t.direct(data); err != nil {
			return err
		}
	default:
		if err := t.append(t.header()); err != nil {
			return err
		}
		if err := t.append(data); err != nil {
			return err
		}
	}
	t.records, t.dirty = true, true
	return nil
}

// append puts bytes into the buffer, compressed where the file is.
func (t *target) append(data []byte) error {
	if t.how == plain || len(data) == 0 {
		t.buffer = append(t.buffer, data...)
		return nil
	}
	if err := t.openPacker(); err != nil {
		return err
	}
	_, err := t.packer.Write(data)
	return err
}

// openPacker begins a compressed stream.
func (t *target) openPacker() error {
	if t.packs {
		return nil
	}
	into := (*bufferWriter)(t)
	switch {
	case t.packer != nil:
		t.packer.Reset(into)
	case t.how == gzipped:
		t.packer = gzip.NewWriter(into)
	default:
		w, err := t.output.Zstd(into)
		if err != nil {
			return err
		}
		z, ok := w.(packer)
		if !ok {
			return errors.New("the zstd writer can't begin another stream")
		}
		t.packer = z
	}
	t.packs = true
	return nil
}

// A bufferWriter is a target's buffer as what a packer writes into.
type bufferWriter target

func (b *bufferWriter) Write(p []byte) (int, error) {
	b.buffer = append(b.buffer, p...)
	return len(p), nil
}

// writeArray writes records as elements of a JSON array.
func (t *target) writeArray(data []byte, ends []uint32) error {
	begin, records := uint32(0), t.records
	for _, end := range ends {
		open := ",\n"
		if !records {
			open = "[\n"
		}
		records = true
		if err := t.append([]byte(open)); err != nil {
			return err
		}
		if err := t.append(data[begin:end]); err != nil {
			return err
		}
		begin = end
	}
	return nil
}

// direct writes records behind the end of the file.
func (t *target) direct(data []byte) error {
	if err := t.reopen(); err != nil {
		return classify(err)
	}
	if !t.regular {
		n, err := t.file.Write(data)
		if err != nil && n > 0 { // it can't be taken back
			return &lostError{err}
		}
		return err
	}
	if _, err := t.file.WriteAt(data, t.length); err != nil {
		_ = t.file.Truncate(t.length) // what is behind the length is overwritten in any case
		return classify(err)
	}
	t.length += int64(len(data))
	return nil
}

// flush writes what is in the buffer. What could not be written stays there.
func (t *target) flush() error {
	if len(t.buffer) == 0 {
		return nil
	}
	if err := t.reopen(); err != nil {
		return classify(err)
	}
	if !t.regular {
		n, err := t.file.Write(t.buffer)
		t.buffer = append(t.buffer[:0], t.buffer[n:]...)
		return err
	}
	if _, err := t.file.WriteAt(t.buffer, t.length); err != nil {
		return classify(err)
	}
	t.length += int64(len(t.buffer))
	if cap(t.buffer) > 4*bufferSize {
		t.buffer = nil
	}
	t.buffer = t.buffer[:0]
	return nil
}

// finish ends the compressed stream, so that what is in the file is whole; the
// next record begins another one.
func (t *target) finish() error {
	if t.packs {
		if err := t.packer.Close(); err != nil {
			return err
		}
		t.packs = false
	}
	return t.flush()
}

// sync makes what was written durable.
func (t *target) sync() error {
	if t.lost != nil {
		return t.lost
	}
	if err := t.finish(); err != nil {
		return err
	}
	if t.dirty {
		err := t.file.Sync()
		if err != nil && !errors.Is(err, os.ErrInvalid) && !isNoSync(err) {
			t.lost = &lostError{err}
			return t.lost
		}
		t.dirty = false
	}
	if t.fresh && t.regular {
		if err := syncDir(filepath.Dir(t.name)); err != nil {
			return err
		}
		t.fresh = false
	}
	return nil
}

// state is what a checkpoint says of the file, which has been synced.
func (t *target) state() (saved, error) {
	at := saved{Length: t.length, Rotated: t.rotated}
	if !t.regular {
		return saved{}, nil
	}
	if t.head == nil || t.head.Bytes < headSize && int64(t.head.Bytes) < t.length {
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

// rest closes the file to save a descriptor; it is opened again when there is
// something to write.
func (t *target) rest() error {
	if err := t.sync(); err != nil {
		return err
	}
	t.packer = nil
	return t.closeFile()
}

// close ends the file. Where all records are there it gets its name; else it
// stays as it is for the next start, or goes where no next start can use it.
func (t *target) close(done, resumes bool) error {
	var err error
	if done && t.lost == nil && (t.records || !t.turned) {
		err = t.end()
	}
	if err == nil {
		err = t.sync()
	}
	if cerr := t.closeFile(); err == nil {
		err = cerr
	}
	switch {
	case t.config.Mode != "replace" || !t.regular:
		return err
	case err == nil && done && t.turned && !t.records:
		return nil // all of it is in rotated files
	case err == nil && done:
		return t.publish(t.place)
	case !resumes:
		_ = os.Remove(t.name) // nobody can go on with it
	}
	return err
}

// end writes what the format has at its end.
func (t *target) end() error {
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
	t.length, t.records = info.Size(), info.Size() > 0
	if !t.records {
		return nil
	}
	if t.how != plain {
		whole, err := wholeLength(t.file, t.how)
		if err != nil {
			return err
		}
		t.length = whole
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
		t.buffer = append(t.buffer, '\n')
		t.dirty = true
	}
	return nil
}
