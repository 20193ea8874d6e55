package rig

import (
	"bufio"
	"context"
	"errors"
	"os"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/flowc-dev/flowc/bench/internal/measure"
)

// A Kafka is a broker that runs.
type Kafka struct {
	Address string
	process *measure.Process
}

// Kafka starts a broker with topics, each as NAME:PARTITIONS.
func (r Rig) Kafka(ctx context.Context, topics ...string) (*Kafka, error) {
	path, err := r.Shop.Go(ctx, "internal/broker")
	if err != nil {
		return nil, err
	}
	address, err := FreeAddress()
	if err != nil {
		return nil, err
	}
	p, err := r.Launcher.Start(ctx, measure.Command{Argv: append([]string{path, address}, topics...), Cores: r.Cores})
	if err != nil {
		return nil, err
	}
	k := &Kafka{Address: address, process: p}
	if err := Wait(ctx, address); err != nil {
		return nil, errors.Join(err, k.Stop())
	}
	return k, nil
}

// Stop ends the broker; what it was given is gone.
func (k *Kafka) Stop() error {
	_, err := k.process.Stop()
	return err
}

// Count is how many records a topic has.
func (k *Kafka) Count(ctx context.Context, topic string) (int, error) {
	client, err := kgo.NewClient(kgo.SeedBrokers(k.Address))
	if err != nil {
		return 0, err
	}
	defer client.Close()
	ends, err := kadm.NewClient(client).ListEndOffsets(ctx, topic)
	if err == nil {
		err = ends.Error()
	}
	total := 0
	ends.Each(func(o kadm.ListedOffset) { total += int(o.Offset) })
	return total, err
}

// Dump writes the records of a topic to a file, one a line.
func (k *Kafka) Dump(ctx context.Context, topic, path string) (err error) {
	want, err := k.Count(ctx, topic)
	if err != nil {
		return err
	}
	client, err := kgo.NewClient(kgo.SeedBrokers(k.Address), kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		return err
	}
	defer client.Close()
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	defer func() { err = errors.Join(err, w.Flush(), f.Close()) }()
	for want > 0 {
		fetches := client.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			return err
		}
		fetches.EachRecord(func(r *kgo.Record) {
			want--
			_, _ = w.Write(append(r.Value, '\n')) // Flush tells
		})
	}
	return nil
}
