// Command wrong is a component, made by the protocols alone, that does one thing wrong, or
// nothing.
//
//	wrong source|processor|consumer [KIND]
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"os/signal"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unicode/utf8"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/flowc-dev/flowc/runtime/proto"
)

var (
	kind     string
	stopping = make(chan struct{})
	stuck    atomic.Bool
	streams  atomic.Int64
)

func is(k string) bool { return kind == k }

type part struct{ info *proto.ComponentInfo }

func main() {
	log.SetFlags(0)
	role := os.Args[1]
	if len(os.Args) > 2 {
		kind = os.Args[2]
	}
	if is("deaf") {
		select {}
	}
	types := map[string]proto.ComponentType{"source": 1, "processor": 2, "consumer": 3}
	p := &part{&proto.ComponentInfo{Id: os.Getenv("FLOWCTL_COMPONENT_ID"), Name: "wrong", Type: types[role], Endpoint: os.Getenv("PORT"),
		Metadata: map[string]string{"max_concurrent": "1", proto.MetaAcked: proto.AckedVersion, proto.MetaInstance: "me"}}}
	if is("role") {
		p.info.Type = 1 + p.info.Type%3
	}
	if is("nowhere") {
		p.info.Metadata[proto.MetaSocket] = "/nowhere/at/all"
	}
	if !is("unregistered") {
		go beat(p.info)
	}
	options := []grpc.ServerOption{grpc.MaxRecvMsgSize(64 << 20)}
	if is("small") {
		options = nil
	}
	s := grpc.NewServer(options...)
	proto.RegisterAckedServiceServer(s, &acked{part: p})
	switch role {
	case "source":
		proto.RegisterSourceServiceServer(s, &source{part: p})
	case "processor":
		proto.RegisterProcessorServiceServer(s, &processor{part: p})
	default:
		proto.RegisterConsumerServiceServer(s, &consumer{part: p})
	}
	l, err := net.Listen("tcp", os.Getenv("PORT"))
	if err != nil {
		log.Fatal(err)
	}
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGTERM)
	go func() {
		<-asked
		if is("stubborn") {
			return
		}
		close(stopping)
		time.AfterFunc(time.Second, s.Stop)
		s.GracefulStop()
	}()
	if err := s.Serve(l); err != nil {
		log.Fatal(err)
	}
}

func beat(info *proto.ComponentInfo) {
	conn, err := grpc.NewClient(os.Getenv("FLOWCTL_ENDPOINT"), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		log.Fatal(err)
	}
	client := proto.NewControlPlaneServiceClient(conn)
	r, err := client.RegisterComponent(context.Background(), &proto.RegisterRequest{Component: info, ComponentId: info.Id})
	for err == nil && !is("silent") {
		_, err = client.Heartbeat(context.Background(), &proto.HeartbeatRequest{ServiceId: r.ServiceId, Status: proto.HealthStatus_HEALTH_STATUS_HEALTHY})
		time.Sleep(500 * time.Millisecond)
	}
}

func (p *part) GetInfo(context.Context, *emptypb.Empty) (*proto.ComponentInfo, error) {
	return p.info, nil
}

func (p *part) HealthCheck(context.Context, *proto.HealthCheckRequest) (*proto.HealthCheckResponse, error) {
	if is("unwell") {
		return &proto.HealthCheckResponse{Status: proto.HealthStatus_HEALTH_STATUS_UNHEALTHY, Message: "a cold"}, nil
	}
	return &proto.HealthCheckResponse{Status: proto.HealthStatus_HEALTH_STATUS_HEALTHY}, nil
}

// free begins a stream; done ends it.
func free() (done func(err error) error, err error) {
	if stuck.Load() || is("once") && streams.Add(1) > 1 {
		return nil, status.Error(codes.ResourceExhausted, "there is a stream already")
	}
	return func(err error) error {
		if err != nil && is("stuck") {
			stuck.Store(true)
		}
		return err
	}, nil
}

func garbage(e *proto.Event) bool {
	bad := !utf8.Valid(e.GetPayload())
	if bad && is("dies") {
		os.Exit(3)
	}
	return bad
}

type source struct {
	proto.UnimplementedSourceServiceServer
	*part
}

func (s *source) GetInfo(c context.Context, e *emptypb.Empty) (*proto.ComponentInfo, error) {
	return s.part.GetInfo(c, e)
}

func (s *source) HealthCheck(c context.Context, r *proto.HealthCheckRequest) (*proto.HealthCheckResponse, error) {
	return s.part.HealthCheck(c, r)
}

func number(i int) *proto.Event {
	return &proto.Event{Id: strconv.Itoa(i), Type: "wrong.v1", Payload: fmt.Append(nil, i)}
}

func (s *source) StreamEvents(_ *proto.StreamRequest, stream grpc.ServerStreamingServer[proto.Event]) error {
	done, err := free()
	if err != nil {
		return err
	}
	drops := is("drops") && streams.Add(1) == 2 // that is the slow reader's
	for i := 0; !is("mute"); i++ {
		if drops && i == 10 {
			break
		}
		if err := stream.Send(number(i)); err != nil {
			return done(err)
		}
	}
	if is("mute") {
		<-stream.Context().Done()
	}
	return done(nil)
}

type processor struct {
	proto.UnimplementedProcessorServiceServer
	*part
}

func (p *processor) GetInfo(c context.Context, e *emptypb.Empty) (*proto.ComponentInfo, error) {
	return p.part.GetInfo(c, e)
}

func (p *processor) HealthCheck(c context.Context, r *proto.HealthCheckRequest) (*proto.HealthCheckResponse, error) {
	return p.part.HealthCheck(c, r)
}

