package kafka

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/connect/messages"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// A range of topics is one of offsets, the same in each partition, or of times.
const (
	// SourceRange is what its bounds are.
	SourceRange = "number,time"
	// SourceRangeWithout are the keys of the config that say something else.
	SourceRangeWithout = "start,group"
)

// ranged are the messages of partitions from some offset to before another one.
type ranged struct {
	config   SourceConfig
	node     string
	topics   selection
	from, to messages.Bound
}

func newRange(c SourceConfig, in connect.Input) (flow.Source, error) {
	from, to, err := messages.ParseRange(*in.Range, "an offset")
	if err != nil {
		return nil, err
	}
	topics, err := selected(c.Topics)
	if err != nil {
		return nil, err
	}
	if c.Group != "" {
		return nil, errors.New("a range is read by the checkpoint's positions, and with group the broker has them: remove one of them")
	}
	s := &ranged{c, in.Node, topics, from, to}
	if _, err := s.link(); err != nil {
		return nil, err
	}
	r := in.Range.Open()
	return flow.InChunks(s, flow.ChunkOptions{Readers: r.Parallel, Range: r.String(), Place: placeOf}), nil
}

func (s *ranged) link() (*link, error) {
	return newLink(s.config.access(s.node))
}

// bounds of a chunk are offsets of a partition.
type bounds struct {
	Topic     string `json:"topic"`
	Partition int32  `json:"partition"`
	From      int64  `json:"from"`
	To        int64  `json:"to"`
}

// Cut finds the offsets of each partition. Where more chunks are asked for than
// there are partitions, each is cut.
func (s *ranged) Cut(ctx context.Context, n int) ([]flow.Chunk, error) {
	l, err := s.link()
	if err != nil {
		return nil, err
	}
	if err := l.start(ctx); err != nil {
		return nil, err
	}
	defer l.close()
	all, err := s.topics.partitions(ctx, l)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	extents, err := s.extents(ctx, l, all)
	if err != nil {
		return nil, err
	}
	each := (n + len(all) - 1) / len(all)
	var chunks []flow.Chunk
	for _, p := range all {
		e := extents[p]
		parts := flow.CutNumbers(e.begin, e.to, each)
		for _, part := range parts {
			raw, err := json.Marshal(bounds{p.topic, p.number, part.From, part.To})
			if err != nil {
				return nil, err
			}
			name := p.String()
			if len(parts) > 1 {
				name += fmt.Sprintf(" %d..%d", part.From, part.To)
			}
			chunks = append(chunks, flow.Chunk{Name: name, Bounds: raw, Size: part.To - part.From})
		}
	}
	return chunks, nil
}

// extents are, by partition, where the range begins and where it ends: with what
// is committed now at most.
func (s *ranged) extents(ctx context.Context, l *link, all []partition) (map[partition]extent, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*patience)
	defer cancel()
	admin, from, to := kadm.NewClient(l.client), 0, 1
	ask := []listing{admin.ListStartOffsets, admin.ListCommittedOffsets}
	if !s.from.Time.IsZero() {
		from, ask = len(ask), append(ask, since(admin, ceilMilli(s.from.Time)))
	}
	if !s.to.Time.IsZero() {
		to, ask = len(ask), append(ask, since(admin, ceilMilli(s.to.Time)))
	}
	offsets, err := offsetsOf(ctx, l, all, ask...)
	if err != nil {
		return nil, err
	}
	found := make(map[partition]extent, len(all))
	for p, at := range offsets {
		found[p] = s.within(p, extent{at[0], at[1], 0}, at[from], at[to])
	}
	return found, nil
}

// ceilMilli is a time in the broker's unit: the first that is not before it.
func ceilMilli(t time.Time) int64 {
	ms := t.UnixMilli()
	if t.Nanosecond()%int(time.Millisecond) > 0 {
		ms++
	}
	return ms
}

