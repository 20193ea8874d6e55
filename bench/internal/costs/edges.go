package costs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/flowc-dev/flowc/bench/internal/measure"
)

// edges measures both ends of an edge between two processes, and the broker between them.
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
		if err := b.natsEdge(ctx, s, idle, resting); err != nil {
			return err
		}
	}
	return nil
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

// natsEdge runs a pipeline of lines in two processes, one after the other: what is
// between them waits in the stream.
func (b *bench) natsEdge(ctx context.Context, s dataset, idle, resting time.Duration) error {
	write, err := b.rest(ctx, s)
	if err != nil {
		return err
	}
	read, err := b.rest(ctx, s, "source/file", "encode/raw", "encode/text")
	if err != nil {
		return err
	}
	p, err := b.built(ctx, "edge-"+s.name, fmt.Sprintf(`pipeline: p
edges: {nats: {url: "${env:NATS_URL}"}}
sources: {in: {use: file, config: {path: %q, format: text}}}
processors: {x: {from: in, order: none, scale: {replicas: 2}, filter: in != ""}}
sinks: {out: {from: x, use: drop}}
`, s.ndjson))
	if err != nil {
		return err
	}
	var writer, reader, broker time.Duration
	for round := range b.Rounds {
		w, r, n, err := b.oneEdge(ctx, p)
		if err != nil {
			return b.fail("edge", err)
		}
		if round == 0 {
			writer, reader, broker = w, r, n
		}
		writer, reader, broker = min(writer, w), min(reader, r), min(broker, n)
	}
	b.note("sink/edge-nats", s.size, each(writer-idle, s.records)-write)
	b.note("source/edge-nats", s.size, each(reader-2*idle, s.records)-read)
	b.note("broker/nats", s.size, each(broker-resting, s.records))
	return nil
}

// oneEdge runs the writer, then both readers, and tells what they and the broker took.
func (b *bench) oneEdge(ctx context.Context, p *program) (writer, reader, broker time.Duration, err error) {
	n, err := b.rig().NATS(ctx)
	if err != nil {
		return 0, 0, 0, err
	}
	run := func(args ...string) (time.Duration, error) {
		var c measure.Command = b.command(p, args...)
		c.Env = append(c.Env, "NATS_URL="+n.URL)
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
	err = errors.Join(err, n.Stop())
	return writer, reader, n.Used.CPU(), err
}
