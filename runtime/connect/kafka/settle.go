package kafka

import (
	"context"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// settling is how often the client is asked whether it lists a topic.
const settling = time.Millisecond

// listed waits until a client lists a topic that it has written to. It sends the first
// records to a topic before it does (kgo's storePartitionsUpdate, in 1.22.3), and
// what ends a transaction goes through the list: the topic would stay in the old
// transaction, so that the next write to it is refused.
func listed(ctx context.Context, client *kgo.Client, topic string) error {
	for !lists(client, topic) {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(settling):
		}
	}
	return nil
}

// lists tells whether a client knows a partition of a topic, if only that it can't be
// written to.
func lists(client *kgo.Client, topic string) bool {
	leader, epoch, err := client.PartitionLeader(topic, 0)
	return leader >= 0 || epoch >= 0 || err != nil
}

// settle waits until the client lists a topic.
func (k *keeping) settle(ctx context.Context, topic string) error {
	if slices.Contains(k.settled, topic) {
		return nil
	}
	if err := listed(ctx, k.link.client, topic); err != nil {
		return err
	}
	k.settled = append(k.settled, topic)
	return nil
}

// settleAll does so for the topics of a write.
func (s *Sink) settleAll(ctx context.Context, o *flow.Out, errs []error) error {
	last := ""
	for i, err := range errs {
		topic := s.topicOf(o, i)
		if err != nil || topic == last {
			continue
		}
		if err := s.keeping.settle(ctx, topic); err != nil {
			return err
		}
		if s.topic < 0 { // all records go there
			return nil
		}
		last = topic
	}
	return nil
}
