package component

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"google.golang.org/grpc"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/connect/foreign"
	"github.com/flowc-dev/flowc/runtime/flow"
	"github.com/flowc-dev/flowc/runtime/proto"
)

// A Sink gives events to a consumer. By flowctl.v1 nothing says what became of an event; at the
// end of the stream the consumer says how many it has received. By flowc.v1 it says of each
// that it is safe, or has failed.
type Sink struct {
	peer     *peer
	maker    *maker
	envelope int // in Out.Keys, -1 for none

	stream grpc.ClientStreamingClient[proto.Event, proto.ConsumeResponse]
	cancel context.CancelFunc
	sent   int64 // on this stream
	// earlier are the streams that the consumer ended by itself.
	earlier shortError

	link *link // in the place of stream, where the component speaks flowc.v1
}

// NewSink returns the sink.
func NewSink(c SinkConfig, out connect.Output) (flow.Sink, error) {
	p, err := newPeer(setup{
		node: out.Node, in: foreign.In(c.Container), command: c.Command, env: c.Env, endpoint: c.Endpoint, restart: c.Restart, port: c.Port, healthPort: c.HealthPort, healthCheck: c.HealthCheck,
		wait: c.Wait, role: proto.ComponentType_COMPONENT_TYPE_CONSUMER, takes: c.Takes, must: c.Acked,
	})
	if err != nil {
		return nil, err
	}
	return &Sink{peer: p, maker: makerOf(out.Node, c.Takes, out.Format), envelope: slices.Index(out.Keys, "meta.envelope")}, nil
}

func makerOf(node string, takes []string, format string) *maker {
	k := &maker{node: node, contentType: contentTypes[format]}
	if len(takes) > 0 {
		k.typ = takes[0]
	}
	return k
}

// Messages says that each record is an event.
func (s *Sink) Messages() {}

// Open starts the component.
func (s *Sink) Open(ctx context.Context) error { return s.begin(ctx) }

func (s *Sink) begin(ctx context.Context) error {
	fresh, err := s.peer.connect(ctx)
	if err != nil {
		return err
	}
	if !fresh && (s.stream != nil || s.link != nil) {
		return nil
	}
	s.drop()
	if s.peer.acked {
		if s.link, err = s.peer.openLink(ctx, &proto.Open{EventTypes: s.peer.takes}); err != nil {
			return s.peer.broken(err)
		}
		return nil
	}
	if s.cancel != nil {
		s.cancel()
	}
	streaming, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stream, err := proto.NewConsumerServiceClient(s.peer.conn).Consume(streaming)
	if err != nil {
		cancel()
		return s.peer.broken(err)
	}
	s.stream, s.cancel, s.sent = stream, cancel, 0
	return nil
}

// Write gives the component the records; the stream makes it wait where the component is
// slow. One that has died is started again by its policy, and gets all of them.
func (s *Sink) Write(ctx context.Context, o *flow.Out) error {
	for {
		if err := s.begin(ctx); err != nil {
			return err
		}
		if s.link != nil {
			return s.writeAcked(ctx, o)
		}
		before := s.sent
		err := s.give(ctx, o)
		var ended *endedError
		if errors.As(err, &ended) { // this packet is given again, what was before it is not
			s.earlier.add(before, ended.answer)
		}
		if err == nil {
			s.peer.progress()
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		s.stream = nil
		err = s.peer.broken(err)
		if s.peer.abandon() == nil {
			return err
		}
		s.peer.keeper.Log("its stream ended: %s", err)
		s.peer.cause = err
	}
}

func (s *Sink) give(ctx context.Context, o *flow.Out) error {
	stop := context.AfterFunc(ctx, s.cancel)
	defer stop()
	begin := uint32(0)
	for i, end := range o.Ends {
		var m foreign.Meta
		if s.envelope >= 0 {
			var err error
			if m, err = foreign.Unpack(o.Keys[s.envelope][i]); err != nil {
				return err
			}
		}
		if err := s.stream.Send(s.maker.event(&m, o.Data[begin:end])); err != nil {
			return s.why(err)
		}
		s.sent++
		begin = end
	}
	return nil
}

// why is the reason of a stream that takes no more: Send itself says that it is over.
func (s *Sink) why(err error) error {
	if !errors.Is(err, io.EOF) {
		return err
	}
	answer, err := s.stream.CloseAndRecv()
	if err == nil {
		return &endedError{s.sent, answer}
	}
	return err
}

// An endedError is a consumer that ended its stream by itself, and said what it had received.
type endedError struct {
	sent   int64
	answer *proto.ConsumeResponse
}

func (e *endedError) Error() string {
	return fmt.Sprintf("it ended the stream after %d of %d events", e.answer.GetEventsConsumed(), e.sent)
}

// Sync does nothing: there is nothing to ask for.
func (s *Sink) Sync(context.Context) error { return nil }

// A shortError is a consumer that did not take all, over all of its streams.
type shortError struct {
	sent, consumed, failed int64
	errors                 []string
}

// add counts a stream: of events that were sent on it, what the consumer said. Of what it
// says more no event is known.
func (e *shortError) add(sent int64, answer *proto.ConsumeResponse) {
	e.sent += sent
	e.consumed += min(sent, answer.GetEventsConsumed())
	e.failed += answer.GetEventsFailed()
	e.errors = append(e.errors, answer.GetErrors()...)
	e.errors = e.errors[:min(len(e.errors), 4)] // as many as are told
}

func (e *shortError) Error() string {
	text := fmt.Sprintf("of %d events the component says that it received %d, and that %d failed", e.sent, e.consumed, e.failed)
	for i, one := range e.errors {
		if i == 3 {
			return text + ", …"
		}
		text += ": " + one
	}
	return text
}

// closing is how long a consumer may take to answer the end of its stream.
const closing = 30 * time.Second

// Close ends the stream, which the component answers, then the component.
func (s *Sink) Close(_ context.Context, done bool) error {
	defer s.peer.close()
	if s.link != nil {
		return s.closeAcked(done)
	}
	if s.stream == nil {
		return nil
	}
	timeout := time.AfterFunc(closing, s.cancel)
	answer, err := s.stream.CloseAndRecv()
	timeout.Stop()
	s.cancel()
	switch {
	case !done:
		return nil
	case err != nil:
		return s.peer.broken(err)
	}
	s.earlier.add(s.sent, answer)
	if s.earlier.failed > 0 || s.earlier.consumed < s.earlier.sent {
		return &s.earlier
	}
	return nil
}
