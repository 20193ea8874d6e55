// Package drop is the sink that discards what it is given, on purpose.
//
//	sinks:
//	  none: {from: split.rest, use: drop}
package drop

import (
	"context"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// SinkConfig has no keys.
type SinkConfig struct{}

// A Sink discards records.
type Sink struct{}

// NewSink returns the sink.
func NewSink(SinkConfig, connect.Output) (flow.Sink, error) { return Sink{}, nil }

// Idempotent says that writing a record twice is writing it once.
func (Sink) Idempotent() {}

// Open does nothing.
func (Sink) Open(context.Context) error { return nil }

// Write discards o.
func (Sink) Write(context.Context, *flow.Out) error { return nil }

// Sync does nothing.
func (Sink) Sync(context.Context) error { return nil }

// Close does nothing.
func (Sink) Close(context.Context, bool) error { return nil }
