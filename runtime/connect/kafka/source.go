package kafka

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/connect/messages"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// refresh is how often a source looks for topics and partitions that are new.
const refresh = 30 * time.Second

// NewSource returns the source that the config asks for: of all partitions, or as
// a member of a group.
func NewSource(c SourceConfig, in connect.Input) (flow.Source, error) {
	if in.Range != nil {
		return newRange(c, in)
	}
	start, err := messages.ParseStart(c.Start)
	if err != nil {
		return nil, err
	}
	topics, err := selected(c.Topics)
	if err != nil {
		return nil, err
	}
	link, err := newLink(c.access(in.Node))
	if err != nil {
		return nil, err
	}
	if c.Group != "" {
		return &GroupSource{link: link, topics: topics, group: c.Group, instance: c.Instance, start: start, queue: queue{link: link}}, nil
	}
	if c.Instance != "" {
		return nil, errors.New("instance is the name of a member of a group: give group as well")
	}
	return &Source{link: link, topics: topics, start: start, queue: queue{link: link}, next: map[partition]int64{}}, nil
}

// A Source reads all partitions of its topics. A split is a partition
// ("orders/3"), the position in it the offset of the next message.
type Source struct {
	link   *link
	topics selection
	start  messages.Start
	queue  queue

	resumed bool
	next    map[partition]int64 // by the checkpoint, then as read
	pins    []partition         // whose beginning is not in a checkpoint yet
	looked  time.Time           // for new partitions
}

// A position is before a message of a partition.
type position struct {
	Offset int64 `json:"offset"`
}

// Messages says that each message is a record.
func (s *Source) Messages() {}

// Endless says that a topic has no end.
func (s *Source) Endless() bool { return true }

// Seek goes on at the messages of the checkpoint.
func (s *Source) Seek(_ context.Context, positions map[string]json.RawMessage) error {
	for split, text := range positions {
		at := strings.LastIndexByte(split, '/')
		number, err := strconv.ParseInt(split[at+1:], 10, 32)
		var p position
		if at < 0 || err != nil {
			return fmt.Errorf("the checkpoint has %q, which is no partition", split)
		}
		if err := json.Unmarshal(text, &p); err != nil {
			return fmt.Errorf("the position %s of %s is none of a partition: %w", text, split, err)
		}
		s.next[partition{split[:at], int32(number)}] = p.Offset
	}
	s.resumed = true
	return nil
}

// Open connects, and finds where to begin.
func (s *Source) Open(ctx context.Context) error {
	if err := s.link.start(ctx, append(fetching(), kgo.ConsumeResetOffset(kgo.NoResetOffset()))...); err != nil {
		return err
	}
	n, err := s.assign(ctx)
	if err != nil {
		s.link.close()
		return err
	}
	slog.Info("reading", "node", s.link.node, "brokers", s.link.Server, "partitions", n)
	return nil
}

// PositionsAt finds where a time is in each partition, for a rewind.
func (s *Source) PositionsAt(ctx context.Context, at time.Time) (map[string]any, error) {
	if err := s.link.start(ctx); err != nil {
		return nil, err
	}
	defer s.link.close()
	all, err := s.topics.partitions(ctx, s.link)
	if err != nil {
		return nil, err
	}
	found, err := extents(ctx, s.link, all, messages.Start{Time: at})
	if err != nil {
		return nil, err
	}
	positions := map[string]any{}
	for p, e := range found {
		positions[p.String()] = &position{e.begin}
	}
	return positions, nil
}

// assign begins to read the partitions that are not read yet.
func (s *Source) assign(ctx context.Context) (partitions int, err error) {
	all, err := s.topics.partitions(ctx, s.link)
	if err != nil {
		return 0, err
	}
	first := s.looked.IsZero()
	s.looked = time.Now()
	var fresh []partition
	for _, p := range all {
		if _, known := s.next[p]; first || !known {
			fresh = append(fresh, p)
		}
	}
	if len(fresh) == 0 {
		return len(all), nil
	}
	start := s.start
	if s.resumed || !first {
		start = messages.Start{} // one that came later is read from its beginning
	}
	found, err := extents(ctx, s.link, fresh, start)
	if err != nil {
		if first {
			s.looked = time.Time{}
		}
		return 0, err
	}
	offsets := map[string]map[int32]kgo.Offset{}
	next := map[partition]int64{}
	for _, p := range fresh {
		e := found[p]
		at, known := s.next[p]
		switch {
		case !known:
			at = e.begin
		case at > e.to:
			return 0, fmt.Errorf("the partition %s ends at offset %d and the checkpoint is at %d: the topic was made anew; start with --fresh to begin anew", p, e.to, at)
		case at < e.from:
			slog.Warn("messages are lost: the topic has dropped them before they were read", "node", s.link.node, "partition", p.String(), "from", at, "to", e.from-1)
			at = e.from
		}
		next[p] = at
		if !known {
			s.pins = append(s.pins, p)
		}
		if offsets[p.topic] == nil {
			offsets[p.topic] = map[int32]kgo.Offset{}
		}
		offsets[p.topic][p.number] = kgo.NewOffset().At(at)
	}
	for p, at := range next {
		s.next[p] = at
	}
	s.link.client.AddConsumePartitions(offsets)
	return len(all), nil
}

// Read gives messages of one partition that are there, or waits for one.
func (s *Source) Read(ctx context.Context, b *flow.Batch) error {
	for {
		if n := len(s.pins); n > 0 {
			p := s.pins[n-1]
			s.pins = s.pins[:n-1]
			messages.Pin(b, p.String(), &position{s.next[p]})
			return nil
		}
		back, err := s.queue.wait(ctx)
		switch {
		case err != nil || back:
			return err
		case len(s.queue.chunks) > 0:
			of, next := s.queue.fill(b)
			s.next[of] = next
			b.Position = &position{next}
			return nil
		case time.Since(s.looked) >= refresh:
			if err := s.find(ctx); err != nil {
				return err
			}
		}
	}
}

// find looks for new partitions. That the cluster does not answer is not its
// business.
func (s *Source) find(ctx context.Context) error {
	_, err := s.assign(ctx)
	var gone *messages.GoneError
	if errors.As(err, &gone) {
		s.looked = time.Now()
		return nil
	}
	return err
}

// Place is where a message stands.
func (s *Source) Place(b *flow.Batch, r flow.Record) any { return placeOf(b, r) }

// Close ends the connections.
func (s *Source) Close(context.Context) error {
	s.link.close()
	return nil
}
