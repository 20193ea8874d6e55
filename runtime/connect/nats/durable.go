package nats

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
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
	js                       jetstream.JetStream
	pump                     *pump

	number uint64 // of the last batch
	mu     sync.Mutex
	// open are the batches whose messages are not acknowledged, in their order.
	open []unacknowledged
}

// An unacknowledged batch knows where to acknowledge its messages.
type unacknowledged struct {
	number uint64
	to     []string
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
	err := s.begin(ctx)
	if err != nil {
		s.link.close()
		return err
	}
	slog.Info("reading", "node", s.link.node, "server", s.link.Server, "stream", s.stream, "consumer", s.durable)
	return nil
}

func (s *DurableSource) begin(ctx context.Context) error {
	var err error
	if s.js, err = jetstream.New(s.link.conn); err != nil {
		return err
	}
	return s.consume(ctx)
}

// consume finds the consumer, or makes it.
func (s *DurableSource) consume(ctx context.Context) error {
	s.pump.stop()
	s.pump = nil
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	c, err := s.js.Consumer(ctx, s.stream, s.durable)
	if errors.Is(err, jetstream.ErrConsumerNotFound) {
		c, err = s.js.CreateConsumer(ctx, s.stream, s.config())
	}
	switch {
	case err != nil && isAway(err):
		return s.link.Gone(err)
	case err != nil:
		return missing(s.stream, err)
	}
	if policy := c.CachedInfo().Config.AckPolicy; policy != jetstream.AckExplicitPolicy {
		return fmt.Errorf("the consumer %s of the stream %s acknowledges by `%s`, and it must be `explicit`: name another `durable`", s.durable, s.stream, policy)
	}
	s.pump, err = newPump(c, s.link.conn.MaxPayload())
	return err
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
	s.mu.Lock()
	s.open = append(s.open, unacknowledged{s.number, to})
	s.mu.Unlock()
	return true
}

// Ack acknowledges the messages of all batches up to the one that is safe.
func (s *DurableSource) Ack(ctx context.Context, positions map[string]any) error {
	at, ok := positions[s.stream].(*handedOut)
	if !ok {
		return nil
	}
	s.mu.Lock()
	n := 0
	for n < len(s.open) && s.open[n].number <= at.number {
		n++
	}
	safe := s.open[:n:n]
	s.open = s.open[n:]
	s.mu.Unlock()
	for _, batch := range safe {
		for _, reply := range batch.to {
			if err := s.link.conn.Publish(reply, []byte("+ACK")); err != nil {
				return s.link.Gone(err)
			}
		}
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	return s.link.conn.FlushWithContext(ctx)
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
