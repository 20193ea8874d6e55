package costs

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// edges measures both ends of an edge between two processes, by each carrier, and the
// broker between them.
func (b *bench) edges(ctx context.Context, sets []dataset) error {
	idle, err := b.idle(ctx)
	if err != nil {
		return err
	}
	resting, err := b.natsIdle(ctx)
	if err != nil {
		return err
	}
	for _, s := range sets {
		broker, err := b.edge(ctx, s, idle, "nats", `url: "${env:EDGES}"`, b.startNATS)
		if err != nil {
			return err
		}
		b.note("broker/nats", s.size, each(broker-resting, s.records))
		// What a broker of Kafka takes is not measured: the one here is no real one.
		if _, err := b.edge(ctx, s, idle, "kafka", `brokers: ["${env:EDGES}"]`, b.startKafka); err != nil {
			return err
		}
	}
	return nil
}

// A stopped broker tells what it used.
type stop func() (time.Duration, error)

func (b *bench) startNATS(ctx context.Context) (address string, _ stop, err error) {
	n, err := b.rig().NATS(ctx)
	if err != nil {
		return "", nil, err
	}
	return n.URL, func() (time.Duration, error) { err := n.Stop(); return n.Used.CPU(), err }, nil
}

func (b *bench) startKafka(ctx context.Context) (address string, _ stop, err error) {
	k, err := b.rig().Kafka(ctx)
	if err != nil {
		return "", nil, err
	}
	return k.Address, func() (time.Duration, error) { return 0, k.Stop() }, nil
}

// natsIdle is what a broker takes that nobody uses.
func (b *bench) natsIdle(ctx context.Context) (time.Duration, error) {
	n, err := b.rig().NATS(ctx)
	if err != nil {
		return 0, err
	}
	time.Sleep(time.Second)
	err = n.Stop()
	return n.Used.CPU(), err
}

// edge runs a pipeline of lines in two processes, one after the other: what is between
// them waits at the broker. It tells what that used.
func (b *bench) edge(ctx context.Context, s dataset, idle time.Duration, carrier, config string, start func(context.Context) (string, stop, error)) (broker time.Duration, err error) {
	write, err := b.rest(ctx, s)
	if err != nil {
		return 0, err
	}
	read, err := b.rest(ctx, s, "source/file", "encode/raw", "encode/text")
	if err != nil {
		return 0, err
	}
	p, err := b.built(ctx, "edge-"+carrier+"-"+s.name, fmt.Sprintf(`pipeline: p
edges: {%s: {%s}}
sources: {in: {use: file, config: {path: %q, format: text}}}
processors: {x: {from: in, order: none, scale: {replicas: 2}, filter: in != ""}}
sinks: {out: {from: x, use: drop}}
`, carrier, config, s.ndjson))
	if err != nil {
		return 0, err
	}
	var writer, reader time.Duration
	for round := range b.Rounds {
		w, r, n, err := b.oneEdge(ctx, p, start)
		if err != nil {
			return 0, b.fail("an edge by "+carrier, err)
		}
		if round == 0 {
			writer, reader, broker = w, r, n
		}
		writer, reader, broker = min(writer, w), min(reader, r), min(broker, n)
	}
	b.note("sink/edge-"+carrier, s.size, each(writer-idle, s.records)-write)
	b.note("source/edge-"+carrier, s.size, each(reader-2*idle, s.records)-read)
	return broker, nil
}

// oneEdge runs the writer, then both readers, and tells what they and the broker took.
func (b *bench) oneEdge(ctx context.Context, p *program, start func(context.Context) (string, stop, error)) (writer, reader, broker time.Duration, err error) {
	address, stop, err := start(ctx)
	if err != nil {
		return 0, 0, 0, err
	}
	run := func(args ...string) (time.Duration, error) {
		c := b.command(p, args...)
		c.Env = append(c.Env, "EDGES="+address)
		used, err := b.Launcher.Run(ctx, c)
		return used.CPU(), err
	}
	writer, err = run("--process", "p")
	for _, replica := range []string{"0", "1"} {
		if err == nil {
			var one time.Duration
			one, err = run("--process", "x", "--replica", replica)
			reader += one
		}
	}
	broker, stopErr := stop()
	return writer, reader, broker, errors.Join(err, stopErr)
}
