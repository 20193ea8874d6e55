// Package control is the control plane of flowctl.v1: components register with it and say
// how they do, and whoever wires them asks it who is there.
//
// A program with components embeds one ([Embedded]): components wait for ever for a control
// plane to register with. A [Registry] is the memory behind it, and behind any other server
// of it.
package control

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"os"
	"sync"

	"google.golang.org/grpc"

	"github.com/flowc-dev/flowc/runtime/proto"
)

// A Plane is a control plane that listens.
type Plane struct {
	// Registry knows the components.
	Registry *Registry

	listener net.Listener
	server   *grpc.Server
	starting sync.Mutex

	claiming sync.Mutex
	claims   map[string]int // the ports of components that are started here, by their ids
}

// Listen begins a control plane at an address, such as 127.0.0.1:0.
func Listen(address string) (*Plane, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	registry, err := NewRegistry(Options{})
	if err != nil {
		return nil, err
	}
	p := &Plane{Registry: registry, listener: l, server: grpc.NewServer()}
	Serve(p.server, p.Registry)
	go func() { _ = p.server.Serve(l) }()
	return p, nil
}

// Address is where it listens, as a process of this host reaches it.
func (p *Plane) Address() string {
	host, port, err := net.SplitHostPort(p.listener.Addr().String())
	if ip := net.ParseIP(host); err == nil && ip != nil && ip.IsUnspecified() {
		return net.JoinHostPort("127.0.0.1", port)
	}
	return p.listener.Addr().String()
}

// Close ends it.
func (p *Plane) Close() { p.server.Stop() }

// Start runs f while no other component is being started: what registers meanwhile under a
// name that nobody knows is the one that is.
func (p *Plane) Start(f func() error) error {
	p.starting.Lock()
	defer p.starting.Unlock()
	return f()
}

var embedded struct {
	sync.Mutex
	plane *Plane
	users int
}

// addressVariable says where the control plane of a program listens: components in
// containers must know it before the program runs.
const addressVariable = "FLOWC_CONTROL"

// Embedded is the control plane of this program, which listens on the loopback, at a free
// port, or where the environment says (FLOWC_CONTROL=:9091). It is there until all who asked
// for it have called release.
func Embedded() (p *Plane, release func(), err error) {
	embedded.Lock()
	defer embedded.Unlock()
	if embedded.plane == nil {
		address := cmp.Or(os.Getenv(addressVariable), "127.0.0.1:0") //nolint:forbidigo // what its deployment says, which is no setting of a node
		if embedded.plane, err = Listen(address); err != nil {
			return nil, nil, fmt.Errorf("the control plane of the components: %w", err)
		}
	}
	embedded.users++
	return embedded.plane, sync.OnceFunc(func() {
		embedded.Lock()
		defer embedded.Unlock()
		if embedded.users--; embedded.users == 0 {
			embedded.plane.Close()
			embedded.plane = nil
		}
	}), nil
}

// Registered waits until a component has registered: under its id, or, where alone says that
// it is the only one that is being started, under one of its own. since is what Registry.Mark
// said before it was started.
func (p *Plane) Registered(ctx context.Context, id string, since int) (*proto.ComponentInfo, error) {
	for {
		entry, changed := p.Registry.find(id, since, func(e *entry) bool { return p.another(id, e) })
		if entry != nil {
			return entry.Info, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}
