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

// A pump has the client hand over the messages of a consumer, so that a Read can wait
// for other things as well. They come from a goroutine of the client's, which waits
// while out is full: what the server sends ahead is bounded by what was asked for.
type pump struct {
	out     chan arrival
	stopped chan struct{}
	taking  jetstream.ConsumeContext
}

// An arrival is a message with its place, or why there are no more.
type arrival struct {
	msg  jetstream.Msg
	meta *jetstream.MsgMetadata
	err  error
}

// newPump begins to take messages.
func newPump(c jetstream.Consumer, largest int64) (*pump, error) {
	p := &pump{out: make(chan arrival, 64), stopped: make(chan struct{})}
	var err error
	p.taking, err = c.Consume(
		func(msg jetstream.Msg) {
			meta, err := msg.Metadata()
			p.put(arrival{msg, meta, err})
		},
		// A message that is larger than an answer may be would never come.
		jetstream.PullMaxMessagesWithBytesLimit(ahead, int(max(aheadBytes, largest+64<<10))),
		jetstream.PullExpiry(30*time.Second), jetstream.PullHeartbeat(2*time.Second),
		jetstream.ConsumeErrHandler(func(_ jetstream.ConsumeContext, err error) {
			if isOver(err) {
				p.put(arrival{err: err})
			}
		}))
	return p, err
}

// put hands over an arrival, where anybody still wants it.
func (p *pump) put(a arrival) {
	select {
	case p.out <- a:
	case <-p.stopped:
	}
}

// isOver tells whether an error of a consumer is about one that has to be made anew;
// the client gets over the others by itself.
func isOver(err error) bool {
	for _, over := range []error{jetstream.ErrConsumerDeleted, jetstream.ErrBadRequest, jetstream.ErrNoHeartbeat, jetstream.ErrConnectionClosed} {
		if errors.Is(err, over) {
			return true
		}
	}
	return false
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

// stop ends the pump; nil has none.
func (p *pump) stop() {
	if p != nil {
		close(p.stopped)
		p.taking.Stop()
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
