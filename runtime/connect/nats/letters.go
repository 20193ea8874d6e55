package nats

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/nats-io/nats.go/jetstream"
)

// Letters gives back the dead letters of the subject that the stream has now, in its
// order. Messages are asked for one by one, without a consumer: so it works on every
// stream, work queues too, and takes nothing away. It has a connection of its own, and
// may be called while the sink writes.
func (s *Sink) Letters(ctx context.Context, yield func(letter []byte) error) error {
	if s.subject >= 0 {
		return errors.New("its subject changes with the record, so nobody knows where all letters are")
	}
	from, err := newLink(s.link.access)
	if err != nil {
		return err
	}
	if err := from.open(ctx); err != nil {
		return err
	}
	defer from.close()
	conn := from.present()
	js, err := jetstream.New(conn)
	if err != nil {
		return err
	}
	stream, err := s.letterStream(ctx, js)
	if err != nil {
		return err
	}
	messages := &browser{from, conn, stream}
	last := stream.CachedInfo().State.LastSeq
	for next := uint64(1); next <= last; next++ {
		m, err := messages.get(ctx, next, s.config.Subject)
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: stream %s: %w", from.Server, stream.CachedInfo().Config.Name, err)
		}
		if next = m.Sequence; next > last {
			return nil
		}
		if err := yield(slices.Clone(m.Data)); err != nil {
			return err
		}
	}
	return nil
}

// letterStream is the stream that takes the subject.
func (s *Sink) letterStream(ctx context.Context, js jetstream.JetStream) (jetstream.Stream, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	name := s.config.Stream
	if name == "" {
		var err error
		name, err = js.StreamNameBySubject(ctx, s.config.Subject)
		if errors.Is(err, jetstream.ErrStreamNotFound) {
			return nil, fmt.Errorf("no stream takes the subject %s: make one (`nats stream add`), or correct `subject`", s.config.Subject)
		}
		if err != nil {
			return nil, s.link.Gone(err)
		}
	}
	stream, err := js.Stream(ctx, name)
	switch {
	case err == nil:
		return stream, nil
	case isAway(err):
		return nil, s.link.Gone(err)
	}
	return nil, missing(name, err)
}
