// Package nats serves NATS with JetStream in the process of a sandbox; streams are kept in
// files. Whoever asks is let in, with whatever login.
package nats

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/flowc-dev/flowc/runtime/sandbox"
)

// maxStore is no limit, in bytes: streams set aside the most that they may hold, which is
// more than a small disk has, and use little of it.
const maxStore = 1 << 40

// readyTime is how long the server may take to read what it keeps.
const readyTime = time.Minute

type running struct{ server *server.Server }

// Stop implements [sandbox.Server].
func (r running) Stop() {
	r.server.Shutdown()
	r.server.WaitForShutdown()
}

// Died implements [sandbox.Server]: it lives as long as the process.
func (running) Died() <-chan error { return nil }

// Start starts a server with the streams of the service.
func Start(ctx context.Context, h *sandbox.Host) (sandbox.Server, error) {
	s, err := server.NewServer(&server.Options{
		ServerName: "flowc-sandbox", Host: "127.0.0.1", Port: h.Port, JetStream: true, JetStreamMaxStore: maxStore, StoreDir: h.Dir, NoSigs: true,
	})
	if err != nil {
		return nil, fmt.Errorf("the server can't be started: %w", err)
	}
	log := &logger{host: h}
	s.SetLogger(log, false, false)
	go s.Start()
	if !s.ReadyForConnections(readyTime) {
		s.Shutdown()
		return nil, fmt.Errorf("the server does not listen on %s: %s", h.Address(), log.said())
	}
	if err := makeStreams(ctx, h); err != nil {
		running{s}.Stop()
		return nil, err
	}
	return running{s}, nil
}

// makeStreams makes the streams that are not there yet. One that can't be, because its
// subjects are another one's already, is said and left: what takes the subject is there.
func makeStreams(ctx context.Context, h *sandbox.Host) error {
	if len(h.Streams) == 0 {
		return nil
	}
	conn, err := nats.Connect("nats://" + h.Address())
	if err != nil {
		return err
	}
	defer conn.Close()
	js, err := jetstream.New(conn)
	if err != nil {
		return err
	}
	for _, s := range h.Streams {
		_, err := js.CreateStream(ctx, jetstream.StreamConfig{Name: s.Name, Subjects: s.Subjects})
		var refused *jetstream.APIError
		switch {
		case err == nil, errors.Is(err, jetstream.ErrStreamNameAlreadyInUse):
		case errors.As(err, &refused):
			h.Log("the stream %s of %v is not made: %s", s.Name, s.Subjects, refused.Description)
		default:
			return fmt.Errorf("the stream %s can't be made: %w", s.Name, err)
		}
	}
	return nil
}
