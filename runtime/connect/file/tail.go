package file

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// A tail is a file that is followed.
type tail struct {
	*reading
	// until is how far the file is read before it is the turn of another one.
	until int64
	// quiet counts the looks at which the file was at its end and not under its
	// name any more.
	quiet int
	last  bool // nothing comes any more: what is left is the last record
}

// read fills b with what the file has grown by.
func (t *tail) read(ctx context.Context, b *flow.Batch) (bool, error) {
	if err := t.compare(); err != nil {
		return false, err
	}
	before := t.head
	ok, err := t.fill(ctx, b)
	if !ok || !t.regular || t.last {
		return ok, err
	}
	kept, cerr := t.confirm(b, before)
	if cerr != nil {
		return false, fmt.Errorf("%s: %w", t.path, cerr)
	}
	if !kept {
		return false, nil
	}
	return true, err
}

// check looks whether the file has grown, and whether it is still under its name.
func (t *tail) check() error {
	if !t.regular {
		t.blocks.Continue()
		return nil
	}
	named, nameErr := os.Stat(t.path)
	now, err := t.file.Stat()
	if err != nil {
		return err
	}
	t.until = now.Size()
	switch read := t.blocks.Read(); {
	case now.Size() > read:
		t.quiet = 0
		t.blocks.Continue() // the next round sees whether it is still the same file
	case now.Size() < read:
		t.cutShort()
	case nameErr == nil && os.SameFile(named, now):
		t.quiet = 0
	case nameErr != nil && !errors.Is(nameErr, fs.ErrNotExist):
		return nameErr
	default:
		if t.quiet++; t.quiet >= quietLooks {
			t.last, t.blocks.Final = true, true
		}
	}
	return nil
}

// compare looks whether the file still is the one that has been read so far: it
// may have been cut and have grown beyond what was read, all between two looks.
func (t *tail) compare() error {
	if !t.regular || t.last {
		return nil
	}
	same, err := t.head.is(t.file)
	if err != nil {
		return fmt.Errorf("%s: %w", t.path, err)
	}
	if !same {
		t.cutShort()
	}
	return nil
}

// cutShort ends the reading of a file that was cut and is written anew: it is
// opened again from its begin. The begin of a record whose end was cut off is no
// record.
func (t *tail) cutShort() {
	if rest := t.blocks.Rest(); len(rest) > 0 {
		slog.Warn("a followed file was cut in the middle of a record", "path", t.path, "offset", t.blocks.Offset(), "bytes", len(rest))
	}
	t.last = true
	t.blocks.End()
}

// confirm looks once more whether the file still is the one that was read, now
// that b has been: it may have been cut, and have grown beyond, in between. before
// is the head as it was then. It returns false where b holds what stands in the
// new file, which is read from its begin later.
func (t *tail) confirm(b *flow.Batch, before *head) (kept bool, err error) {
	same, err := t.continues(b, before)
	if same || err != nil {
		return same, err
	}
	t.cutShort()
	now := make([]byte, len(b.Data))
	n, err := t.file.ReadAt(now, b.Offset)
	if err != nil && !errors.Is(err, io.EOF) {
		return false, err
	}
	// Of the file that was there before nothing is left to go on with.
	b.Position = &position{}
	return !bytes.Equal(now[:n], b.Data), nil
}

// continues tells whether the file begins with what before says, and goes on
// with what is in b where that is near its begin.
func (t *tail) continues(b *flow.Batch, before *head) (bool, error) {
	begin := make([]byte, min(t.blocks.Offset(), headSize))
	n, err := t.file.ReadAt(begin, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return false, err
	}
	if n < len(begin) || !before.begins(begin) {
		return false, nil
	}
	if b.Offset >= int64(n) || b.Offset+int64(len(b.Data)) != t.blocks.Offset() {
		return true, nil
	}
	return bytes.HasPrefix(b.Data, begin[b.Offset:]), nil
}
