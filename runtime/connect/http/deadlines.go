package http

import (
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// A listener gives connections whose read deadlines are kept here, and enforced
// by one goroutine that looks at all of them every so often. The server sets two
// for each request, and a timer of the runtime for each costs as much as
// reading the request's headers.
type listener struct {
	net.Listener
	mu    sync.Mutex
	conns map[*conn]struct{}
	stop  chan struct{}
	once  sync.Once
}

// lookEvery is how much later than asked for a read may be ended.
var lookEvery = 500 * time.Millisecond

func listen(l net.Listener) *listener {
	w := &listener{Listener: l, conns: map[*conn]struct{}{}, stop: make(chan struct{})}
	go w.watch()
	return w
}

// Accept takes the next connection.
func (l *listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	tcp, ok := c.(*net.TCPConn)
	if !ok {
		return c, nil
	}
	w := &conn{TCPConn: tcp, listener: l}
	l.mu.Lock()
	l.conns[w] = struct{}{}
	l.mu.Unlock()
	return w, nil
}

// end ends the watching; the server has closed all connections.
func (l *listener) end() { l.once.Do(func() { close(l.stop) }) }

func (l *listener) watch() {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-l.stop:
			return
		case now := <-tick.C:
			l.mu.Lock()
			for c := range l.conns {
				c.enforce(now.UnixNano())
			}
			l.mu.Unlock()
		}
	}
}

// A conn is a connection whose read deadline is not that of the system.
type conn struct {
	*net.TCPConn
	listener *listener
	deadline atomic.Int64 // in nanoseconds since 1970; 0 for none
	armed    atomic.Bool  // the connection itself has one, in the past
}

// past is a time that has been: reads end at once.
var past = time.Unix(1, 0)

// SetReadDeadline keeps t. One in the past ends the read that waits now, as the
// server does to take a connection back from the goroutine that watches it.
func (c *conn) SetReadDeadline(t time.Time) error {
	deadline := int64(0)
	if !t.IsZero() {
		if !t.After(past) {
			c.armed.Store(true)
			return c.TCPConn.SetReadDeadline(t)
		}
		deadline = t.UnixNano()
	}
	c.deadline.Store(deadline)
	if c.armed.Load() {
		c.armed.Store(false)
		return c.TCPConn.SetReadDeadline(time.Time{})
	}
	return nil
}

// SetDeadline is that of the system, for reads and writes.
func (c *conn) SetDeadline(t time.Time) error {
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
	c.listener.mu.Lock()
	delete(c.listener.conns, c)
	c.listener.mu.Unlock()
	return c.TCPConn.Close()
}
