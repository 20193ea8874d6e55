// Package std reads standard input and writes standard output.
package std

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"

	"github.com/flowc-dev/flowc/runtime/codec/frame"
	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// SourceConfig is the config of stdin.
type SourceConfig struct {
	// Format is ndjson, json, csv, text or bytes.
	Format string `json:"format" flowc:"fixed" values:"ndjson,json,csv,text,bytes" default:"ndjson"`
	// MaxRecord is the longest record; a longer one ends the program.
	MaxRecord int64 `json:"max_record" type:"size" default:"16MiB"`
	// CSV says how the rows of CSV are written.
	CSV CSV `json:"csv" flowc:"fixed"`
}

// SinkConfig is the config of stdout.
type SinkConfig struct {
	// Format is ndjson, json (an array), csv, text or bytes.
	Format string `json:"format" flowc:"fixed" values:"ndjson,json,csv,text,bytes" default:"ndjson"`
	// CSV says how the rows of CSV are written.
	CSV CSV `json:"csv" flowc:"fixed"`
}

// CSV is how rows are written.
type CSV struct {
	// Delimiter stands between cells.
	Delimiter string `json:"delimiter" default:","`
	// Quote goes around cells that hold a delimiter, a quote or a line end.
	Quote string `json:"quote" default:"\""`
	// Header tells that the first row names the columns.
	Header bool `json:"header" default:"true"`
}

// A Source reads standard input. What was read can't be read again: it is
// at-most-once by nature.
type Source struct {
	config SourceConfig
	in     io.Reader
	framer frame.Framer
	rest   []byte
	offset int64
	ended  bool
	begun  bool

	blocks chan block
	spare  chan []byte
}

// A block is one read of standard input.
type block struct {
	data []byte
	err  error
}

// NewSource returns the source.
func NewSource(c SourceConfig, in connect.Input) (flow.Source, error) {
	if c.MaxRecord <= 0 {
		return nil, errors.New("max_record must be larger than 0")
	}
	return &Source{config: c, in: os.Stdin, framer: in.Frame()}, nil
}

// Open begins to read in a goroutine of its own: a read of a terminal or a pipe
// can't be interrupted, and a program that is asked to stop must not wait for
// the next line.
func (s *Source) Open(context.Context) error {
	s.blocks, s.spare = make(chan block), make(chan []byte, 2)
	s.spare <- make([]byte, flow.BlockSize)
	s.spare <- make([]byte, flow.BlockSize)
	go func() {
		for buf := range s.spare {
			n, err := s.in.Read(buf)
			s.blocks <- block{buf[:n], err}
			if err != nil {
				return
			}
		}
	}()
	return nil
}

// Read fills b with the whole records that are there.
func (s *Source) Read(ctx context.Context, b *flow.Batch) error {
	data := append(b.Data[:0], s.rest...)
	for {
		if !s.ended {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case got := <-s.blocks:
				data = append(data, got.data...)
				s.spare <- got.data[:cap(got.data)]
				if got.err == io.EOF {
					s.ended = true
				} else if got.err != nil {
					return got.err
				}
			}
		}
		if !s.begun && (len(data) >= 3 || s.ended) {
			s.begun = true
			data = append(data[:0], data[frame.BOM(data):]...)
		}
		var state any
		if f, ok := s.framer.(*frame.JSONValues); ok {
			before := *f
			state = &before
		}
		n, err := s.framer.Cut(data, s.ended)
		switch {
		case n > 0:
			s.rest = append(s.rest[:0], data[n:]...)
			b.Data, b.Split, b.Offset, b.Frame = data[:n], "stdin", s.offset, state
			s.offset += int64(n)
			return nil
		case err != nil:
			return err
		case s.ended:
			return io.EOF
		case int64(len(data)) > s.config.MaxRecord:
			return errors.New("a record is longer than max_record")
		}
		b.Data = data
	}
}

// Close leaves standard input alone.
func (s *Source) Close(context.Context) error { return nil }

// A Sink writes standard output.
type Sink struct {
	output  connect.Output
	out     *bufio.Writer
	records int64
}

// NewSink returns the sink.
func NewSink(_ SinkConfig, out connect.Output) (flow.Sink, error) {
	return &Sink{output: out, out: bufio.NewWriterSize(os.Stdout, 64<<10)}, nil
}

// Open does nothing.
func (s *Sink) Open(context.Context) error { return nil }

// Write writes the records.
func (s *Sink) Write(_ context.Context, o *flow.Out) error {
	if s.output.Format != "json" {
		if s.records == 0 {
			s.out.Write(s.output.Header) // the next write tells an error
		}
		s.records++
		_, err := s.out.Write(o.Data)
		return err
	}
	begin := uint32(0)
	for _, end := range o.Ends {
		open := ",\n"
		if s.records == 0 {
			open = "[\n"
		}
		s.records++
		s.out.WriteString(open)
		if _, err := s.out.Write(o.Data[begin:end]); err != nil {
			return err
		}
		begin = end
	}
	return nil
}

// Sync hands everything to the system.
func (s *Sink) Sync(context.Context) error { return s.out.Flush() }

// Close ends the stream.
func (s *Sink) Close(_ context.Context, done bool) error {
	if done && s.records == 0 {
		s.out.Write(s.output.Header)
	}
	if done && s.output.Format == "json" {
		tail := "\n]\n"
		if s.records == 0 {
			tail = "[]\n"
		}
		s.out.WriteString(tail)
	}
	return s.out.Flush()
}

// Meta is `meta` of a record from stdin.
type Meta struct {
	// Offset is the record's first byte, from 0.
	Offset int64 `json:"offset"`
}

// At makes m the meta of a record.
func (m *Meta) At(b *flow.Batch, r flow.Record) {
	m.Offset = b.Offset + int64(r.Start)
}
