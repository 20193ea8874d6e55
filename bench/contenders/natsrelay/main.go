// Command natsrelay is W2 from one stream of JetStream to another, written by hand:
// the scanner between a pull consumer of nats.go and its asynchronous publishing.
//
//	natsrelay URL STREAM SUBJECT
//
// It is at least once: once a second it acknowledges up to the last message of which
// everything is stored. It goes on until it is told to end.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/flowc-dev/flowc/bench/contenders/scan"
)

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: natsrelay URL STREAM SUBJECT")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, "natsrelay:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, url, stream, subject string) error {
	conn, err := nats.Connect(url)
	if err != nil {
		return err
	}
	defer conn.Close()
	failed := make(chan error, 1)
	js, err := jetstream.New(conn, jetstream.WithPublishAsyncMaxPending(4096), jetstream.WithPublishAsyncErrHandler(func(_ jetstream.JetStream, _ *nats.Msg, err error) {
		select {
		case failed <- err:
		default:
		}
	}))
	if err != nil {
		return err
	}
	consumer, err := js.CreateConsumer(ctx, stream, jetstream.ConsumerConfig{Durable: "relay", AckPolicy: jetstream.AckAllPolicy, MaxAckPending: -1})
	if err != nil {
		return err
	}
	messages, err := consumer.Messages(jetstream.PullMaxMessagesWithBytesLimit(2048, 4<<20))
	if err != nil {
		return err
	}
	defer messages.Stop()
	// The last one that was read is safe when all that was published is stored.
	var last jetstream.Msg
	settle := func() error {
		if last == nil {
			return nil
		}
		select {
		case <-js.PublishAsyncComplete():
		case err := <-failed:
			return err
		}
		err := last.DoubleAck(context.WithoutCancel(ctx))
		last = nil
		return err
	}
	go func() {
		<-ctx.Done()
		messages.Stop()
	}()
	payments := scan.NewPayments()
	var line []byte
	for due := time.Now().Add(time.Second); ; {
		m, err := messages.Next(jetstream.NextMaxWait(max(time.Until(due), time.Millisecond)))
		switch {
		case ctx.Err() != nil:
			return settle()
		case err == nil:
			last = m
			if line, err = payments.Line(m.Data(), line[:0]); err != nil {
				return err
			}
			if len(line) > 0 { // the client writes it into its buffer, and keeps it for a retry
				if _, err := js.PublishAsync(subject, bytes.Clone(bytes.TrimSuffix(line, []byte("\n"))), jetstream.WithStallWait(time.Minute)); err != nil {
					return err
				}
			}
		case errors.Is(err, nats.ErrTimeout), errors.Is(err, context.DeadlineExceeded):
		default:
			return err
		}
		if time.Now().After(due) {
			if err := settle(); err != nil {
				return err
			}
			due = time.Now().Add(time.Second)
		}
	}
}
