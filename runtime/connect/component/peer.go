package component

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/flowc-dev/flowc/runtime/connect/foreign"
	"github.com/flowc-dev/flowc/runtime/connect/messages"
	"github.com/flowc-dev/flowc/runtime/control"
	"github.com/flowc-dev/flowc/runtime/proto"
	"github.com/flowc-dev/flowc/runtime/supervise"
)

// A setup is what the three sorts of components have in common.
type setup struct {
	node              string
	in                *supervise.Container
	command, env      []string
	endpoint, restart string
	port, healthPort  int
	healthCheck       string // the path of its health check, "" for none
	wait              time.Duration
	role              proto.ComponentType
	takes, gives      []string
	must              bool // it must speak flowc.v1
}

// A peer is a component: its process, where it is one of ours, and the connection to it.
type peer struct {
	setup
	keeper    *supervise.Keeper
	process   *supervise.Process
	plane     *control.Plane
	release   func()
	id        string // under which it registers
	conn      *grpc.ClientConn
	address   string
	info      *proto.ComponentInfo
	acked     bool // it speaks flowc.v1
	toldAcked bool // and the log says so
	// cause is why its last stream broke off, nil where it has done something since.
	cause error
	// interval is that of heartbeats and health checks.
	interval time.Duration
	// grace is how long a hung process may take to end.
	grace time.Duration
}

// heartbeat is how often a component is asked how it does, and is to say so.
const heartbeat = 10 * time.Second

func newPeer(s setup) (*peer, error) {
	if len(s.command) == 0 && s.endpoint == "" && s.in == nil {
		return nil, errNothing
	}
	return &peer{setup: s, interval: heartbeat, grace: supervise.Grace}, nil
}

// connect sees to it that the component runs and is connected; fresh tells that it is
// another one than before.
func (p *peer) connect(ctx context.Context) (fresh bool, err error) {
	switch {
	case p.beside() && p.release == nil:
		return p.await(ctx)
	case p.endpoint != "":
		return p.connectTo(ctx)
	}
	if p.keeper == nil {
		if err := p.prepare(); err != nil {
			return false, err
		}
	}
	if p.process != nil && p.conn != nil && p.process == p.keeper.Now() {
		select {
		case <-p.process.Done():
		default:
			return false, nil
		}
	}
	p.hangUp()
	for {
		err := p.plane.Start(func() error { return p.start(ctx) })
		var died *diedError
		if !errors.As(err, &died) {
			var gone *supervise.ExitError
			if p.cause != nil && errors.As(err, &gone) {
				err = fmt.Errorf("its stream ended: %w; %w", p.cause, err)
			}
			return true, err
		}
		// The keeper makes pauses, and says when it is in vain.
	}
}

// prepare finds ports and makes the environment of the process.
func (p *peer) prepare() (err error) {
	if p.plane, p.release, err = control.Embedded(); err != nil {
		return err
	}
	env := map[string]string{}
	for _, e := range p.env {
		name, value, _ := strings.Cut(e, "=")
		env[name] = value
	}
	if p.port == 0 {
		p.port = portOf(env["PORT"], env["GRPC_PORT"])
	}
	if p.healthPort == 0 {
		p.healthPort = portOf(env["HEALTH_PORT"])
	}
	for _, port := range []*int{&p.port, &p.healthPort} {
		if *port == 0 {
			if *port, err = freePort(); err != nil {
				return err
			}
		}
	}
	done := p.release
	id, unclaim := p.plane.Claim(p.node, p.port)
	p.id, p.release = id, func() { unclaim(); done() }
	own := []string{
		"ENABLE_FLOWCTL=true", "FLOWCTL_ENDPOINT=" + p.plane.Address(), "FLOWCTL_HEARTBEAT_INTERVAL=" + p.interval.String(),
		"FLOWCTL_SERVICE_ID=" + p.id, "FLOWCTL_COMPONENT_ID=" + p.id,
		"PORT=:" + strconv.Itoa(p.port), "GRPC_PORT=" + strconv.Itoa(p.port), "HEALTH_PORT=" + strconv.Itoa(p.healthPort),
	}
	// What the pipeline says wins: of two of a name the last counts.
	command := p.command
	if p.in == nil {
		command = foreign.Command(command)
	}
	p.keeper = supervise.New(supervise.Spec{Name: p.node, Command: command, Container: p.in, Env: append(own, p.env...), Restart: p.restart})
	return nil
}

