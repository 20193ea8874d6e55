package component

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"maps"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/flowc-dev/flowc/runtime/proto"
)

// A server is a component that serves.
type server struct {
	part     Part
	info     *proto.ComponentInfo
	env      environment
	healthy  func(ctx context.Context) error
	folder   string        // of the socket, "" for none
	draining chan struct{} // closed when it is to end
	state    atomic.Int32  // a proto.HealthStatus
	working  sync.Mutex    // the function is at work
	made     atomic.Int64  // ids of its own
	counts   struct{ in, out, failed, streams atomic.Int64 }

	reading struct { // of a source
		sync.Mutex
		stop context.CancelCauseFunc
		over chan struct{}
	}
	positions remembered
}

func newServer(info Info, part Part, e environment, at net.Addr) *server {
	c := &server{part: part, env: e, healthy: info.Healthy, draining: make(chan struct{})}
	id := e.id
	if id == "" {
		id = info.Name
	}
	c.info = &proto.ComponentInfo{
		Id: id, Name: info.Name, Version: info.Version, Description: info.Description, Type: part.role,
		InputEventTypes: info.Takes, OutputEventTypes: info.Gives, Endpoint: endpointOf(e.address, at), Metadata: map[string]string{},
	}
	maps.Copy(c.info.Metadata, info.Metadata)
	c.info.Metadata[proto.MetaAcked] = proto.AckedVersion
	c.info.Metadata[proto.MetaInstance] = unique()
	if part.role == proto.ComponentType_COMPONENT_TYPE_PROCESSOR {
		c.info.Metadata["max_concurrent"] = "1"
	}
	c.state.Store(int32(proto.HealthStatus_HEALTH_STATUS_STARTING))
	return c
}

// endpointOf is where it listens, as it was told, with the port that it has.
func endpointOf(told string, at net.Addr) string {
	host, _, err := net.SplitHostPort(told)
	tcp, ok := at.(*net.TCPAddr)
	if err != nil || !ok {
		return at.String()
	}
	return net.JoinHostPort(host, strconv.Itoa(tcp.Port))
}

func unique() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// listenLocal listens at a socket for pipelines of this host. Where there can be none it is
// left out.
func (c *server) listenLocal() (net.Listener, error) {
	if runtime.GOOS == "linux" { // a name without a file: nothing stays behind where the process is killed
		name := "@flowc-" + c.info.Metadata[proto.MetaInstance]
		l, err := net.Listen("unix", name)
		if err != nil {
			return nil, nil //nolint:nilerr,nilnil // a sandbox that has none: pipelines come over TCP
		}
		c.info.Metadata[proto.MetaSocket] = name
		return l, nil
	}
	folder, err := os.MkdirTemp("", "flowc-")
	if err != nil {
		return nil, nil //nolint:nilerr,nilnil // a read-only system: pipelines come over TCP
	}
	path := filepath.Join(folder, "component.sock")
	l, err := net.Listen("unix", path)
	if err != nil { // a long path, or a system without
		return nil, os.Remove(folder)
	}
	c.folder = folder
	c.info.Metadata[proto.MetaSocket] = path
	return l, nil
}

func (c *server) removeLocal() {
	if c.folder != "" {
		_ = os.RemoveAll(c.folder) // it is a folder of its own in that of temporary files
	}
}

// register has a gRPC server serve what the role has.
func (c *server) register(s *grpc.Server) {
	proto.RegisterAckedServiceServer(s, &acked{c: c})
	switch c.part.role {
	case proto.ComponentType_COMPONENT_TYPE_SOURCE:
		proto.RegisterSourceServiceServer(s, &plainSource{about: about{c}})
	case proto.ComponentType_COMPONENT_TYPE_PROCESSOR:
		proto.RegisterProcessorServiceServer(s, &plainProcessor{about: about{c}})
	default:
		proto.RegisterConsumerServiceServer(s, &plainConsumer{about: about{c}})
	}
}

// about is what all roles say of themselves.
type about struct{ c *server }

// GetInfo says what the component is.
func (a about) GetInfo(context.Context, *emptypb.Empty) (*proto.ComponentInfo, error) {
	return a.c.info, nil
}

// HealthCheck says how it does.
func (a about) HealthCheck(ctx context.Context, r *proto.HealthCheckRequest) (*proto.HealthCheckResponse, error) {
	state, why := a.c.health(ctx)
	out := &proto.HealthCheckResponse{Status: state, Message: why}
	if r.GetIncludeDetails() {
		out.Metrics = a.c.numbers()
	}
	return out, nil
}

// health is how it does, and why.
func (c *server) health(ctx context.Context) (proto.HealthStatus, string) {
	state := proto.HealthStatus(c.state.Load())
	if c.healthy != nil && state == proto.HealthStatus_HEALTH_STATUS_HEALTHY {
		if err := guarded(func() error { return c.healthy(ctx) }); err != nil {
			return proto.HealthStatus_HEALTH_STATUS_UNHEALTHY, err.Error()
		}
	}
	return state, ""
}

// numbers are what it has done, by name.
func (c *server) numbers() map[string]string {
	out := map[string]string{}
	for name, n := range c.counted() {
		out[name] = strconv.FormatInt(n, 10)
	}
	return out
}

func (c *server) counted() map[string]int64 {
	return map[string]int64{
		"events_received_total": c.counts.in.Load(), "events_sent_total": c.counts.out.Load(),
		"events_failed_total": c.counts.failed.Load(), "streams": c.counts.streams.Load(),
	}
}

// stopping is the end of a stream because the component is asked to end.
func stopping() error {
	return status.Error(codes.Unavailable, "the component was asked to end, and has answered what it had")
}

// read reads a source from behind a position, one stream at a time: a new one ends the one
// before it, whose pipeline is gone. nil is the end of the source and of nothing else.
func (c *server) read(ctx context.Context, from string, give func(ctx context.Context, e *proto.Event, position string) error) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	over := make(chan struct{})
	defer close(over)
	c.reading.Lock()
	for c.reading.over != nil {
		c.reading.stop(status.Error(codes.Aborted, "another stream has taken the place of this one"))
		before := c.reading.over
		c.reading.Unlock()
		<-before
		c.reading.Lock()
		if c.reading.over == before {
			c.reading.over = nil
		}
	}
	c.reading.stop, c.reading.over = stop, over
	c.reading.Unlock()
	go func() {
		select {
		case <-c.draining:
			stop(stopping())
		case <-ctx.Done():
		}
	}()
	err := c.part.read(ctx, from, func(e *proto.Event, position string) error {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return give(ctx, e, position)
	})
	if ctx.Err() != nil { // whatever it makes of that
		return context.Cause(ctx)
	}
	if _, ok := status.FromError(err); ok {
		return err
	}
	return status.Error(codes.Unknown, err.Error())
}
