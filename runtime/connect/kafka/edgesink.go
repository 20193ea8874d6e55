package kafka

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/connect/edge"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// An EdgeSink is the begin of an edge between processes: it puts records into
// envelopes, by partition, and produces these.
type EdgeSink struct {
	topic       *edgeTopic
	packing     *edge.Packing
	compression string
	headers     []kgo.RecordHeader

	// flight is that of a write that the engine was told to be in doubt.
	flight  *flight
	waiting waiting
}

// NewEdgeSink returns the begin of an edge.
func NewEdgeSink(c EdgeSinkConfig, out connect.Output) (flow.Sink, error) {
	topic, err := newEdgeTopic(c.access(out.Node), c.Topic, c.Partitions, c.ReplicationFactor, c.MaxMessage)
	if err != nil {
		return nil, err
	}
	w := edge.Writer{Name: c.Writer, Schema: c.Schema, Partitions: c.Partitions, Steady: c.Steady, Ends: c.Ends}
	s := &EdgeSink{
		topic: topic, packing: edge.NewPacking(w, out), compression: c.Compression,
		headers: []kgo.RecordHeader{{Key: partitionsHeader, Value: strconv.AppendInt(nil, int64(c.Partitions), 10)}},
		waiting: newWaiting(c.MaxBytes, c.Partitions),
	}
	return edge.Sink(s, s.packing), nil
}

// Joined says that other processes are behind it.
func (s *EdgeSink) Joined() {}

// Messages says that it has to know where each record ends.
func (s *EdgeSink) Messages() {}

// Open connects, makes the topic, and begins a run where there is none to go on with.
func (s *EdgeSink) Open(ctx context.Context) error {
	options := append(producing(s.compression, s.topic.maxMessage), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err := s.topic.start(ctx, options...); err != nil {
		return err
	}
	err := s.topic.ensure(ctx)
	if err == nil {
		err = s.packing.Open(ctx, s.publish)
	}
	if err != nil {
		s.flight = nil // it is of a client that is gone
		s.topic.close()
	}
	return err
}

// batchSpace is what a batch has beside its one message, at most: its own head, and the
// message's with its header.
const batchSpace = 256

// Write produces the records and waits until the brokers have them.
func (s *EdgeSink) Write(ctx context.Context, o *flow.Out) error {
	return s.packing.Write(ctx, o, min(flow.BlockSize, int(s.topic.maxMessage)-batchSpace), s.publish)
}

// publish produces envelopes and waits until the brokers have them.
func (s *EdgeSink) publish(ctx context.Context, envelopes []edge.Envelope) error {
	// What the engine was told to be in doubt is stored, sooner or later, and before
	// all that comes now; with the same numbers that has, it is no matter.
	if s.flight != nil {
		if err := s.flight.wait(ctx, s.topic.link); err != nil {
			return err
		}
		s.flight = nil
	}
	if err := s.room(ctx); err != nil {
		return err
	}
	f := newFlight(len(envelopes))
	s.flight = f
	records := make([]kgo.Record, len(envelopes))
	for i, e := range envelopes {
		records[i] = kgo.Record{Topic: s.topic.name, Partition: int32(e.Partition), Value: e.Data, Headers: s.headers}
		f.produce(s.topic.client, i, &records[i])
	}
	if err := f.wait(ctx, s.topic.link); err != nil {
		return err
	}
	s.flight = nil
	var failed map[int]error
	for i, err := range f.errs {
		if err == nil {
			s.waiting.add(envelopes[i].Partition, records[i].Offset, int64(len(envelopes[i].Data)))
			continue
		}
		if failed == nil {
			failed = map[int]error{}
		}
		failed[i] = s.refusal(err)
	}
	if failed != nil {
		return &flow.PartialError{Failed: failed}
	}
	return nil
}

// refusal says what an error of an envelope means.
func (s *EdgeSink) refusal(err error) error {
	switch {
	case errors.Is(err, kerr.TopicAuthorizationFailed), errors.Is(err, kerr.ClusterAuthorizationFailed): // no producer without a topic to write to
		return &recordError{fmt.Errorf("the login may not write to the topic %s of the edge: allow it to Write: %w", s.topic.name, err), "topic", true}
	case errors.Is(err, kerr.UnknownTopicOrPartition):
		return &recordError{fmt.Errorf("the topic %s of the edge is not there any more: start the processes again, which makes it: %w", s.topic.name, err), "topic", false}
	}
	return refusal(err)
}

// room waits for none: where too much waits already it says that the other side is not
// ready, and the engine tries again.
func (s *EdgeSink) room(ctx context.Context) error {
	if !s.waiting.full() {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	starts, err := kadm.NewClient(s.topic.client).ListStartOffsets(ctx, s.topic.name)
	if err != nil {
		return s.topic.failed(err)
	}
	starts.Each(func(o kadm.ListedOffset) {
		if o.Err == nil {
			s.waiting.passed(int(o.Partition), o.Offset)
		}
	})
	if s.waiting.full() {
		return s.topic.Gone(fmt.Errorf("%d bytes wait in the topic %s to be read, which is what `max_bytes` allows", s.waiting.bytes, s.topic.name))
	}
	return nil
}

// Healthy tells whether the brokers are there, also while nothing is written.
func (s *EdgeSink) Healthy(ctx context.Context) error { return s.topic.healthy(ctx) }

// Sync does nothing: an answer said that the envelopes are stored.
func (s *EdgeSink) Sync(context.Context) error { return nil }

// End tells the readers that the run has ended, where the writer is one that ends.
func (s *EdgeSink) End(ctx context.Context) error { return s.packing.End(ctx, s.publish) }

// Close ends the connections.
func (s *EdgeSink) Close(context.Context, bool) error {
	s.topic.close()
	return nil
}
