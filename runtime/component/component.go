// Package component makes a component of a plain Go function: a source, a processor or a sink
// that runs as a process of its own, and that pipelines talk to.
//
//	func main() {
//		err := component.Serve(context.Background(), component.Info{Name: "shout", Gives: []string{"text.loud.v1"}},
//			component.Processor(func(_ context.Context, in string) (string, error) { return strings.ToUpper(in), nil }))
//		if err != nil {
//			log.Fatal(err)
//		}
//	}
//
// [Serve] serves flowctl.v1, which all pipelines speak, and flowc.v1 beside it on the same
// port, in which each event is answered: a pipeline that speaks it loses none. It registers
// with the control plane, says how it does, and ends well when it is asked to.
//
// What a function takes and gives is its type: a string or []byte is the payload as it is, an
// [Event] has the envelope too, and of anything else the payload is JSON. A function is called
// by one goroutine at a time.
//
//	Processor(f)       each event becomes another one, or none (return Skip)
//	Flat(f)            each event becomes any number of others
//	BatchProcessor(f)  many events at once
//	Sink(f)            an event is safe when the function returns
//	BatchSink(f)       many events at once are safe when the function returns
//	Source(f)          gives events, each with the position to go on behind it
package component

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"google.golang.org/grpc"

	"github.com/flowc-dev/flowc/runtime/proto"
)

// Info is what a component says of itself.
type Info struct {
	// Name is what it is called; where nothing else is said it is its id, too.
	Name string
	// Version is the version of its program.
	Version string
	// Description is a sentence.
	Description string
	// Takes and Gives are the event types that it takes and gives. Events that its function
	// gives have the first of Gives as their type, unless they have one of their own.
	Takes, Gives []string
	// Metadata is said besides.
	Metadata map[string]string
	// Healthy, where set, is asked how the component does; an error is why it does not do well.
	Healthy func(ctx context.Context) error
}

// A Part is what a component does. Source, Processor, Sink and the like make one.
type Part struct {
	role proto.ComponentType
	read reader
	safe func(ctx context.Context, position string) error
	work worker
}

// drainTime is how long what is at work when the component is asked to end may take.
const drainTime = 8 * time.Second

// heldMemory is never touched, so that it takes no memory of the machine. To the collector it
// is heap that is in use: without it one that has next to nothing else runs for each few
// batches, and is most of what a component costs.
const heldMemory = 24 << 20

// maxMessage is the longest message that is taken.
const maxMessage = 64 << 20

// Serve serves the component until ctx ends or the process is asked to end (SIGTERM, SIGINT):
// it takes nothing new then, finishes and answers what it has, and returns nil.
//
// The environment says the rest: PORT or GRPC_PORT (50051), HEALTH_PORT for /health and
// /metrics over HTTP (none where it is not set), FLOWCTL_COMPONENT_ID, and, where
// ENABLE_FLOWCTL is true, FLOWCTL_ENDPOINT and FLOWCTL_HEARTBEAT_INTERVAL.
func Serve(ctx context.Context, info Info, part Part) error {
	if part.role == proto.ComponentType_COMPONENT_TYPE_UNSPECIFIED {
		return errors.New("component: the Part does nothing: make it with Source, Processor, Sink or the like")
	}
	held := make([]byte, heldMemory)
	defer runtime.KeepAlive(held)
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	e, err := environmentOf(os.Getenv) //nolint:forbidigo // a component is configured by its environment
	if err != nil {
		return err
	}
	return serve(ctx, info, part, e)
}

func serve(ctx context.Context, info Info, part Part, e environment) error {
	l, err := net.Listen("tcp", e.address)
	if err != nil {
		return fmt.Errorf("component: it can't listen where PORT says: %w", err)
	}
	c := newServer(info, part, e, l.Addr())
	socket, err := c.listenLocal()
	if err != nil {
		return errors.Join(err, l.Close())
	}
	defer c.removeLocal()
	framing := &frames{c: c, listener: socket}
	server := grpc.NewServer(grpc.ForceServerCodecV2(proto.Codec()), grpc.MaxRecvMsgSize(maxMessage), grpc.MaxSendMsgSize(maxMessage))
	c.register(server)
	failed := make(chan error, 3)
	go func() { failed <- server.Serve(l) }()
	if socket != nil {
		go framing.serve()
	}
	defer framing.close()
	if e.healthAddress != "" {
		h, err := net.Listen("tcp", e.healthAddress)
		if err != nil {
			server.Stop()
			return fmt.Errorf("component: it can't listen where HEALTH_PORT says: %w", err)
		}
		watch := &http.Server{Handler: c.pages(), ReadHeaderTimeout: 5 * time.Second}
		defer watch.Close()
		go func() { failed <- watch.Serve(h) }()
	}
	c.state.Store(int32(proto.HealthStatus_HEALTH_STATUS_HEALTHY))
	gone := make(chan struct{})
	registering, leave := context.WithCancel(context.WithoutCancel(ctx))
	go func() {
		defer close(gone)
		c.beRegistered(registering)
	}()
	select {
	case err = <-failed:
	case <-ctx.Done():
	}
	c.state.Store(int32(proto.HealthStatus_HEALTH_STATUS_STOPPING))
	close(c.draining)
	leave()
	force := time.AfterFunc(drainTime, server.Stop)
	framing.finish(drainTime)
	server.GracefulStop() // each stream ends when it has answered what it has
	force.Stop()
	<-gone
	return err
}
