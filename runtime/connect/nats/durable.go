package nats

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/flowc-dev/flowc/runtime/connect/messages"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// A DurableSource reads what a consumer on the server hands out. Each message is
// acknowledged when it is safe; what was not comes again.
//
//flowc:source with durable
type DurableSource struct {
	link                     *link
	stream, subject, durable string
	start                    messages.Start
	pump                     *pump
	made                     time.Time // when the consumer was made

	number uint64 // of the last batch
	acks   acks
}

// A handedOut is the position of a batch: its number, which is good for this run.
type handedOut struct {
	Sequence uint64 `json:"sequence"`
	number   uint64
}

// ackWait is how long the server waits for an acknowledgement before it hands a
// message out again, and mostOpen how many may be without one, in a consumer that
// the source makes.
const (
	ackWait  = time.Minute
	mostOpen = 100_000
)

// Messages says that each message is a record.
func (s *DurableSource) Messages() {}

// Endless says that a stream has no end.
func (s *DurableSource) Endless() bool { return true }

// Unordered says that messages which come again come behind newer ones.
func (s *DurableSource) Unordered() {}

// Open connects and finds the consumer, or makes it.
func (s *DurableSource) Open(ctx context.Context) error {
	if err := s.link.open(ctx); err != nil {
		return err
	}
	if err := s.consume(ctx); err != nil {
		s.link.close()
		return err
	}
	slog.Info("reading", "node", s.link.node, "server", s.link.Server, "stream", s.stream, "consumer", s.durable)
	return nil
}

// consume finds the consumer, or makes it.
func (s *DurableSource) consume(ctx context.Context) error {
	s.pump.stop()
	s.pump = nil
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	conn := s.link.present()
	js, err := jetstream.New(conn)
	if err != nil {
		return err
	}
	c, err := js.Consumer(ctx, s.stream, s.durable)
	if errors.Is(err, jetstream.ErrConsumerNotFound) {
		c, err = js.CreateConsumer(ctx, s.stream, s.config())
	}
	if err != nil {
		return s.failed(err)
	}
	info := c.CachedInfo()
	if policy := info.Config.AckPolicy; policy != jetstream.AckExplicitPolicy {
		return fmt.Errorf("the consumer %s of the stream %s acknowledges by `%s`, and it must be `explicit`: name another `durable`", s.durable, s.stream, policy)
	}
	if !info.Created.Equal(s.made) {
		// It hands out from its start on, and its numbers may be those of other
		// messages: what the one before it has handed out is not acknowledged to it.
		s.acks.forget()
		s.made = info.Created
	}
	p, err := newPump(c, conn.MaxPayload())
	if err != nil {
		return s.failed(err)
	}
	s.pump = p
	return nil
}

// failed is an error of the server's about the consumer.
func (s *DurableSource) failed(err error) error {
	if isAway(err) {
		return s.link.Gone(err)
	}
	return missing(s.stream, err)
}

func (s *DurableSource) config() jetstream.ConsumerConfig {
	c := jetstream.ConsumerConfig{
		Durable: s.durable, Description: "flowc " + s.link.node, FilterSubject: s.subject,
		AckPolicy: jetstream.AckExplicitPolicy, AckWait: ackWait, MaxAckPending: mostOpen,
	}
	switch {
	case s.start.Latest:
		c.DeliverPolicy = jetstream.DeliverNewPolicy
	case !s.start.Time.IsZero():
		c.DeliverPolicy, c.OptStartTime = jetstream.DeliverByStartTimePolicy, &s.start.Time
	}
	return c
}

// Read gives the messages that are there, or waits for one.
func (s *DurableSource) Read(ctx context.Context, b *flow.Batch) error {
	for {
		changed, back, err := s.link.Ready(ctx)
		if err != nil || back {
			return err
		}
		if s.acks.owed() {
			if err := s.acks.send(ctx, s.link); err != nil {
				return err
			}
		}
		if s.pump == nil {
			if err := s.consume(ctx); err != nil {
				return err
			}
		}
		select {
		case a := <-s.pump.out:
			if s.fill(b, a) {
				return nil
			}
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// fill puts a message into b, and those that have come as well; false where
// there was none.
func (s *DurableSource) fill(b *flow.Batch, a arrival) bool {
	notes := messages.Notes[note](b)
	last := uint64(0)
	var to []string
	for ok := true; ok; a, ok = s.pump.more() {
		if a.err != nil {
			s.pump.stop()
			s.pump = nil
			break
		}
		last = a.meta.Sequence.Stream
		to = append(to, a.msg.Reply())
		messages.Add(b, a.msg.Data())
		*notes = append(*notes, noteOf(a))
		if !messages.Room(b, flow.BlockSize/64) {
			break
		}
	}
	if len(to) == 0 {
		return false
	}
	s.number++
	b.Split, b.Position = s.stream, &handedOut{last, s.number}
	s.acks.add(s.number, to)
	return true
}

// Ack acknowledges the messages of all batches up to the one that is safe.
func (s *DurableSource) Ack(ctx context.Context, positions map[string]any) error {
	at, ok := positions[s.stream].(*handedOut)
	if !ok {
		return nil
	}
	s.acks.safe(at.number)
	return s.acks.send(ctx, s.link)
}

// Place is where a message stands in its stream.
func (s *DurableSource) Place(b *flow.Batch, r flow.Record) any { return placeOf(b, r) }

// Close ends the connection.
func (s *DurableSource) Close(context.Context) error {
	s.pump.stop()
	s.link.close()
	return nil
}

// Shared says that all who ask the consumer share its messages.
func (s *DurableSource) Shared() {}
