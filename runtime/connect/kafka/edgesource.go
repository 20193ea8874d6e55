package kafka

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/connect/edge"
	"github.com/flowc-dev/flowc/runtime/connect/messages"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// An EdgeSource is the end of an edge between processes: one copy of the reader, which
// takes the records of one partition out of their envelopes. The position has, beside
// the place in the partition, how far each writer had come, so that what a writer sends
// again after a crash is skipped.
type EdgeSource struct {
	from      *edgePartition
	unpacking *edge.Unpacking
}

// An edgePosition is before a message of a partition.
type edgePosition struct {
	Offset  int64                    `json:"offset"`
	Writers map[string]edge.Progress `json:"writers,omitempty"`
}

// NewEdgeSource returns the end of an edge.
func NewEdgeSource(c EdgeSourceConfig, in connect.Input) (flow.Source, error) {
	if c.Partition < 0 || c.Partition >= c.Partitions {
		return nil, fmt.Errorf("there is no copy %d: they are 0 to %d", c.Partition, c.Partitions-1)
	}
	topic, err := newEdgeTopic(c.access(in.Node), c.Topic, c.Partitions, c.ReplicationFactor, c.MaxMessage)
	if err != nil {
		return nil, err
	}
	p := &edgePartition{topic: topic, of: partition{c.Topic, int32(c.Partition)}, queue: queue{link: topic.link}}
	return &EdgeSource{p, edge.NewUnpacking(edge.Reader{Node: in.Node, Schema: c.Schema, Writers: c.Writers, Open: c.Open}, p)}, nil
}

// Joined says that other processes are before it.
func (s *EdgeSource) Joined() {}

// Messages says that it knows where each record ends.
func (s *EdgeSource) Messages() {}

// Endless says that it ends where its writers do.
func (s *EdgeSource) Endless() bool { return s.unpacking.Endless() }

// Seek goes on behind the envelope of the checkpoint.
func (s *EdgeSource) Seek(_ context.Context, positions map[string]json.RawMessage) error {
	split := s.from.of.String()
	text, ok := positions[split]
	if !ok {
		for other := range positions {
			return fmt.Errorf("the checkpoint is of %s, and the source reads %s: start with --fresh to begin anew", other, split)
		}
	}
	var p edgePosition
	if err := json.Unmarshal(text, &p); err != nil {
		return fmt.Errorf("the position %s is none of a partition: %w", text, err)
	}
	s.from.next, s.from.resumed, s.from.pinned = p.Offset, true, true
	s.unpacking.Seek(p.Writers)
	return nil
}

// Open connects, makes the topic, and finds where to begin.
func (s *EdgeSource) Open(ctx context.Context) error { return s.from.open(ctx) }

// Read gives the records of the envelopes that are there, or waits for one.
func (s *EdgeSource) Read(ctx context.Context, b *flow.Batch) error {
	return s.unpacking.Read(ctx, b)
}

// Ack deletes what the checkpoint has passed. Where that fails, the next one does it.
func (s *EdgeSource) Ack(ctx context.Context, positions map[string]any) error {
	p, ok := positions[s.from.of.String()].(*edgePosition)
	if !ok || p.Offset == s.from.deleted {
		return nil
	}
	if err := s.from.delete(ctx, p.Offset); err != nil {
		slog.Debug("kafka: what was read stays in the topic for now", "node", s.from.topic.node, "partition", s.from.of.String(), "error", err)
	}
	return nil
}

// Place is where a record's envelope stands, and its place there.
func (s *EdgeSource) Place(b *flow.Batch, r flow.Record) any {
	n := messages.Note[edge.Note](b, r)
	if n == nil {
		return nil
	}
	return struct {
		place
		Record int `json:"record"`
	}{place{s.from.of.topic, s.from.of.number, int64(n.Message)}, n.Record}
}

// Close ends the connections.
func (s *EdgeSource) Close(context.Context) error {
	s.from.topic.close()
	return nil
}

// An edgePartition is the partition of an edge that a reader reads.
type edgePartition struct {
	topic *edgeTopic
	of    partition
	queue queue

	next    int64 // by the checkpoint, then as read
	resumed bool  // next is from a checkpoint
	pinned  bool  // the first checkpoint has the start
	deleted int64 // up to where messages were deleted; one goroutine uses it
}

