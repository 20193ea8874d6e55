package kafka

import (
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/flowc-dev/flowc/runtime/connect/messages"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// Meta is `meta` of a record from a message.
type Meta struct {
	// Topic is the topic that the message stands in.
	Topic string `json:"topic"`
	// Partition is the partition of the topic.
	Partition int `json:"partition"`
	// Offset is the message's number in the partition.
	Offset int64 `json:"offset"`
	// Key is the message's key; empty where it has none.
	Key string `json:"key"`
	// Timestamp is when the message was made, or stored: the topic decides.
	Timestamp time.Time `json:"timestamp"`
	// Headers are the message's; of those with the same name the last counts.
	Headers map[string]string `json:"headers"`
}

// A note is the message of a record.
type note = *kgo.Record

// At makes m the meta of a record.
func (m *Meta) At(b *flow.Batch, r flow.Record) {
	n := messages.Note[note](b, r)
	if n == nil {
		*m = Meta{}
		return
	}
	record := *n
	m.Topic, m.Partition, m.Offset, m.Key, m.Timestamp, m.Headers = record.Topic, int(record.Partition), record.Offset, string(record.Key), record.Timestamp, nil
	if len(record.Headers) == 0 {
		return
	}
	// A map of its own: records that are kept keep it too.
	m.Headers = make(map[string]string, len(record.Headers))
	for _, h := range record.Headers {
		m.Headers[h.Key] = string(h.Value)
	}
}

// A place is where a message stands, in dead letters.
type place struct {
	Topic     string `json:"topic"`
	Partition int32  `json:"partition"`
	Offset    int64  `json:"offset"`
}

func placeOf(b *flow.Batch, r flow.Record) any {
	n := messages.Note[note](b, r)
	if n == nil {
		return nil
	}
	return place{(*n).Topic, (*n).Partition, (*n).Offset}
}

// A partition is one of a topic.
type partition struct {
	topic  string
	number int32
}

// String is how splits are called: orders/3.
func (p partition) String() string { return fmt.Sprintf("%s/%d", p.topic, p.number) }
