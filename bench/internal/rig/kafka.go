package rig

import (
	"bufio"
	"context"
	"errors"
	"os"
	"sync/atomic"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/flowc-dev/flowc/bench/internal/data"
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

// Feed produces the lines of a file to a topic, a record a line.
func (k *Kafka) Feed(ctx context.Context, topic, path string) error {
	client, err := kgo.NewClient(kgo.SeedBrokers(k.Address), kgo.DefaultProduceTopic(topic))
	if err != nil {
		return err
	}
	defer client.Close()
	var failed atomic.Pointer[error]
	err = data.Lines(path, func(line []byte) error {
		client.Produce(ctx, &kgo.Record{Value: line}, func(_ *kgo.Record, err error) {
			if err != nil {
				failed.Store(&err)
			}
		})
		return nil
	})
	err = errors.Join(err, client.Flush(ctx))
	if f := failed.Load(); f != nil {
		err = errors.Join(err, *f)
	}
	return err
}

// Count is how many records of a topic can be read; the marks that end transactions
// count too.
func (k *Kafka) Count(ctx context.Context, topic string) (int, error) {
	client, err := kgo.NewClient(kgo.SeedBrokers(k.Address))
	if err != nil {
		return 0, err
	}
	defer client.Close()
	ends, err := kadm.NewClient(client).ListCommittedOffsets(ctx, topic)
	if err == nil {
		err = ends.Error()
	}
	total := 0
	ends.Each(func(o kadm.ListedOffset) { total += int(o.Offset) })
	return total, err
}

// Dump writes the records of a topic to a file, one a line: those that a reader of
// committed ones sees.
func (k *Kafka) Dump(ctx context.Context, topic, path string) (err error) {
	client, err := kgo.NewClient(kgo.SeedBrokers(k.Address), kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.KeepControlRecords())
	if err != nil {
		return err
	}
	defer client.Close()
	ends, err := kadm.NewClient(client).ListCommittedOffsets(ctx, topic)
	if err == nil {
		err = ends.Error()
	}
	if err != nil {
		return err
	}
	left := map[int32]int64{} // where the partitions end that are not read yet
	ends.Each(func(o kadm.ListedOffset) {
		if o.Offset > 0 {
			left[o.Partition] = o.Offset
		}
	})
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	defer func() { err = errors.Join(err, w.Flush(), f.Close()) }()
	for len(left) > 0 {
		fetches := client.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			return err
		}
		fetches.EachRecord(func(r *kgo.Record) {
			if r.Offset+1 >= left[r.Partition] {
				delete(left, r.Partition)
			}
			if !r.Attrs.IsControl() {
				_, _ = w.Write(append(r.Value, '\n')) // Flush tells
			}
		})
	}
	return nil
}
