package http

import (
	"context"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// A conn is a connection whose read deadline is not that of the system, and that
// is left alone while its request waits for the sinks.
type conn struct {
	*net.TCPConn
	listener *listener
	deadline atomic.Int64 // in nanoseconds since 1970; 0 for none
	armed    atomic.Bool  // the connection itself has one, in the past
	idle     atomic.Int64 // a number that grows, since when it has no request; 0 where it has one

	mu      sync.Mutex
	reading bool // a read of the connection itself is under way
	quiet   bool
	wake    chan struct{} // ends the read of a quiet connection
}

func newConn(tcp *net.TCPConn, l *listener) *conn {
	return &conn{TCPConn: tcp, listener: l, wake: make(chan struct{}, 1)}
}

// connKey finds the conn in the context of its requests.
type connKey struct{}

func withConn(ctx context.Context, c net.Conn) context.Context {
	if c, ok := c.(*conn); ok {
		return context.WithValue(ctx, connKey{}, c)
	}
	return ctx
}

// keepQuiet is called when the body of a request has been read to its end. The
// server then reads on, to find out whether the client leaves, which nobody here
// wants to know: what has been taken is written all the same. That read, of one
// byte, which finds nothing, and taking it back cost a tenth of the request.
func keepQuiet(q *http.Request) {
	if q.ProtoMajor != 1 || q.TLS != nil {
		return // others share the connection, or its bytes are not the server's
	}
	if c, ok := q.Context().Value(connKey{}).(*conn); ok {
		c.mu.Lock()
		c.quiet = !c.reading // too late, if the server reads already
		c.mu.Unlock()
	}
}

// Read reads; on a quiet connection it waits until it is taken back.
func (c *conn) Read(p []byte) (int, error) {
	c.mu.Lock()
	if c.quiet && len(p) == 1 {
		c.mu.Unlock()
		<-c.wake
		return 0, os.ErrDeadlineExceeded
	}
	c.reading = true
	c.mu.Unlock()
	n, err := c.TCPConn.Read(p)
	c.mu.Lock()
	c.reading = false
	c.mu.Unlock()
	return n, err
}

// past is a time that has been: reads end at once.
var past = time.Unix(1, 0)

// SetReadDeadline keeps t. One in the past ends the read that waits now, as the
// server does to take a connection back from the goroutine that watches it.
func (c *conn) SetReadDeadline(t time.Time) error {
	deadline := int64(0)
	if !t.IsZero() {
		if !t.After(past) {
			if c.takeBack() {
				return nil
			}
			c.armed.Store(true)
			return c.TCPConn.SetReadDeadline(t)
		}
		deadline = t.UnixNano()
	}
	c.endQuiet()
	c.deadline.Store(deadline)
	if c.armed.Load() {
		c.armed.Store(false)
		return c.TCPConn.SetReadDeadline(time.Time{})
	}
	return nil
}

// takeBack ends the read of a quiet connection, the one that begins next where
// none waits; false where it is not quiet.
func (c *conn) takeBack() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.quiet {
		return false
	}
	select {
	case c.wake <- struct{}{}:
	default:
	}
	return true
}

// endQuiet makes a connection as others are, for its next request.
func (c *conn) endQuiet() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.quiet {
		return
	}
	c.quiet = false
	select {
	case <-c.wake: // nobody read
	default:
	}
}

// SetDeadline is that of the system, for reads and writes.
func (c *conn) SetDeadline(t time.Time) error {
	c.takeBack()
	c.deadline.Store(0)
	c.armed.Store(!t.IsZero())
	return c.TCPConn.SetDeadline(t)
}

// enforce ends reads whose time is over.
func (c *conn) enforce(now int64) {
	if d := c.deadline.Load(); d != 0 && d < now && c.deadline.CompareAndSwap(d, 0) {
		c.armed.Store(true)
		_ = c.TCPConn.SetReadDeadline(past) // one that is closed needs none
	}
}

// Close closes the connection.
func (c *conn) Close() error {
	c.takeBack()
	c.listener.mu.Lock()
	delete(c.listener.conns, c)
	c.listener.mu.Unlock()
	return c.TCPConn.Close()
}
