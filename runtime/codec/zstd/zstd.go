// Package zstd opens and begins zstd streams.
//
// It is a package of its own, and the only one that links a module from outside
// the standard library, so that programs without a zstd file carry none of it.
package zstd

import (
	"io"

	"github.com/klauspost/compress/zstd"
)

// maxWindow is the largest window that a stream may ask for: that of the zstd
// command without --long. It bounds the memory that a hostile file can claim.
const maxWindow = 128 << 20

// window is the distance over which a written stream looks for repetitions. It
// is most of the memory that writing takes.
const window = 4 << 20

// NewReader decompresses r: one frame, or several one after another. It reads
// ahead of what it gives. Closing it leaves r open.
func NewReader(r io.Reader) (io.ReadCloser, error) {
	d, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
	if err != nil {
		return nil, err
	}
	return d.IOReadCloser(), nil
}

// NewWriter compresses what is written to it into w, as one frame that ends when
// it is closed; w stays open. The same bytes in the same writes give the same
// frame. The writer has a method Reset(io.Writer), which begins another frame.
func NewWriter(w io.Writer) (io.WriteCloser, error) {
	return zstd.NewWriter(w, zstd.WithEncoderConcurrency(1), zstd.WithLowerEncoderMem(true), zstd.WithWindowSize(window))
}
