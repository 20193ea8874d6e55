// Package judge holds a component in any language against what pipelines need of it: over
// flowctl.v1, and over flowc.v1 where it says that it speaks that. It sees nothing of the
// component but its process and its port.
//
// A check gives one verdict with a reason, and a remedy where it has failed. What a component
// does not promise is not held against it: a check that does not fit is skipped, and says why.
package judge

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/flowc-dev/flowc/runtime/control"
	"github.com/flowc-dev/flowc/runtime/proto"
	"github.com/flowc-dev/flowc/runtime/supervise"
)

// A Target is the component that is judged.
type Target struct {
	// Command starts it: the program and its arguments.
	Command []string
	// Env are variables of its, NAME=value each.
	Env []string
	// Endpoint is one that runs already, in the place of Command.
	Endpoint string
	// Payloads are those of the events that it is given; without, they are small JSON.
	Payloads [][]byte
	// Type is the type of these events; without, it is the first that the component takes.
	Type string
	// Patience is how long it may take for anything.
	Patience time.Duration
	// Log takes what it prints.
	Log io.Writer
}

// A Verdict is what a check came to.
type Verdict string

// The verdicts.
const (
	Pass Verdict = "pass"
	Fail Verdict = "fail"
	Skip Verdict = "skip"
)

// A Result is a check with its verdict.
type Result struct {
	// Protocol is flowctl.v1 or flowc.v1, "" for what is of both.
	Protocol string `json:"protocol,omitempty"`
	// Check is what was tried.
	Check string `json:"check"`
	// Verdict is pass, fail or skip.
	Verdict Verdict `json:"verdict"`
	// Reason is what was seen.
	Reason string `json:"reason"`
	// Remedy is what to do, "" where it has not failed.
	Remedy string `json:"remedy,omitempty"`
}

// A Report is what was found.
type Report struct {
	// Component is what it calls itself, and Role what it is.
	Component string `json:"component"`
	Role      string `json:"role"`
	// Results are in the order of the checks.
	Results []Result `json:"results"`
}

// Failed counts the checks that failed.
func (r *Report) Failed() (n int) {
	for _, one := range r.Results {
		if one.Verdict == Fail {
			n++
		}
	}
	return n
}

// A judge judges one component.
type judge struct {
	Target
	plane   *control.Plane
	keeper  *supervise.Keeper
	process *supervise.Process
	conn    *grpc.ClientConn
	address string
	info    *proto.ComponentInfo
	role    proto.ComponentType
	port    int
}

// An outcome is what a check saw.
type outcome struct {
	verdict Verdict
	reason  string
}

func pass(format string, args ...any) outcome { return outcome{Pass, fmt.Sprintf(format, args...)} }
func fail(format string, args ...any) outcome { return outcome{Fail, fmt.Sprintf(format, args...)} }
func skip(format string, args ...any) outcome { return outcome{Skip, fmt.Sprintf(format, args...)} }

// A check is one thing that is tried.
type check struct {
	protocol string
	name     string
	roles    string // the first letters of those that it is for: s, p, c
	run      func(ctx context.Context, j *judge) outcome
	remedy   string
	// kills tells that the component does not run any more behind it.
	kills bool
}

var names = map[proto.ComponentType]string{
	proto.ComponentType_COMPONENT_TYPE_SOURCE: "source", proto.ComponentType_COMPONENT_TYPE_PROCESSOR: "processor", proto.ComponentType_COMPONENT_TYPE_CONSUMER: "consumer",
}

