package nats

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/connect/messages"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// A range of a stream is one of sequence numbers, or of times.
const (
	// SourceRange is what its bounds are.
	SourceRange = "number,time"
	// SourceRangeWithout are the keys of the config that say something else.
	SourceRangeWithout = "start,durable"
	// SourceRangeNeeds is a key without which there is nothing to read again.
	SourceRangeNeeds = "stream"
)

// ranged are the messages of a stream from one number to before another one.
type ranged struct {
	config   SourceConfig
	node     string
	from, to messages.Bound
}

func newRange(c SourceConfig, in connect.Input) (flow.Source, error) {
	from, to, err := messages.ParseRange(*in.Range, "a sequence number")
	if err != nil {
		return nil, err
	}
	switch {
	case c.Stream == "":
		return nil, errors.New("a range is one of messages that wait in a stream, and what comes by on a subject does not: give stream")
	case c.Durable != "":
		return nil, errors.New("a range is read by the checkpoint's positions, and with durable the server has them: remove one of them")
	}
	s := &ranged{c, in.Node, from, to}
	if _, err := s.link(); err != nil {
		return nil, err
	}
	r := in.Range.Open()
	return flow.InChunks(s, flow.ChunkOptions{Readers: r.Parallel, Range: r.String(), Place: s.place}), nil
}

// place is where a message stands; its batch's split is a chunk.
func (s *ranged) place(b *flow.Batch, r flow.Record) any {
	n := messages.Note[note](b, r)
	if n == nil {
		return nil
	}
	return place{s.config.Stream, n.subject, n.sequence}
}

func (s *ranged) link() (*link, error) {
	return newLink(s.config.access(s.node))
}

// source is one of the stream, from its begin.
func (s *ranged) source() (*Source, error) {
	l, err := s.link()
	if err != nil {
		return nil, err
	}
	return &Source{link: l, stream: s.config.Stream, subject: s.config.Subject}, nil
}

// Cut finds the numbers of the messages.
func (s *ranged) Cut(ctx context.Context, n int) ([]flow.Chunk, error) {
	in, err := s.source()
	if err != nil {
		return nil, err
	}
	if err := in.link.open(ctx); err != nil {
		return nil, err
	}
	defer in.link.close()
	info, err := in.info(ctx)
	if err != nil {
		return nil, err
	}
	first, end := info.State.FirstSeq, info.State.LastSeq+1
	if info.State.Msgs == 0 {
		first = end
	}
	from, err := s.number(ctx, in, s.from, first, end)
	if err != nil {
		return nil, err
	}
	to, err := s.number(ctx, in, s.to, end, end)
	if err != nil {
		return nil, err
	}
	if from < first && !s.from.Open && s.from.Number > 0 {
		slog.Warn("the stream no longer has the first messages of the range", "node", s.node, "stream", s.config.Stream, "from", from, "to", first-1)
	}
	if to > end {
		slog.Warn("the stream does not have the last messages of the range yet: it is read to what there is", "node", s.node, "stream", s.config.Stream, "end", end, "to", to)
	}
	from, to = max(from, first), min(to, end)
	var chunks []flow.Chunk
	for _, part := range flow.CutNumbers(int64(from), int64(to), n) {
		chunks = append(chunks, part.Chunk(fmt.Sprintf("%s %d..%d", s.config.Stream, part.From, part.To)))
	}
	return chunks, nil
}

// number is that of the message at a bound.
func (s *ranged) number(ctx context.Context, in *Source, b messages.Bound, open, end uint64) (uint64, error) {
	switch {
	case b.Open:
		return open, nil
	case b.Time.IsZero():
		return uint64(b.Number), nil
	}
	before, err := in.before(ctx, b.Time, end-1)
	return before + 1, err
}

// Chunk is the source of some messages.
func (s *ranged) Chunk(c flow.Chunk) (flow.Source, error) {
	var part flow.Numbers
	if err := json.Unmarshal(c.Bounds, &part); err != nil || part.From < 1 {
		return nil, fmt.Errorf("the chunk %s is no part of a stream: %s", c.Name, c.Bounds)
	}
	in, err := s.source()
	if err != nil {
		return nil, err
	}
	in.last = uint64(part.From) - 1
	return &chunkSource{in: in, to: uint64(part.To)}, nil
}

// A chunkSource reads messages of a stream, to before a number.
type chunkSource struct {
	in        *Source
	begun, to uint64
	ended     bool
}

// Seek goes on behind a message.
func (s *chunkSource) Seek(ctx context.Context, positions map[string]json.RawMessage) error {
	return s.in.Seek(ctx, map[string]json.RawMessage{s.in.stream: positions[""]})
}

// Open connects.
func (s *chunkSource) Open(ctx context.Context) error {
	s.in.resumed, s.in.pinned = true, true
	if err := s.in.Open(ctx); err != nil {
		return err
	}
	s.begun = s.in.last
	return nil
}

// Read gives the messages that are there, or waits for one.
func (s *chunkSource) Read(ctx context.Context, b *flow.Batch) error {
	for {
		switch {
		case s.ended || s.in.last+1 >= s.to:
			return io.EOF
		case s.in.pump != nil && s.in.left == 0:
			return io.EOF // the subject has no more of them
		}
		err := s.in.Read(ctx, b)
		if err != nil || len(b.Ends) == 0 {
			return err
		}
		if s.cut(b) {
			return nil
		}
	}
}

// cut takes away what lies behind the range; false where nothing is left.
func (s *chunkSource) cut(b *flow.Batch) bool {
	last := func() uint64 { return messages.Note[note](b, flow.Record{Index: len(b.Ends) - 1}).sequence }
	for len(b.Ends) > 0 && last() >= s.to {
		s.ended = true
		n := len(b.Ends) - 1
		b.Ends = b.Ends[:n]
		if n == 0 {
			b.Data = b.Data[:0]
		} else {
			b.Data = b.Data[:b.Ends[n-1]]
		}
	}
	if len(b.Ends) == 0 {
		b.Position = nil
		return false
	}
	b.Position = &position{last()}
	return true
}

// Done is how far it has come.
func (s *chunkSource) Done() int64 { return int64(min(s.in.last+1, s.to) - 1 - s.begun) }

// Close ends the connection.
func (s *chunkSource) Close(ctx context.Context) error { return s.in.Close(ctx) }