// portOf is the first port that one of some texts names, as :50051 or 50051; 0 for none.
func portOf(texts ...string) int {
	for _, t := range texts {
		if n, err := strconv.Atoi(t[strings.LastIndexByte(t, ':')+1:]); err == nil && n > 0 {
			return n
		}
	}
	return 0
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// start starts the process and waits until it serves.
func (p *peer) start(ctx context.Context) error {
	since := p.plane.Registry.Mark()
	var err error
	if p.process, err = p.keeper.Start(ctx); err != nil {
		return err
	}
	begun := time.Now()
	ctx, cancel := context.WithTimeout(ctx, p.wait)
	defer cancel()
	registered := make(chan string, 1)
	go func() {
		if info, err := p.plane.Registered(ctx, p.id, since); err == nil {
			registered <- local(info.GetEndpoint())
		}
	}()
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(p.port))
	tell := time.NewTicker(5 * time.Second)
	defer tell.Stop()
	for {
		err = p.greet(ctx, address)
		if err == nil {
			go p.watch(p.conn, p.process)
			return nil
		}
		var refused *roleError
		if errors.As(err, &refused) {
			return err
		}
		select {
		case a := <-registered:
			if a != "" {
				address = a
			}
		case <-p.process.Done():
			return &diedError{p.process.State()}
		case <-tell.C:
			p.keeper.Log("it does not serve at %s yet, after %s", address, time.Since(begun).Round(time.Second))
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			p.process.Stop(supervise.Grace)
			return &supervise.ExitError{Name: p.node, State: "was stopped", Last: p.process.Last(), Why: fmt.Sprintf("it neither registered nor served at %s within %s (%s)", address, p.wait, reason(err))}
		}
	}
}

// A diedError is a process that ended before it served; it is started again.
type diedError struct{ state string }

func (e *diedError) Error() string { return "the component " + e.state + " before it served" }

