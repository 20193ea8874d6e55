package component

import (
	"context"
	"errors"
	"io"
	"log/slog"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/flowc-dev/flowc/runtime/proto"
)

// window is how many events a pipeline may give that are not answered.
const window = 4096

// answerBytes is how much one answer holds, unless one event has more.
const answerBytes = 1 << 20

// acked serves flowc.v1.
type acked struct {
	proto.UnimplementedAckedServiceServer
	c *server
}

// A stream is one of gRPC, or of frames.
type stream interface {
	Send(m *proto.FromComponent) error
	Recv() (*proto.FromPipeline, error)
	Context() context.Context
}

type grpcStream = grpc.BidiStreamingServer[proto.FromPipeline, proto.FromComponent]

// opened reads the first message of a stream, and answers it.
func (a *acked) opened(s stream, role proto.ComponentType) (*proto.Open, error) {
	if a.c.part.role != role {
		return nil, status.Errorf(codes.Unimplemented, "this component is a %s", words[a.c.part.role])
	}
	m, err := s.Recv()
	if err != nil {
		return nil, err
	}
	open := m.GetOpen()
	if open == nil {
		return nil, status.Error(codes.InvalidArgument, "the first message of a stream is `open`")
	}
	return open, s.Send(&proto.FromComponent{Message: &proto.FromComponent_Ready{Ready: &proto.Ready{Events: window, Instance: a.c.info.GetMetadata()[proto.MetaInstance]}}})
}

var words = map[proto.ComponentType]string{
	proto.ComponentType_COMPONENT_TYPE_SOURCE: "source", proto.ComponentType_COMPONENT_TYPE_PROCESSOR: "processor", proto.ComponentType_COMPONENT_TYPE_CONSUMER: "sink",
}

// Process answers batches of a processor.
func (a *acked) Process(s grpcStream) error {
	return a.answer(s, proto.ComponentType_COMPONENT_TYPE_PROCESSOR)
}

// Write answers batches of a sink.
func (a *acked) Write(s grpcStream) error {
	return a.answer(s, proto.ComponentType_COMPONENT_TYPE_CONSUMER)
}

// A received is a batch, or the end of them.
type received struct {
	batch *proto.Batch
	err   error
}

// answer answers batch after batch. The next ones are received meanwhile.
func (a *acked) answer(s stream, role proto.ComponentType) error {
	if _, err := a.opened(s, role); err != nil {
		return err
	}
	a.c.counts.streams.Add(1)
	defer a.c.counts.streams.Add(-1)
	batches := make(chan received, window) // a batch has one event at least
	go func() {
		defer close(batches)
		number := uint64(0)
		for {
			m, err := s.Recv()
			if err == nil {
				number++
				err = inOrder(m, number)
			}
			select {
			case batches <- received{m.GetBatch(), err}:
			case <-s.Context().Done():
				return
			}
			if err != nil {
				return
			}
		}
	}()
	for {
		select {
		case r := <-batches:
			switch {
			case errors.Is(r.err, io.EOF):
				return nil
			case r.err != nil:
				return r.err
			}
			if err := a.handle(s, r.batch); err != nil {
				return err
			}
		case <-a.c.draining:
			return a.finish(s, batches)
		}
	}
}

// finish answers what has been received when the component is asked to end.
func (a *acked) finish(s stream, batches <-chan received) error {
	for {
		select {
		case r := <-batches:
			if errors.Is(r.err, io.EOF) {
				return nil
			}
			if r.err != nil {
				return r.err
			}
			if err := a.handle(s, r.batch); err != nil {
				return err
			}
		default:
			return stopping()
		}
	}
}

// inOrder checks that a message is the batch that comes next.
func inOrder(m *proto.FromPipeline, number uint64) error {
	b := m.GetBatch()
	switch {
	case b == nil:
		return status.Error(codes.InvalidArgument, "behind `open` a processor or sink is given batches")
	case b.GetNumber() != number:
		return status.Errorf(codes.InvalidArgument, "batch %d comes where %d was awaited", b.GetNumber(), number)
	case len(b.GetEvents()) == 0 || len(b.GetEvents()) > window:
		return status.Errorf(codes.InvalidArgument, "a batch of %d events: it has one at least, and %d at most", len(b.GetEvents()), window)
	}
	return nil
}

