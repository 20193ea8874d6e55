package nats

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// ahead is how many messages the server may send before they are read, and
// aheadBytes how many bytes one of its answers has.
const (
	ahead      = 2048
	aheadBytes = 4 << 20
)

// A pump takes messages of a consumer in a goroutine of its own, so that a Read
// can wait for other things as well.
type pump struct {
	out     chan arrival
	stopped chan struct{}
	iter    jetstream.MessagesContext
}

// An arrival is a message with its place, or why there are no more.
type arrival struct {
	msg  jetstream.Msg
	meta *jetstream.MsgMetadata
	err  error
}

// newPump begins to take messages.
func newPump(c jetstream.Consumer, largest int64) (*pump, error) {
	iter, err := c.Messages(
		// A message that is larger than an answer may be would never come.
		jetstream.PullMaxMessagesWithBytesLimit(ahead, int(max(aheadBytes, largest+64<<10))),
		jetstream.PullExpiry(30*time.Second), jetstream.PullHeartbeat(2*time.Second))
	if err != nil {
		return nil, err
	}
	p := &pump{out: make(chan arrival, 64), stopped: make(chan struct{}), iter: iter}
	go p.run()
	return p, nil
}

// more gives a message that has come already; false where none has.
func (p *pump) more() (arrival, bool) {
	select {
	case a := <-p.out:
		return a, true
	default:
		return arrival{}, false
	}
}

func (p *pump) run() {
	for {
		msg, err := p.iter.Next()
		a := arrival{msg: msg, err: err}
		if err == nil {
			a.meta, a.err = msg.Metadata()
		}
		select {
		case p.out <- a:
		case <-p.stopped:
			return
		}
		if a.err != nil {
			return
		}
	}
}

// stop ends the pump; nil has none.
func (p *pump) stop() {
	if p != nil {
		close(p.stopped)
		p.iter.Stop()
	}
}

// isAway tells whether an error of JetStream is about a server that is not
// there, or not ready yet.
func isAway(err error) bool {
	for _, away := range []error{
		nats.ErrNoResponders, nats.ErrTimeout, nats.ErrDisconnected, nats.ErrConnectionClosed, nats.ErrConnectionReconnecting,
		nats.ErrReconnectBufExceeded, context.DeadlineExceeded, jetstream.ErrNoStreamResponse, jetstream.ErrAsyncPublishTimeout,
		jetstream.ErrNoHeartbeat, jetstream.ErrConnectionClosed, jetstream.ErrMsgIteratorClosed,
	} {
		if errors.Is(err, away) {
			return true
		}
	}
	var api *jetstream.APIError
	return errors.As(err, &api) && (api.Code == 503 || api.Code == 408)
}

// missing is the error of a stream that there is not.
func missing(stream string, err error) error {
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return fmt.Errorf("there is no stream %s: make it (`nats stream add %s`), or correct `stream`: %w", stream, stream, err)
	}
	return fmt.Errorf("stream %s: %w", stream, err)
}
