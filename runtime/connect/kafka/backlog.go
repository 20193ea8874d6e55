package kafka

import (
	"context"

	"github.com/twmb/franz-go/pkg/kadm"

	"github.com/flowc-dev/flowc/runtime/connect/messages"
)

// Backlog counts the messages in the topic of the edge: readers delete what their
// checkpoints have passed.
func (s *EdgeSource) Backlog(ctx context.Context) (int64, error) {
	t := s.from.topic
	if t.client == nil {
		if err := t.start(ctx); err != nil {
			return 0, err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	found, err := t.find(ctx, kadm.NewClient(t.client))
	if err != nil || found == nil { // nobody has written or read yet
		return 0, err
	}
	var of []partition
	for n := range min(t.partitions, len(found.Partitions)) {
		of = append(of, partition{t.name, int32(n)})
	}
	extents, err := extents(ctx, t.link, of, messages.Start{})
	if err != nil {
		return 0, err
	}
	var messages int64
	for _, e := range extents {
		messages += max(0, e.to-e.from)
	}
	return messages, nil
}
