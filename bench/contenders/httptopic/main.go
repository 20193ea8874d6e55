// Command httptopic is net/http in front of a Kafka topic, written by hand: W2's
// transform with the scanner, and an answer when the broker has the record. The
// client gathers the records of requests that wait at the same time.
//
//	httptopic ADDRESS BROKER TOPIC
package main

import (
	"bytes"
	"context"
	"fmt"
	"os"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/flowc-dev/flowc/bench/contenders/front"
)

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: httptopic ADDRESS BROKER TOPIC")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, "httptopic:", err)
		os.Exit(1)
	}
}

func run(address, broker, topic string) error {
	client, err := kgo.NewClient(kgo.SeedBrokers(broker), kgo.DefaultProduceTopic(topic), kgo.ProducerLinger(0))
	if err != nil {
		return err
	}
	defer client.Close()
	return front.Serve(address, func(ctx context.Context, d *front.Desk, event []byte) (err error) {
		if d.Line, err = d.Payments.Line(event, d.Line[:0]); err != nil {
			return &front.BadRequest{Err: err}
		}
		if len(d.Line) == 0 {
			return nil
		}
		return client.ProduceSync(ctx, &kgo.Record{Value: bytes.TrimSuffix(d.Line, []byte("\n"))}).FirstErr()
	})
}
