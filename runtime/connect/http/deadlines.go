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
	most  int // of them: see crowd.go
	seq   atomic.Int64
	stop  chan struct{}
	once  sync.Once
}

// lookEvery is how much later than asked for a read may be ended.
var lookEvery = 500 * time.Millisecond

// listen gives at most so many connections at once.
func listen(l net.Listener, most int) *listener {
	w := &listener{Listener: l, conns: map[*conn]struct{}{}, most: most, stop: make(chan struct{})}
	go w.watch()
	return w
}

// Accept takes the next connection.
func (l *listener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		tcp, ok := c.(*net.TCPConn)
		if !ok {
			return c, nil
		}
		w := newConn(tcp, l)
		if l.letIn(w) {
			return w, nil
		}
		tcp.Close()
	}
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
