package nats

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/connect/messages"
	"github.com/flowc-dev/flowc/runtime/connect/secure"
)

// An access is how to get to a server.
type access struct {
	node, url             string
	user, password, token string
	credentials           string
	tls                   connect.ClientTLS
}

// options checks the access and makes the client's options of it.
func (a *access) options() ([]nats.Option, error) {
	if strings.TrimSpace(a.url) == "" {
		return nil, errors.New("url is empty: give the address of a server, such as nats://localhost:4222")
	}
	ways := 0
	for _, given := range []bool{a.user != "", a.token != "", a.credentials != ""} {
		if given {
			ways++
		}
	}
	if ways > 1 {
		return nil, errors.New("user, token and credentials are three ways to log in: choose one")
	}
	o := []nats.Option{
		nats.Name("flowc " + a.node), nats.MaxReconnects(-1), nats.ReconnectWait(200 * time.Millisecond), nats.Timeout(5 * time.Second),
		// What can't go out now is not kept for later: who sends it is told.
		nats.ReconnectBufSize(-1), nats.PingInterval(10 * time.Second), nats.MaxPingsOutstanding(2),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { // what matters is returned where it happens
			slog.Debug("nats", "node", a.node, "error", err)
		}),
	}
	switch {
	case a.user != "":
		o = append(o, nats.UserInfo(a.user, a.password))
	case a.token != "":
		o = append(o, nats.Token(a.token))
	case a.credentials != "":
		o = append(o, nats.UserCredentials(a.credentials))
	}
	if !a.tls.IsZero() {
		c, err := secure.Client(a.tls)
		if err != nil {
			return nil, err
		}
		o = append(o, nats.Secure(c))
	}
	return o, nil
}

// servers is the url as it may be shown: without what stands before an @.
func (a *access) servers() string {
	var shown []string
	for one := range strings.SplitSeq(a.url, ",") {
		one = strings.TrimSpace(one)
		if u, err := url.Parse(one); err == nil && u.Host != "" {
			one = u.Scheme + "://" + u.Host
		} else if at := strings.LastIndexByte(one, '@'); at >= 0 {
			one = one[at+1:]
		}
		shown = append(shown, one)
	}
	return strings.Join(shown, ",")
}

// A link is a connection that comes back by itself.
type link struct {
	access
	options []nats.Option
	conn    *nats.Conn

	mu sync.Mutex
	// down is why there is no connection, nil where there is one; told that
	// somebody was told. changed is closed when it changes.
	down    error
	told    bool
	closed  bool // for good
	tries   int  // to connect, each with a connection of its own
	changed chan struct{}
	dial    error // of the last try to connect
}

func newLink(a access) (*link, error) {
	l := &link{access: a, changed: make(chan struct{})}
	var err error
	if l.options, err = a.options(); err != nil {
		return nil, err
	}
	return l, nil
}

// handlers tell what becomes of the connection that is made with them.
func (l *link) handlers() []nats.Option {
	l.mu.Lock()
	l.tries++
	try := l.tries
	l.mu.Unlock()
	return []nats.Option{
		nats.SetCustomDialer(l),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err == nil {
				err = errors.New("the connection was closed")
			}
			l.set(try, err, false)
		}),
		nats.ReconnectHandler(func(*nats.Conn) { l.set(try, nil, false) }),
		nats.ClosedHandler(func(c *nats.Conn) {
			err := c.LastError()
			if err == nil {
				err = nats.ErrConnectionClosed
			}
			l.set(try, err, true)
		}),
	}
}

// Dial connects, and keeps the reason where it can't: the client itself only
// says that there is no server.
func (l *link) Dial(network, address string) (net.Conn, error) {
	c, err := net.DialTimeout(network, address, 5*time.Second)
	l.mu.Lock()
	l.dial = err
	l.mu.Unlock()
	return c, err
}

func (l *link) set(try int, down error, closed bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if try != l.tries { // of a connection that was given up
		return
	}
	l.down, l.told, l.closed = down, false, closed
	close(l.changed)
	l.changed = make(chan struct{})
}

// open connects.
func (l *link) open(context.Context) error {
	conn, err := nats.Connect(l.url, append(l.handlers(), l.options...)...)
	if err != nil {
		l.mu.Lock()
		dial := l.dial
		l.mu.Unlock()
		if dial != nil {
			err = dial
		}
		if refusedLogin(err) {
			return fmt.Errorf("%s: %w", l.servers(), err)
		}
		return &messages.GoneError{Server: l.servers(), Err: err}
	}
	l.conn = conn
	return nil
}

// refusedLogin tells whether a server is there and does not let the program in.
func refusedLogin(err error) bool {
	return errors.Is(err, nats.ErrAuthorization) || errors.Is(err, nats.ErrAuthExpired) || errors.Is(err, nats.ErrAuthRevoked) ||
		errors.Is(err, nats.ErrSecureConnRequired) || errors.Is(err, nats.ErrSecureConnWanted)
}

// ready returns at once where the connection is up, with what is closed when that
// changes. Where it is down it says so to the first who asks; those who ask again
// wait until it is up, and learn that it has been away.
func (l *link) ready(ctx context.Context) (changed <-chan struct{}, back bool, err error) {
	for {
		l.mu.Lock()
		down, told, closed, changed := l.down, l.told, l.closed, l.changed
		l.told = down != nil
		l.mu.Unlock()
		switch {
		case down == nil:
			return changed, back, nil
		case closed:
			return nil, false, fmt.Errorf("%s: the connection is closed for good: %w", l.servers(), down)
		case !told && !back:
			return nil, false, l.gone(down)
		}
		back = true
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, false, ctx.Err()
		}
	}
}

// gone is an error of a server that is away.
func (l *link) gone(err error) error { return &messages.GoneError{Server: l.servers(), Err: err} }

// close lets go of the connection.
func (l *link) close() {
	if l.conn != nil {
		l.conn.Close()
	}
}
