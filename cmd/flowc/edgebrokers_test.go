package main

import (
	"context"
	"errors"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
)

// edgeBrokers are what carries records between the processes of pipelines that are cut.
type edgeBrokers struct {
	t     *testing.T
	nats  *natsServer
	kafka *kafkaCluster
}

// clear removes the streams and topics of a run.
func (b *edgeBrokers) clear() {
	b.t.Helper()
	ctx := context.Background()
	js, conn := b.nats.stream()
	defer conn.Close()
	for name := range js.StreamNames(ctx).Name() {
		if err := js.DeleteStream(ctx, name); err != nil && !errors.Is(err, context.Canceled) {
			b.t.Fatal(err)
		}
	}
	client := b.kafka.client()
	defer client.Close()
	admin := kadm.NewClient(client)
	topics, err := admin.ListTopics(ctx)
	if err != nil {
		b.t.Fatal(err)
	}
	if len(topics) == 0 {
		return
	}
	answers, err := admin.DeleteTopics(ctx, topics.Names()...)
	if err == nil {
		err = answers.Error()
	}
	if err != nil {
		b.t.Fatal(err)
	}
}