// handle does a batch, and answers it.
func (a *acked) handle(s stream, b *proto.Batch) error {
	out := a.c.do(s.Context(), b.GetEvents())
	if s.Context().Err() != nil {
		return s.Context().Err() // what was given up is no failure of events
	}
	for from := 0; ; {
		n, bytes := 0, 0
		for from+n < len(out.events) {
			bytes += len(out.events[from+n].GetPayload())
			if n > 0 && bytes > answerBytes {
				break
			}
			n++
		}
		last := from+n == len(out.events)
		answer := &proto.Answer{Number: b.GetNumber(), Events: out.events[from : from+n], More: !last}
		if !(last && from == 0 && oneEach(out.of, len(b.GetEvents()))) {
			answer.Of = out.of[from : from+n]
		}
		if last {
			answer.Failures = out.failures
		}
		if err := s.Send(&proto.FromComponent{Message: &proto.FromComponent_Answer{Answer: answer}}); err != nil {
			return err
		}
		if last {
			return nil
		}
		from += n
	}
}

// oneEach tells whether each of so many events has one.
func oneEach(of []uint32, n int) bool {
	if len(of) != n {
		return false
	}
	for i, place := range of {
		if int(place) != i {
			return false
		}
	}
	return true
}

// Read gives the events of a source.
func (a *acked) Read(s grpcStream) error { return a.read(s) }

func (a *acked) read(s stream) error {
	open, err := a.opened(s, proto.ComponentType_COMPONENT_TYPE_SOURCE)
	if err != nil {
		return err
	}
	a.c.counts.streams.Add(1)
	defer a.c.counts.streams.Add(-1)
	ctx, leave := context.WithCancel(s.Context())
	defer leave()
	g := newGathering()
	var bad error // what the pipeline said that it may not
	heard := make(chan struct{})
	go func() {
		defer close(heard)
		bad = a.listen(s, g)
		leave() // a pipeline that has nothing more to say wants nothing more
	}()
	read := make(chan struct{})
	go func() {
		defer close(read)
		g.end(a.c.read(ctx, open.GetPosition(), g.give))
	}()
	err = a.give(ctx, s, g)
	leave()
	<-read
	select {
	case <-heard:
		return bad
	default:
		return err
	}
}

// listen hears what a pipeline grants and what is safe, until it has no more to say.
func (a *acked) listen(s stream, g *gathering) error {
	for {
		m, err := s.Recv()
		switch {
		case err != nil:
			return nil //nolint:nilerr // a stream that ends, however
		case m.GetGrant() != nil:
			g.grant(m.GetGrant().GetEvents())
		case m.GetSafe() != nil:
			if a.c.part.safe == nil {
				continue
			}
			if err := guarded(func() error { return a.c.part.safe(s.Context(), m.GetSafe().GetPosition()) }); err != nil {
				slog.Warn("the component could not note what is safe", "position", m.GetSafe().GetPosition(), "error", err)
			}
		default:
			return status.Error(codes.InvalidArgument, "behind `open` a source is told `grant` and `safe`")
		}
	}
}

// give sends batches, as the pipeline grants them.
func (a *acked) give(gone context.Context, s stream, g *gathering) error {
	for number := uint64(1); ; number++ {
		batch, err := g.take(gone)
		if batch == nil && err == nil {
			return a.end(gone, s)
		}
		if batch == nil {
			return err
		}
		m := &proto.Batch{Number: number, Events: make([]*proto.Event, len(batch)), Position: batch[len(batch)-1].position}
		for i, b := range batch {
			a.c.complete(b.event, nil, 0)
			m.Events[i] = b.event
		}
		if err := s.Send(&proto.FromComponent{Message: &proto.FromComponent_Batch{Batch: m}}); err != nil {
			return err
		}
		a.c.counts.out.Add(int64(len(batch)))
	}
}

// end says that there is no more, and waits until the pipeline has said what is safe.
func (a *acked) end(gone context.Context, s stream) error {
	if err := s.Send(&proto.FromComponent{Message: &proto.FromComponent_End{End: &proto.End{}}}); err != nil {
		return err
	}
	select {
	case <-gone.Done():
		return gone.Err()
	case <-a.c.draining:
		return stopping()
	}
}
