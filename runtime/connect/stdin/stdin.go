// Package stdin reads standard input. What was read can't be read again, so it is
// at-most-once by nature.
//
//	sources:
//	  lines: {use: stdin, config: {format: text}}
package stdin

import (
	"context"
	"errors"
	"io"
	"os"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/connect/blocks"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// SourceMemory is what reading ahead holds.
const SourceMemory = 512 << 10

// SourceConfig is the config of stdin.
type SourceConfig struct {
	// Format is ndjson, json, csv, text or bytes.
	Format string `json:"format" flowc:"fixed" values:"ndjson,json,csv,text,bytes" default:"ndjson"`
	// MaxRecord is the longest record. A longer line is a record error; in other
	// formats it ends the program.
	MaxRecord int64 `json:"max_record" flowc:"positive" type:"size" default:"16MiB"`
	// CSV says how the rows of CSV are written.
	CSV connect.CSV `json:"csv" flowc:"fixed"`
}

// A Source reads standard input.
type Source struct {
	in     io.Reader
	input  connect.Input
	blocks *blocks.Reader
	// pump reads ahead, nil for input that never makes anybody wait.
	pump *pump
	ctx  context.Context // of the call at work
}

// NewSource returns the source.
func NewSource(c SourceConfig, in connect.Input) (flow.Source, error) {
	if c.MaxRecord <= 0 {
		return nil, errors.New("max_record must be larger than 0")
	}
	return &Source{in: os.Stdin, input: in, blocks: blocks.New("stdin", in, c.MaxRecord)}, nil
}

// Open begins to read.
func (s *Source) Open(context.Context) error {
	if f, ok := s.in.(*os.File); ok {
		info, err := f.Stat()
		if err != nil {
			return err
		}
		if info.IsDir() {
			return errors.New("standard input is a folder")
		}
		if info.Mode().IsRegular() {
			return nil
		}
	}
	s.pump = newPump(s.in)
	return nil
}

// Read fills b with the whole records that are there.
func (s *Source) Read(ctx context.Context, b *flow.Batch) error {
	more := s.in.Read
	if s.pump != nil {
		s.ctx = ctx
		more = s.more
	}
	ok, err := s.blocks.Fill(b, more)
	if !ok && err == nil {
		err = io.EOF
	}
	return err
}

func (s *Source) more(p []byte) (int, error) { return s.pump.read(s.ctx, p) }

// Close leaves standard input alone.
func (s *Source) Close(context.Context) error {
	if s.pump != nil {
		s.pump.stop()
	}
	return nil
}

// Again gives a record of a letter the place that it had.
func (s *Source) Again(b *flow.Batch, l *flow.Letter) error {
	return blocks.Again(b, s.input.Format, s.input.Header, l)
}