// Run judges a component. An error is one of the judge's own: that the component is not there
// at all is a verdict.
func Run(ctx context.Context, t Target) (*Report, error) {
	if t.Patience <= 0 {
		t.Patience = 10 * time.Second
	}
	plane, err := control.Listen("127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	defer plane.Close()
	j := &judge{Target: t, plane: plane}
	defer j.stop()
	r := &Report{}
	add := func(c check, o outcome) {
		one := Result{Protocol: c.protocol, Check: c.name, Verdict: o.verdict, Reason: o.reason}
		if o.verdict == Fail {
			one.Remedy = c.remedy
		}
		r.Results = append(r.Results, one)
	}
	begin := check{name: "serves", remedy: "listen with gRPC at the port that PORT and GRPC_PORT say (or register another with the control plane at FLOWCTL_ENDPOINT), and serve flowctl.v1's SourceService, ProcessorService or ConsumerService with GetInfo"}
	if err := j.start(ctx); err != nil {
		add(begin, fail("%v", err))
		return r, nil
	}
	r.Component, r.Role = j.info.GetName(), names[j.role]
	if r.Component == "" {
		r.Component = j.info.GetId()
	}
	add(begin, pass("as a %s at %s", r.Role, j.address))
	for _, c := range checks {
		if !containsRole(c.roles, r.Role) {
			continue
		}
		if c.protocol == acked && !speaks(j.info) {
			continue
		}
		o := j.try(ctx, c)
		add(c, o)
		if ctx.Err() != nil {
			return r, ctx.Err()
		}
	}
	if !speaks(j.info) {
		r.Results = append(r.Results, Result{Protocol: acked, Check: "spoken", Verdict: Skip, Reason: "it does not say that it speaks flowc.v1, so pipelines give it at most once (docs/acked.md)"})
	}
	return r, nil
}

// The protocols.
const (
	plain = "flowctl.v1"
	acked = "flowc.v1"
)

func containsRole(roles, role string) bool {
	for i := range len(roles) {
		if roles[i] == role[0] {
			return true
		}
	}
	return false
}

func speaks(info *proto.ComponentInfo) bool {
	v := info.GetMetadata()[proto.MetaAcked]
	return len(v) >= len(proto.AckedVersion) && v[:len(proto.AckedVersion)] == proto.AckedVersion
}

// try runs a check, on a component that is there.
func (j *judge) try(ctx context.Context, c check) outcome {
	if c.kills && j.Endpoint != "" {
		return skip("it was not started here, so it is not ended")
	}
	if err := j.start(ctx); err != nil {
		return fail("it does not serve any more, and not again: %v", err)
	}
	short, cancel := context.WithTimeout(ctx, 3*j.Patience)
	defer cancel()
	o := c.run(short, j)
	if o.verdict != Fail && !c.kills && j.died() {
		return fail("the component died of it: %s", j.process.State())
	}
	return o
}

func (j *judge) died() bool {
	if j.process == nil {
		return false
	}
	select {
	case <-j.process.Done():
		return true
	case <-time.After(50 * time.Millisecond): // it may be about to
		select {
		case <-j.process.Done():
			return true
		default:
			return false
		}
	}
}

// start sees to it that the component runs and is connected.
func (j *judge) start(ctx context.Context) error {
	if j.Endpoint != "" {
		if j.conn != nil {
			return nil
		}
		return j.greet(ctx, j.Endpoint)
	}
	if j.process != nil && !j.died() {
		return nil
	}
	j.stop()
	var ports [2]int
	for i := range ports {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		ports[i] = l.Addr().(*net.TCPAddr).Port
		l.Close()
	}
	j.port = ports[0]
	env := []string{
		"ENABLE_FLOWCTL=true", "FLOWCTL_ENDPOINT=" + j.plane.Address(), "FLOWCTL_HEARTBEAT_INTERVAL=1s", "FLOWCTL_SERVICE_ID=judged", "FLOWCTL_COMPONENT_ID=judged",
		"PORT=:" + strconv.Itoa(j.port), "GRPC_PORT=" + strconv.Itoa(j.port), "HEALTH_PORT=" + strconv.Itoa(ports[1]),
	}
	since := j.plane.Registry.Mark()
	j.keeper = supervise.New(supervise.Spec{Name: "component", Command: j.Command, Env: append(env, j.Env...), Restart: supervise.No, Log: j.Log})
	var err error
	if j.process, err = j.keeper.Start(ctx); err != nil {
		return err
	}
	limit := time.Now().Add(3 * j.Patience)
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(j.port))
	for {
		err := j.greet(ctx, address)
		if err == nil {
			return nil
		}
		short, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
		if info, err := j.plane.Registered(short, "judged", since); err == nil {
			if _, port, err := net.SplitHostPort(info.GetEndpoint()); err == nil {
				address = net.JoinHostPort("127.0.0.1", port)
			}
		}
		cancel()
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case j.died():
			return fmt.Errorf("it %s before it served%s", j.process.State(), wrote(j.process.Last()))
		case time.Now().After(limit):
			return fmt.Errorf("it did not serve at %s within %s (%s)", address, 3*j.Patience, reason(err))
		}
	}
}

func wrote(text string) string {
	if text == "" {
		return ""
	}
	return "; it wrote last: " + text
}

func reason(err error) string {
	if s, ok := status.FromError(err); ok && err != nil {
		return s.Code().String() + ": " + s.Message()
	}
	return fmt.Sprint(err)
}

// stop ends the component.
func (j *judge) stop() {
	if j.conn != nil {
		j.conn.Close()
		j.conn = nil
	}
	if j.keeper != nil {
		j.keeper.Stop(time.Second)
	}
	j.keeper, j.process = nil, nil
}

// greet connects and asks who is there: by the service of each role.
func (j *judge) greet(ctx context.Context, address string) error {
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(proto.MaxFrame), grpc.MaxCallSendMsgSize(proto.MaxFrame)))
	if err != nil {
		return err
	}
	asked := []struct {
		role proto.ComponentType
		ask  func(context.Context, *emptypb.Empty, ...grpc.CallOption) (*proto.ComponentInfo, error)
	}{
		{proto.ComponentType_COMPONENT_TYPE_SOURCE, proto.NewSourceServiceClient(conn).GetInfo},
		{proto.ComponentType_COMPONENT_TYPE_PROCESSOR, proto.NewProcessorServiceClient(conn).GetInfo},
		{proto.ComponentType_COMPONENT_TYPE_CONSUMER, proto.NewConsumerServiceClient(conn).GetInfo},
	}
	for _, a := range asked {
		short, cancel := context.WithTimeout(ctx, 2*time.Second)
		var info *proto.ComponentInfo
		info, err = a.ask(short, &emptypb.Empty{})
		cancel()
		if err == nil {
			j.conn, j.address, j.info, j.role = conn, address, info, a.role
			return nil
		}
		if status.Code(err) != codes.Unimplemented {
			break
		}
	}
	conn.Close()
	if status.Code(err) == codes.Unimplemented {
		return errors.New("it serves gRPC, and GetInfo of none of flowctl.v1's services")
	}
	return err
}

// event is the one with a number that the component is given.
func (j *judge) event(i int) *proto.Event {
	payload := fmt.Appendf(nil, `{"n":%d}`, i)
	if len(j.Payloads) > 0 {
		payload = j.Payloads[i%len(j.Payloads)]
	}
	typ := j.Type
	if typ == "" && len(j.info.GetInputEventTypes()) > 0 {
		typ = j.info.GetInputEventTypes()[0]
	}
	return &proto.Event{Id: "judge-" + strconv.Itoa(i), Type: typ, Payload: payload, ContentType: "application/json", SourceComponentId: "judge", Metadata: map[string]string{"judge": strconv.Itoa(i)}}
}

func (j *judge) events(from, n int) []*proto.Event {
	out := make([]*proto.Event, n)
	for i := range out {
		out[i] = j.event(from + i)
	}
	return out
}
