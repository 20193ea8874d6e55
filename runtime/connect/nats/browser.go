package nats

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/flowc-dev/flowc/runtime/connect/messages"
)

// browserPatience is how long a browser waits for a server that went away: somebody
// sits before a terminal.
const browserPatience = 30 * time.Second

// A browser asks a stream for messages one by one, without a consumer. It goes on
// where it was when the connection was lost and is back.
type browser struct {
	link   *link
	on     *nats.Conn // what the stream is asked with
	stream jetstream.Stream
}

// get is the first message of a subject from a sequence on.
func (b *browser) get(ctx context.Context, from uint64, subject string) (*jetstream.RawStreamMsg, error) {
	patience, cancel := context.WithTimeout(ctx, browserPatience)
	defer cancel()
	for {
		m, err := b.ask(patience, from, subject)
		if err == nil || !isAway(err) {
			return m, err
		}
		select {
		case <-time.After(reconnectWait):
		case <-patience.Done():
			return nil, b.link.Gone(err)
		}
		var gone *messages.GoneError
		switch _, _, lost := b.link.Ready(patience); {
		case errors.As(lost, &gone):
			slog.Warn("connection lost, trying again", "node", b.link.node, "error", lost)
		case lost != nil:
			return nil, b.link.Gone(err)
		}
	}
}

// ask asks once.
func (b *browser) ask(ctx context.Context, from uint64, subject string) (*jetstream.RawStreamMsg, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if conn := b.link.present(); conn != b.on {
		js, err := jetstream.New(conn)
		if err != nil {
			return nil, err
		}
		stream, err := js.Stream(ctx, b.stream.CachedInfo().Config.Name)
		if err != nil {
			return nil, err
		}
		b.on, b.stream = conn, stream
	}
	return b.stream.GetMsg(ctx, from, jetstream.WithGetMsgSubject(subject))
}
