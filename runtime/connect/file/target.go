package file

import (
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/flowc-dev/flowc/runtime/connect"
)

// A target is one file being written.
//
// In mode replace it grows beside its place under another name and is renamed
// at the end. Its length counts what is in the file; a checkpoint that holds it
// lets the next start cut off what came later.
type target struct {
	path   string
	config SinkConfig
	output connect.Output
	how    string // compression

	file    *os.File
	buffer  *bufio.Writer
	packer  io.WriteCloser // compression, nil for none or between members
	length  int64          // bytes in the file, what is buffered included
	records int64          // in this file
	rotated int
	begun   time.Time
}

// openTarget opens the file of a path at its committed length.
func openTarget(path string, c SinkConfig, out connect.Output, at saved) (*target, error) {
	t := &target{path: path, config: c, output: out, how: compression(c.Compression, path), rotated: at.Rotated}
	if t.how == "zstd" && out.Zstd == nil {
		return nil, fmt.Errorf("%s is to be compressed with zstd, which this program was built without: say `compression: zstd` in the pipeline", path)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	if at != (saved{}) {
		if err := t.unrotate(); err != nil {
			return nil, err
		}
	}
	return t, t.open(at.Length)
}

// working is the name of the file while it is written.
func (t *target) working() string {
	if t.config.Mode == "append" {
		return t.path
	}
	return filepath.Join(filepath.Dir(t.path), "."+filepath.Base(t.path)+".part")
}

// open opens the working file, cut to what was committed; what is appended to
// without a checkpoint goes on at its end.
func (t *target) open(committed int64) error {
	flags := os.O_RDWR | os.O_CREATE
	if t.config.Mode == "replace" && committed == 0 {
		flags |= os.O_TRUNC
	}
	f, err := os.OpenFile(t.working(), flags, 0o644)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return err
	}
	t.file, t.length, t.begun = f, info.Size(), time.Now()
	if !info.Mode().IsRegular() { // a pipe or a device
		t.length = 0
		t.buffer = bufio.NewWriter(f)
		return nil
	}
	if committed > 0 {
		if info.Size() < committed {
			f.Close()
			return fmt.Errorf("%s has %d bytes, but %d were committed: something cut it (--fresh starts over)", t.working(), info.Size(), committed)
		}
		if err := f.Truncate(committed); err != nil {
			f.Close()
			return err
		}
		t.length = committed
	}
	if _, err := f.Seek(t.length, io.SeekStart); err != nil {
		f.Close()
		return err
	}
	t.buffer = bufio.NewWriterSize(countTo{f, t}, 64<<10)
	if t.length > 0 {
		t.records = 1 // a header is there, and array elements need a comma
	}
	return nil
}

// countTo writes to the file and counts, below the buffer and the compression.
type countTo struct {
	file *os.File
	t    *target
}

func (w countTo) Write(p []byte) (int, error) {
	n, err := w.file.Write(p)
	w.t.length += int64(n)
	return n, err
}

// writer is where records go: the buffer, or the compression before it.
func (t *target) writer() (io.Writer, error) {
	if t.packer != nil {
		return t.packer, nil
	}
	switch t.how {
	case "gzip":
		t.packer = gzip.NewWriter(t.buffer)
	case "zstd":
		z, err := t.output.Zstd(t.buffer)
		if err != nil {
			return nil, err
		}
		t.packer = z
	default:
		return t.buffer, nil
	}
	return t.packer, nil
}

// write appends records: data holds them as they are written, ends tells them
// apart where the format needs something between them.
func (t *target) write(data []byte, ends []uint32) error {
	if len(data) == 0 && len(ends) == 0 {
		return nil
	}
	if err := t.rotateIfDue(); err != nil {
		return err
	}
	w, err := t.writer()
	if err != nil {
		return err
	}
	if t.output.Format != "json" {
		if t.records == 0 && len(t.output.Header) > 0 {
			if _, err := w.Write(t.output.Header); err != nil {
				return err
			}
		}
		t.records++
		_, err = w.Write(data)
		return err
	}
	begin := uint32(0)
	for _, end := range ends {
		open := ",\n"
		if t.records == 0 {
			open = "[\n"
		}
		t.records++
		if _, err := io.WriteString(w, open); err != nil {
			return err
		}
		if _, err := w.Write(data[begin:end]); err != nil {
			return err
		}
		begin = end
	}
	return nil
}

// sync makes what was written durable. A compressed stream is ended here and
// begun anew with the next record, so that the committed length is a whole
// stream.
func (t *target) sync() error {
	if err := t.flush(); err != nil {
		return err
	}
	err := t.file.Sync()
	if errors.Is(err, os.ErrInvalid) || isNoSync(err) { // a pipe or a device
		return nil
	}
	return err
}

func (t *target) flush() error {
	if t.packer != nil {
		if err := t.packer.Close(); err != nil {
			return err
		}
		t.packer = nil
	}
	return t.buffer.Flush()
}

// close ends the file. Where all records are there it gets its name; else it
// stays as it is for the next start.
func (t *target) close(done bool) error {
	err := t.end(done)
	if err == nil {
		err = t.sync()
	}
	if cerr := t.file.Close(); err == nil {
		err = cerr
	}
	if err != nil || !done || t.config.Mode == "append" {
		return err
	}
	return publish(t.working(), t.path)
}

// end writes what the format has at its end.
func (t *target) end(done bool) error {
	if !done {
		return nil
	}
	if t.output.Format != "json" {
		if t.records == 0 && len(t.output.Header) > 0 { // a table without rows has its header
			w, err := t.writer()
			if err != nil {
				return err
			}
			_, err = w.Write(t.output.Header)
			return err
		}
		return nil
	}
	w, err := t.writer()
	if err != nil {
		return err
	}
	tail := "\n]\n"
	if t.records == 0 {
		tail = "[]\n"
	}
	_, err = io.WriteString(w, tail)
	return err
}

// publish renames a finished file and makes the new name durable.
func publish(from, to string) error {
	if err := os.Rename(from, to); err != nil {
		return err
	}
	return syncDir(filepath.Dir(to))
}
