// Command standin is a component for tests, by the published protocol: it behaves as the
// components in the field do, their odd habits included.
//
//	standin source|processor|consumer [flags]
//
// By another name, and with other arguments, it stands in for the component that it is called,
// or that FLOWCTL_COMPONENT_ID says: raw-ledger-source is a source of two ledgers from
// START_LEDGER on (to END_LEDGER, where there is one), postgres-sink a consumer that writes
// down what it gets in ID.got, all else a processor.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/flowc-dev/flowc/runtime/proto"
)

var (
	count      = flag.Int("count", 10, "how many events a source gives")
	endless    = flag.Bool("endless", false, "a source waits behind them")
	inTurn     = flag.Bool("in-turn", false, "a processor handles one event after another, and says so")
	jitter     = flag.Bool("jitter", false, "a processor takes its time with each event")
	drop       = flag.Int("drop", 0, "a processor answers nothing to each such event")
	double     = flag.Bool("double", false, "a processor answers twice")
	dieAt      = flag.String("die-at", "", "the payload at which it dies")
	dieOnce    = flag.String("die-once", "", "a file: it dies at die-at only where that is not there yet")
	out        = flag.String("out", "", "the file in which a consumer notes what it got")
	slow       = flag.Duration("slow", 0, "how long a consumer takes for each event")
	ownPort    = flag.Bool("own-port", false, "it listens on a port of its own choice, and registers that")
	says       = flag.String("says", "", "the role that it says it has")
	late       = flag.Duration("late", 0, "how long it takes to listen")
	deaf       = flag.Bool("deaf", false, "it does neither register nor listen")
	hang       = flag.Bool("hang", false, "it ignores the request to end")
	fails      = flag.Int64("fails", 0, "how many events a consumer says have failed")
	saved      = flag.String("saved", "", "the file in which a source keeps its state")
	freeze     = flag.Bool("freeze", false, "in the place of dying it hangs, as a whole")
	mixed      = flag.Bool("mixed", false, "each second event of a source or processor is of the type test.word.v1")
	garbage    = flag.Bool("garbage", false, "it speaks, and no gRPC")
	closes     = flag.Bool("closes", false, "it ends each stream at once")
	huge       = flag.Int("huge", 0, "a source gives one event of that many bytes, a processor answers with such, a consumer ends its stream with such an answer")
	pad        = flag.Int("pad", 0, "how many bytes the payloads of a source have in addition")
	sent       = flag.String("sent", "", "a file that says how many events a source has sent")
	gate       = flag.String("gate", "", "a file: a consumer receives nothing until it is there")
	breakAfter = flag.Int("break-after", 0, "a source dies behind that many events, once: where saved.broken is not there")
)

func main() {
	log.SetFlags(0)
	role := byName(filepath.Base(os.Args[0]))
	if role == "" {
		role = os.Args[1]
		_ = flag.CommandLine.Parse(os.Args[2:])
	}
	if *deaf {
		select {}
	}
	stop := make(chan os.Signal, 1)
	if !*garbage {
		signal.Notify(stop, syscall.SIGTERM)
	}
	address := os.Getenv("PORT")
	if *ownPort {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		must(err)
		address = ":" + strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
		l.Close()
	}
	typ := map[string]proto.ComponentType{"source": 1, "processor": 2, "consumer": 3}
	info := &proto.ComponentInfo{
		Id: os.Getenv("FLOWCTL_COMPONENT_ID"), Name: "standin", Version: "1", Type: typ[role], Endpoint: address, Metadata: map[string]string{},
	}
	if *says != "" {
		info.Type = typ[*says]
	}
	if *inTurn {
		info.Metadata["max_concurrent"] = "1"
	}
	register(info)
	time.Sleep(*late)
	l, err := net.Listen("tcp", address)
	must(err)
	if *garbage {
		for {
			conn, err := l.Accept()
			must(err)
			_, _ = conn.Write([]byte("\x00\xffthis is no HTTP\r\n\r\n"))
			conn.Close()
		}
	}
	server := grpc.NewServer(grpc.MaxRecvMsgSize(16 << 20))
	base := component{info: info}
	switch role {
	case "source":
		proto.RegisterSourceServiceServer(server, &source{component: base})
	case "processor":
		proto.RegisterProcessorServiceServer(server, &processor{component: base})
	case "consumer":
		proto.RegisterConsumerServiceServer(server, &consumer{component: base})
	}
	go func() {
		<-stop
		if *hang {
			return
		}
		server.GracefulStop() // waits for streams that are open
	}()
	must(server.Serve(l))
}

