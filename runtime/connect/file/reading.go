package file

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/connect/blocks"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// A reading is one file that is being read.
type reading struct {
	path   string
	how    string // compression
	file   *os.File
	stream io.ReadCloser // decompressed; nil for a plain file
	blocks *blocks.Reader
	// regular tells that the file has a size and can be read at any place; a pipe
	// can't.
	regular bool
	head    *head
	size    int64 // of the file on disk when it was opened
	at      int64 // in the file, of the next read
	// ctx ends a read that waits; it is that of the call at work.
	ctx context.Context
}

// open opens a file at a position. An error that is errOther tells that the file
// is not the one that the position is of.
func open(ctx context.Context, path string, at position, c SourceConfig, in connect.Input) (*reading, error) {
	f, err := openFile(ctx, path)
	if err != nil {
		return nil, missing(path, err)
	}
	r := &reading{path: path, how: compression(c.Compression, path), file: f, blocks: blocks.New(path, in, c.MaxRecord), ctx: ctx}
	if err := r.begin(at, in); err != nil {
		_ = r.close() // it was only read
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return r, nil
}

// openFile opens a file. A pipe opens when somebody opens its other end, which
// is waited for as long as ctx says.
func openFile(ctx context.Context, path string) (*os.File, error) {
	info, err := os.Stat(path)
	if err != nil || info.Mode()&fs.ModeNamedPipe == 0 {
		return os.Open(path)
	}
	type opened struct {
		file *os.File
		err  error
	}
	done := make(chan opened)
	go func() {
		f, err := os.Open(path)
		select {
		case done <- opened{f, err}:
		case <-ctx.Done():
			if err == nil {
				f.Close()
			}
		}
	}()
	select {
	case o := <-done:
		return o.file, o.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// missing says where a file was looked for.
func missing(path string, err error) error {
	if !errors.Is(err, fs.ErrNotExist) || filepath.IsAbs(path) {
		return err
	}
	here, wdErr := os.Getwd()
	if wdErr != nil {
		return err
	}
	return fmt.Errorf("%w (in the folder %s)", err, here)
}

// errOther is a file that is not the one that an earlier run has read.
var errOther = errors.New("this is another file than the one of its name that an earlier run has read in part")

func (r *reading) begin(at position, in connect.Input) error {
	info, err := r.file.Stat()
	if err != nil {
		return err
	}
	if info.IsDir() {
		return fmt.Errorf("it is a folder: name the files in it, %s for all", filepath.Join(r.path, "*"))
	}
	r.regular, r.size = info.Mode().IsRegular(), info.Size()
	if !r.regular {
		at = position{}
	}
	if same, err := at.Head.is(r.file); err != nil {
		return err
	} else if !same || at.Offset > r.size && r.how == plain {
		return errOther
	}
	if r.how != plain {
		if r.stream, err = decompress(r.file, r.how, in); err != nil {
			return err
		}
	}
	if r.regular && r.how != plain {
		if r.head, err = headOf(r.file, r.size); err != nil {
			return err
		}
	}
	if at.Offset == 0 {
		return nil
	}
	if err := r.blocks.Header(r.more); err != nil {
		return err
	}
	skip, err := r.blocks.Resume(at.Offset, at.Line, at.State)
	if err != nil {
		return err
	}
	if r.how == plain {
		r.head = at.Head
		r.at, err = r.file.Seek(skip, io.SeekCurrent)
		return err
	}
	n, err := io.CopyN(io.Discard, r.stream, skip)
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("it holds %d bytes less than an earlier run has read of it: --fresh starts over", skip-n)
	}
	return err
}

// fill puts the next records into b; false means that there are none at present.
func (r *reading) fill(ctx context.Context, b *flow.Batch) (bool, error) {
	r.ctx = ctx
	ok, err := r.blocks.Fill(b, r.more)
	if !ok {
		return false, err
	}
	if r.regular {
		if herr := r.growHead(); herr != nil && err == nil {
			return false, herr
		}
		p := &position{Offset: r.blocks.Offset(), Line: r.blocks.Line(), State: r.blocks.State(), Head: r.head}
		if r.how != plain && r.blocks.Ended() && len(r.blocks.Rest()) == 0 {
			p.Size = r.size
		}
		b.Position = p
	}
	return true, err
}

// growHead takes the check sum of more bytes as long as it is of less than
// headSize.
func (r *reading) growHead() (err error) {
	offset := r.blocks.Offset()
	if r.how != plain || r.head != nil && (r.head.Bytes == headSize || int64(r.head.Bytes) >= offset) {
		return nil
	}
	r.head, err = headOf(r.file, offset)
	return err
}

// more reads the next bytes of the content.
func (r *reading) more(p []byte) (n int, err error) {
	switch {
	case r.stream != nil:
		// Decompressors give small pieces; whole blocks are cheaper, and tell
		// where the end is.
		for n < len(p) && err == nil {
			var got int
			got, err = r.stream.Read(p[n:])
			n += got
		}
		if err != nil && !errors.Is(err, io.EOF) {
			err = fmt.Errorf("%s: %w", r.path, describe(err, r.how))
		}
		return n, err
	case r.regular:
		n, err = r.file.Read(p[:r.aligned(len(p))])
		r.at += int64(n)
		return n, err
	}
	// What has no deadline (the read of a device) can't be woken.
	_ = r.file.SetReadDeadline(time.Time{})
	stop := context.AfterFunc(r.ctx, func() { _ = r.file.SetReadDeadline(time.Unix(1, 0)) })
	n, err = r.file.Read(p)
	if !stop() && n == 0 {
		return 0, r.ctx.Err()
	}
	return n, err
}

// aligned shortens a read of n bytes so that the next one begins at a page: one
// that begins a byte off costs the kernel nearly three times as much.
func (r *reading) aligned(n int) int {
	const page = 4096
	if off := int(r.at % page); off > 0 && n >= page {
		return n - off
	}
	return n
}

// close closes the file. What a decompressor says has been said by its reads.
func (r *reading) close() error {
	if r.stream != nil {
		_ = r.stream.Close()
	}
	return r.file.Close()
}
