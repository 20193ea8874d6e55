package file

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/flowc-dev/flowc/runtime/connect/blocks"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// Letters gives back the dead letters: those of rotated files first, the oldest
// first. The file may grow meanwhile; a line without its end is not whole yet.
func (s *Sink) Letters(ctx context.Context, yield func(letter []byte) error) error {
	if s.keyed >= 0 {
		return errors.New("its path changes with the record, so nobody knows where all letters are")
	}
	path := s.config.Path
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("%s is no regular file, so what was written there can't be read back", path)
	}
	numbers, err := closedNumbers(path)
	if err != nil {
		return err
	}
	for _, n := range numbers {
		if err := s.lettersOf(ctx, closedName(path, n), yield); err != nil {
			return err
		}
	}
	return s.lettersOf(ctx, path, yield)
}

// lettersOf reads one file; that there is none is no error.
func (s *Sink) lettersOf(ctx context.Context, path string, yield func([]byte) error) error {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	var stream io.Reader = f
	switch how := compression(s.config.Compression, path); how {
	case gzipped:
		z, err := gzip.NewReader(bufio.NewReaderSize(f, readSize))
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil // nothing is whole yet
		}
		if err != nil {
			return fmt.Errorf("%s: %w", path, describe(err, how))
		}
		stream = z
	case zstded:
		buffered := bufio.NewReaderSize(f, readSize)
		if _, err := buffered.Peek(1); errors.Is(err, io.EOF) {
			return nil
		}
		if s.output.Unzstd == nil {
			return fmt.Errorf("%s: %w", path, errNoZstd)
		}
		z, err := s.output.Unzstd(buffered)
		if err != nil {
			return fmt.Errorf("%s: %w", path, describe(err, how))
		}
		defer z.Close()
		stream = z
	}
	lines := bufio.NewReaderSize(stream, readSize)
	for {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil // what is behind the last line end, or stream, is not whole yet
		}
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if line = bytes.TrimSpace(line); len(line) > 0 {
			if err := yield(line); err != nil {
				return err
			}
		}
	}
}

// Append has the sink add to the files that earlier runs have published.
func (s *Sink) Append() error {
	if s.config.Mode == "append" {
		return nil
	}
	if s.output.Format == parquetFormat {
		return fmt.Errorf("%s is a Parquet file, which is written as a whole, so that nothing can be added to it: run the pipeline anew", strings.TrimSpace(s.config.Path))
	}
	if s.output.Format == "json" {
		return fmt.Errorf("%s is an array that was written as a whole, so that nothing can be added to it: use ndjson, or run the pipeline anew", strings.TrimSpace(s.config.Path))
	}
	s.config.Mode = "append"
	return nil
}

// Again gives a record of a letter the place that it had.
func (s *Source) Again(b *flow.Batch, l *flow.Letter) error {
	return blocks.Again(b, s.input.Format, s.input.Header, l)
}
