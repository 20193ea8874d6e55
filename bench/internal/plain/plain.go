// Package plain serves flowctl.v1 and nothing besides, as components do that know of no
// other protocol: one event after another, and next to no work.
package plain

import (
	"context"
	"errors"
	"io"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/flowc-dev/flowc/runtime/proto"
)

// Options are what a component does.
type Options struct {
	// Together has a processor say that it handles events one after another, so that it is
	// given many at once.
	Together bool
	// Events are what a source gives.
	Events func(give func(*proto.Event) error) error
}

// Register has a server serve a role: source, processor or sink.
func Register(s *grpc.Server, role string, o Options) {
	switch role {
	case "source":
		proto.RegisterSourceServiceServer(s, &source{options: o})
	case "processor":
		proto.RegisterProcessorServiceServer(s, &processor{options: o})
	default:
		proto.RegisterConsumerServiceServer(s, &sink{})
	}
}

type source struct {
	proto.UnimplementedSourceServiceServer
	options Options
}

func (p *source) GetInfo(context.Context, *emptypb.Empty) (*proto.ComponentInfo, error) {
	return &proto.ComponentInfo{Id: "bench", Type: proto.ComponentType_COMPONENT_TYPE_SOURCE}, nil
}

func (p *source) StreamEvents(_ *proto.StreamRequest, s grpc.ServerStreamingServer[proto.Event]) error {
	return p.options.Events(s.Send)
}

type processor struct {
	proto.UnimplementedProcessorServiceServer
	options Options
}

func (p *processor) GetInfo(context.Context, *emptypb.Empty) (*proto.ComponentInfo, error) {
	info := &proto.ComponentInfo{Id: "bench", Type: proto.ComponentType_COMPONENT_TYPE_PROCESSOR}
	if p.options.Together {
		info.Metadata = map[string]string{"max_concurrent": "1"}
	}
	return info, nil
}

func (p *processor) Process(s grpc.BidiStreamingServer[proto.Event, proto.Event]) error {
	for {
		e, err := s.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := s.Send(e); err != nil {
			return err
		}
	}
}

type sink struct {
	proto.UnimplementedConsumerServiceServer
}

func (p *sink) GetInfo(context.Context, *emptypb.Empty) (*proto.ComponentInfo, error) {
	return &proto.ComponentInfo{Id: "bench", Type: proto.ComponentType_COMPONENT_TYPE_CONSUMER}, nil
}

func (p *sink) Consume(s grpc.ClientStreamingServer[proto.Event, proto.ConsumeResponse]) error {
	n := int64(0)
	for {
		_, err := s.Recv()
		if errors.Is(err, io.EOF) {
			return s.SendAndClose(&proto.ConsumeResponse{EventsConsumed: n})
		}
		if err != nil {
			return err
		}
		n++
	}
}
