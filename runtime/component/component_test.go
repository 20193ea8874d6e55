package component

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"github.com/flowc-dev/flowc/runtime/control"
	"github.com/flowc-dev/flowc/runtime/proto"
)

func TestEnvironment(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		env  string
		want environment
		err  string
	}{
		{"", environment{address: ":50051", interval: 10 * time.Second}, ""},
		{"PORT=:7 GRPC_PORT=8 HEALTH_PORT=9", environment{address: ":7", healthAddress: ":9", interval: 10 * time.Second}, ""},
		{"GRPC_PORT=8 FLOWCTL_SERVICE_ID=s", environment{address: ":8", id: "s", interval: 10 * time.Second}, ""},
		{"PORT=127.0.0.1:7 FLOWCTL_COMPONENT_ID=c ENABLE_FLOWCTL=true FLOWCTL_ENDPOINT=h:1 FLOWCTL_HEARTBEAT_INTERVAL=3s", environment{address: "127.0.0.1:7", id: "c", plane: "h:1", interval: 3 * time.Second}, ""},
		{"FLOWCTL_ENDPOINT=h:1", environment{address: ":50051", interval: 10 * time.Second}, ""},
		{"PORT=abc", environment{}, `PORT is "abc"`},
		{"HEALTH_PORT=99999", environment{}, `HEALTH_PORT is "99999"`},
		{"ENABLE_FLOWCTL=true", environment{}, "FLOWCTL_ENDPOINT does not say"},
		{"ENABLE_FLOWCTL=1 FLOWCTL_ENDPOINT=h:1 FLOWCTL_HEARTBEAT_INTERVAL=3", environment{}, "such as 10s"},
	} {
		vars := map[string]string{}
		for _, e := range strings.Fields(c.env) {
			name, value, _ := strings.Cut(e, "=")
			vars[name] = value
		}
		got, err := environmentOf(func(name string) string { return vars[name] })
		if c.err != "" {
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s: %v", c.env, err)
			}
			continue
		}
		if err != nil || got != c.want {
			t.Errorf("%s: %+v %v", c.env, got, err)
		}
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// A component registers, says how it does, and answers what it has when it is asked to end.
func TestServe(t *testing.T) {
	t.Parallel()
	plane, err := control.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer plane.Close()
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	entered, leave := make(chan bool, 10), make(chan bool)
	var ill error
	info := Info{Name: "slow", Takes: []string{"a.v1"}, Healthy: func(context.Context) error { return ill }}
	part := Sink(func(_ context.Context, in string) error {
		entered <- true
		<-leave
		if in == "panic" {
			panic("no")
		}
		return nil
	})
	e := environment{address: freeAddress(t), healthAddress: freeAddress(t), id: "me", plane: plane.Address(), interval: 20 * time.Millisecond}
	served := make(chan error, 1)
	go func() { served <- serve(ctx, info, part, e) }()
	got, err := plane.Registered(ctx, "me", 0)
	if err != nil || got.GetEndpoint() != e.address || got.GetName() != "slow" || got.GetMetadata()[proto.MetaAcked] != proto.AckedVersion {
		t.Fatalf("%v %v", got, err)
	}
	page := func(path string) (int, string) {
		r, err := http.Get("http://" + e.healthAddress + path)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		text, _ := io.ReadAll(r.Body)
		return r.StatusCode, string(text)
	}
	if code, text := page("/health"); code != 200 || !strings.Contains(text, `"healthy"`) {
		t.Errorf("%d %s", code, text)
	}
	conn, err := grpc.NewClient(e.address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := proto.NewAckedServiceClient(conn).Read(ctx); err != nil {
		t.Error(err)
	}
	s, err := proto.NewAckedServiceClient(conn).Write(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range []*proto.FromPipeline{
		{Message: &proto.FromPipeline_Open{Open: &proto.Open{Node: "n"}}},
		{Message: &proto.FromPipeline_Batch{Batch: &proto.Batch{Number: 1, Events: []*proto.Event{{Payload: []byte("a")}, {Payload: []byte("panic")}}}}},
	} {
		if err := s.Send(m); err != nil {
			t.Fatal(err)
		}
	}
	if m, err := s.Recv(); err != nil || m.GetReady().GetEvents() == 0 {
		t.Fatalf("%v %v", m, err)
	}
	<-entered
	stop() // it is at work
	close(leave)
	m, err := s.Recv()
	if a := m.GetAnswer(); err != nil || a.GetNumber() != 1 || len(a.GetFailures()) != 1 || a.GetFailures()[0].GetIndex() != 1 || a.GetFailures()[0].GetCode() != "panic" {
		t.Errorf("%v %v", m, err)
	}
	if _, err := s.Recv(); status.Code(err) != codes.Unavailable {
		t.Errorf("the stream ends with %v", err)
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
	if plane.Registry.Named("me") != nil {
		t.Error("it has not taken leave")
	}
}

// What is wrong with the health of a component is its status, and a page that says why.
func TestHealth(t *testing.T) {
	t.Parallel()
	c := newServer(Info{Name: "x", Healthy: func(context.Context) error { return errors.New("the disk is full") }}, Sink(func(context.Context, string) error { return nil }), environment{address: ":1"}, &net.TCPAddr{Port: 1})
	if state, _ := c.health(context.Background()); state != proto.HealthStatus_HEALTH_STATUS_STARTING {
		t.Error(state)
	}
	c.state.Store(int32(proto.HealthStatus_HEALTH_STATUS_HEALTHY))
	if state, why := c.health(context.Background()); state != proto.HealthStatus_HEALTH_STATUS_UNHEALTHY || why != "the disk is full" {
		t.Error(state, why)
	}
}

// Batches end where a source can go on.
func TestCut(t *testing.T) {
	t.Parallel()
	at := func(positions ...string) (out []given) {
		for _, p := range positions {
			out = append(out, given{&proto.Event{Payload: make([]byte, 100)}, p})
		}
		return out
	}
	for _, c := range []struct {
		waiting    []given
		most, want int
	}{
		{at("1", "2", "3"), 10, 3},
		{at("1", "2", "3"), 2, 2},
		{at("1", "", "3", ""), 10, 3},
		{at("", "", ""), 10, 3},
		{at("", "2", ""), 3, 2},
		{[]given{{&proto.Event{Payload: make([]byte, batchBytes+1)}, "1"}, {&proto.Event{}, "2"}}, 10, 1},
	} {
		if got := cut(c.waiting, c.most); got != c.want {
			t.Errorf("%d of %d: %d and not %d", c.most, len(c.waiting), got, c.want)
		}
	}
}

// What a batch function makes comes out in the order of what it was given.
func TestBatchProcessor(t *testing.T) {
	t.Parallel()
	type in struct{ N int }
	part := BatchProcessor(func(_ context.Context, batch []in, out *Outputs[in]) error {
		for i := len(batch) - 1; i >= 0; i-- {
			out.Add(i, batch[i])
			out.Add(i, in{batch[i].N * 10})
		}
		return Failed{1: Transient(errors.New("later"))}
	})
	c := newServer(Info{Name: "x", Gives: []string{"b.v1"}}, part, environment{address: ":1"}, &net.TCPAddr{Port: 1})
	events := []*proto.Event{{Id: "a", Payload: []byte(`{"N":1}`)}, {Id: "b", Payload: []byte(`no`)}, {Id: "c", Payload: []byte(`{"N":3}`)}, {Id: "d", Payload: []byte(`{"N":4}`)}}
	out := c.do(context.Background(), events)
	var text []string
	for i, e := range out.events {
		text = append(text, e.GetId()+string(e.GetPayload())+string(rune('0'+out.of[i])))
	}
	if got := strings.Join(text, " "); got != `a{"N":1}0 a-1{"N":10}0 d{"N":4}3 d-1{"N":40}3` {
		t.Error(got)
	}
	if len(out.failures) != 2 || out.failures[0].GetCode() != "decode" || out.failures[0].GetIndex() != 1 || !out.failures[1].GetTransient() || out.failures[1].GetIndex() != 2 {
		t.Errorf("%v", out.failures)
	}
}
