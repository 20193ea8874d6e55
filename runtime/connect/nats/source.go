package nats

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/connect/messages"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// NewSource returns the source that the config asks for: of a stream, of a
// consumer that the server keeps, or of a subject.
func NewSource(c SourceConfig, in connect.Input) (flow.Source, error) {
	if in.Range != nil {
		return newRange(c, in)
	}
	start, err := messages.ParseStart(c.Start)
	if err != nil {
		return nil, err
	}
	link, err := newLink(c.access(in.Node))
	if err != nil {
		return nil, err
	}
	switch {
	case c.Stream == "" && c.Durable != "":
		return nil, errors.New("durable names a consumer of a stream: give stream as well")
	case c.Stream == "" && c.Subject == "":
		return nil, errors.New("give stream, for messages that wait, or subject, for those that come by")
	case c.Stream == "":
		return &CoreSource{link: link, subject: c.Subject}, nil
	case c.Durable != "":
		return &DurableSource{link: link, stream: c.Stream, subject: c.Subject, durable: c.Durable, start: start}, nil
	}
	return &Source{link: link, stream: c.Stream, subject: c.Subject, start: start}, nil
}

// A Source reads a stream in its order. The split is the stream, the position
// the sequence number of the last message.
//
// The consumer on the server is of no consequence: it is made anew, behind the
// last message that was read, whenever a message is missing in its numbers or the
// server has lost it.
type Source struct {
	link            *link
	stream, subject string
	start           messages.Start

	last     uint64 // the sequence of the last message that was read
	resumed  bool   // last is from a checkpoint
	pinned   bool   // the first checkpoint has the start
	purged   bool   // messages that were read are taken out of the stream, so that gaps mean nothing
	pump     *pump
	up       <-chan struct{} // what is closed when the connection of the pump is lost
	received uint64          // of the present consumer
	left     uint64          // messages that the server had when it sent the last one
	waits    lag             // the same, for those who look from outside
	patience time.Duration
}

// Messages that the server has are waited for as long as this, and each time twice as
// long, before they are asked for again: the last ones of a stream can be lost on the
// way with nothing behind them that would show it.
const (
	leastPatience = 10 * time.Second
	mostPatience  = 5 * time.Minute
)

// A position is behind a message of a stream.
type position struct {
	Sequence uint64 `json:"sequence"`
}

// Messages says that each message is a record.
func (s *Source) Messages() {}

// Endless says that a stream has no end.
func (s *Source) Endless() bool { return true }

// Seek goes on behind the message of the checkpoint.
func (s *Source) Seek(_ context.Context, positions map[string]json.RawMessage) error {
	text, ok := positions[s.stream]
	if !ok {
		for other := range positions {
			return fmt.Errorf("the checkpoint is of the stream %s, and the source reads %s: start with --fresh to begin anew", other, s.stream)
		}
	}
	var p position
	if err := json.Unmarshal(text, &p); err != nil {
		return fmt.Errorf("the position %s is none of a stream: %w", text, err)
	}
	s.last, s.resumed, s.pinned = p.Sequence, true, true
	return nil
}

// Open connects, and finds where to begin.
func (s *Source) Open(ctx context.Context) error {
	if err := s.link.open(ctx); err != nil {
		return err
	}
	err := s.begin(ctx)
	if err != nil {
		s.link.close()
	}
	return err
}

func (s *Source) begin(ctx context.Context) error {
	info, err := s.info(ctx)
	if err != nil {
		return err
	}
	first, last := info.State.FirstSeq, info.State.LastSeq
	switch {
	case s.resumed && s.last > last:
		return fmt.Errorf("the stream %s ends at message %d and the checkpoint is behind message %d: the stream was made anew; start with --fresh to begin anew", s.stream, last, s.last)
	case s.resumed && first > s.last+1 && !s.purged:
		slog.Warn("messages are lost: the stream has dropped them before they were read", "node", s.link.node, "stream", s.stream, "from", s.last+1, "to", first-1)
	case s.resumed:
	case s.start.Latest:
		s.last = last
	case !s.start.Time.IsZero():
		if s.last, err = s.before(ctx, s.start.Time, last); err != nil {
			return err
		}
	case first > 0:
		s.last = first - 1
	}
	up, _, err := s.link.Ready(ctx)
	if err != nil {
		return err
	}
	if err := s.consume(ctx); err != nil {
		return err
	}
	s.up = up
	slog.Info("reading", "node", s.link.node, "server", s.link.Server, "stream", s.stream, "from", s.last+1)
	return nil
}

func (s *Source) info(ctx context.Context) (*jetstream.StreamInfo, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	js, err := s.link.jetStream()
	if err != nil {
		return nil, err
	}
	stream, err := js.Stream(ctx, s.stream)
	if err != nil {
		return nil, s.failed(err)
	}
	return stream.CachedInfo(), nil
}

// failed is an error of the server's about the stream.
func (s *Source) failed(err error) error {
	if isAway(err) {
		return s.link.Gone(err)
	}
	return missing(s.stream, err)
}

// PositionsAt finds where a time is in the stream, for a rewind.
func (s *Source) PositionsAt(ctx context.Context, at time.Time) (map[string]any, error) {
	if err := s.link.open(ctx); err != nil {
		return nil, err
	}
	defer s.link.close()
	info, err := s.info(ctx)
	if err != nil {
		return nil, err
	}
	before, err := s.before(ctx, at, info.State.LastSeq)
	if err != nil {
		return nil, err
	}
	return map[string]any{s.stream: &position{before}}, nil
}

