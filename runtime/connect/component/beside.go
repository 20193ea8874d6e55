package component

import (
	"context"
	"errors"
	"net"
	"strconv"
	"time"

	"github.com/flowc-dev/flowc/runtime/control"
)

// beside tells whether the component is one that a target runs beside the program: what the
// pipeline would have started, and is told where it is.
func (p *peer) beside() bool { return p.endpoint != "" && (p.in != nil || len(p.command) > 0) }

// await waits until a component beside the program serves: it is started at the same time,
// and does not serve before it has registered with the control plane that this program is.
// Later, where it went away, it is as with any server: the engine asks again.
func (p *peer) await(ctx context.Context) (fresh bool, err error) {
	if p.plane, p.release, err = control.Embedded(); err != nil {
		return false, err
	}
	ctx, cancel := context.WithTimeout(ctx, p.wait)
	defer cancel()
	for {
		err := p.greet(ctx, p.where())
		if err == nil {
			return true, nil
		}
		var refused *roleError
		if errors.As(err, &refused) {
			return false, err
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			p.release()
			p.release = nil // the next try waits again
			return false, p.gone(err)
		}
	}
}

// where is the address of a server. One beside the program that has registered says by
// itself at which port it listens: some take no notice of the one that they were given.
func (p *peer) where() string {
	if p.plane == nil || !p.beside() {
		return p.endpoint
	}
	info := p.plane.Registry.Named(p.node)
	host, _, err := net.SplitHostPort(p.endpoint)
	_, port, failed := net.SplitHostPort(local(info.GetEndpoint()))
	if err != nil || failed != nil || port == strconv.Itoa(p.port) { // which may be another outside of its container
		return p.endpoint
	}
	return net.JoinHostPort(host, port)
}