// local is the address of a component on this host, as it registered it: ":50051" and
// "0.0.0.0:50051" say no host.
func local(endpoint string) string {
	endpoint = strings.TrimPrefix(strings.TrimPrefix(endpoint, "http://"), "grpc://")
	host, port, err := net.SplitHostPort(endpoint)
	if err != nil {
		return ""
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}

// connectTo connects to a component that runs already.
func (p *peer) connectTo(ctx context.Context) (fresh bool, err error) {
	if p.conn != nil {
		return false, nil
	}
	short, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if err := p.greet(short, p.where()); err != nil {
		var refused *roleError
		if errors.As(err, &refused) || ctx.Err() != nil {
			return false, err
		}
		return false, p.gone(err)
	}
	return true, nil
}

// gone is the error of a component that is none of ours and is not there.
func (p *peer) gone(err error) error {
	return &messages.GoneError{Server: p.endpoint, Err: errors.New(reason(err))}
}

// greet connects to an address, and asks who is there.
func (p *peer) greet(ctx context.Context, address string) error {
	conn, err := dial(address)
	if err != nil {
		return err
	}
	short, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	info, err := p.getInfo(short, conn)
	if err == nil {
		err = p.fits(info)
	}
	if err != nil {
		conn.Close()
		return err
	}
	p.conn, p.address, p.info = conn, address, info
	if err := p.agree(info); err != nil {
		p.hangUp()
		return err
	}
	return nil
}

func (p *peer) getInfo(ctx context.Context, conn *grpc.ClientConn) (*proto.ComponentInfo, error) {
	switch p.role {
	case proto.ComponentType_COMPONENT_TYPE_SOURCE:
		return asked(proto.NewSourceServiceClient(conn).GetInfo(ctx, &emptypb.Empty{}))
	case proto.ComponentType_COMPONENT_TYPE_PROCESSOR:
		return asked(proto.NewProcessorServiceClient(conn).GetInfo(ctx, &emptypb.Empty{}))
	default:
		return asked(proto.NewConsumerServiceClient(conn).GetInfo(ctx, &emptypb.Empty{}))
	}
}

// asked is an answer; a server that does not know the question is another sort of component.
func asked(info *proto.ComponentInfo, err error) (*proto.ComponentInfo, error) {
	if unimplemented(err) {
		return nil, &roleError{"it serves no such component: " + reason(err)}
	}
	return info, err
}

func unimplemented(err error) bool { return status.Code(err) == codes.Unimplemented }

// A roleError is a component that is another than the pipeline says.
type roleError struct{ text string }

func (e *roleError) Error() string { return "the component is not what the node says: " + e.text }

// Fatal tells the engine that no other try helps.
func (e *roleError) Fatal() bool { return true }

var roles = map[proto.ComponentType]string{
	proto.ComponentType_COMPONENT_TYPE_SOURCE: "source", proto.ComponentType_COMPONENT_TYPE_PROCESSOR: "processor", proto.ComponentType_COMPONENT_TYPE_CONSUMER: "consumer",
}

// fits checks what a component says of itself against what the pipeline says.
func (p *peer) fits(info *proto.ComponentInfo) error {
	if t := info.GetType(); t != proto.ComponentType_COMPONENT_TYPE_UNSPECIFIED && t != p.role {
		return &roleError{fmt.Sprintf("it says that it is a %s, and this is a %s", roles[t], roles[p.role])}
	}
	if err := among("takes", p.takes, info.GetInputEventTypes()); err != nil {
		return err
	}
	return among("gives", p.gives, info.GetOutputEventTypes())
}

// among checks event types against those that a component lists, where it lists any.
func among(verb string, want, have []string) error {
	for _, t := range want {
		if len(have) > 0 && !slices.Contains(have, t) {
			return &roleError{fmt.Sprintf("`%s` names %s, and it %s %s", verb, t, verb, strings.Join(have, ", "))}
		}
	}
	return nil
}

// hangUp ends the connection.
func (p *peer) hangUp() {
	if p.conn != nil {
		p.conn.Close()
		p.conn = nil
	}
}

// abandon ends a component that does not answer any more; nil where it is none of ours.
func (p *peer) abandon() *supervise.Process {
	p.hangUp()
	if p.process == nil {
		return nil
	}
	p.process.Stop(supervise.Grace)
	return p.process
}

// broken is the error of a stream that ended.
func (p *peer) broken(err error) error {
	var wrong *protocolError
	if errors.As(err, &wrong) {
		return wrong
	}
	if p.endpoint != "" {
		return p.gone(err)
	}
	if errors.Is(err, io.EOF) {
		return errors.New("the component ended its stream")
	}
	return errors.New(reason(err))
}

// close ends the component, whose streams are closed.
func (p *peer) close() {
	p.hangUp()
	if p.keeper != nil {
		p.keeper.Stop(supervise.Grace)
	}
	if p.release != nil {
		p.release()
	}
}

func (p *peer) progress() {
	p.cause = nil
	if p.keeper != nil {
		p.keeper.Progress()
	}
}

// reason is an error of gRPC without what is the same in all of them.
func reason(err error) string {
	if err == nil {
		return "no answer"
	}
	if s, ok := status.FromError(err); ok {
		return fmt.Sprintf("%s: %s", s.Code(), strings.TrimPrefix(s.Message(), "connection error: desc = "))
	}
	return err.Error()
}
