// Command broker is a Kafka broker in one small process, for benchmarks: franz-go's
// kfake, which keeps everything in memory.
//
//	broker ADDRESS TOPIC:PARTITIONS...
//
// It serves until it is told to end.
package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"

	"github.com/twmb/franz-go/pkg/kfake"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "broker:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 0 {
		return fmt.Errorf("usage: broker ADDRESS TOPIC:PARTITIONS")
	}
	_, text, err := net.SplitHostPort(args[0])
	if err != nil {
		return err
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		return err
	}
	options := []kfake.Opt{kfake.NumBrokers(1), kfake.Ports(port)}
	for _, topic := range args[1:] {
		name, partitions, _ := strings.Cut(topic, ":")
		n, err := strconv.ParseInt(partitions, 10, 32)
		if err != nil {
			return fmt.Errorf("%s: %w", topic, err)
		}
		options = append(options, kfake.SeedTopics(int32(n), name))
	}
	cluster, err := kfake.NewCluster(options...)
	if err != nil {
		return err
	}
	defer cluster.Close()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	<-ctx.Done()
	return nil
}