// before finds the sequence behind which messages are of a time or later.
func (s *Source) before(ctx context.Context, t time.Time, last uint64) (uint64, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	js, err := s.link.jetStream()
	if err != nil {
		return 0, err
	}
	c, err := js.CreateConsumer(ctx, s.stream, jetstream.ConsumerConfig{
		DeliverPolicy: jetstream.DeliverByStartTimePolicy, OptStartTime: &t,
		AckPolicy: jetstream.AckNonePolicy, MemoryStorage: true, InactiveThreshold: time.Minute, Replicas: 1,
	})
	if err != nil {
		return 0, s.failed(err)
	}
	defer js.DeleteConsumer(ctx, s.stream, c.CachedInfo().Name) //nolint:errcheck // it goes by itself
	if c.CachedInfo().NumPending == 0 {
		return last, nil // there is none yet
	}
	m, err := c.Next(jetstream.FetchMaxWait(5 * time.Second))
	if err != nil {
		return 0, s.failed(err)
	}
	meta, err := m.Metadata()
	if err != nil {
		return 0, err
	}
	return meta.Sequence.Stream - 1, nil
}

// consume makes a consumer behind the last message.
func (s *Source) consume(ctx context.Context) error {
	s.pump.stop()
	s.pump = nil
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	js, err := s.link.jetStream()
	if err != nil {
		return err
	}
	c, err := js.CreateConsumer(ctx, s.stream, jetstream.ConsumerConfig{
		DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: s.last + 1, FilterSubject: s.subject,
		AckPolicy: jetstream.AckNonePolicy, MaxDeliver: 1, MemoryStorage: true, Replicas: 1, InactiveThreshold: time.Minute,
	})
	if err != nil {
		return s.failed(err)
	}
	p, err := newPump(c, s.link.present().MaxPayload())
	if err != nil {
		return s.failed(err)
	}
	s.pump, s.received, s.left = p, 0, c.CachedInfo().NumPending
	s.waits.is(s.left)
	return nil
}

// Read gives the messages that are there, or waits for one.
func (s *Source) Read(ctx context.Context, b *flow.Batch) error {
	if !s.pinned {
		s.pinned = true
		messages.Pin(b, s.stream, &position{s.last})
		return nil
	}
	for {
		changed, back, err := s.link.Ready(ctx)
		if err != nil {
			return err
		}
		if back {
			s.pump.stop() // what the server sent meanwhile is lost
			s.pump = nil
			return nil
		}
		if s.pump == nil || changed != s.up {
			// Where the connection was lost and back before anybody asked, what the
			// server sent meanwhile is lost all the same.
			if err := s.consume(ctx); err != nil {
				return err
			}
			s.up = changed
		}
		a, err := s.next(ctx, changed)
		if err != nil {
			return err
		}
		if a != nil && s.fill(b, *a) {
			return nil
		}
	}
}

// next waits for what the pump has; nil where it is time to look at the connection, or
// where the consumer has to be made anew.
func (s *Source) next(ctx context.Context, changed <-chan struct{}) (*arrival, error) {
	if a, ok := s.pump.more(); ok {
		return &a, nil
	}
	var overdue <-chan time.Time
	if s.left > 0 {
		if s.patience == 0 {
			s.patience = leastPatience
		}
		timer := time.NewTimer(s.patience)
		defer timer.Stop()
		overdue = timer.C
	}
	select {
	case a := <-s.pump.out:
		return &a, nil
	case <-overdue:
		slog.Debug("nats: messages are missing, asking again", "node", s.link.node, "stream", s.stream, "messages", s.left)
		s.patience = min(2*s.patience, mostPatience)
		s.pump.stop()
		s.pump = nil
	case <-changed:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return nil, nil
}

// fill puts a message into b, and those that have come as well; false where it
// was not the next one.
func (s *Source) fill(b *flow.Batch, a arrival) bool {
	notes := messages.Notes[note](b)
	for ok := true; ok; a, ok = s.pump.more() {
		if a.err != nil || a.meta.Sequence.Consumer != s.received+1 {
			// A message is missing, or the consumer is: from the last one on again.
			s.pump.stop()
			s.pump = nil
			break
		}
		s.received++
		s.patience = leastPatience
		s.last, s.left = a.meta.Sequence.Stream, a.meta.NumPending
		s.waits.is(s.left)
		messages.Add(b, a.msg.Data())
		*notes = append(*notes, noteOf(a))
		if !messages.Room(b, flow.BlockSize/64) {
			break
		}
	}
	if len(b.Ends) == 0 {
		return false
	}
	b.Split, b.Position = s.stream, &position{s.last}
	return true
}

func noteOf(a arrival) note {
	return note{a.msg.Subject(), a.meta.Sequence.Stream, a.meta.Timestamp, a.msg.Headers()}
}

// Place is where a message stands in its stream.
func (s *Source) Place(b *flow.Batch, r flow.Record) any { return placeOf(b, r) }

// Close ends the connection; the server drops the consumer.
func (s *Source) Close(context.Context) error {
	s.pump.stop()
	s.link.close()
	return nil
}
