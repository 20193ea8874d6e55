package http

import (
	"crypto/tls"
	"net"
	"net/http"
)

// connsPerRequest is how many connections there may be for each request that
// may wait: clients keep them open between requests. Each costs memory, also one
// whose client never sends anything.
const connsPerRequest = 2

// letIn makes room for a connection, where it must be in the place of the one
// that has had no request for longest (headers that are not whole are none);
// false means that all have one.
func (l *listener) letIn(c *conn) bool {
	c.idle.Store(l.seq.Add(1))
	var oldest *conn
	l.mu.Lock()
	if len(l.conns) >= l.most {
		for other := range l.conns {
			if since := other.idle.Load(); since > 0 && (oldest == nil || since < oldest.idle.Load()) {
				oldest = other
			}
		}
		if oldest == nil {
			l.mu.Unlock()
			return false
		}
	}
	l.conns[c] = struct{}{}
	l.mu.Unlock()
	if oldest != nil {
		oldest.Close()
	}
	return true
}

// follow notes which connections have a request. It is the server's hook.
func (l *listener) follow(c net.Conn, state http.ConnState) {
	if t, ok := c.(*tls.Conn); ok {
		c = t.NetConn()
	}
	w, ok := c.(*conn)
	switch {
	case !ok:
	case state == http.StateActive:
		w.idle.Store(0)
	case state == http.StateIdle:
		w.idle.Store(l.seq.Add(1))
	}
}
