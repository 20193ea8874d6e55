package kafka

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// quietEnd is how long a partition may give nothing that was to give something,
// with brokers that are there, until it counts as read: what is left of it are then
// messages of transactions that were given up.
const quietEnd = 5 * time.Second

// Letters gives back the dead letters that the topic has now, the oldest first: of
// each partition the order in which they stand there, and of several the one whose
// time is earliest. It has a connection of its own, and may be called while the sink
// writes. That there is no topic yet is no error.
func (s *Sink) Letters(ctx context.Context, yield func(letter []byte) error) error {
	if s.topic >= 0 {
		return errors.New("its topic changes with the record, so nobody knows where all letters are")
	}
	from, err := newLink(s.link.access)
	if err != nil {
		return err
	}
	// The ends of transactions are messages too, and may be the last ones.
	if err := from.start(ctx, append(fetching(), kgo.KeepControlRecords())...); err != nil {
		return err
	}
	defer from.close()
	columns, err := letterColumns(ctx, from, s.config.Topic)
	if err != nil {
		return err
	}
	offsets := map[int32]kgo.Offset{}
	for _, c := range columns {
		offsets[c.partition] = kgo.NewOffset().At(c.next)
	}
	from.client.AddConsumePartitions(map[string]map[int32]kgo.Offset{s.config.Topic: offsets})
	for len(columns) > 0 {
		if err := fill(ctx, from, s.config.Topic, columns); err != nil {
			return err
		}
		columns = slices.DeleteFunc(columns, func(c *letterColumn) bool { return len(c.records) == 0 && c.done() })
		if len(columns) == 0 {
			return nil
		}
		oldest := slices.MinFunc(columns, func(a, b *letterColumn) int {
			return cmp.Or(a.records[0].Timestamp.Compare(b.records[0].Timestamp), cmp.Compare(a.partition, b.partition))
		})
		r := oldest.records[0]
		oldest.records[0] = nil
		oldest.records = oldest.records[1:]
		if err := yield(r.Value); err != nil {
			return err
		}
	}
	return nil
}

// A letterColumn is a partition that is read to an end that is known.
type letterColumn struct {
	partition int32
	next, end int64
	records   []*kgo.Record // that were fetched, and not given yet
}

func (c *letterColumn) done() bool { return c.next >= c.end }

// letterColumns are the partitions of a topic that hold something.
func letterColumns(ctx context.Context, l *link, topic string) ([]*letterColumn, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	admin := kadm.NewClient(l.client)
	begins, err := admin.ListStartOffsets(ctx, topic)
	if err != nil {
		return nil, l.failed(err)
	}
	ends, err := admin.ListCommittedOffsets(ctx, topic)
	if err != nil {
		return nil, l.failed(err)
	}
	var columns []*letterColumn
	for _, end := range ends.Offsets()[topic] {
		begin, _ := begins.Lookup(topic, end.Partition)
		if begin.Offset < end.At {
			columns = append(columns, &letterColumn{partition: end.Partition, next: begin.Offset, end: end.At})
		}
	}
	var failed error
	ends.Each(func(o kadm.ListedOffset) {
		if o.Err != nil && !errors.Is(o.Err, kerr.UnknownTopicOrPartition) {
			failed = fmt.Errorf("%s: %w", partition{topic, o.Partition}, o.Err)
		}
	})
	if failed != nil {
		return nil, l.failed(failed)
	}
	slices.SortFunc(columns, func(a, b *letterColumn) int { return cmp.Compare(a.partition, b.partition) })
	return columns, nil
}

// fill fetches until each partition that is not read to its end has something. Those
// that have are not asked meanwhile, so what is held is bounded.
func fill(ctx context.Context, l *link, topic string, columns []*letterColumn) error {
	var hungry, fed []int32
	quiet := time.Now()
	for {
		hungry, fed = hungry[:0], fed[:0]
		for _, c := range columns {
			if len(c.records) == 0 && !c.done() {
				hungry = append(hungry, c.partition)
			} else {
				fed = append(fed, c.partition)
			}
		}
		if len(hungry) == 0 {
			return nil
		}
		l.client.PauseFetchPartitions(map[string][]int32{topic: fed})
		l.client.ResumeFetchPartitions(map[string][]int32{topic: hungry})
		if _, _, err := l.Ready(ctx); err != nil {
			return err
		}
		poll, cancel := context.WithTimeout(ctx, look)
		fetches := l.client.PollRecords(poll, 0)
		cancel()
		if ctx.Err() != nil {
			return ctx.Err()
		}
		for _, e := range fetches.Errors() {
			if !errors.Is(e.Err, context.DeadlineExceeded) && !kerr.IsRetriable(e.Err) {
				return l.failed(fmt.Errorf("%s: %w", partition{e.Topic, e.Partition}, e.Err))
			}
		}
		fetches.EachRecord(func(r *kgo.Record) {
			at := slices.IndexFunc(columns, func(c *letterColumn) bool { return c.partition == r.Partition })
			if at < 0 || r.Offset >= columns[at].end {
				if at >= 0 {
					columns[at].next = columns[at].end
				}
				return
			}
			if c := columns[at]; r.Offset >= c.next {
				if c.next = r.Offset + 1; !r.Attrs.IsControl() {
					c.records = append(c.records, r)
				}
			}
			quiet = time.Now()
		})
		if time.Since(quiet) < quietEnd {
			continue
		}
		if err := l.healthy(ctx); err != nil {
			return err
		}
		for _, c := range columns {
			if len(c.records) == 0 {
				c.next = c.end
			}
		}
	}
}
