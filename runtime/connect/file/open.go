package file

import (
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/runtime/connect"
)

// compression is the config's, or what the extension says.
func compression(named, path string) string {
	switch {
	case named != "":
		return named
	case strings.HasSuffix(path, ".gz"):
		return "gzip"
	case strings.HasSuffix(path, ".zst"):
		return "zstd"
	}
	return "none"
}

// expand lists the files of a path: itself, or what a pattern matches.
func expand(path string) ([]string, error) {
	if !strings.ContainsAny(path, "*?[") {
		return []string{path}, nil
	}
	if _, err := os.Lstat(path); err == nil { // a file that is called so
		return []string{path}, nil
	}
	matches, err := filepath.Glob(path)
	if err != nil {
		return nil, fmt.Errorf("the pattern %q is malformed: %w", path, err)
	}
	matches = slices.DeleteFunc(matches, func(m string) bool {
		info, err := os.Stat(m)
		return err == nil && info.IsDir()
	})
	if len(matches) == 0 {
		return nil, fmt.Errorf("no file matches %s: %w", path, os.ErrNotExist)
	}
	slices.Sort(matches)
	return matches, nil
}

// A stream is an open file, decompressed.
type stream struct {
	file   *os.File
	reader io.Reader
	close  func() error
}

// openStream opens a file and skips the first skip bytes of its decompressed
// content.
func openStream(path, how string, skip int64, in connect.Input) (*stream, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	s := &stream{file: f, reader: f, close: func() error { return nil }}
	switch how {
	case "gzip":
		z, err := gzip.NewReader(f)
		if err == io.EOF { // an empty file is an empty stream
			s.reader = strings.NewReader("")
			return s, nil
		}
		if err != nil {
			f.Close()
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		s.reader, s.close = z, z.Close
	case "zstd":
		if in.Zstd == nil {
			f.Close()
			return nil, fmt.Errorf("%s is compressed with zstd, which this program was built without: say `compression: zstd` in the pipeline", path)
		}
		z, err := in.Zstd(f)
		if err != nil {
			f.Close()
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		s.reader, s.close = z, z.Close
	default:
		if skip > 0 {
			if _, err := f.Seek(skip, io.SeekStart); err != nil {
				f.Close()
				return nil, err
			}
		}
		return s, nil
	}
	if n, err := io.CopyN(io.Discard, s.reader, skip); err != nil && skip > 0 {
		s.Close()
		return nil, fmt.Errorf("%s has %d bytes, and an earlier run was at byte %d: --fresh starts over", path, n, skip)
	}
	return s, nil
}

// Close closes the file.
func (s *stream) Close() error {
	err := s.close()
	if cerr := s.file.Close(); err == nil {
		err = cerr
	}
	return err
}
