// Package stdout writes standard output, each packet of records at once.
//
//	sinks:
//	  show: {from: large, use: stdout, config: {format: csv}}
package stdout

import (
	"context"
	"io"
	"os"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// SinkConfig is the config of stdout.
type SinkConfig struct {
	// Format is ndjson, json (an array), csv, text or bytes.
	Format string `json:"format" flowc:"fixed" values:"ndjson,json,csv,text,bytes" default:"ndjson"`
	// CSV says how the rows of CSV are written.
	CSV connect.CSV `json:"csv" flowc:"fixed"`
}

// A Sink writes standard output, each packet at once: whoever reads the other end
// of a pipe, or the screen, sees records as they come.
type Sink struct {
	output connect.Output
	out    io.Writer
	begun  bool
	buffer []byte // a packet with what the format needs around it
}

// NewSink returns the sink.
func NewSink(_ SinkConfig, out connect.Output) (flow.Sink, error) {
	return &Sink{output: out, out: os.Stdout}, nil
}

// Open does nothing.
func (s *Sink) Open(context.Context) error { return nil }

// Write writes the records.
func (s *Sink) Write(_ context.Context, o *flow.Out) error {
	data := o.Data
	switch {
	case s.output.Format == "json":
		data = s.array(o)
	case !s.begun && len(s.output.Header) > 0:
		data = append(append(s.buffer[:0], s.output.Header...), o.Data...)
	}
	_, err := s.out.Write(data)
	if err == nil && o.Count > 0 {
		s.begun = true
	}
	return err
}

// array puts the records of a packet into the array.
func (s *Sink) array(o *flow.Out) []byte {
	buf, begin, begun := s.buffer[:0], uint32(0), s.begun
	for _, end := range o.Ends {
		open := ",\n"
		if !begun {
			open = "[\n"
		}
		begun = true
		buf = append(append(buf, open...), o.Data[begin:end]...)
		begin = end
	}
	s.buffer = buf
	return buf
}

// Sync does nothing: what is written is the system's at once.
func (s *Sink) Sync(context.Context) error { return nil }

// Close ends the stream.
func (s *Sink) Close(_ context.Context, done bool) error {
	if !done {
		return nil
	}
	tail := ""
	switch {
	case s.output.Format == "json" && s.begun:
		tail = "\n]\n"
	case s.output.Format == "json":
		tail = "[]\n"
	case !s.begun:
		tail = string(s.output.Header)
	}
	if tail == "" {
		return nil
	}
	_, err := io.WriteString(s.out, tail)
	return err
}