// byName is the role of the component that a name stands for, and sets the flags that it has.
func byName(name string) string {
	if name == "standin" || len(os.Args) > 1 && slices.Contains([]string{"source", "processor", "consumer"}, os.Args[1]) {
		return ""
	}
	id := os.Getenv("FLOWCTL_COMPONENT_ID")
	switch called := strings.ToLower(name + " " + id); {
	case strings.Contains(called, "source"):
		first, _ := strconv.Atoi(os.Getenv("START_LEDGER"))
		last, err := strconv.Atoi(os.Getenv("END_LEDGER"))
		if err != nil {
			last = max(first, 1) + 1
		}
		*count = 3 * last
		return "source"
	case strings.Contains(called, "sink"), strings.Contains(called, "consumer"):
		*out = id + ".got"
		return "consumer"
	}
	return "processor"
}

// gives is the type of an event by its number, unless STANDIN_GIVES, or a file beside the
// program that is called NAME.gives, names others: several go by turns.
func gives(number int, usual string) string {
	types := os.Getenv("STANDIN_GIVES")
	if types == "" {
		text, _ := os.ReadFile(os.Args[0] + ".gives")
		types = strings.TrimSpace(string(text))
	}
	if types == "" {
		return usual
	}
	all := strings.Split(types, ",")
	return all[number%len(all)]
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// register blocks until there is a control plane, as the SDK does.
func register(info *proto.ComponentInfo) {
	if os.Getenv("ENABLE_FLOWCTL") != "true" {
		return
	}
	conn, err := grpc.NewClient(os.Getenv("FLOWCTL_ENDPOINT"), grpc.WithTransportCredentials(insecure.NewCredentials()))
	must(err)
	client := proto.NewControlPlaneServiceClient(conn)
	for {
		r, err := client.RegisterComponent(context.Background(), &proto.RegisterRequest{Component: info, ComponentId: info.Id})
		if err != nil {
			time.Sleep(50 * time.Millisecond)
			continue
		}
		go func() {
			for range time.Tick(time.Second) {
				_, _ = client.Heartbeat(context.Background(), &proto.HeartbeatRequest{ServiceId: r.ServiceId, Status: proto.HealthStatus_HEALTH_STATUS_UNKNOWN})
			}
		}()
		return
	}
}

type component struct{ info *proto.ComponentInfo }

func (c component) GetInfo(context.Context, *emptypb.Empty) (*proto.ComponentInfo, error) {
	return c.info, nil
}

func (c component) HealthCheck(context.Context, *proto.HealthCheckRequest) (*proto.HealthCheckResponse, error) {
	return &proto.HealthCheckResponse{Status: proto.HealthStatus_HEALTH_STATUS_HEALTHY}, nil
}

// die ends the process at an event.
func die(e *proto.Event) {
	if *dieAt == "" || strings.TrimSpace(string(e.Payload)) != *dieAt {
		return
	}
	if *dieOnce != "" {
		if _, err := os.Stat(*dieOnce); err == nil {
			return
		}
		must(os.WriteFile(*dieOnce, nil, 0o644))
	}
	if *freeze {
		_ = syscall.Kill(os.Getpid(), syscall.SIGSTOP)
	}
	log.Fatalf("dying at %s", *dieAt)
}

type source struct {
	proto.UnimplementedSourceServiceServer
	component
	once sync.Once
}

func (s *source) GetInfo(ctx context.Context, e *emptypb.Empty) (*proto.ComponentInfo, error) {
	return s.component.GetInfo(ctx, e)
}

func (s *source) HealthCheck(ctx context.Context, r *proto.HealthCheckRequest) (*proto.HealthCheckResponse, error) {
	return s.component.HealthCheck(ctx, r)
}

// StreamEvents gives ledgers of three events each, from START_LEDGER on, as numbers.
func (s *source) StreamEvents(r *proto.StreamRequest, stream grpc.ServerStreamingServer[proto.Event]) error {
	if *huge > 0 {
		return stream.Send(&proto.Event{Id: "huge", Payload: make([]byte, *huge)})
	}
	if *closes {
		return nil
	}
	first := false
	s.once.Do(func() { first = true })
	if !first {
		return fmt.Errorf("there is a stream already")
	}
	start, _ := strconv.Atoi(r.Params["START_LEDGER"])
	start = max(start, 1)
	fmt.Fprintf(os.Stderr, "stream from ledger %d, resume %v, token %q\n", start, r.Resume, r.ResumeToken)
	for i := (start - 1) * 3; i < *count; i++ {
		typ, payload := "test.number.v1", fmt.Sprintf(`{"n":%d, "text":"n %d%s"}`, i, i, strings.Repeat(".", *pad))
		if *mixed && i%2 == 1 {
			typ, payload = "test.word.v1", fmt.Sprintf(`{"word": "w%d"}`, i)
		}
		if *breakAfter > 0 && i == *breakAfter {
			if _, err := os.Stat(*saved + ".broken"); err != nil {
				must(os.WriteFile(*saved+".broken", nil, 0o644))
				time.Sleep(100 * time.Millisecond) // what was sent is on its way
				os.Exit(4)
			}
		}
		if *sent != "" {
			must(os.WriteFile(*sent, []byte(strconv.Itoa(i)), 0o644))
		}
		if err := stream.Send(&proto.Event{
			Id: fmt.Sprintf("e%d", i), Type: gives(i, typ), Payload: []byte(payload),
			Metadata: map[string]string{"origin": "standin", "n": strconv.Itoa(i)}, Timestamp: timestamppb.New(time.Unix(1_700_000_000+int64(i), 0)),
			SourceComponentId: "standin-source", ContentType: "application/json",
			StellarCursor: &proto.StellarCursor{LedgerSequence: uint64(i/3 + 1), IndexInLedger: uint32(i % 3)},
		}); err != nil {
			return err
		}
	}
	if *endless {
		<-stream.Context().Done()
	}
	return nil
}

func (s *source) GetState(context.Context, *proto.StateRequest) (*proto.StateResponse, error) {
	text, _ := os.ReadFile(*saved)
	return &proto.StateResponse{ResumeToken: string(text)}, nil
}

func (s *source) SaveState(_ context.Context, r *proto.SaveStateRequest) (*emptypb.Empty, error) {
	if *saved != "" {
		must(os.WriteFile(*saved, []byte(r.State["last_event_id"]), 0o644))
	}
	return &emptypb.Empty{}, nil
}

type processor struct {
	proto.UnimplementedProcessorServiceServer
	component
}

func (p *processor) GetInfo(ctx context.Context, e *emptypb.Empty) (*proto.ComponentInfo, error) {
	return p.component.GetInfo(ctx, e)
}

func (p *processor) HealthCheck(ctx context.Context, r *proto.HealthCheckRequest) (*proto.HealthCheckResponse, error) {
	return p.component.HealthCheck(ctx, r)
}

// Process handles each event in a goroutine of its own and, at the end of the stream,
// returns with those that are at work.
func (p *processor) Process(stream grpc.BidiStreamingServer[proto.Event, proto.Event]) error {
	if *closes {
		return nil
	}
	var mu sync.Mutex
	ended := false
	n := 0
	for {
		e, err := stream.Recv()
		if err == io.EOF {
			mu.Lock()
			ended = true
			mu.Unlock()
			return nil
		}
		if err != nil {
			return err
		}
		n++
		number := n
		handle := func() {
			die(e)
			if *jitter {
				time.Sleep(time.Duration(rand.IntN(3)) * time.Millisecond)
			}
			if *drop > 0 && number%*drop == 0 {
				return
			}
			mu.Lock()
			defer mu.Unlock()
			if ended {
				return
			}
			answers := []string{""}
			if *double {
				answers = []string{"a", "b"}
			}
			if *huge > 0 {
				e.Payload = make([]byte, *huge)
			}
			typ := "test.done.v1"
			if *mixed && number%2 == 0 {
				typ = "test.word.v1"
			}
			for _, a := range answers {
				o := &proto.Event{
					Id: e.Id + "-done" + a, Type: gives(0, typ), Payload: e.Payload, Metadata: e.Metadata, Timestamp: e.Timestamp,
					SourceComponentId: p.info.Id, ContentType: e.ContentType, StellarCursor: e.StellarCursor,
				}
				_ = stream.Send(o)
			}
		}
		if *inTurn {
			handle()
		} else {
			go handle()
		}
	}
}

type consumer struct {
	proto.UnimplementedConsumerServiceServer
	component
}

func (c *consumer) GetInfo(ctx context.Context, e *emptypb.Empty) (*proto.ComponentInfo, error) {
	return c.component.GetInfo(ctx, e)
}

func (c *consumer) HealthCheck(ctx context.Context, r *proto.HealthCheckRequest) (*proto.HealthCheckResponse, error) {
	return c.component.HealthCheck(ctx, r)
}

// Consume counts what it has received.
func (c *consumer) Consume(stream grpc.ClientStreamingServer[proto.Event, proto.ConsumeResponse]) error {
	if *closes {
		return stream.SendAndClose(&proto.ConsumeResponse{})
	}
	f, err := os.OpenFile(*out, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer f.Close()
	for *gate != "" {
		if _, err := os.Stat(*gate); err == nil {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	n := int64(0)
	for {
		e, err := stream.Recv()
		if err == io.EOF {
			r := &proto.ConsumeResponse{EventsConsumed: n, EventsFailed: *fails}
			if *huge > 0 {
				r.Errors = []string{strings.Repeat("x", *huge)}
			}
			return stream.SendAndClose(r)
		}
		if err != nil {
			return err
		}
		n++
		die(e)
		time.Sleep(*slow)
		fmt.Fprintf(f, "%s|%s|%s|%s|%s|%s|%d.%d|%s\n", e.Id, e.Type, e.Payload, e.Metadata["origin"], e.SourceComponentId, e.ContentType,
			e.GetStellarCursor().GetLedgerSequence(), e.GetStellarCursor().GetIndexInLedger(), e.Timestamp.AsTime().Format("15:04:05"))
	}
}
