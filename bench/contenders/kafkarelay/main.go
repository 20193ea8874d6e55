// Command kafkarelay is W2 from one topic of Kafka to another, written by hand: the
// scanner between franz-go's consumer and its producer.
//
//	kafkarelay [once] BROKER FROM TO
//
// It is at least once: as a member of a group it commits the offsets of what the
// broker has stored, once a second. With `once` records and offsets are in one
// transaction a second. It goes on until it is told to end.
package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/flowc-dev/flowc/bench/contenders/scan"
)

const every = time.Second

func main() {
	args := os.Args[1:]
	once := len(args) > 0 && args[0] == "once"
	if once {
		args = args[1:]
	}
	if len(args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: kafkarelay [once] BROKER FROM TO")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	r := &relay{payments: scan.NewPayments(), to: args[2]}
	run := r.atLeastOnce
	if once {
		run = r.once
	}
	if err := run(ctx, args[0], args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "kafkarelay:", err)
		os.Exit(1)
	}
}

type relay struct {
	payments *scan.Payments
	to       string
	failed   atomic.Pointer[error] // the first record that was not stored
}

// atLeastOnce relays, and commits offsets behind what is stored.
func (r *relay) atLeastOnce(ctx context.Context, broker, from string) error {
	client, err := kgo.NewClient(kgo.SeedBrokers(broker), kgo.ConsumerGroup("relay"), kgo.ConsumeTopics(from), kgo.DisableAutoCommit(),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchMaxWait(time.Second), kgo.ProducerLinger(0))
	if err != nil {
		return err
	}
	defer client.Close()
	commit := func() error {
		last := context.WithoutCancel(ctx)
		if err := client.Flush(last); err != nil {
			return err
		}
		if err := r.failed.Load(); err != nil {
			return *err
		}
		return client.CommitUncommittedOffsets(last)
	}
	for due := time.Now().Add(every); ; {
		poll, cancel := context.WithDeadline(ctx, due)
		fetches := client.PollFetches(poll)
		cancel()
		if err := r.pass(client.Produce, fetches); err != nil {
			return err
		}
		if ctx.Err() != nil {
			return commit()
		}
		if time.Now().Before(due) {
			continue
		}
		if err := commit(); err != nil {
			return err
		}
		due = time.Now().Add(every)
	}
}

// once relays in transactions that have the offsets.
func (r *relay) once(ctx context.Context, broker, from string) error {
	s, err := kgo.NewGroupTransactSession(kgo.SeedBrokers(broker), kgo.TransactionalID("relay"), kgo.ConsumerGroup("relay"), kgo.ConsumeTopics(from),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchMaxWait(time.Second), kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.ProducerLinger(0))
	if err != nil {
		return err
	}
	defer s.Close()
	for ctx.Err() == nil {
		if err := s.Begin(); err != nil {
			return err
		}
		for due := time.Now().Add(every); ctx.Err() == nil && time.Now().Before(due); {
			poll, cancel := context.WithDeadline(ctx, due)
			fetches := s.PollFetches(poll)
			cancel()
			if err := r.pass(s.Produce, fetches); err != nil {
				return err
			}
		}
		if _, err := s.End(context.WithoutCancel(ctx), kgo.TransactionEndTry(r.failed.Load() == nil)); err != nil {
			return err
		}
	}
	return nil
}

// pass does the work on what was read, and gives it to the producer.
func (r *relay) pass(produce func(context.Context, *kgo.Record, func(*kgo.Record, error)), fetches kgo.Fetches) error {
	var failed error
	var lines []byte // of its own for each poll: the producer holds on to it
	fetches.EachRecord(func(in *kgo.Record) {
		if failed != nil {
			return
		}
		begin := len(lines)
		if lines, failed = r.payments.Line(in.Value, lines); failed != nil || len(lines) == begin {
			return
		}
		out := &kgo.Record{Topic: r.to, Value: bytes.TrimSuffix(lines[begin:len(lines):len(lines)], []byte("\n"))}
		produce(context.Background(), out, func(_ *kgo.Record, err error) {
			if err != nil {
				r.failed.CompareAndSwap(nil, &err)
			}
		})
	})
	return failed
}
