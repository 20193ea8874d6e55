package nats

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"
)

// Sample gives some of the messages that the stream has, the oldest and the newest.
// They are asked for by their number, so that nobody gets fewer.
func (s *Source) Sample(ctx context.Context, n int, yield func(record []byte) error) error {
	return sample(ctx, s.link.access, s.stream, s.subject, n, yield)
}

// Sample gives some of the messages that the stream has, the oldest and the newest.
// The consumer knows nothing of it.
func (s *DurableSource) Sample(ctx context.Context, n int, yield func(record []byte) error) error {
	return sample(ctx, s.link.access, s.stream, s.subject, n, yield)
}

// Sample can't give any: core NATS keeps none.
func (s *CoreSource) Sample(context.Context, int, func(record []byte) error) error {
	return fmt.Errorf("%s: core NATS keeps no messages that could be looked at: catch some (`nats sub %q --raw --count 100 > sample.ndjson`), and `flowc infer sample.ndjson`", s.link.Server, s.subject)
}

func sample(ctx context.Context, a access, name, subject string, n int, yield func(record []byte) error) error {
	l, err := newLink(a)
	if err != nil {
		return err
	}
	if err := l.open(ctx); err != nil {
		return err
	}
	defer l.close()
	conn := l.present()
	js, err := jetstream.New(conn)
	if err != nil {
		return err
	}
	stream, err := js.Stream(ctx, name)
	if err != nil {
		if isAway(err) {
			return l.Gone(err)
		}
		return missing(name, err)
	}
	if subject == "" {
		subject = ">"
	}
	messages := &browser{l, conn, stream}
	last := stream.CachedInfo().State.LastSeq
	next, given := stream.CachedInfo().State.FirstSeq, 0
	// some gives messages from a sequence on, and where the next one may be.
	some := func(from uint64, most int) (next uint64, err error) {
		for ; most > 0 && from <= last && from > 0; most-- {
			m, err := messages.get(ctx, from, subject)
			if errors.Is(err, jetstream.ErrMsgNotFound) {
				break
			}
			if err != nil {
				return 0, fmt.Errorf("%s: stream %s: %w", l.Server, name, err)
			}
			if from = m.Sequence; from > last {
				break
			}
			given++
			if err := yield(m.Data); err != nil {
				return 0, err
			}
			from++
		}
		return from, nil
	}
	if next, err = some(next, (n+1)/2); err != nil {
		return err
	}
	if _, err = some(max(next, last-min(last, uint64(n/2))+1), n/2); err != nil {
		return err
	}
	if given == 0 {
		return fmt.Errorf("%s: the stream %s has no messages%s yet, and nothing else tells what they will be", l.Server, name, ofSubject(subject))
	}
	return nil
}

// ofSubject says which messages of a stream are meant.
func ofSubject(subject string) string {
	if subject == ">" {
		return ""
	}
	return " of " + subject
}
