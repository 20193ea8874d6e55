package nats

import (
	"context"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/connect/edge"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// An EdgeSink is the begin of an edge between processes: it puts records into
// envelopes, by partition, and publishes these.
type EdgeSink struct {
	inner   *Sink
	config  EdgeSinkConfig
	packing *edge.Packing
	out     flow.Out // envelopes
}

// NewEdgeSink returns the begin of an edge.
func NewEdgeSink(c EdgeSinkConfig, out connect.Output) (flow.Sink, error) {
	link, err := newLink(c.access(out.Node))
	if err != nil {
		return nil, err
	}
	w := edge.Writer{Name: c.Writer, Schema: c.Schema, Partitions: c.Partitions, Steady: c.Steady, Ends: c.Ends}
	s := &EdgeSink{
		inner:  &Sink{link: link, config: SinkConfig{Stream: c.Stream}, subject: 0, id: -1},
		config: c, packing: edge.NewPacking(w, out), out: flow.Out{Keys: [][]string{nil}},
	}
	return edge.Sink(s, s.packing), nil
}

// Joined says that other processes are behind it.
func (s *EdgeSink) Joined() {}

// Messages says that it has to know where each record ends.
func (s *EdgeSink) Messages() {}

// Open connects, makes the stream, and begins a run where there is none to go on with.
func (s *EdgeSink) Open(ctx context.Context) error {
	if err := s.inner.Open(ctx); err != nil {
		return err
	}
	err := makeStream(ctx, s.inner.link, s.config.Stream, s.config.Partitions, s.config.MaxBytes, s.config.Replicas)
	if err == nil {
		err = s.packing.Open(ctx, s.publish)
	}
	if err != nil {
		s.inner.link.close()
	}
	return err
}

// Write publishes the records and waits until the stream has them.
func (s *EdgeSink) Write(ctx context.Context, o *flow.Out) error {
	limit := flow.BlockSize
	if s.inner.on != nil {
		limit = min(limit, int(s.inner.on.MaxPayload()))
	}
	return s.packing.Write(ctx, o, limit, s.publish)
}

// publish publishes envelopes and waits until the stream has them.
func (s *EdgeSink) publish(ctx context.Context, envelopes []edge.Envelope) error {
	s.out.Reset()
	for _, e := range envelopes {
		s.out.Data = append(s.out.Data, e.Data...)
		s.out.Ends = append(s.out.Ends, uint32(len(s.out.Data)))
		s.out.Keys[0] = append(s.out.Keys[0], subject(s.config.Stream, e.Partition))
		s.out.Count++
	}
	return s.inner.Write(ctx, &s.out)
}

// Healthy tells whether the server is there, also while nothing is written.
func (s *EdgeSink) Healthy(ctx context.Context) error { return s.inner.Healthy(ctx) }

// Sync does nothing: an answer said that the envelopes are stored.
func (s *EdgeSink) Sync(context.Context) error { return nil }

// End tells the readers that the run has ended, where the writer is one that ends.
func (s *EdgeSink) End(ctx context.Context) error { return s.packing.End(ctx, s.publish) }

// Close ends the connection.
func (s *EdgeSink) Close(ctx context.Context, done bool) error { return s.inner.Close(ctx, done) }
