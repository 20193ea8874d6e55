// Package log is the sink that writes records to the program's log.
//
//	sinks:
//	  odd: {from: check.odd, use: log, config: {level: warn, message: an odd order}}
package log

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// SinkConfig is the config of the sink.
type SinkConfig struct {
	// Format is ndjson or text: how a record is written.
	Format string `json:"format" flowc:"fixed" values:"ndjson,text" default:"ndjson"`
	// Level is the level at which records are logged.
	Level string `json:"level" default:"info" values:"debug,info,warn,error"`
	// Message is the log line's message.
	Message string `json:"message" default:"record"`
}

// A Sink logs records, each as a line with the attributes node and record.
type Sink struct {
	config SinkConfig
	output connect.Output
	level  slog.Level
	logger func() *slog.Logger
}

// NewSink returns the sink.
func NewSink(c SinkConfig, out connect.Output) (flow.Sink, error) {
	s := &Sink{config: c, output: out, logger: slog.Default}
	if err := s.level.UnmarshalText([]byte(c.Level)); err != nil {
		return nil, fmt.Errorf("level must be debug, info, warn or error, not %q", c.Level)
	}
	return s, nil
}

// Open does nothing.
func (s *Sink) Open(context.Context) error { return nil }

// Write logs each record.
func (s *Sink) Write(ctx context.Context, o *flow.Out) error {
	logger := s.logger()
	if !logger.Enabled(ctx, s.level) {
		return nil
	}
	log := func(record []byte) {
		record = bytes.TrimRight(record, "\r\n")
		value := slog.StringValue(string(record))
		if s.output.Format == "ndjson" { // as it is in a log of JSON
			value = slog.AnyValue(json.RawMessage(bytes.Clone(record)))
		}
		logger.LogAttrs(ctx, s.level, s.config.Message, slog.String("node", s.output.Node), slog.Any("record", value))
	}
	if len(o.Ends) == 0 { // each record is a line
		for line := range bytes.Lines(o.Data) {
			log(line)
		}
		return nil
	}
	begin := uint32(0)
	for _, end := range o.Ends {
		log(o.Data[begin:end])
		begin = end
	}
	return nil
}

// Sync does nothing: a log is written at once.
func (s *Sink) Sync(context.Context) error { return nil }

// Close does nothing.
func (s *Sink) Close(context.Context, bool) error { return nil }
