package nats

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/flowc-dev/flowc/runtime/connect/messages"
)

// reconnectWait is how long a lost connection waits before each try to come back.
// Where the client has given one up, the tries are further and further apart, up
// to longestWait: it has done so because the server does not want it.
const (
	reconnectWait = 200 * time.Millisecond
	longestWait   = 5 * time.Second
)

// A link is a connection that comes back by itself.
//
// Mostly the client sees to that. But there is a lot for which it closes a
// connection for good: a login that is refused twice in a row, as while passwords
// are being changed, and each error that a server sends and the client does not
// know. Nobody has asked for that, so the link makes another connection. What was
// made on the one before (subscriptions, consumers, promises of answers) is of no
// use then: who has such things asks for the present connection when it works.
type link struct {
	access
	*messages.Link
	options []nats.Option

	mu   sync.Mutex
	conn *nats.Conn         // the last one; nil before there was one
	end  context.CancelFunc // ends it, and whatever would bring it back
}

func newLink(a access) (*link, error) {
	l := &link{access: a, Link: messages.NewLink(a.servers())}
	var err error
	if l.options, err = a.options(); err != nil {
		return nil, err
	}
	return l, nil
}

// open connects. From then on until it is closed there is always a connection, which
// may be down.
func (l *link) open(ctx context.Context) error {
	l.close()
	life, end := context.WithCancel(context.Background())
	stop := context.AfterFunc(ctx, end)
	conn, err := l.connect(life)
	if !stop() && err == nil {
		conn.Close()
		err = ctx.Err()
	}
	if err == nil {
		l.mu.Lock()
		l.end = end
		l.mu.Unlock()
		if l.adopt(life, conn) {
			return nil
		}
		err = lastError(conn)
	}
	end()
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case refusedLogin(err):
		return fmt.Errorf("%s: %w", l.Server, err)
	}
	return l.Gone(err)
}

// connect makes a connection that says what becomes of it, for as long as life is.
func (l *link) connect(life context.Context) (*nats.Conn, error) {
	// of does what a connection says that is the present one, and not what others do.
	of := func(c *nats.Conn, do func()) {
		l.mu.Lock()
		defer l.mu.Unlock()
		if life.Err() == nil && c == l.conn {
			do()
		}
	}
	d := &dialer{life: life}
	conn, err := nats.Connect(l.login().hosts(), append([]nats.Option{
		nats.SetCustomDialer(d),
		nats.DisconnectErrHandler(func(c *nats.Conn, err error) {
			if err == nil {
				err = lastError(c)
			}
			of(c, func() { l.Down(err) })
		}),
		nats.ReconnectHandler(func(c *nats.Conn) { of(c, l.Up) }),
		nats.ClosedHandler(func(c *nats.Conn) { of(c, func() { l.closed(life, lastError(c)) }) }),
	}, l.options...)...)
	if err == nil {
		return conn, nil
	}
	if reason := d.reason(); reason != nil {
		err = reason
	}
	return nil, err
}

// adopt makes a connection the present one; false where it is of no use any more.
func (l *link) adopt(life context.Context, conn *nats.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if life.Err() != nil || conn.IsClosed() {
		go conn.Close() // which may have to wait for the network
		return false
	}
	// What it has said until now was not listened to.
	l.conn = conn
	if conn.IsConnected() {
		l.Up()
	} else {
		l.Down(lastError(conn))
	}
	return true
}

// closed begins to make another connection, as the client has closed the present one
// for good.
func (l *link) closed(life context.Context, reason error) {
	if known := l.Err(); known != nil && !errors.Is(known, reason) {
		// It is known that the connection is lost, but not that there is more to it
		// than a server that is away.
		slog.Warn("the server does not take the connection back, trying again", "node", l.node, "server", l.Server, "error", reason)
	}
	l.Down(reason)
	go l.reopen(life)
}

// reopen makes another connection, sooner or later.
func (l *link) reopen(life context.Context) {
	for wait := reconnectWait; ; wait = min(2*wait, longestWait) {
		select {
		case <-time.After(wait + rand.N(wait/2)):
		case <-life.Done():
			return
		}
		conn, err := l.connect(life)
		if err == nil && l.adopt(life, conn) {
			return
		}
		slog.Debug("nats", "node", l.node, "error", err)
	}
}

// present is the connection that there is now. It may be down, or closed: then
// there will be another one.
func (l *link) present() *nats.Conn {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.conn
}

// jetStream is JetStream by the present connection.
func (l *link) jetStream() (jetstream.JetStream, error) { return jetstream.New(l.present()) }

// isOpen tells whether it was opened and not closed since.
func (l *link) isOpen() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.end != nil
}

// close lets go of the connection.
func (l *link) close() {
	l.mu.Lock()
	conn, end := l.conn, l.end
	l.end = nil
	if end != nil {
		end() // no other one becomes the present one from here on
	}
	l.mu.Unlock()
	if end != nil && conn != nil {
		conn.Close()
	}
}

// lastError is why a connection is not there.
func lastError(c *nats.Conn) error {
	if err := c.LastError(); err != nil {
		return err
	}
	return errors.New("the connection was closed")
}
