package file

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// A range of files is that of their names.
const (
	// SourceRange is what its bounds are.
	SourceRange = "name"
	// SourceRangeWithout are the keys of the config that say something else.
	SourceRangeWithout = "follow"
)

// named are the files that match a pattern and whose names lie between two. Each is
// a chunk.
type named struct {
	config SourceConfig
	input  connect.Input
	asked  connect.Range
}

func newRange(c SourceConfig, in connect.Input) (flow.Source, error) {
	r := in.Range.Open()
	switch {
	case c.Follow:
		return nil, errors.New("a range has an end, and files that are followed have none: remove follow, or range")
	case !isPattern(c.Path):
		return nil, &connect.RangeError{Reason: "it is one of the names of files, and the path is one file: write a pattern, such as logs/*.ndjson"}
	case r.From != "" && r.To != "" && r.From > r.To:
		return nil, r.Backwards()
	}
	in.Range = nil
	s := &named{c, in, r}
	return flow.InChunks(s, flow.ChunkOptions{Readers: r.Parallel, Range: r.String()}), nil
}

// begin is the folder that a pattern begins with: names are what follows it.
func begin(pattern string) string {
	slashed := filepath.ToSlash(pattern)
	fixed := slashed[:strings.IndexAny(slashed, "*?[")]
	return fixed[:strings.LastIndexByte(fixed, '/')+1]
}

// Cut lists the files.
func (s *named) Cut(context.Context, int) ([]flow.Chunk, error) {
	files, err := expand(s.config.Path)
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, missing(s.config.Path, fmt.Errorf("no file matches %s: %w", s.config.Path, fs.ErrNotExist))
	}
	var chunks []flow.Chunk
	for _, path := range files {
		name := strings.TrimPrefix(filepath.ToSlash(path), begin(s.config.Path))
		if s.asked.From != "" && name < s.asked.From || s.asked.To != "" && name >= s.asked.To {
			continue
		}
		bounds, err := json.Marshal(bounds{path})
		if err != nil {
			return nil, err
		}
		c := flow.Chunk{Name: path, Bounds: bounds, Size: flow.Unknown}
		info, err := os.Stat(path)
		if err == nil && info.Mode().IsRegular() && compression(s.config.Compression, path) == plain {
			c.Size = info.Size()
		}
		chunks = append(chunks, c)
	}
	if len(chunks) == 0 {
		slog.Warn("no file has a name in the range", "node", s.input.Node, "range", s.asked.String(), "files", len(files), "first", files[0], "last", files[len(files)-1])
	}
	return chunks, nil
}

// bounds of a chunk are its file.
type bounds struct {
	Path string `json:"path"`
}

// Chunk is the source of one file.
func (s *named) Chunk(c flow.Chunk) (flow.Source, error) {
	var b bounds
	if err := json.Unmarshal(c.Bounds, &b); err != nil || b.Path == "" {
		return nil, fmt.Errorf("the chunk %s is no file: %s", c.Name, c.Bounds)
	}
	config := s.config
	config.Path = b.Path
	source, err := NewSource(config, s.input)
	if err != nil {
		return nil, err
	}
	return &chunkSource{Source: source.(*Source)}, nil
}

// A chunkSource reads one file.
type chunkSource struct {
	*Source
	begun, done int64 // in decompressed bytes
}

// Seek goes on where an earlier run was in the file.
func (s *chunkSource) Seek(ctx context.Context, positions map[string]json.RawMessage) error {
	if err := s.Source.Seek(ctx, map[string]json.RawMessage{s.config.Path: positions[""]}); err != nil {
		return err
	}
	s.begun = s.resume[s.config.Path].Offset
	return nil
}

// Read reads the next records of the file.
func (s *chunkSource) Read(ctx context.Context, b *flow.Batch) error {
	err := s.Source.Read(ctx, b)
	if b.Offset >= 0 && len(b.Data) > 0 {
		s.done = b.Offset + int64(len(b.Data)) - s.begun
	}
	return err
}

// Done is how many bytes have been read.
func (s *chunkSource) Done() int64 { return s.done }
