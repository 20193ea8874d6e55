package nats

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/flowc-dev/flowc/runtime/codec/envelope"
	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/connect/messages"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// An EdgeSource is the end of an edge between processes: one copy of the reader, which
// takes the records of one partition out of their envelopes. The position has, beside
// the place in the stream, how far each writer had come, so that what a writer sends
// again after a crash is skipped.
type EdgeSource struct {
	inner  *Source
	config EdgeSourceConfig

	writers map[string]progress
	known   string // the schema that was compared last
	ended   bool
	in      flow.Batch // envelopes
}

// A progress is how far a writer has come.
type progress struct {
	// Run is the one of which it has read the begin.
	Run   uint64 `json:"run,omitempty"`
	Epoch uint64 `json:"epoch"`
	Next  uint64 `json:"next"`
	Ended bool   `json:"ended,omitempty"`
}

// An edgePosition is behind an envelope.
type edgePosition struct {
	Sequence uint64              `json:"sequence"`
	Writers  map[string]progress `json:"writers,omitempty"`
}

// An edgeNote is where a record has been.
type edgeNote struct {
	sequence uint64
	index    int
}

// NewEdgeSource returns the end of an edge.
func NewEdgeSource(c EdgeSourceConfig, in connect.Input) (flow.Source, error) {
	if c.Partition < 0 || c.Partition >= c.Partitions {
		return nil, fmt.Errorf("there is no copy %d: they are 0 to %d", c.Partition, c.Partitions-1)
	}
	link, err := newLink(c.access(in.Node))
	return &EdgeSource{
		inner:  &Source{link: link, stream: c.Stream, subject: subject(c.Stream, c.Partition), purged: true},
		config: c, writers: map[string]progress{}, known: c.Schema,
	}, err
}

// Messages says that it knows where each record ends.
func (s *EdgeSource) Messages() {}

// Joined says that other processes are before it.
func (s *EdgeSource) Joined() {}

// Endless says that it ends where its writers do.
func (s *EdgeSource) Endless() bool { return s.config.Writers == 0 }

// Seek goes on behind the envelope of the checkpoint.
func (s *EdgeSource) Seek(ctx context.Context, positions map[string]json.RawMessage) error {
	if err := s.inner.Seek(ctx, positions); err != nil {
		return err
	}
	var p edgePosition
	if err := json.Unmarshal(positions[s.config.Stream], &p); err != nil {
		return err
	}
	if p.Writers != nil {
		s.writers = p.Writers
	}
	s.ended = s.allEnded()
	return nil
}

// Open connects, makes the stream, and finds where to begin.
func (s *EdgeSource) Open(ctx context.Context) error {
	if err := s.inner.link.open(ctx); err != nil {
		return err
	}
	err := makeStream(ctx, s.inner.link, s.config.Stream, s.config.Partitions, s.config.MaxBytes, s.config.Replicas)
	if err == nil {
		err = s.inner.begin(ctx)
	}
	if err != nil {
		s.inner.link.close()
	}
	return err
}

func (s *EdgeSource) allEnded() bool {
	n := 0
	for _, w := range s.writers {
		if w.Ended {
			n++
		}
	}
	return s.config.Writers > 0 && n >= s.config.Writers
}

// Read gives the records of the envelopes that are there, or waits for one.
func (s *EdgeSource) Read(ctx context.Context, b *flow.Batch) error {
	notes := messages.Notes[edgeNote](b)
	for {
		if s.ended {
			return io.EOF
		}
		s.in.Data, s.in.Ends, s.in.OnDone = s.in.Data[:0], s.in.Ends[:0], nil
		s.in.Limit = min(b.Limit, 1)
		if err := s.inner.Read(ctx, &s.in); err != nil {
			return err
		}
		if len(s.in.Ends) == 0 {
			if s.in.OnDone != nil { // where reading begins
				messages.Pin(b, s.in.Split, s.position())
			}
			return nil
		}
		if err := s.unpack(b, notes); err != nil {
			return err
		}
		s.ended = s.allEnded()
		switch {
		case len(b.Ends) > 0:
			b.Split, b.Position = s.config.Stream, s.position()
			return nil
		case s.ended:
			messages.Pin(b, s.config.Stream, s.position()) // or the last word of a writer is heard again
			return nil
		}
	}
}

