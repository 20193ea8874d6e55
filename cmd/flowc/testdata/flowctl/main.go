// Command flowctl is a component for tests, by the published protocol: a source of two
// event types, a processor of either, and a consumer that writes down what it gets.
//
//	flowctl source COUNT | processor TYPE | consumer FILE
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"strconv"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/flowc-dev/flowc/runtime/proto"
)

func main() {
	log.SetFlags(0)
	role, arg := os.Args[1], os.Args[2]
	l, err := net.Listen("tcp", os.Getenv("PORT"))
	must(err)
	server := grpc.NewServer()
	info := &proto.ComponentInfo{Id: os.Getenv("FLOWCTL_COMPONENT_ID"), Endpoint: os.Getenv("PORT"), Metadata: map[string]string{"max_concurrent": "1"}}
	switch role {
	case "source":
		info.Type = proto.ComponentType_COMPONENT_TYPE_SOURCE
		proto.RegisterSourceServiceServer(server, &source{info: info, count: arg})
	case "processor":
		info.Type = proto.ComponentType_COMPONENT_TYPE_PROCESSOR
		proto.RegisterProcessorServiceServer(server, &processor{info: info, gives: arg})
	case "consumer":
		info.Type = proto.ComponentType_COMPONENT_TYPE_CONSUMER
		proto.RegisterConsumerServiceServer(server, &consumer{info: info, file: arg})
	default:
		log.Fatalf("no role is called %s", role)
	}
	conn, err := grpc.NewClient(os.Getenv("FLOWCTL_ENDPOINT"), grpc.WithTransportCredentials(insecure.NewCredentials()))
	must(err)
	_, err = proto.NewControlPlaneServiceClient(conn).RegisterComponent(context.Background(), &proto.RegisterRequest{Component: info, ComponentId: info.Id})
	must(err)
	must(server.Serve(l))
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

type source struct {
	proto.UnimplementedSourceServiceServer
	info  *proto.ComponentInfo
	count string
}

func (s *source) GetInfo(context.Context, *emptypb.Empty) (*proto.ComponentInfo, error) {
	return s.info, nil
}

// StreamEvents gives blocks and votes by turns.
func (s *source) StreamEvents(_ *proto.StreamRequest, stream grpc.ServerStreamingServer[proto.Event]) error {
	count, err := strconv.Atoi(s.count)
	if err != nil {
		return err
	}
	for i := range count {
		typ := []string{"chain.block.v1", "chain.vote.v1"}[i%2]
		if err := stream.Send(&proto.Event{Id: strconv.Itoa(i), Type: typ, Payload: []byte(strconv.Itoa(i)), ContentType: "text/plain"}); err != nil {
			return err
		}
	}
	return nil
}

type processor struct {
	proto.UnimplementedProcessorServiceServer
	info  *proto.ComponentInfo
	gives string
}

func (p *processor) GetInfo(context.Context, *emptypb.Empty) (*proto.ComponentInfo, error) {
	return p.info, nil
}

// Process gives each event another type.
func (p *processor) Process(stream grpc.BidiStreamingServer[proto.Event, proto.Event]) error {
	for {
		e, err := stream.Recv()
		if err != nil {
			return nil
		}
		e.Payload = []byte("of " + e.Type + " " + string(e.Payload))
		e.Type = p.gives
		if err := stream.Send(e); err != nil {
			return err
		}
	}
}

type consumer struct {
	proto.UnimplementedConsumerServiceServer
	info *proto.ComponentInfo
	file string
}

func (c *consumer) GetInfo(context.Context, *emptypb.Empty) (*proto.ComponentInfo, error) {
	return c.info, nil
}

// Consume writes the events down, a line each.
func (c *consumer) Consume(stream grpc.ClientStreamingServer[proto.Event, proto.ConsumeResponse]) error {
	f, err := os.Create(c.file)
	if err != nil {
		return err
	}
	defer f.Close()
	n := int64(0)
	for {
		e, err := stream.Recv()
		if err == io.EOF {
			return stream.SendAndClose(&proto.ConsumeResponse{EventsConsumed: n})
		}
		if err != nil {
			return err
		}
		n++
		fmt.Fprintf(f, "%s %s\n", e.Type, strings.TrimSpace(string(e.Payload)))
	}
}
