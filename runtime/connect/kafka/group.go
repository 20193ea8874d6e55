package kafka

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flowc-dev/flowc/runtime/connect/messages"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// A GroupSource is a member of a consumer group. The offsets that the broker keeps
// are committed when what is before them is safe, so whoever gets a partition
// next gets what was not.
//
//flowc:source with group
type GroupSource struct {
	link     *link
	topics   selection
	group    string
	instance string
	start    messages.Start
	queue    queue

	mu sync.Mutex
	// owned are the partitions that are this member's now, by the assignment that
	// gave them: a partition that left and came back is another one.
	owned map[partition]owned
	turn  int
}

// An owned partition has the number of its assignment, and the offset that was
// committed last.
type owned struct {
	turn      int
	committed int64
}

// A handedOut is the position of a batch: it counts as long as its assignment.
type handedOut struct {
	Offset int64 `json:"offset"`
	of     partition
	turn   int
}

// Messages says that each message is a record.
func (s *GroupSource) Messages() {}

// Endless says that a topic has no end.
func (s *GroupSource) Endless() bool { return true }

// Open joins the group.
func (s *GroupSource) Open(ctx context.Context) error {
	topics, regular := s.topics.expressions()
	start := kgo.NewOffset().AtStart()
	switch {
	case s.start.Latest:
		start = kgo.NewOffset().AtEnd()
	case !s.start.Time.IsZero():
		start = kgo.NewOffset().AfterMilli(s.start.Time.UnixMilli())
	}
	s.owned = map[partition]owned{}
	o := append(fetching(),
		kgo.ConsumerGroup(s.group), kgo.ConsumeTopics(topics...), kgo.DisableAutoCommit(), kgo.ConsumeResetOffset(start),
		kgo.SessionTimeout(10*time.Second), kgo.HeartbeatInterval(2*time.Second),
		kgo.OnPartitionsAssigned(s.assigned), kgo.OnPartitionsRevoked(s.revoked), kgo.OnPartitionsLost(s.revoked))
	if regular {
		o = append(o, kgo.ConsumeRegex())
	}
	if s.instance != "" {
		o = append(o, kgo.InstanceID(s.instance))
	}
	if err := s.link.start(ctx, o...); err != nil {
		return err
	}
	if !regular {
		if _, err := s.topics.partitions(ctx, s.link); err != nil {
			s.link.close()
			return err
		}
	}
	slog.Info("reading", "node", s.link.node, "brokers", s.link.Server, "group", s.group)
	return nil
}

// assigned notes partitions that are this member's from now on.
func (s *GroupSource) assigned(_ context.Context, _ *kgo.Client, to map[string][]int32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.turn++
	for topic, numbers := range to {
		for _, n := range numbers {
			s.owned[partition{topic, n}] = owned{turn: s.turn}
		}
	}
}

// revoked notes partitions that are not this member's any more. What was read of
// them and is not safe comes again, to another one.
func (s *GroupSource) revoked(_ context.Context, _ *kgo.Client, from map[string][]int32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for topic, numbers := range from {
		for _, n := range numbers {
			delete(s.owned, partition{topic, n})
		}
	}
}

// Read gives messages of one partition that are there, or waits for one.
func (s *GroupSource) Read(ctx context.Context, b *flow.Batch) error {
	for {
		back, err := s.queue.wait(ctx)
		if err != nil || back {
			return err
		}
		s.mu.Lock()
		s.queue.drop(func(p partition) bool { _, ours := s.owned[p]; return !ours })
		if len(s.queue.chunks) == 0 {
			s.mu.Unlock()
			continue
		}
		turn := s.owned[s.queue.chunks[0].of].turn
		s.mu.Unlock()
		of, next := s.queue.fill(b)
		b.Position = &handedOut{next, of, turn}
		return nil
	}
}

// Ack commits offsets: those of partitions that are still this member's.
func (s *GroupSource) Ack(ctx context.Context, positions map[string]any) error {
	offsets := map[string]map[int32]kgo.EpochOffset{}
	moved := map[partition]owned{}
	s.mu.Lock()
	for _, p := range positions {
		at, ok := p.(*handedOut)
		if !ok {
			continue
		}
		now, ours := s.owned[at.of]
		if !ours || now.turn != at.turn || at.Offset <= now.committed {
			continue
		}
		moved[at.of] = owned{now.turn, at.Offset}
		if offsets[at.of.topic] == nil {
			offsets[at.of.topic] = map[int32]kgo.EpochOffset{}
		}
		offsets[at.of.topic][at.of.number] = kgo.EpochOffset{Epoch: -1, Offset: at.Offset}
	}
	s.mu.Unlock()
	if len(offsets) == 0 {
		return nil
	}
	if err := s.commit(ctx, offsets); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for p, o := range moved {
		if now, ours := s.owned[p]; ours && now.turn == o.turn {
			s.owned[p] = o
		}
	}
	return nil
}

// commit sends offsets to the broker and waits for its answer.
func (s *GroupSource) commit(ctx context.Context, offsets map[string]map[int32]kgo.EpochOffset) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var failed error
	s.link.client.CommitOffsetsSync(ctx, offsets, func(_ *kgo.Client, _ *kmsg.OffsetCommitRequest, answer *kmsg.OffsetCommitResponse, err error) {
		if failed = err; err != nil {
			return
		}
		for _, t := range answer.Topics {
			for _, p := range t.Partitions {
				if err := kerr.ErrorForCode(p.ErrorCode); err != nil {
					failed = errors.Join(failed, fmt.Errorf("%s: %w", partition{t.Topic, p.Partition}, err))
				}
			}
		}
	})
	return failed
}

// Place is where a message stands.
func (s *GroupSource) Place(b *flow.Batch, r flow.Record) any { return placeOf(b, r) }

// Close leaves the group, but for a member with a name of its own: its partitions
// wait for it.
func (s *GroupSource) Close(context.Context) error {
	s.link.close()
	return nil
}

// Shared says that the members of a group share its partitions.
func (s *GroupSource) Shared() {}
