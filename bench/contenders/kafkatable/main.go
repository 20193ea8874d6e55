// Command kafkatable is W2 from a topic of Kafka into a table of PostgreSQL, written
// by hand: franz-go's consumer, the scanner, and COPY by pgx.
//
//	kafkatable [once] BROKER TOPIC DSN TABLE
//
// It is at least once: what came in one poll is copied in one statement, and once a
// second the offsets of what the database has are committed. With `once` it is
// effectively once: a transaction a second has what was copied, and the offsets behind
// it. It goes on until it is told to end.
package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/flowc-dev/flowc/bench/contenders/scan"
)

func main() {
	args, relay := os.Args[1:], run
	if len(args) > 0 && args[0] == "once" {
		args, relay = args[1:], runOnce
	}
	if len(args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: kafkatable [once] BROKER TOPIC DSN TABLE")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := relay(ctx, args[0], args[1], args[2], args[3]); err != nil {
		fmt.Fprintln(os.Stderr, "kafkatable:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, broker, topic, dsn, table string) error {
	last := context.WithoutCancel(ctx)
	conn, err := pgconn.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	defer conn.Close(last)
	client, err := kgo.NewClient(kgo.SeedBrokers(broker), kgo.ConsumerGroup("relay"), kgo.ConsumeTopics(topic), kgo.DisableAutoCommit(),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchMaxWait(time.Second))
	if err != nil {
		return err
	}
	defer client.Close()
	payments := scan.NewPayments()
	var text []byte
	for due := time.Now().Add(time.Second); ; {
		poll, cancel := context.WithDeadline(ctx, due)
		fetches := client.PollFetches(poll)
		cancel()
		text, err = appendRows(text[:0], payments, fetches)
		if err == nil && len(text) > 0 {
			_, err = conn.CopyFrom(last, bytes.NewReader(text), "COPY "+table+" FROM STDIN")
		}
		if err == nil && (ctx.Err() != nil || time.Now().After(due)) {
			due = time.Now().Add(time.Second)
			err = client.CommitUncommittedOffsets(last)
		}
		if err != nil || ctx.Err() != nil {
			return err
		}
	}
}

// appendRows appends the rows of all records that were fetched.
func appendRows(text []byte, payments *scan.Payments, fetches kgo.Fetches) ([]byte, error) {
	var err error
	fetches.EachRecord(func(r *kgo.Record) {
		if err == nil {
			text, err = appendRow(text, payments, r.Value)
		}
	})
	return text, err
}

// appendRow appends a row as COPY takes it, where the filter says yes. None of the
// columns has anything to escape.
func appendRow(text []byte, payments *scan.Payments, event []byte) ([]byte, error) {
	row, ok, err := payments.Row(event)
	if err != nil || !ok {
		return text, err
	}
	for i, value := range [][]byte{row.ID, row.At, row.Account, row.Counterparty, row.Amount, row.Fee} {
		if i > 0 {
			text = append(text, '\t')
		}
		text = append(text, value...)
	}
	return append(text, '\n'), nil
}
