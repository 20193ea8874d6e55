package nats

import (
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/flowc-dev/flowc/runtime/connect/messages"
	"github.com/flowc-dev/flowc/runtime/flowtest"
)

// A doorman is a server that refuses logins when it is told, behind a network that can
// be cut: a client that is refused twice in a row as it comes back closes its
// connection for good.
type doorman struct {
	*fixture
	proxy   *flowtest.Proxy
	refuses atomic.Int32 // logins from now on
}

func newDoorman(t testing.TB) *doorman {
	t.Helper()
	d := &doorman{}
	d.fixture = newFixture(t, func(o *server.Options) { o.CustomClientAuthentication = d })
	var err error
	if d.proxy, err = flowtest.NewProxy(d.server.Addr().String()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.proxy.Close() })
	return d
}

// proxied is the way to the server that can be cut.
func (d *doorman) proxied() string { return "nats://" + d.proxy.Address() }

// Check lets a client in, or not.
func (d *doorman) Check(server.ClientAuthentication) bool {
	for {
		n := d.refuses.Load()
		if n == 0 {
			return true
		}
		if d.refuses.CompareAndSwap(n, n-1) {
			return false
		}
	}
}

// closeForGood has the client behind the proxy close its connection. The logins that
// the link tries then are refused too, for a while.
func (d *doorman) closeForGood() {
	d.refuses.Add(3)
	d.proxy.Cut()
}

// closed waits until the client has closed its connection, and there is none yet.
func (d *doorman) closed() {
	d.t.Helper()
	d.until("the client comes back to be refused", func() bool { return d.refuses.Load() < 2 })
}

// until waits for something.
func (d *doorman) until(what string, is func() bool) {
	d.t.Helper()
	for range 2000 {
		if is() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	d.t.Fatalf("it was waited for that %s, in vain", what)
}

// isGone tells an error of a server that is away from others.
func isGone(err error) bool {
	var gone *messages.GoneError
	return errors.As(err, &gone)
}
