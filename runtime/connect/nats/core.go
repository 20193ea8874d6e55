package nats

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/flowc-dev/flowc/runtime/connect/messages"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// A CoreSource subscribes to a subject of core NATS: what it is given and has not
// written is lost when the program dies, and so is what comes while it is away.
//
//flowc:source without stream
type CoreSource struct {
	link    *link
	subject string
	sub     *nats.Subscription
	held    *nats.Msg // did not fit into the last batch
	dropped int       // messages that came faster than they were taken, as far as told
	left    int       // messages to hand on when the program stops; -1 before that
}

// Messages says that each message is a record.
func (s *CoreSource) Messages() {}

// Endless says that a subject has no end.
func (s *CoreSource) Endless() bool { return true }

// Open connects and subscribes.
func (s *CoreSource) Open(ctx context.Context) error {
	if err := s.link.open(ctx); err != nil {
		return err
	}
	sub, err := s.link.conn.SubscribeSync(s.subject)
	if err == nil {
		err = sub.SetPendingLimits(-1, SourceMemory)
	}
	if err == nil {
		err = s.link.conn.FlushTimeout(5 * time.Second)
	}
	if err != nil {
		s.link.close()
		return s.link.Gone(err)
	}
	s.sub, s.left = sub, -1
	slog.Info("subscribed", "node", s.link.node, "server", s.link.Server, "subject", s.subject)
	return nil
}

// look is how often a source that waits looks whether the connection is there.
const look = 200 * time.Millisecond

// Read gives the messages that are there, or waits for one.
func (s *CoreSource) Read(ctx context.Context, b *flow.Batch) error {
	for {
		if m := s.more(); m != nil {
			s.fill(b, m)
			return nil
		}
		_, back, err := s.link.Ready(ctx)
		if err != nil || back {
			return err
		}
		s.tellDropped()
		wait, cancel := context.WithTimeout(ctx, look)
		m, err := s.sub.NextMsgWithContext(wait)
		cancel()
		switch {
		case err == nil:
			s.fill(b, m)
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, context.DeadlineExceeded), errors.Is(err, nats.ErrSlowConsumer):
		case errors.Is(err, nats.ErrConnectionClosed), errors.Is(err, nats.ErrBadSubscription):
			if _, _, err := s.link.Ready(ctx); err != nil {
				return err
			}
			return err
		default:
			return err
		}
	}
}

// fill puts a message into b, and those that have come as well.
func (s *CoreSource) fill(b *flow.Batch, m *nats.Msg) {
	now := time.Now()
	notes := messages.Notes[note](b)
	for {
		messages.Add(b, m.Data)
		*notes = append(*notes, note{subject: m.Subject, time: now, header: m.Header})
		if m = s.more(); m == nil || !messages.Room(b, len(m.Data)) {
			s.held = m
			return
		}
	}
}

// more is a message that has come; nil where there is none, for whatever reason:
// the next Read finds it.
func (s *CoreSource) more() *nats.Msg {
	if m := s.held; m != nil {
		s.held = nil
		return m
	}
	if n, _, err := s.sub.Pending(); err != nil || n == 0 {
		return nil
	}
	m, err := s.sub.NextMsg(time.Millisecond)
	if err != nil {
		return nil
	}
	return m
}

// tellDropped says where messages came faster than they were written.
func (s *CoreSource) tellDropped() {
	n, err := s.sub.Dropped()
	if err == nil && n > s.dropped {
		slog.Warn("messages were lost: they came faster than they were written, and core NATS does not wait", "node", s.link.node, "lost", n-s.dropped)
		s.dropped = n
	}
}

// Drain gives what the server had handed over when the program was told to stop.
func (s *CoreSource) Drain(b *flow.Batch) error {
	if s.left < 0 {
		s.left, _, _ = s.sub.Pending()
		if s.held != nil {
			s.left++
		}
	}
	if s.left == 0 {
		return io.EOF
	}
	m := s.more()
	if m == nil {
		s.left = 0
		return io.EOF
	}
	s.left--
	notes := messages.Notes[note](b)
	messages.Add(b, m.Data)
	*notes = append(*notes, note{subject: m.Subject, time: time.Now(), header: m.Header})
	return nil
}

// Place is where a message came from.
func (s *CoreSource) Place(b *flow.Batch, r flow.Record) any { return placeOf(b, r) }

// Close ends the connection.
func (s *CoreSource) Close(context.Context) error {
	s.link.close()
	return nil
}
