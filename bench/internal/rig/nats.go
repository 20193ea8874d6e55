package rig

import (
	"bufio"
	"context"
	"errors"
	"os"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/flowc-dev/flowc/bench/internal/data"
	"github.com/flowc-dev/flowc/bench/internal/measure"
	"github.com/flowc-dev/flowc/bench/internal/usage"
)

// A NATS is a server of NATS that runs.
type NATS struct {
	URL string
	// Used is what it used, once it was stopped.
	Used    usage.Usage
	process *measure.Process
	dir     string
}

// NATS starts a server with streams that take the subject of their name.
func (r Rig) NATS(ctx context.Context, streams ...string) (*NATS, error) {
	path, err := r.Shop.Go(ctx, "internal/natsserver")
	if err != nil {
		return nil, err
	}
	address, err := FreeAddress()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(r.Dir, "nats-")
	if err != nil {
		return nil, err
	}
	p, err := r.Launcher.Start(ctx, measure.Command{Argv: []string{path, address, dir}, Cores: r.Cores})
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	n := &NATS{URL: "nats://" + address, process: p, dir: dir}
	err = Wait(ctx, address)
	if err == nil {
		err = n.with(func(js jetstream.JetStream) error {
			for _, name := range streams {
				if _, err := js.CreateStream(ctx, jetstream.StreamConfig{Name: name, Subjects: []string{name}}); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err != nil {
		return nil, errors.Join(err, n.Stop())
	}
	return n, nil
}

// Stop ends the server; what it was given is gone.
func (n *NATS) Stop() (err error) {
	n.Used, err = n.process.Stop()
	return errors.Join(err, os.RemoveAll(n.dir))
}

// Feed publishes the lines of a file to a subject, a message a line.
func (n *NATS) Feed(_ context.Context, subject, path string) error {
	return n.with(func(js jetstream.JetStream) error {
		err := data.Lines(path, func(line []byte) error {
			_, err := js.PublishAsync(subject, line, jetstream.WithStallWait(time.Minute))
			return err
		})
		<-js.PublishAsyncComplete()
		return err
	})
}

// Count is how many messages a stream has.
func (n *NATS) Count(ctx context.Context, stream string) (count int, err error) {
	err = n.with(func(js jetstream.JetStream) error {
		s, err := js.Stream(ctx, stream)
		if err == nil {
			count = int(s.CachedInfo().State.Msgs)
		}
		return err
	})
	return count, err
}

// Dump writes the messages of a stream to a file, one a line.
func (n *NATS) Dump(ctx context.Context, stream, path string) error {
	want, err := n.Count(ctx, stream)
	if err != nil {
		return err
	}
	return n.with(func(js jetstream.JetStream) (err error) {
		c, err := js.OrderedConsumer(ctx, stream, jetstream.OrderedConsumerConfig{})
		if err != nil {
			return err
		}
		messages, err := c.Messages()
		if err != nil {
			return err
		}
		defer messages.Stop()
		f, err := os.Create(path)
		if err != nil {
			return err
		}
		w := bufio.NewWriter(f)
		defer func() { err = errors.Join(err, w.Flush(), f.Close()) }()
		for range want {
			m, err := messages.Next()
			if err != nil {
				return err
			}
			_, _ = w.Write(append(m.Data(), '\n')) // Flush tells
		}
		return nil
	})
}

func (n *NATS) with(do func(jetstream.JetStream) error) error {
	conn, err := nats.Connect(n.URL)
	if err != nil {
		return err
	}
	defer conn.Close()
	js, err := jetstream.New(conn)
	if err != nil {
		return err
	}
	return do(js)
}
