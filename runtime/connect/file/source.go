package file

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync/atomic"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// A Source reads one file after another, or follows files that grow. A split is
// a file; the position in it is the offset, in decompressed bytes, behind the
// last whole record.
type Source struct {
	config SourceConfig
	input  connect.Input
	resume map[string]position

	files []string // in the order of reading
	next  int      // of files
	now   opened   // nil between files

	follow *following // nil where the files do not grow
	size   atomic.Int64
}

// An opened file is one that is read.
type opened interface {
	// fill puts the next records into b; false means that there are none.
	fill(ctx context.Context, b *flow.Batch) (bool, error)
	close() error
}

// NewSource returns the source.
func NewSource(c SourceConfig, in connect.Input) (flow.Source, error) {
	switch {
	case c.Path == "":
		return nil, errors.New("path is empty")
	case c.MaxRecord <= 0:
		return nil, errors.New("max_record must be larger than 0")
	case c.Follow && !isPattern(c.Path) && compression(c.Compression, c.Path) != plain:
		return nil, errors.New("follow reads plain files only: a compressed file is whole or it is nothing")
	case c.Follow && in.Format == "bytes":
		return nil, errors.New("follow reads records as they come, and in the format bytes the whole file is one")
	case c.Follow && in.Format == parquetFormat:
		return nil, errors.New("follow reads files that grow, and a Parquet file is whole or it is nothing")
	}
	if in.Range != nil {
		return newRange(c, in)
	}
	s := &Source{config: c, input: in, resume: map[string]position{}}
	if c.Follow {
		s.follow = &following{source: s}
	}
	return s, nil
}

// Seek goes on where an earlier run was.
func (s *Source) Seek(_ context.Context, positions map[string]json.RawMessage) error {
	s.resume = map[string]position{}
	for split, raw := range positions {
		var p position
		if err := json.Unmarshal(raw, &p); err != nil {
			return fmt.Errorf("the position of %s: %w", split, err)
		}
		s.resume[split] = p
	}
	return nil
}

// Endless tells whether the source follows files.
func (s *Source) Endless() bool { return s.config.Follow }

// Open finds the files and opens the first one; that each of the others can be
// read shows when it is its turn.
func (s *Source) Open(ctx context.Context) error {
	if s.follow != nil {
		return s.follow.look(ctx)
	}
	files, err := s.list()
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return missing(s.config.Path, fmt.Errorf("no file matches %s: %w", s.config.Path, fs.ErrNotExist))
	}
	s.files = files
	s.size.Store(s.total())
	if info, err := os.Stat(files[0]); err == nil && !info.Mode().IsRegular() && !info.IsDir() {
		return nil // a pipe opens when it is read
	}
	return s.advance(ctx)
}

// list gives the files that the path stands for.
func (s *Source) list() ([]string, error) {
	path := s.config.Path
	if !isPattern(path) {
		return []string{path}, nil
	}
	if _, err := os.Lstat(path); err == nil { // a file that is called so
		return []string{path}, nil
	}
	return expand(path)
}

// Size is how many bytes are to be read, 0 where that is not known.
func (s *Source) Size() int64 { return s.size.Load() }

func (s *Source) total() int64 {
	total := int64(0)
	for _, f := range s.files {
		info, err := os.Stat(f)
		if err != nil || !info.Mode().IsRegular() || compression(s.config.Compression, f) != plain || s.input.Format == parquetFormat {
			return 0
		}
		total += info.Size() - s.resume[f].Offset
	}
	return max(total, 0)
}

// advance opens the next file; there is none when now is nil then.
func (s *Source) advance(ctx context.Context) error {
	for s.now == nil && s.next < len(s.files) {
		path := s.files[s.next]
		at := s.resume[path]
		if !at.done(path) {
			r, err := s.open(ctx, path, at)
			if errors.Is(err, errOther) {
				return fmt.Errorf("%w: put that back, or start over with --fresh", err)
			}
			if err != nil {
				return err
			}
			s.now = r
		}
		s.next++
	}
	return nil
}

// open opens a file at a position.
func (s *Source) open(ctx context.Context, path string, at position) (opened, error) {
	if s.input.Format == parquetFormat {
		return openTable(path, at, s.config, s.input)
	}
	return open(ctx, path, at, s.config, s.input)
}

// done tells whether a compressed file had been read to its end, and is still
// what it was.
func (p position) done(path string) bool {
	if p.Size == 0 {
		return false
	}
	info, err := os.Stat(path)
	if err != nil || info.Size() != p.Size {
		return false
	}
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	same, err := p.Head.is(f)
	return same && err == nil
}

// Read fills b with the whole records that are there.
func (s *Source) Read(ctx context.Context, b *flow.Batch) error {
	if s.follow != nil {
		return s.follow.read(ctx, b)
	}
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := s.advance(ctx); err != nil {
			return err
		}
		if s.now == nil {
			return io.EOF
		}
		if ok, err := s.now.fill(ctx, b); ok || err != nil {
			return err
		}
		old := s.now
		s.now = nil
		if err := old.close(); err != nil {
			return err
		}
	}
}

// Close closes the files.
func (s *Source) Close(context.Context) error {
	if s.follow != nil {
		return s.follow.close()
	}
	if s.now == nil {
		return nil
	}
	old := s.now
	s.now = nil
	return old.close()
}
