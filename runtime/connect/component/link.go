package component

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"google.golang.org/grpc"

	"github.com/flowc-dev/flowc/runtime/flow"
	"github.com/flowc-dev/flowc/runtime/proto"
)

const (
	// batchEvents and batchBytes are how much goes into a batch: as much as makes the cost of
	// a message small, and as little as lets the component work while the next one is made.
	batchEvents, batchBytes = 256, 256 << 10
	// greeting is how long a component may take to answer the begin of a stream.
	greeting = 10 * time.Second
)

// A link is a stream of flowc.v1, in which the component answers for each event.
type link struct {
	stream stream
	cancel context.CancelFunc
	heard  chan said
	window int    // of events that are not answered
	given  uint64 // batches
}

// A stream is one of gRPC, or of frames.
type stream interface {
	Send(m *proto.FromPipeline) error
	Recv() (*proto.FromComponent, error)
	CloseSend() error
}

// A said is a message of the component, or why there are no more.
type said struct {
	message *proto.FromComponent
	err     error
}

// A protocolError is a component that does not keep to flowc.v1.
type protocolError struct{ text string }

func (e *protocolError) Error() string {
	return "the component says that it speaks flowc.v1, and does not keep to it: " + e.text + "; `flowc component test` shows what it does"
}

// Fatal tells the engine that no other try helps.
func (e *protocolError) Fatal() bool { return true }

func breaks(format string, args ...any) error {
	return &protocolError{fmt.Sprintf(format, args...)}
}

// openLink begins a stream.
func (p *peer) openLink(ctx context.Context, open *proto.Open) (*link, error) {
	streaming, cancel := context.WithCancel(context.WithoutCancel(ctx))
	open.Node = p.node
	if s := p.nearer(streaming); s != nil {
		l := &link{stream: s, cancel: cancel, heard: make(chan said, ahead)}
		err := l.begin(ctx, streaming, p, open)
		if err == nil {
			p.tell("at its socket")
			return l, nil
		}
		if stranger := (*strangerError)(nil); !errors.As(err, &stranger) {
			return nil, err
		}
		streaming, cancel = context.WithCancel(context.WithoutCancel(ctx))
	}
	client := proto.NewAckedServiceClient(p.conn)
	begin := client.Write
	switch p.role {
	case proto.ComponentType_COMPONENT_TYPE_SOURCE:
		begin = client.Read
	case proto.ComponentType_COMPONENT_TYPE_PROCESSOR:
		begin = client.Process
	}
	stream, err := begin(streaming, grpc.ForceCodecV2(proto.Codec()))
	if err != nil {
		cancel()
		return nil, err
	}
	l := &link{stream: stream, cancel: cancel, heard: make(chan said, ahead)}
	if err := l.begin(ctx, streaming, p, open); err != nil {
		return nil, err
	}
	p.tell("by gRPC")
	return l, nil
}

// tell says, once, by what the component is talked to.
func (p *peer) tell(way string) {
	if p.keeper == nil || p.toldAcked {
		return
	}
	p.toldAcked = true
	p.keeper.Log("it speaks flowc.v1, %s: each event is answered", way)
}

// begin says what the stream is for, and waits until the component is ready.
func (l *link) begin(ctx, streaming context.Context, p *peer, open *proto.Open) (err error) {
	defer func() {
		if err != nil {
			l.cancel()
		}
	}()
	go l.listen(streaming)
	if err := l.stream.Send(&proto.FromPipeline{Message: &proto.FromPipeline_Open{Open: open}}); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	timeout := time.NewTimer(greeting)
	defer timeout.Stop()
	select {
	case s := <-l.heard:
		ready := s.message.GetReady()
		switch {
		case unimplemented(s.err):
			err = breaks("it does not serve it (%s)", reason(s.err))
		case s.err != nil:
			err = s.err
		case ready == nil:
			err = breaks("it did not answer `open` with `ready`")
		case ready.GetEvents() == 0 && p.role != proto.ComponentType_COMPONENT_TYPE_SOURCE:
			err = breaks("it takes no event: `ready` says 0")
		case l.framed() && ready.GetInstance() != p.info.GetMetadata()[proto.MetaInstance]:
			err = &strangerError{}
		}
		l.window = int(ready.GetEvents())
	case <-timeout.C:
		err = fmt.Errorf("it did not answer `open` within %s", greeting)
	case <-ctx.Done():
		err = ctx.Err()
	}
	return err
}

// listen hears what the component says until the stream ends.
func (l *link) listen(ctx context.Context) {
	for {
		m, err := l.stream.Recv()
		select {
		case l.heard <- said{m, err}:
		case <-ctx.Done():
			return
		}
		if err != nil {
			return
		}
	}
}

// An eventError is the error of an event, as the component tells it.
type eventError struct {
	message, code string
	transient     bool
}

func (e *eventError) Error() string { return e.message }

// Permanent and Temporary tell the engine whether giving it again helps.
func (e *eventError) Permanent() bool { return !e.transient }
func (e *eventError) Temporary() bool { return e.transient }

