package nats

import (
	"context"
	"errors"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// Backlog counts the messages in the stream of the edge: readers take out of it what
// their checkpoints have passed.
func (s *EdgeSource) Backlog(ctx context.Context) (int64, error) {
	l := s.from.link
	if !l.isOpen() {
		if err := l.open(ctx); err != nil {
			return 0, err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	js, err := l.jetStream()
	if err != nil {
		return 0, err
	}
	stream, err := js.Stream(ctx, s.config.Stream)
	switch {
	case errors.Is(err, jetstream.ErrStreamNotFound): // nobody has written or read yet
		return 0, nil
	case err != nil:
		return 0, l.Gone(err)
	}
	return int64(stream.CachedInfo().State.Msgs), nil
}

// defaultBucket is the bucket of a store that names none.
const defaultBucket = "flowc"

// Cells are those of a store at the same server.
func (s *EdgeSource) Cells() (flow.Cells, error) {
	own := func(c EdgeSourceConfig) StoreConfig {
		return StoreConfig{URL: c.URL, Bucket: defaultBucket, User: c.User, Password: c.Password, Token: c.Token, Credentials: c.Credentials, TLS: c.TLS}
	}
	c := own(s.config)
	if fresh := s.config.Fresh; fresh != nil {
		c.Fresh = func() *StoreConfig {
			now := own(*fresh())
			return &now
		}
	}
	return NewStore(c)
}
