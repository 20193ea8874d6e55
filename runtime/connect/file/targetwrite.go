package file

import (
	"compress/gzip"
	"errors"
	"path/filepath"
)

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
	if t.anew {
		if err := t.reopen(); err != nil {
			return classify(err)
		}
	}
	if err := t.keepUp(); err != nil {
		return classify(err)
	}
	if err := t.rotateIfDue(); err != nil {
		return err
	}
	if t.table != nil {
		if t.table.due() {
			if err := t.group(); err != nil {
				return err
			}
		}
		t.table.add(data, len(ends))
		t.records = true
		return nil
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
	if t.table != nil {
		if err := t.table.sync(); err != nil {
			return t.losing(err)
		}
	}
	if t.dirty {
		if err := syncFile(t.file); err != nil {
			return t.losing(err)
		}
		t.dirty = false
		if t.regular {
			if err := t.keepPlace(); err != nil {
				return err
			}
		}
	}
	if t.fresh && t.regular {
		if err := syncDir(filepath.Dir(t.name)); err != nil {
			return err
		}
		t.fresh = false
	}
	return nil
}

// losing remembers that nothing can be known about the file any more.
func (t *target) losing(err error) error {
	if lost, ok := errors.AsType[*lostError](err); ok {
		t.lost = lost
	}
	return err
}

// rest closes the file to save a descriptor; it is opened again when there is
// something to write.
func (t *target) rest() error {
	if err := t.sync(); err != nil {
		return err
	}
	t.packer = nil
	if t.table != nil {
		t.table.leave()
		if err := t.table.closeFile(); err != nil {
			return err
		}
	}
	return t.closeFile()
}
