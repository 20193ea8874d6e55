package kafka

import (
	"context"
	"fmt"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// A tip is where a partition is, for requests that the client does not make by itself.
type tip struct {
	of     partition
	id     [16]byte // of the topic
	leader int32
}

// fetch reads what there is from an offset on, with the marks that end transactions,
// and returns the offset behind it.
func (at *tip) fetch(ctx context.Context, l *link, from int64) (records []*kgo.Record, next int64, err error) {
	q := kmsg.NewPtrFetchRequest()
	q.MaxWaitMillis, q.MinBytes, q.MaxBytes, q.SessionEpoch = 500, 1, 8<<20, -1
	topic := kmsg.NewFetchRequestTopic()
	topic.Topic, topic.TopicID = at.of.topic, at.id
	p := kmsg.NewFetchRequestTopicPartition()
	p.Partition, p.FetchOffset, p.PartitionMaxBytes = at.of.number, from, 8<<20
	topic.Partitions = append(topic.Partitions, p)
	q.Topics = append(q.Topics, topic)
	answer, err := l.client.Broker(int(at.leader)).RetriableRequest(ctx, q)
	if err != nil {
		return nil, 0, err
	}
	a := answer.(*kmsg.FetchResponse)
	if err := kerr.ErrorForCode(a.ErrorCode); err != nil {
		return nil, 0, err
	}
	if len(a.Topics) != 1 || len(a.Topics[0].Partitions) != 1 {
		return nil, 0, fmt.Errorf("the topic %s is not read", at.of.topic)
	}
	got, next := kgo.ProcessFetchPartition(kgo.ProcessFetchPartitionOpts{KeepControlRecords: true, Offset: from, Topic: at.of.topic, Partition: at.of.number},
		&a.Topics[0].Partitions[0], kgo.DefaultDecompressor(), nil)
	return got.Records, next, got.Err
}
