package kafka

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/flowc-dev/flowc/runtime/connect"
)

// Letters come from all partitions, the oldest first; what a transaction took back is
// none of them, at the end of a partition either.
func TestLetters(t *testing.T) {
	f := newFixture(t, kfake.SeedTopics(4, "dead"))
	read := func(topic string) (got []string) {
		s, err := NewSink(SinkConfig{Brokers: f.brokers(), Topic: topic, MaxMessage: 1e6}, connect.Output{Node: "dead", Format: "ndjson"})
		if err == nil {
			err = s.(*Sink).Letters(t.Context(), func(letter []byte) error {
				got = append(got, string(letter))
				return nil
			})
		}
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	if got := read("dead"); len(got) > 0 {
		t.Errorf("letters of an empty topic: %q", got)
	}
	if got := read("nowhere"); len(got) > 0 {
		t.Errorf("letters of no topic: %q", got)
	}
	produce := func(transaction bool, from, to int) {
		t.Helper()
		opts := []kgo.Opt{kgo.SeedBrokers(f.brokers()...), kgo.RecordPartitioner(kgo.ManualPartitioner())}
		if transaction {
			opts = append(opts, kgo.TransactionalID("t"))
		}
		client, err := kgo.NewClient(opts...)
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		if transaction {
			if err := client.BeginTransaction(); err != nil {
				t.Fatal(err)
			}
		}
		for i := from; i < to; i++ { // three of the partitions have some
			r := &kgo.Record{Topic: "dead", Partition: int32(i * i % 3), Value: fmt.Append(nil, i), Timestamp: time.UnixMilli(int64(1_700_000_000_000 + i))}
			if err := client.ProduceSync(context.Background(), r).FirstErr(); err != nil {
				t.Fatal(err)
			}
		}
		if transaction {
			if err := client.EndTransaction(context.Background(), kgo.TryAbort); err != nil {
				t.Fatal(err)
			}
		}
	}
	var want []string
	for i := range 300 {
		want = append(want, fmt.Sprint(i))
	}
	produce(false, 0, 200)
	produce(true, 1000, 1010)
	produce(false, 200, 300)
	produce(true, 1010, 1020)
	if got := read("dead"); !slices.Equal(got, want) {
		t.Errorf("%d letters: %q", len(got), got)
	}
}
