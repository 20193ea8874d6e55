package component

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/flowc-dev/flowc/runtime/proto"
)

// atOnce is how many events of a plain stream that are there are handled at once.
const atOnce = 256

// An arrival is an event of a plain stream, or its end.
type arrival struct {
	event *proto.Event
	err   error
}

// arrivals receives events until the stream ends.
func arrivals(ctx context.Context, recv func() (*proto.Event, error)) <-chan arrival {
	all := make(chan arrival, atOnce)
	go func() {
		defer close(all)
		for {
			e, err := recv()
			select {
			case all <- arrival{e, err}:
			case <-ctx.Done():
				return
			}
			if err != nil {
				return
			}
		}
	}()
	return all
}

// together are the events that are there, one at least; end is why there are no more behind
// them. It has neither where the component is asked to end and nothing is there.
func together(all <-chan arrival, draining <-chan struct{}) (batch []*proto.Event, end error) {
	var first arrival
	select {
	case first = <-all:
	case <-draining:
		select {
		case first = <-all:
		default:
			return nil, nil
		}
	}
	for a := first; ; {
		if a.err != nil {
			return batch, a.err
		}
		if a.event == nil { // the stream was given up
			return batch, context.Canceled
		}
		if batch = append(batch, a.event); len(batch) == atOnce {
			return batch, nil
		}
		select {
		case a = <-all:
		default:
			return batch, nil
		}
	}
}

// A plainProcessor serves flowctl.v1, where no answer says that an event has failed: it is
// told on standard error, and counted.
type plainProcessor struct {
	proto.UnimplementedProcessorServiceServer
	about
}

// GetInfo says what the component is.
func (p *plainProcessor) GetInfo(ctx context.Context, e *emptypb.Empty) (*proto.ComponentInfo, error) {
	return p.about.GetInfo(ctx, e)
}

// HealthCheck says how it does.
func (p *plainProcessor) HealthCheck(ctx context.Context, r *proto.HealthCheckRequest) (*proto.HealthCheckResponse, error) {
	return p.about.HealthCheck(ctx, r)
}

// Process makes events of events, one after another.
func (p *plainProcessor) Process(s grpc.BidiStreamingServer[proto.Event, proto.Event]) error {
	p.c.counts.streams.Add(1)
	defer p.c.counts.streams.Add(-1)
	all := arrivals(s.Context(), s.Recv)
	for {
		batch, end := together(all, p.c.draining)
		if len(batch) > 0 {
			out := p.c.do(s.Context(), batch)
			for _, f := range out.failures {
				slog.Error("an event failed", "id", batch[f.GetIndex()].GetId(), "error", f.GetMessage())
			}
			for _, e := range out.events {
				if err := s.Send(e); err != nil {
					return err
				}
			}
		}
		switch {
		case errors.Is(end, io.EOF):
			return nil
		case end != nil:
			return end
		case len(batch) == 0:
			return stopping()
		}
	}
}

// A plainConsumer serves flowctl.v1: at the end it says how many events it had.
type plainConsumer struct {
	proto.UnimplementedConsumerServiceServer
	about
}

// GetInfo says what the component is.
func (p *plainConsumer) GetInfo(ctx context.Context, e *emptypb.Empty) (*proto.ComponentInfo, error) {
	return p.about.GetInfo(ctx, e)
}

// HealthCheck says how it does.
func (p *plainConsumer) HealthCheck(ctx context.Context, r *proto.HealthCheckRequest) (*proto.HealthCheckResponse, error) {
	return p.about.HealthCheck(ctx, r)
}

// tellErrors is how many errors a consumer tells of.
const tellErrors = 10

// Consume takes events.
func (p *plainConsumer) Consume(s grpc.ClientStreamingServer[proto.Event, proto.ConsumeResponse]) error {
	p.c.counts.streams.Add(1)
	defer p.c.counts.streams.Add(-1)
	all := arrivals(s.Context(), s.Recv)
	answer := &proto.ConsumeResponse{}
	for {
		batch, end := together(all, p.c.draining)
		if len(batch) > 0 {
			out := p.c.do(s.Context(), batch)
			answer.EventsConsumed += int64(len(batch))
			answer.EventsFailed += int64(len(out.failures))
			for _, f := range out.failures {
				slog.Error("an event failed", "id", batch[f.GetIndex()].GetId(), "error", f.GetMessage())
				if len(answer.Errors) < tellErrors {
					answer.Errors = append(answer.Errors, f.GetMessage())
				}
			}
		}
		switch {
		case errors.Is(end, io.EOF), end == nil && len(batch) == 0:
			return s.SendAndClose(answer)
		case end != nil:
			return end
		}
	}
}

// A plainSource serves flowctl.v1: a pipeline is given the state with which it goes on.
type plainSource struct {
	proto.UnimplementedSourceServiceServer
	about
}

// GetInfo says what the component is.
func (p *plainSource) GetInfo(ctx context.Context, e *emptypb.Empty) (*proto.ComponentInfo, error) {
	return p.about.GetInfo(ctx, e)
}

// HealthCheck says how it does.
func (p *plainSource) HealthCheck(ctx context.Context, r *proto.HealthCheckRequest) (*proto.HealthCheckResponse, error) {
	return p.about.HealthCheck(ctx, r)
}

// StreamEvents gives events; the stream's own flow control is the room that there is.
func (p *plainSource) StreamEvents(r *proto.StreamRequest, s grpc.ServerStreamingServer[proto.Event]) error {
	p.c.counts.streams.Add(1)
	defer p.c.counts.streams.Add(-1)
	from := ""
	if r.GetResume() {
		from = r.GetResumeToken()
	}
	return p.c.read(s.Context(), from, func(_ context.Context, e *proto.Event, position string) error {
		p.c.complete(e, nil, 0)
		p.c.positions.note(e.GetId(), position)
		p.c.counts.out.Add(1)
		return s.Send(e)
	})
}

// GetState is where a pipeline goes on, as far as this process knows.
func (p *plainSource) GetState(context.Context, *proto.StateRequest) (*proto.StateResponse, error) {
	return &proto.StateResponse{ResumeToken: p.c.positions.safe()}, nil
}

// SaveState notes how far all is safe.
func (p *plainSource) SaveState(ctx context.Context, r *proto.SaveStateRequest) (*emptypb.Empty, error) {
	position, ok := p.c.positions.keep(r.GetState()["last_event_id"])
	if ok && p.c.part.safe != nil {
		if err := guarded(func() error { return p.c.part.safe(ctx, position) }); err != nil {
			return nil, status.Error(codes.Unavailable, err.Error())
		}
	}
	return &emptypb.Empty{}, nil
}

// remembered are the positions of events that were given over flowctl.v1, which names events
// by their ids.
type remembered struct {
	mu   sync.Mutex
	list []struct{ id, position string }
	last string // what is safe
}

// mostRemembered is how many events may be on their way: of more, the oldest are forgotten.
const mostRemembered = 1 << 16

func (r *remembered) note(id, position string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.list) >= mostRemembered {
		r.list = append(r.list[:0], r.list[mostRemembered/2:]...)
	}
	r.list = append(r.list, struct{ id, position string }{id, position})
}

// keep notes that all up to an event is safe.
func (r *remembered) keep(id string) (position string, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := len(r.list) - 1; i >= 0; i-- {
		if r.list[i].id != id {
			continue
		}
		for k := i; k >= 0 && position == ""; k-- {
			position = r.list[k].position
		}
		r.list = append(r.list[:0], r.list[i+1:]...)
		if position != "" {
			r.last = position
		}
		return position, position != ""
	}
	return "", false
}

func (r *remembered) safe() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.last
}