// Code is what reports and dead letters call it.
func (e *eventError) Code() string { return e.code }

func errorOf(f *proto.Failure) error {
	if f.GetUntried() {
		return flow.ErrNotTried
	}
	message := f.GetMessage()
	if message == "" {
		message = "the component says that it failed, and not why"
	}
	return &eventError{message, f.GetCode(), f.GetTransient()}
}

// A giving is some events that are given to a component over a link.
type giving struct {
	n int
	// event makes the i-th one in place.
	event func(i int, e *proto.Event)
	size  func(i int) int
	// answered gets each answer to the events from first on, of which there are n; done tells
	// that no other one follows.
	answered func(first, n int, a *proto.Answer, done bool) error
}

// give gives events in batches, as many at once as the component takes, and returns when all
// are answered. done is how many, from the first on, are. After an error the link is broken.
func (l *link) give(ctx context.Context, g giving) (done int, err error) {
	type sent struct {
		number   uint64
		first, n int
	}
	batches := make(chan sent, g.n)
	room := make(chan int, g.n) // events that are answered
	over := make(chan struct{})
	failed := make(chan error, 1)
	giving, stop := context.WithCancel(ctx)
	go func() { // it may answer before it has read all, and wait for that to be heard
		defer close(over)
		free := l.window
		for first := 0; first < g.n; {
			n, bytes := 0, 0
			for first+n < g.n && n < min(batchEvents, l.window) {
				bytes += g.size(first + n)
				if n > 0 && bytes > batchBytes {
					break
				}
				n++
			}
			for free < n {
				select {
				case back := <-room:
					free += back
				case <-giving.Done():
					return
				}
			}
			free -= n
			l.given++
			b := &proto.Batch{Number: l.given, Events: make([]*proto.Event, n)}
			beside := make([]proto.Event, n) // in one piece
			for i := range beside {
				b.Events[i] = &beside[i]
				g.event(first+i, b.Events[i])
			}
			batches <- sent{l.given, first, n}
			if err := l.stream.Send(&proto.FromPipeline{Message: &proto.FromPipeline_Batch{Batch: b}}); err != nil {
				if !errors.Is(err, io.EOF) { // of an end what is heard says more
					failed <- err
				}
				return
			}
			first += n
		}
	}()
	defer func() {
		stop()
		if err != nil { // the events are not to be read any more when this returns
			l.cancel()
		}
		<-over
	}()
	var now sent
	for done < g.n {
		select {
		case s := <-l.heard:
			if s.err != nil {
				return done, s.err
			}
			if now.n == 0 {
				select {
				case now = <-batches:
				default:
				}
			}
			a := s.message.GetAnswer()
			if err := fitting(a, now.number, now.n); err != nil {
				return done, err
			}
			if err := g.answered(now.first, now.n, a, !a.GetMore()); err != nil {
				return done, err
			}
			if !a.GetMore() {
				done += now.n
				room <- now.n
				now = sent{}
			}
		case err := <-failed:
			return done, err
		case <-ctx.Done():
			return done, ctx.Err()
		}
	}
	return done, nil
}

// fitting checks an answer against the batch of n events that is to be answered next.
func fitting(a *proto.Answer, number uint64, n int) error {
	switch {
	case a == nil:
		return breaks("a batch is to be answered, and it sent something else")
	case n == 0:
		return breaks("it answered batch %d, and there is none to answer", a.GetNumber())
	case a.GetNumber() != number:
		return breaks("it answered batch %d where batch %d was to be answered: answers come in the order of the batches", a.GetNumber(), number)
	case len(a.GetOf()) == 0 && len(a.GetEvents()) != 0 && len(a.GetEvents()) != n:
		return breaks("it made %d events of %d and did not say which of which: `of` is missing", len(a.GetEvents()), n)
	case len(a.GetOf()) != 0 && len(a.GetOf()) != len(a.GetEvents()):
		return breaks("`of` has %d places for %d events", len(a.GetOf()), len(a.GetEvents()))
	}
	last := uint32(0)
	for _, of := range a.GetOf() {
		if of < last || int(of) >= n {
			return breaks("an event of batch %d comes of place %d, behind one of place %d, and the batch has %d: places never fall", number, of, last, n)
		}
		last = of
	}
	for _, f := range a.GetFailures() {
		if int(f.GetIndex()) >= n {
			return breaks("place %d of batch %d has failed, and it has %d events", f.GetIndex(), number, n)
		}
	}
	return nil
}

// finish ends the stream, and waits until the component has done so.
func (l *link) finish(patience time.Duration) error {
	defer l.cancel()
	if err := l.stream.CloseSend(); err != nil {
		return err
	}
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	for {
		select {
		case s := <-l.heard:
			if errors.Is(s.err, io.EOF) {
				return nil
			}
			if s.err != nil {
				return s.err
			}
		case <-timeout.C:
			return fmt.Errorf("it did not end its stream within %s", patience)
		}
	}
}
