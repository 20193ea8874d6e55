package kafka

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/flowc-dev/flowc/runtime/connect/messages"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// look is how often a source that waits looks whether the cluster is there.
const look = 200 * time.Millisecond

// fetching are the options of a client that reads. It holds an answer of each
// broker: small messages that compress well become some thirty times as much
// memory, so an answer is small, and as fast as a large one.
func fetching() []kgo.Opt {
	return []kgo.Opt{
		kgo.FetchMaxBytes(1 << 20), kgo.FetchMaxPartitionBytes(1 << 20), kgo.FetchMaxWait(time.Second),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
	}
}

// A queue has the messages that came and were not handed on, by partition.
type queue struct {
	link   *link
	chunks []chunk
	lag    lag
}

// A chunk is what came of a partition at once.
type chunk struct {
	of      partition
	records []*kgo.Record
}

// wait polls until there is something; back tells that the cluster was away, and
// is there again.
func (q *queue) wait(ctx context.Context) (back bool, err error) {
	for len(q.chunks) == 0 {
		_, back, err := q.link.Ready(ctx)
		if err != nil || back {
			return back, err
		}
		poll, cancel := context.WithTimeout(ctx, look)
		fetches := q.link.client.PollRecords(poll, 0)
		cancel()
		if ctx.Err() != nil && fetches.NumRecords() == 0 {
			return false, ctx.Err()
		}
		for _, e := range fetches.Errors() {
			if err := q.failed(e); err != nil {
				return false, err
			}
		}
		fetches.EachPartition(func(p kgo.FetchTopicPartition) {
			if len(p.Records) > 0 {
				of := partition{p.Topic, p.Partition}
				q.chunks = append(q.chunks, chunk{of, p.Records})
				q.lag.came(of, p.HighWatermark, p.Records[0].Offset)
			}
		})
		if len(q.chunks) == 0 {
			return false, nil // the source may have something else to do
		}
	}
	return false, nil
}

// failed says what an error of a fetch means; nil for those that the client gets
// over by itself.
func (q *queue) failed(e kgo.FetchError) error {
	var lost *kgo.ErrDataLoss
	switch {
	case errors.As(e.Err, &lost):
		slog.Warn("messages are lost: the brokers no longer have what they had", "node", q.link.node, "topic", lost.Topic, "partition", lost.Partition, "from", lost.ResetTo, "to", lost.ConsumedTo)
		return nil
	case errors.Is(e.Err, kerr.OffsetOutOfRange):
		return fmt.Errorf("%s: the partition does not have the message that is next: the topic has dropped it, or was made anew; started again the program goes on with what there is",
			partition{e.Topic, e.Partition})
	case errors.Is(e.Err, context.DeadlineExceeded), errors.Is(e.Err, context.Canceled), errors.Is(e.Err, kgo.ErrClientClosed), kerr.IsRetriable(e.Err):
		return nil
	}
	if final(e.Err) {
		return fmt.Errorf("%s: %w", partition{e.Topic, e.Partition}, e.Err)
	}
	slog.Debug("fetching failed, and is tried again", "node", q.link.node, "error", e.Err)
	return nil
}

// fill puts messages of one partition into b and returns the partition, and the
// offset behind the last of them.
func (q *queue) fill(b *flow.Batch) (of partition, next int64) {
	c := &q.chunks[0]
	notes := messages.Notes[note](b)
	n := 0
	for _, r := range c.records {
		if !messages.Room(b, len(r.Value)) {
			break
		}
		messages.Add(b, r.Value)
		*notes = append(*notes, r)
		next = r.Offset + 1
		n++
	}
	of = c.of
	q.lag.read(of, next)
	b.Split = of.String()
	clear(c.records[:n])
	if c.records = c.records[n:]; len(c.records) == 0 {
		q.chunks[0] = chunk{}
		q.chunks = q.chunks[1:]
	}
	return of, next
}

// drop forgets what is there of partitions.
func (q *queue) drop(gone func(partition) bool) {
	q.lag.forget(gone)
	kept := q.chunks[:0]
	for _, c := range q.chunks {
		if !gone(c.of) {
			kept = append(kept, c)
		}
	}
	clear(q.chunks[len(kept):])
	q.chunks = kept
}