func (p *processor) Process(s grpc.BidiStreamingServer[proto.Event, proto.Event]) error {
	done, err := free()
	if err != nil {
		return err
	}
	var mu sync.Mutex
	var held *proto.Event
	ended := false
	for {
		e, err := s.Recv()
		if errors.Is(err, io.EOF) {
			mu.Lock()
			defer mu.Unlock()
			ended = true
			return done(nil)
		}
		if err != nil {
			return done(err)
		}
		garbage(e)
		switch {
		case is("cuts"): // it is at work when the stream ends
			go func() {
				time.Sleep(20 * time.Millisecond)
				mu.Lock()
				defer mu.Unlock()
				if !ended {
					_ = s.Send(e)
				}
			}()
			continue
		case is("shuffles") && held == nil:
			held = e
			continue
		}
		err = s.Send(e)
		if err == nil && held != nil {
			err = s.Send(held)
			held = nil
		}
		if err != nil {
			return done(err)
		}
	}
}

type consumer struct {
	proto.UnimplementedConsumerServiceServer
	*part
}

func (p *consumer) GetInfo(c context.Context, e *emptypb.Empty) (*proto.ComponentInfo, error) {
	return p.part.GetInfo(c, e)
}

func (p *consumer) HealthCheck(c context.Context, r *proto.HealthCheckRequest) (*proto.HealthCheckResponse, error) {
	return p.part.HealthCheck(c, r)
}

func (p *consumer) Consume(s grpc.ClientStreamingServer[proto.Event, proto.ConsumeResponse]) error {
	done, err := free()
	if err != nil {
		return err
	}
	n := int64(0)
	for {
		e, err := s.Recv()
		if errors.Is(err, io.EOF) {
			if is("miscounts") {
				n--
			}
			return done(s.SendAndClose(&proto.ConsumeResponse{EventsConsumed: n}))
		}
		if err != nil {
			return done(err)
		}
		garbage(e)
		n++
	}
}

type acked struct {
	proto.UnimplementedAckedServiceServer
	*part
}

type stream = grpc.BidiStreamingServer[proto.FromPipeline, proto.FromComponent]

func say(s stream, a *proto.Answer) error {
	return s.Send(&proto.FromComponent{Message: &proto.FromComponent_Answer{Answer: a}})
}

func ready(s stream) (*proto.Open, error) {
	m, err := s.Recv()
	if err != nil {
		return nil, err
	}
	return m.GetOpen(), s.Send(&proto.FromComponent{Message: &proto.FromComponent_Ready{Ready: &proto.Ready{Events: 1024, Instance: "me"}}})
}

func (a *acked) Process(s stream) error { return a.answer(s, true) }

func (a *acked) Write(s stream) error { return a.answer(s, false) }

func (a *acked) answer(s stream, events bool) error {
	done, err := free()
	if err != nil {
		return err
	}
	if _, err := ready(s); err != nil {
		return done(err)
	}
	type got struct {
		b   *proto.Batch
		err error
	}
	all := make(chan got, 1024)
	waiting := atomic.Int64{}
	go func() {
		for {
			m, err := s.Recv()
			waiting.Add(int64(len(m.GetBatch().GetEvents())))
			all <- got{m.GetBatch(), err}
			if err != nil {
				return
			}
		}
	}()
	if is("narrow") { // it takes fewer events than it says
		time.Sleep(200 * time.Millisecond)
		if waiting.Load() > 600 {
			return status.Error(codes.ResourceExhausted, "too many events")
		}
	}
	for {
		select {
		case <-stopping:
			if is("abrupt") {
				return nil
			}
			return status.Error(codes.Unavailable, "stopping")
		case g := <-all:
			if errors.Is(g.err, io.EOF) {
				return done(nil)
			}
			if g.err != nil {
				return done(g.err)
			}
			if is("hangs-up") && g.b.Number == 10 {
				return done(nil)
			}
			out := &proto.Answer{Number: g.b.Number}
			if is("misnumbers") {
				out.Number++
			}
			bad := false
			for i, e := range g.b.Events {
				if garbage(e) || e.GetType() == "" && e.GetPayload() == nil {
					bad = true
					out.Failures = append(out.Failures, &proto.Failure{Index: uint32(i), Message: "garbage"})
				} else if events {
					out.Events, out.Of = append(out.Events, e), append(out.Of, uint32(i))
				}
			}
			if bad && is("all-fail") {
				out.Events, out.Of, out.Failures = nil, nil, nil
				for i := range g.b.Events {
					out.Failures = append(out.Failures, &proto.Failure{Index: uint32(i), Message: "one of them"})
				}
			}
			if err := say(s, out); err != nil {
				return done(err)
			}
		}
	}
}

func (a *acked) Read(s stream) error {
	done, err := free()
	if err != nil {
		return err
	}
	open, err := ready(s)
	if err != nil {
		return done(err)
	}
	at, _ := strconv.Atoi(open.GetPosition())
	if is("restarts") {
		at = 0
	}
	for n := uint64(0); ; {
		m, err := s.Recv()
		if err != nil {
			return done(nil)
		}
		give := int(m.GetGrant().GetEvents())
		if is("generous") {
			give++
		}
		if give == 0 || is("mute") {
			continue
		}
		n++
		b := &proto.Batch{Number: n}
		for range give {
			b.Events = append(b.Events, number(at))
			at++
		}
		b.Position = strconv.Itoa(at)
		if err := s.Send(&proto.FromComponent{Message: &proto.FromComponent_Batch{Batch: b}}); err != nil {
			return done(err)
		}
	}
}
