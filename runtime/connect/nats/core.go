package nats

import (
	"context"
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
	box     *mailbox
	on      *nats.Conn // what it has subscribed with
	sub     *nats.Subscription
	held    *nats.Msg // did not fit into the last batch
	dropped int       // messages that the client had no room for, as far as told
	left    int       // messages to hand on when the program stops; -1 before that
}

// The client hands each message over at once, so it needs less room than the mailbox.
const (
	clientMemory  = SourceMemory / 8
	mailboxMemory = SourceMemory - clientMemory
)

// Messages says that each message is a record.
func (s *CoreSource) Messages() {}

// Endless says that a subject has no end.
func (s *CoreSource) Endless() bool { return true }

// Open connects and subscribes.
func (s *CoreSource) Open(ctx context.Context) error {
	if err := s.link.open(ctx); err != nil {
		return err
	}
	s.box, s.held, s.left = newMailbox(mailboxMemory), nil, -1
	if err := s.subscribe(ctx, s.link.present()); err != nil {
		s.link.close()
		return err
	}
	slog.Info("subscribed", "node", s.link.node, "server", s.link.Server, "subject", s.subject)
	return nil
}

// subscribe subscribes with a connection; the client does so again when it comes back.
func (s *CoreSource) subscribe(ctx context.Context, conn *nats.Conn) error {
	sub, err := conn.Subscribe(s.subject, s.box.put)
	if err == nil {
		err = sub.SetPendingLimits(-1, clientMemory)
	}
	if err == nil {
		ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		err = conn.FlushWithContext(ctx)
	}
	if err != nil {
		_ = sub.Unsubscribe() // it would be one too many
		return s.link.Gone(err)
	}
	s.on, s.sub, s.dropped = conn, sub, 0
	return nil
}

// Read gives the messages that are there, or waits for one.
func (s *CoreSource) Read(ctx context.Context, b *flow.Batch) error {
	for {
		s.tellDropped()
		if m := s.more(); m != nil {
			s.fill(b, m)
			return nil
		}
		changed, back, err := s.link.Ready(ctx)
		if err != nil || back {
			return err
		}
		if conn := s.link.present(); conn != s.on {
			if err := s.subscribe(ctx, conn); err != nil {
				return err
			}
		}
		select {
		case <-s.box.came:
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
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

// more is a message that has come; nil where there is none.
func (s *CoreSource) more() *nats.Msg {
	if m := s.held; m != nil {
		s.held = nil
		return m
	}
	return s.box.take()
}

// tellDropped says where messages came faster than they were written.
func (s *CoreSource) tellDropped() {
	lost := s.box.lost()
	if n, err := s.sub.Dropped(); err == nil && n > s.dropped {
		lost += n - s.dropped
		s.dropped = n
	}
	if lost > 0 {
		slog.Warn("messages were lost: they came faster than they were written, and core NATS does not wait", "node", s.link.node, "lost", lost)
	}
}

// coming is how many messages the client has that are not in the mailbox yet.
func (s *CoreSource) coming() int {
	n, _, err := s.sub.Pending()
	if err != nil {
		return 0
	}
	return n
}

// Drain gives what the server had handed over when the program was told to stop.
func (s *CoreSource) Drain(b *flow.Batch) error {
	if s.left < 0 {
		s.left = s.coming() + s.box.count()
		if s.held != nil {
			s.left++
		}
	}
	m := s.handedOver()
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

// handedOver is a message that was there when the program was told to stop; nil where
// there is none any more.
func (s *CoreSource) handedOver() *nats.Msg {
	for s.left > 0 {
		coming := s.coming() // before the mailbox, which it is put into next
		if m := s.more(); m != nil {
			return m
		}
		if coming == 0 {
			break
		}
		select {
		case <-s.box.came:
		case <-time.After(time.Millisecond): // the message was dropped
		}
	}
	return nil
}

// Place is where a message came from.
func (s *CoreSource) Place(b *flow.Batch, r flow.Record) any { return placeOf(b, r) }

// Close ends the connection.
func (s *CoreSource) Close(context.Context) error {
	s.link.close()
	return nil
}
