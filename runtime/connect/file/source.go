package file

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/flowc-dev/flowc/runtime/codec/frame"
	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// A Source reads one file after another. A split is a file; the position in it
// is the offset, in decompressed bytes, behind the last whole record.
type Source struct {
	config SourceConfig
	input  connect.Input

	files   []string
	current int
	resume  map[string]position
	stream  *stream
	framer  frame.Framer
	rest    []byte // begins the next block: a record that was not whole
	offset  int64  // of rest in the stream
	line    int64  // lines before rest
	ended   bool   // the stream has no more bytes
	begun   bool   // a header and a byte order mark were looked for
}

// A position is where a file is read on.
type position struct {
	Offset int64 `json:"offset"`
	Line   int64 `json:"line"`
}

// pageSize keeps reads aligned: one that begins a byte off a page costs the
// kernel nearly three times as much.
const pageSize = 4096

// NewSource returns the source.
func NewSource(c SourceConfig, in connect.Input) (flow.Source, error) {
	if c.Path == "" {
		return nil, errors.New("path is empty")
	}
	if c.MaxRecord <= 0 {
		return nil, errors.New("max_record must be larger than 0")
	}
	if c.Follow && compression(c.Compression, c.Path) != "none" {
		return nil, errors.New("follow reads plain files only: a compressed file is whole or it is nothing")
	}
	return &Source{config: c, input: in, resume: map[string]position{}}, nil
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

// Endless tells whether the source follows a file.
func (s *Source) Endless() bool { return s.config.Follow }

// Open finds the files; that each of them is there shows when it is read.
func (s *Source) Open(context.Context) error {
	files, err := expand(s.config.Path)
	if err != nil {
		return err
	}
	s.files = files
	return s.next(0)
}

// Size is the number of bytes on disk that are to be read, 0 where compressed
// files make that say nothing.
func (s *Source) Size() int64 {
	total := int64(0)
	for _, f := range s.files {
		info, err := os.Stat(f)
		if err != nil || !info.Mode().IsRegular() || compression(s.config.Compression, f) != "none" {
			return 0
		}
		total += info.Size() - s.resume[f].Offset
	}
	return total
}

// next opens file i.
func (s *Source) next(i int) error {
	if err := s.closeStream(); err != nil {
		return err
	}
	s.current = i
	if i >= len(s.files) {
		return nil
	}
	path := s.files[i]
	at := s.resume[path]
	stream, err := openStream(path, compression(s.config.Compression, path), at.Offset, s.input)
	if err != nil {
		return err
	}
	s.stream, s.framer = stream, s.input.Frame()
	s.rest, s.offset, s.line, s.ended, s.begun = s.rest[:0], at.Offset, at.Line, false, at.Offset > 0
	return nil
}

// Read fills b with the whole records that are there.
func (s *Source) Read(ctx context.Context, b *flow.Batch) error {
	for s.current < len(s.files) {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := s.fill(b)
		if err != nil {
			return err
		}
		if n > 0 {
			return nil
		}
		last := s.current == len(s.files)-1
		if s.config.Follow && last {
			if err := s.wait(ctx); err != nil {
				return err
			}
			continue
		}
		if err := s.next(s.current + 1); err != nil {
			return err
		}
	}
	return io.EOF
}

// fill reads from the current file until b holds at least one whole record; 0
// means that the file has ended.
func (s *Source) fill(b *flow.Batch) (records int, err error) {
	data := append(b.Data[:0], s.rest...)
	for {
		if !s.ended {
			if data, err = s.read(data); err != nil {
				return 0, fmt.Errorf("%s: %w", s.files[s.current], err)
			}
		}
		if !s.begun && (len(data) >= 3 || s.ended) {
			s.begun = true
			if n := frame.BOM(data); n > 0 {
				data = append(data[:0], data[n:]...)
				s.offset += int64(n)
			}
		}
		state := s.state()
		final := s.ended && !s.config.Follow
		n, cutErr := s.framer.Cut(data, final)
		if cutErr != nil && n == 0 {
			return 0, s.placed(cutErr)
		}
		if n > 0 {
			s.hand(b, data, n, state)
			return n, nil
		}
		if s.ended {
			s.rest = append(s.rest[:0], data...)
			return 0, nil
		}
		if int64(len(data)) > s.config.MaxRecord {
			return 0, fmt.Errorf("%s: the record at byte %d is longer than max_record (%d bytes)", s.files[s.current], s.offset, s.config.MaxRecord)
		}
		if len(data) == cap(data) {
			data = slices.Grow(data, cap(data))
		}
	}
}

// read appends what one read of the file gives.
func (s *Source) read(data []byte) ([]byte, error) {
	if cap(data)-len(data) < pageSize {
		data = slices.Grow(data, max(len(data), flow.BlockSize))
	}
	room := (cap(data) - len(data)) &^ (pageSize - 1)
	n, err := s.stream.reader.Read(data[len(data) : len(data)+room])
	data = data[:len(data)+n]
	if err == io.EOF {
		s.ended = true
		return data, nil
	}
	return data, err
}

// hand gives b the first n bytes of data and keeps the rest.
func (s *Source) hand(b *flow.Batch, data []byte, n int, state any) {
	s.rest = append(s.rest[:0], data[n:]...)
	b.Data = data[:n]
	b.Split, b.Offset, b.Frame = s.files[s.current], s.offset, state
	if s.byLines() {
		b.Base = s.line
		s.line += int64(bytes.Count(b.Data, newline))
	}
	s.offset += int64(n)
	b.Position = position{s.offset, s.line}
}

var newline = []byte{'\n'}

func (s *Source) byLines() bool { return s.input.Format == "ndjson" || s.input.Format == "text" }

// state is the framer as it is before a cut, for formats whose blocks do not
// tell.
func (s *Source) state() any {
	if f, ok := s.framer.(*frame.JSONValues); ok {
		before := *f
		return &before
	}
	return nil
}

// placed gives an error of the framer its place in the file.
func (s *Source) placed(err error) error {
	var f *frame.Error
	if errors.As(err, &f) {
		return fmt.Errorf("%s: byte %d: %s", s.files[s.current], s.offset+int64(f.Offset), f.Msg)
	}
	return fmt.Errorf("%s: %w", s.files[s.current], err)
}

func (s *Source) closeStream() error {
	if s.stream == nil {
		return nil
	}
	err := s.stream.Close()
	s.stream = nil
	return err
}

// Close closes the file.
func (s *Source) Close(context.Context) error { return s.closeStream() }
