// Package log is the sink that writes records to the program's log.
package log

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// SinkConfig is the config of the sink.
type SinkConfig struct {
	// Level is the level at which records are logged.
	Level string `json:"level" default:"info" values:"debug,info,warn,error"`
	// Message is the log line's message.
	Message string `json:"message" default:"record"`
}

// A Sink logs records.
type Sink struct {
	config SinkConfig
	node   string
	level  slog.Level
}

// NewSink returns the sink.
func NewSink(c SinkConfig, out connect.Output) (flow.Sink, error) {
	s := &Sink{config: c, node: out.Node}
	if err := s.level.UnmarshalText([]byte(c.Level)); err != nil {
		return nil, fmt.Errorf("level: %w", err)
	}
	return s, nil
}

// Idempotent says that a record logged twice does no harm.
func (s *Sink) Idempotent() {}

// Open does nothing.
func (s *Sink) Open(context.Context) error { return nil }

// Write logs each record.
func (s *Sink) Write(ctx context.Context, o *flow.Out) error {
	if !slog.Default().Enabled(ctx, s.level) {
		return nil
	}
	begin := uint32(0)
	for _, end := range o.Ends {
		record := string(bytes.TrimRight(o.Data[begin:end], "\n"))
		slog.Log(ctx, s.level, s.config.Message, "node", s.node, "record", record)
		begin = end
	}
	return nil
}

// Sync does nothing: a log is written at once.
func (s *Sink) Sync(context.Context) error { return nil }

// Close does nothing.
func (s *Sink) Close(context.Context, bool) error { return nil }
