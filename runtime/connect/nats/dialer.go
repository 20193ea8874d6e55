package nats

import (
	"context"
	"net"
	"sync"
	"time"
)

// dialTimeout is how long a connection may take to come about.
const dialTimeout = 5 * time.Second

// A dialer connects for the client, and keeps the reason where it can't: the client
// itself only says that there is no server.
type dialer struct {
	life context.Context // of the connection, and of those by which it comes back

	mu  sync.Mutex
	err error // of the last try
}

// Dial connects.
func (d *dialer) Dial(network, address string) (net.Conn, error) {
	c, err := (&net.Dialer{Timeout: dialTimeout}).DialContext(d.life, network, address)
	d.mu.Lock()
	d.err = err
	d.mu.Unlock()
	return c, err
}

// reason is why the last try failed; nil where it did not.
func (d *dialer) reason() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.err
}
