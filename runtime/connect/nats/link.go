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
	for one := range strings.SplitSeq(a.url, ",") {
		if !isServer(strings.TrimSpace(one)) {
			return nil, errors.New("url is none of a NATS server, such as nats://localhost:4222 (it is not shown: there may be a password in it)")
		}
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

// parseServer reads the place of one server, with or without a scheme.
func parseServer(text string) (*url.URL, error) {
	if !strings.Contains(text, "://") {
		text = "nats://" + text
	}
	return url.Parse(text)
}

// isServer tells whether a text is the place of a server.
func isServer(text string) bool {
	u, err := parseServer(text)
	if err != nil || u.Hostname() == "" || strings.ContainsAny(u.Hostname(), " '\"=") {
		return false
	}
	switch u.Scheme {
	case "nats", "tls", "ws", "wss":
		return true
	}
	return false
}

// servers is the url as it may be shown: the hosts alone.
func (a *access) servers() string {
	var shown []string
	for one := range strings.SplitSeq(a.url, ",") {
		one = strings.TrimSpace(one)
		u, err := parseServer(one)
		switch {
		case err != nil || u.Host == "":
			one = "the server"
		case strings.Contains(one, "://"):
			one = u.Scheme + "://" + u.Host
		default:
			one = u.Host
		}
		shown = append(shown, one)
	}
	return strings.Join(shown, ",")
}

// A link is a connection that comes back by itself.
type link struct {
	access
	*messages.Link
	options []nats.Option
	conn    *nats.Conn

	mu    sync.Mutex
	tries int   // to connect, each with a connection of its own
	dial  error // of the last try
}

func newLink(a access) (*link, error) {
	l := &link{access: a, Link: messages.NewLink(a.servers())}
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
			l.of(try, func() { l.Down(err) })
		}),
		nats.ReconnectHandler(func(*nats.Conn) { l.of(try, l.Up) }),
		nats.ClosedHandler(func(c *nats.Conn) {
			err := c.LastError()
			if err == nil {
				err = nats.ErrConnectionClosed
			}
			l.of(try, func() { l.Dead(err) })
		}),
	}
}

// of does what the handlers of the present connection say, and not what those of
// one that was given up do.
func (l *link) of(try int, do func()) {
	l.mu.Lock()
	present := try == l.tries
	l.mu.Unlock()
	if present {
		do()
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
			return fmt.Errorf("%s: %w", l.Server, err)
		}
		return l.Gone(err)
	}
	l.conn = conn
	return nil
}

// refusedLogin tells whether a server is there and does not let the program in.
func refusedLogin(err error) bool {
	return errors.Is(err, nats.ErrAuthorization) || errors.Is(err, nats.ErrAuthExpired) || errors.Is(err, nats.ErrAuthRevoked) ||
		errors.Is(err, nats.ErrSecureConnRequired) || errors.Is(err, nats.ErrSecureConnWanted) || secure.Refused(err)
}

// close lets go of the connection.
func (l *link) close() {
	if l.conn != nil {
		l.conn.Close()
	}
}