func (s *EdgeSource) position() *edgePosition {
	return &edgePosition{s.inner.last, maps.Clone(s.writers)}
}

// unpack puts the records of envelopes into b.
func (s *EdgeSource) unpack(b *flow.Batch, notes *[]edgeNote) error {
	begin := uint32(0)
	for i, end := range s.in.Ends {
		sequence := messages.Note[note](&s.in, flow.Record{Index: i}).sequence
		h, records, err := envelope.Open(s.in.Data[begin:end])
		if err == nil {
			err = s.compatible(h.Schema)
		}
		if err != nil {
			return &edgeError{fmt.Errorf("message %d of the stream %s: %w", sequence, s.config.Stream, err)}
		}
		begin = end
		w := s.writers[h.Writer]
		if h.Begin && w.Run != h.Run {
			w.Run, w.Ended = h.Run, false
		}
		if w.Epoch != h.Epoch {
			w.Epoch, w.Next = h.Epoch, h.First
		}
		number := h.First
		for index := 0; ; index++ {
			record, ok, err := records.Next()
			if err != nil {
				return &edgeError{fmt.Errorf("message %d of the stream %s: %w", sequence, s.config.Stream, err)}
			}
			if !ok {
				break
			}
			if number >= w.Next {
				messages.Add(b, record)
				*notes = append(*notes, edgeNote{sequence, index})
			}
			number++
		}
		w.Next = max(w.Next, number)
		if h.End && w.Run == h.Run {
			w.Ended = true
		} else if h.End {
			slog.Warn("nats: a writer has ended a run of which this process did not read the begin: it waits for the end of another one", "node", s.inner.link.node, "writer", h.Writer, "message", sequence)
		}
		s.writers[h.Writer] = w
	}
	return nil
}

// compatible compares a schema with the reader's own, once for each change.
func (s *EdgeSource) compatible(schema string) error {
	if schema == s.known {
		return nil
	}
	if err := envelope.Compatible(s.config.Schema, schema); err != nil {
		return fmt.Errorf("its records are of another version of the pipeline: %w", err)
	}
	s.known = schema
	return nil
}

// Ack takes out of the stream what the checkpoint has passed. Where that fails, the
// next one does it.
func (s *EdgeSource) Ack(ctx context.Context, positions map[string]any) error {
	p, ok := positions[s.config.Stream].(*edgePosition)
	if !ok || p.Sequence == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, ackTimeout)
	defer cancel()
	js, err := s.inner.link.jetStream()
	if err == nil {
		var stream jetstream.Stream
		if stream, err = js.Stream(ctx, s.config.Stream); err == nil {
			err = stream.Purge(ctx, jetstream.WithPurgeSubject(s.inner.subject), jetstream.WithPurgeSequence(p.Sequence+1))
		}
	}
	if err != nil {
		slog.Debug("nats: what was read stays in the stream for now", "node", s.inner.link.node, "stream", s.config.Stream, "error", err)
	}
	return nil
}

// Place is where a record's envelope stands, and its place there.
func (s *EdgeSource) Place(b *flow.Batch, r flow.Record) any {
	n := messages.Note[edgeNote](b, r)
	if n == nil {
		return nil
	}
	return struct {
		Stream    string `json:"stream"`
		Partition int    `json:"partition"`
		Sequence  uint64 `json:"sequence"`
		Record    int    `json:"record"`
	}{s.config.Stream, s.config.Partition, n.sequence, n.index}
}

// Close ends the connection.
func (s *EdgeSource) Close(ctx context.Context) error { return s.inner.Close(ctx) }
