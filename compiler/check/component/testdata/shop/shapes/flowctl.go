package shapes

import "context"

// Envelope and Message are a user's own types for flowctl's interfaces.
type Envelope struct {
	LedgerSequence uint32
	Payload        []byte
}

type Message struct {
	Type string            `json:"type"`
	Tags map[string]string `json:"tags,omitempty"`
}

type FlowSource struct{ Network string }

func (*FlowSource) Open(context.Context) error                    { return nil }
func (*FlowSource) Events(context.Context, chan<- Envelope) error { return nil }
func (*FlowSource) Close() error                                  { return nil }
func (*FlowSource) Healthy() error                                { return nil }

type FlowProcessor struct{}

func (*FlowProcessor) Init(map[string]any) error                              { return nil }
func (*FlowProcessor) Process(context.Context, *Envelope) ([]*Message, error) { return nil, nil }
func (*FlowProcessor) Flush(context.Context) ([]*Message, error)              { return nil, nil }
func (*FlowProcessor) Name() string                                           { return "" }

type FlowSink struct{}

func NewFlowSink() *FlowSink                              { return nil }
func (*FlowSink) Connect(map[string]any) error            { return nil }
func (*FlowSink) Write(context.Context, []*Message) error { return nil }
func (*FlowSink) Close() error                            { return nil }
