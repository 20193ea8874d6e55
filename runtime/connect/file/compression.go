package file

import (
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/flowc-dev/flowc/runtime/connect"
)

// The ways to compress.
const (
	plain   = "none"
	gzipped = "gzip"
	zstded  = "zstd"
)

// compression is the config's, or what the extension says.
func compression(named, path string) string {
	lower := strings.ToLower(path)
	switch {
	case named != "":
		return named
	case strings.HasSuffix(lower, ".gz"):
		return gzipped
	case strings.HasSuffix(lower, ".zst"):
		return zstded
	}
	return plain
}

// errNoZstd is a file that turns out to be compressed with zstd when the program
// runs: by a pattern or a setting that was not known when it was built.
var errNoZstd = errors.New("it is compressed with zstd, which this program was built without: say `compression: zstd` in the pipeline")

// readSize is how much compressed data is read at once.
const readSize = 64 << 10

// decompress opens a compressed stream; an empty file is an empty stream.
func decompress(r io.Reader, how string, in connect.Input) (io.ReadCloser, error) {
	buffered := bufio.NewReaderSize(r, readSize)
	if _, err := buffered.Peek(1); err == io.EOF {
		return io.NopCloser(strings.NewReader("")), nil
	}
	switch {
	case how == gzipped:
		z, err := gzip.NewReader(buffered)
		if errors.Is(err, gzip.ErrHeader) {
			return nil, errors.New("it is not compressed with gzip: `compression: none` reads it as it is")
		}
		if err != nil {
			return nil, describe(err, how)
		}
		return z, nil
	case in.Zstd == nil:
		return nil, errNoZstd
	default:
		z, err := in.Zstd(buffered)
		if err != nil {
			return nil, describe(err, how)
		}
		return z, nil
	}
}

// describe says in words what a decompressor means.
func describe(err error, how string) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("its %s data ends early, so the file is not whole: %w", how, err)
	}
	return fmt.Errorf("its %s data is damaged: %w", how, err)
}