// within cuts what is asked of a partition to what there is.
func (s *ranged) within(p partition, there extent, from, to int64) extent {
	if !s.from.Open && s.from.Time.IsZero() {
		from = s.from.Number
		if from < there.from {
			slog.Warn("the topic no longer has the first messages of the range", "node", s.node, "partition", p.String(), "from", from, "to", there.from-1)
		}
	}
	if !s.to.Open && s.to.Time.IsZero() {
		to = s.to.Number
		if to > there.to {
			slog.Warn("the topic does not have the last messages of the range yet: it is read to what there is", "node", s.node, "partition", p.String(), "end", there.to, "to", to)
		}
	}
	begin := min(max(from, there.from), there.to)
	return extent{there.from, max(begin, min(to, there.to)), begin}
}

// Chunk is the source of some messages of a partition.
func (s *ranged) Chunk(c flow.Chunk) (flow.Source, error) {
	var b bounds
	if err := json.Unmarshal(c.Bounds, &b); err != nil || b.Topic == "" {
		return nil, fmt.Errorf("the chunk %s is no part of a partition: %s", c.Name, c.Bounds)
	}
	l, err := s.link()
	if err != nil {
		return nil, err
	}
	return &chunkSource{link: l, queue: queue{link: l}, of: partition{b.Topic, b.Partition}, next: b.From, to: b.To}, nil
}

// A chunkSource reads messages of one partition, to before an offset.
type chunkSource struct {
	link  *link
	queue queue
	of    partition

	next, begun, to int64
}

// Seek goes on at a message.
func (s *chunkSource) Seek(_ context.Context, positions map[string]json.RawMessage) error {
	var p position
	if err := json.Unmarshal(positions[""], &p); err != nil {
		return fmt.Errorf("the position %s of %s is none of a partition: %w", positions[""], s.of, err)
	}
	s.next = p.Offset
	return nil
}

// Open connects.
func (s *chunkSource) Open(ctx context.Context) error {
	// A range may end with what is not a message: the marks of transactions.
	if err := s.link.start(ctx, append(fetching(), kgo.ConsumeResetOffset(kgo.NoResetOffset()), kgo.KeepControlRecords())...); err != nil {
		return err
	}
	found, err := extents(ctx, s.link, []partition{s.of}, messages.Start{})
	if err != nil {
		s.link.close()
		return err
	}
	switch e := found[s.of]; {
	case s.to > e.to:
		s.link.close()
		return fmt.Errorf("the partition %s ends at offset %d and the range was to end at %d: the topic was made anew; start with --fresh to begin anew", s.of, e.to, s.to)
	case s.next < e.from && s.next < s.to:
		slog.Warn("messages are lost: the topic has dropped them before they were read", "node", s.link.node, "partition", s.of.String(), "from", s.next, "to", min(e.from, s.to)-1)
		s.next = min(e.from, s.to)
	}
	s.begun = s.next
	if s.next < s.to {
		s.link.client.AddConsumePartitions(map[string]map[int32]kgo.Offset{s.of.topic: {s.of.number: kgo.NewOffset().At(s.next)}})
	}
	return nil
}

// Read gives messages that are there, or waits for one.
func (s *chunkSource) Read(ctx context.Context, b *flow.Batch) error {
	for s.next < s.to {
		if len(s.queue.chunks) == 0 {
			back, err := s.queue.wait(ctx)
			if err != nil || back {
				return err
			}
			continue
		}
		if s.fill(b) {
			b.Position = &position{s.next}
			return nil
		}
	}
	return io.EOF
}

// fill puts messages of the range into b; false where there was none among what
// came.
func (s *chunkSource) fill(b *flow.Batch) bool {
	c := &s.queue.chunks[0]
	notes := messages.Notes[note](b)
	n := 0
	for _, r := range c.records {
		if r.Offset < s.to && !r.Attrs.IsControl() {
			if !messages.Room(b, len(r.Value)) {
				break
			}
			messages.Add(b, r.Value)
			*notes = append(*notes, r)
		}
		s.next = min(r.Offset+1, s.to)
		n++
		if s.next == s.to {
			break
		}
	}
	clear(c.records[:n])
	if c.records = c.records[n:]; len(c.records) == 0 || s.next == s.to {
		s.queue.chunks[0] = chunk{}
		s.queue.chunks = s.queue.chunks[1:]
	}
	return len(b.Ends) > 0
}

// Done is how far it has come.
func (s *chunkSource) Done() int64 { return s.next - s.begun }

// Close ends the connections.
func (s *chunkSource) Close(context.Context) error {
	s.link.close()
	return nil
}