func (p *edgePartition) open(ctx context.Context) error {
	if err := p.topic.start(ctx, append(fetching(), kgo.ConsumeResetOffset(kgo.NoResetOffset()))...); err != nil {
		return err
	}
	err := p.topic.ensure(ctx)
	if err == nil {
		err = p.begin(ctx)
	}
	if err != nil {
		p.topic.close()
	}
	return err
}

// begin finds where to begin.
func (p *edgePartition) begin(ctx context.Context) error {
	found, err := extents(ctx, p.topic.link, []partition{p.of}, messages.Start{})
	if err != nil {
		return err
	}
	e := found[p.of]
	switch {
	case !p.resumed:
		p.next = e.from
	case p.next > e.to:
		return &finalError{fmt.Errorf("the partition %s ends at offset %d and the checkpoint is at %d: the topic was made anew; start with --fresh to begin anew", p.of, e.to, p.next)}
	case p.next < e.from: // an earlier checkpoint than the last, or somebody has deleted them
		slog.Warn("records of an edge are not there any more: the topic has dropped them", "node", p.topic.node, "partition", p.of.String(), "from", p.next, "to", e.from-1)
		p.next = e.from
	}
	// What there is not any more, to learn whether it may: what the checkpoint has
	// passed may be read once more until the next one.
	err = p.delete(ctx, e.from)
	switch {
	case errors.Is(err, kerr.TopicAuthorizationFailed), errors.Is(err, kerr.ClusterAuthorizationFailed):
		return p.topic.refused(err, "keeps what was read, since this login may not delete it: allow it to Delete the topic")
	case errors.Is(err, kerr.UnsupportedVersion):
		return p.topic.refused(err, "keeps what was read, since these brokers can't delete it: another carrier is `edges: {nats: …}`")
	case err != nil:
		slog.Debug("kafka: what was read stays in the topic for now", "node", p.topic.node, "partition", p.of.String(), "error", err)
	}
	p.topic.client.AddConsumePartitions(map[string]map[int32]kgo.Offset{p.of.topic: {p.of.number: kgo.NewOffset().At(p.next)}})
	slog.Info("reading", "node", p.topic.node, "brokers", p.topic.Server, "partition", p.of.String(), "from", p.next)
	return nil
}

// deleteTime is how long brokers may take to delete messages everywhere before they
// answer. The leader has done it by then, and the others follow.
const deleteTime = 100 * time.Millisecond

// delete deletes the messages before an offset.
func (p *edgePartition) delete(ctx context.Context, before int64) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	admin := kadm.NewClient(p.topic.client)
	admin.SetTimeoutMillis(int32(deleteTime.Milliseconds()))
	offsets := kadm.Offsets{}
	offsets.Add(kadm.Offset{Topic: p.of.topic, Partition: p.of.number, At: before})
	answers, err := admin.DeleteRecords(ctx, offsets)
	if err == nil {
		err = answers.Error()
	}
	if errors.Is(err, kerr.RequestTimedOut) {
		err = nil
	}
	if err == nil {
		p.deleted = before
	}
	return err
}

// Read gives the messages that are there, or waits for one.
func (p *edgePartition) Read(ctx context.Context, b *flow.Batch) error {
	if !p.pinned {
		p.pinned = true
		messages.Pin(b, p.of.String(), nil)
		return nil
	}
	for {
		back, err := p.queue.wait(ctx)
		if err != nil || back {
			return err
		}
		if len(p.queue.chunks) == 0 {
			continue
		}
		_, next := p.queue.fill(b)
		for i := range b.Ends {
			if r := *messages.Note[note](b, flow.Record{Index: i}); partitionsOf(r) != p.topic.partitions {
				return p.topic.wrong("has a message, at %s and offset %d, for %d partitions, and this program knows %d: stop those that write it, let the program that they are of read it, then change the number of replicas", p.of, r.Offset, partitionsOf(r), p.topic.partitions)
			}
		}
		p.next = next
		return nil
	}
}

// Number is a message's offset.
func (p *edgePartition) Number(b *flow.Batch, i int) uint64 {
	return uint64((*messages.Note[note](b, flow.Record{Index: i})).Offset)
}

// Name is how errors call a message.
func (p *edgePartition) Name(offset uint64) string {
	return fmt.Sprintf("the message at offset %d of %s", offset, p.of)
}

// Position is behind the messages that were read.
func (p *edgePartition) Position(writers map[string]edge.Progress) (string, any) {
	return p.of.String(), &edgePosition{p.next, writers}
}
