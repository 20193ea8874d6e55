package nats

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/connect/edge"
	"github.com/flowc-dev/flowc/runtime/connect/messages"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// An EdgeSource is the end of an edge between processes: one copy of the reader, which
// takes the records of one partition out of their envelopes. The position has, beside
// the place in the stream, how far each writer had come, so that what a writer sends
// again after a crash is skipped.
type EdgeSource struct {
	from      *edgePartition
	config    EdgeSourceConfig
	unpacking *edge.Unpacking
}

// An edgePartition is a subject of an edge's stream.
type edgePartition struct {
	*Source
	number int
}

// An edgePosition is behind an envelope.
type edgePosition struct {
	Sequence uint64                   `json:"sequence"`
	Writers  map[string]edge.Progress `json:"writers,omitempty"`
}

// NewEdgeSource returns the end of an edge.
func NewEdgeSource(c EdgeSourceConfig, in connect.Input) (flow.Source, error) {
	if c.Partition < 0 || c.Partition >= c.Partitions {
		return nil, fmt.Errorf("there is no copy %d: they are 0 to %d", c.Partition, c.Partitions-1)
	}
	link, err := newLink(c.access(in.Node))
	if err != nil {
		return nil, err
	}
	p := &edgePartition{&Source{link: link, stream: c.Stream, subject: subject(c.Stream, c.Partition), purged: true}, c.Partition}
	return &EdgeSource{p, c, edge.NewUnpacking(edge.Reader{Node: in.Node, Schema: c.Schema, Writers: c.Writers, Open: c.Open}, p)}, nil
}

// Messages says that it knows where each record ends.
func (s *EdgeSource) Messages() {}

// Joined says that other processes are before it.
func (s *EdgeSource) Joined() {}

// Endless says that it ends where its writers do.
func (s *EdgeSource) Endless() bool { return s.unpacking.Endless() }

// Seek goes on behind the envelope of the checkpoint.
func (s *EdgeSource) Seek(ctx context.Context, positions map[string]json.RawMessage) error {
	if err := s.from.Seek(ctx, positions); err != nil {
		return err
	}
	var p edgePosition
	if err := json.Unmarshal(positions[s.from.stream], &p); err != nil {
		return err
	}
	s.unpacking.Seek(p.Writers)
	return nil
}

// Open connects, makes the stream, and finds where to begin.
func (s *EdgeSource) Open(ctx context.Context) error {
	if err := s.from.link.open(ctx); err != nil {
		return err
	}
	err := makeStream(ctx, s.from.link, s.config.Stream, s.config.Partitions, s.config.MaxBytes, s.config.Replicas)
	if err == nil {
		err = s.from.begin(ctx)
	}
	if err != nil {
		s.from.link.close()
	}
	return err
}

// Read gives the records of the envelopes that are there, or waits for one.
func (s *EdgeSource) Read(ctx context.Context, b *flow.Batch) error { return s.unpacking.Read(ctx, b) }

// Number is the sequence number of a message.
func (p *edgePartition) Number(b *flow.Batch, i int) uint64 {
	return messages.Note[note](b, flow.Record{Index: i}).sequence
}

// Name is how errors call a message.
func (p *edgePartition) Name(sequence uint64) string {
	return fmt.Sprintf("message %d of the stream %s", sequence, p.stream)
}

// Position is behind the messages that were read.
func (p *edgePartition) Position(writers map[string]edge.Progress) (split string, position any) {
	return p.stream, &edgePosition{p.last, writers}
}

// Ack takes out of the stream what the checkpoint has passed. Where that fails, the
// next one does it.
func (s *EdgeSource) Ack(ctx context.Context, positions map[string]any) error {
	p, ok := positions[s.from.stream].(*edgePosition)
	if !ok || p.Sequence == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, ackTimeout)
	defer cancel()
	js, err := s.from.link.jetStream()
	if err == nil {
		var stream jetstream.Stream
		if stream, err = js.Stream(ctx, s.from.stream); err == nil {
			err = stream.Purge(ctx, jetstream.WithPurgeSubject(s.from.subject), jetstream.WithPurgeSequence(p.Sequence+1))
		}
	}
	if err != nil {
		slog.Debug("nats: what was read stays in the stream for now", "node", s.from.link.node, "stream", s.from.stream, "error", err)
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
		Stream    string `json:"stream"`
		Partition int    `json:"partition"`
		Sequence  uint64 `json:"sequence"`
		Record    int    `json:"record"`
	}{s.from.stream, s.from.number, n.Message, n.Record}
}

// Close ends the connection.
func (s *EdgeSource) Close(ctx context.Context) error { return s.from.Close(ctx) }
